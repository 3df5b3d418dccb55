"""The report of a sweep: one HTML file that needs nothing else, and the contact sheet beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from sweeps.analysis import tables
from sweeps.analysis.answer import answer, decimals, limitations
from sweeps.analysis.cells import Cell
from sweeps.analysis.comparison import Comparison
from sweeps.errors import SweepError
from sweeps.files import atomic_write, read_json
from sweeps.planning.plan import SweepRun
from sweeps.report import contact_sheet, figures, text
from sweeps.report.embed import as_image, as_svg
from sweeps.report.generators import generators
from sweeps.report.representatives import Representative, chosen_runs, fetch_pictures, seed_words
from sweeps.spec import display
from sweeps.tracking import client
from sweeps.tracking.artifacts import fetch
from sweeps.tracking.errors import store_errors
from sweeps.tracking.run_file import REQUESTS
from sweeps.workspace import uri

REPORT, SHEET = "report.html", "contact_sheet.png"
PLOTS = ("plots/contours", "plots/radii")
CURVES = ("marginal_gaussianity", "contour_agreement", "radius_agreement", "off_origin_distance")
# Pixels across the pictures of plots: more than the page is wide, so that they can be read when enlarged.
PLOT_WIDTH = 1000


def write_report(comparison: Comparison, cells: Sequence[SweepRun], path: Path, folder: Path) -> None:
    """Writes `report.html` and `contact_sheet.png` into `folder`.

    cells: as `api.cells` gives them. path: the sweep file. Raises SweepError where the folder cannot be written,
    TrackingError.
    """
    with tempfile.TemporaryDirectory(prefix="cae-report-") as scratch:
        shown = _stand_ins(comparison, Path(scratch))
        rows = [contact_sheet.row_of(cell, _label(comparison, cell.group)) for cell in shown[: contact_sheet.LARGEST]]
        page = _page(comparison, cells, path, shown, rows)
    sheet = contact_sheet.contact_sheet(rows, comparison.sweep.name, text.sheet_words(shown, len(rows)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(folder / REPORT) as unfinished:
            unfinished.write_text(page, encoding="utf-8")
        with atomic_write(folder / SHEET) as unfinished:
            sheet.save(unfinished, format="png")
    except OSError as error:
        raise SweepError(f"--out {folder}: cannot be written: {error.strerror}") from None


def _stand_ins(comparison: Comparison, folder: Path) -> list[Representative]:
    """The cells, best first, each with a run and what is shown of that: faces of the first, plots of the marked."""
    groups = list(reversed(comparison.groups))
    runs = chosen_runs(groups)
    with_plots = {group.cell_hash for group in figures.marked(comparison.groups).values()}
    names = [
        [
            *(contact_sheet.files_of(run.config) if i < contact_sheet.LARGEST else ()),
            *(PLOTS if group.cell_hash in with_plots else ()),
        ]
        for i, (group, run) in enumerate(zip(groups, runs, strict=True))
    ]
    # A server takes the way there and back for each file.
    with ThreadPoolExecutor(REQUESTS) as pool:
        pictures = list(pool.map(lambda run, wanted: fetch_pictures(str(run.run_id), wanted, folder), runs, names))
    return [Representative(*parts) for parts in zip(groups, runs, pictures, strict=True)]


def _label(comparison: Comparison, group: Cell) -> str:
    metric = comparison.ranking[0].name
    words = [str(group.rank or "-"), group.label]
    if metric in group.summaries:
        mean, places = group.summaries[metric].mean, decimals(comparison, metric)
        words.append(f"{display.short_name(metric)} {mean:.{places}f}")
    return "  ·  ".join(words)


# --- the page ----------------------------------------------------------------------------------------------------


def _page(
    comparison: Comparison,
    cells: Sequence[SweepRun],
    path: Path,
    shown: Sequence[Representative],
    rows: Sequence[contact_sheet.Row],
) -> str:
    results = _results(shown)
    environment = Environment(
        loader=PackageLoader("sweeps.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        sweep=comparison.sweep,
        made=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        answer=answer(comparison),
        counts=text.counts(comparison),
        varied=text.varied(comparison),
        fixed=text.fixed(comparison),
        data=text.data_sets(comparison, results),
        table_of_cells=tables.group_columns(comparison),
        marks=_marks(comparison),
        ranking=text.ranking(comparison),
        colors=figures.COLORS,
        effects=_effects(comparison),
        search=_search(comparison, cells),
        parallel=as_svg(figures.draw_parallel(comparison), "parallel", "parallel coordinates of the cells"),
        pairs=_pairs(comparison),
        clouds=_clouds(comparison, shown),
        profiles=_profiles(comparison, shown),
        seeds=seed_words([cell.run for cell in shown]),
        rows=[(row.label, _faces(row, contact_sheet.columns_of(rows))) for row in rows],
        sheet_words=text.sheet_words(shown, len(rows)),
        generators=generators(results[text.data_key(shown[0].run)]),
        untold=limitations(comparison),
        reproduce=text.reproduce(comparison, path, results),
        sweep_file=path.read_text(encoding="utf-8").strip(),
    )


def _marks(comparison: Comparison) -> list[str]:
    """For each cell of the table "best", "median", "worst" or nothing."""
    names = {group.cell_hash: name for name, group in figures.marked(comparison.groups).items()}
    return [names.get(group.cell_hash, "") for group in comparison.groups]


def _effects(comparison: Comparison) -> dict[str, Any] | None:
    """Plot and tables; None without effects."""
    if not any(found.effects for found in comparison.effects):
        return None
    drawn = figures.has_effects(comparison)
    return {
        "plot": as_svg(figures.draw_effects(comparison), "effects", "estimates of the effects") if drawn else "",
        "tables": [
            (tables.effects_title(comparison, found), tables.effect_columns(comparison, found))
            for found in comparison.effects
            if found.effects and found.metric in [metric.name for metric in comparison.ranking]
        ],
        "shares": tables.share_columns(comparison),
        "tests": tables.tests(comparison),
        "detectable": tables.detectable_columns(comparison),
    }


def _search(comparison: Comparison, cells: Sequence[SweepRun]) -> dict[str, Any] | None:
    """Optuna's pictures and the table of importance; None for a grid."""
    if not comparison.sweep.is_search:
        return None
    from sweeps.report.search_figures import draw_search, search_study

    study = search_study(comparison, cells)
    figures = draw_search(comparison, study) if study.trials else {}
    return {
        "figures": [(title, as_svg(figure, f"search{i}", title)) for i, (title, figure) in enumerate(figures.items())],
        "importance": tables.importance_columns(comparison) if comparison.importance else [],
    }


def _pairs(comparison: Comparison) -> Markup | None:
    """None with fewer than two metrics."""
    if len(comparison.metrics) < 2:
        return None
    return as_svg(figures.draw_pairs(comparison), "pairs", "each two metrics against each other")


# --- of single runs ----------------------------------------------------------------------------------------------


def _results(shown: Sequence[Representative]) -> dict[str, dict[str, Any]]:
    """What a run recorded of each data set, by `text.data_key`; of a run without `result.json`, nothing."""
    first = {text.data_key(cell.run): cell.run for cell in reversed(shown)}
    with tempfile.TemporaryDirectory(prefix="cae-report-") as scratch:
        return {key: _result(run, Path(scratch) / key) for key, run in first.items()}


def _result(run: SweepRun, folder: Path) -> dict[str, Any]:
    assert run.run_id is not None
    with store_errors(uri()):
        there = [entry.path for entry in client().list_artifacts(run.run_id)]
    if "result.json" not in there:
        return {}
    folder.mkdir()
    return read_json(fetch(run.run_id, "result.json", folder)) or {}


def _clouds(comparison: Comparison, shown: Sequence[Representative]) -> list[tuple[str, str, list[Markup]]]:
    """For best, median and worst cell: the mark, its label, and its plots, none where the run has none."""
    cells = {cell.group.cell_hash: cell for cell in shown}
    found = []
    for mark, group in figures.marked(comparison.groups).items():
        cell = cells[group.cell_hash]
        plots = [cell.pictures[name] for name in PLOTS if name in cell.pictures]
        found.append((mark, group.label, [_image(plot, f"{plot.stem} of the {mark} cell") for plot in plots]))
    return found


def _profiles(comparison: Comparison, shown: Sequence[Representative]) -> Markup | None:
    """Core profiles of the runs that stand for the cells; None where no run has any."""
    curves = {cell.group.cell_hash: _curves(cell.run) for cell in shown}
    known = {cell: found for cell, found in curves.items() if found}
    if not known:
        return None
    null = _curves(shown[0].run, "_null")
    figure = figures.draw_profiles(comparison, known, null)
    return as_svg(figure, "profiles", "core profiles of the cells")


def _curves(run: SweepRun, end: str = "") -> dict[str, dict[int, float]]:
    """Headline to {percent of the innermost points: value}; those that the run recorded."""
    found = {}
    for name in CURVES:
        with store_errors(uri()):
            points = client().get_metric_history(run.run_id, f"mnd/core/{name}{end}")
        if points:
            found[name] = {point.step: point.value for point in sorted(points, key=lambda point: point.step)}
    return found


# --- pictures ----------------------------------------------------------------------------------------------------


def _faces(row: contact_sheet.Row, columns: Sequence[str]) -> list[tuple[str, Markup | None]]:
    return [(column, _block(row, column)) for column in columns]


def _block(row: contact_sheet.Row, column: str) -> Markup | None:
    block = row.blocks.get(column)
    return None if block is None else as_image(Image.fromarray(block), f"{column}, cell {row.label}")


def _image(path: Path, label: str) -> Markup:
    with Image.open(path) as picture:
        picture.thumbnail((PLOT_WIDTH, 10 * PLOT_WIDTH), Image.Resampling.LANCZOS)
        return as_image(picture.convert("RGB"), label)
