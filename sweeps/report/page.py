"""The report of a sweep: one HTML file that needs nothing else, and the contact sheet beside it."""

from __future__ import annotations

import tempfile
from base64 import b64encode
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sweeps.analysis import tables
from sweeps.analysis.answer import answer, decimals, limitations
from sweeps.analysis.cells import Cell
from sweeps.analysis.column import Column
from sweeps.analysis.comparison import Comparison
from sweeps.errors import SweepError
from sweeps.files import atomic_write
from sweeps.planning.plan import SweepRun
from sweeps.report import contact_sheet, figures, glossary, single_runs, text
from sweeps.report.embed import as_svg
from sweeps.report.generators import generators
from sweeps.report.links import RunPages, run_pages
from sweeps.report.representatives import Representative, chosen_runs, fetch_pictures, seed_of, seed_words
from sweeps.spec import display
from sweeps.tracking.run_file import REQUESTS

# EXPLORE: the page that `cae explore` writes beside these two.
REPORT, SHEET, EXPLORE = "report.html", "contact_sheet.png", "explore.html"


def write_report(comparison: Comparison, cells: Sequence[SweepRun], folder: Path) -> None:
    """Writes `report.html` and `contact_sheet.png` into `folder`.

    The report links to `explore.html` where that lies there. cells: as `api.cells` gives them.
    Raises SweepError where the folder cannot be written, TrackingError.
    """
    with tempfile.TemporaryDirectory(prefix="cae-report-") as scratch:
        shown = _stand_ins(comparison, Path(scratch))
        rows = [contact_sheet.row_of(cell, _label(comparison, cell.group)) for cell in shown[: contact_sheet.LARGEST]]
        page = _page(comparison, cells, shown, rows, has_explorer=(folder / EXPLORE).is_file())
    sheet = contact_sheet.contact_sheet(rows, comparison.name, text.sheet_words(shown, len(rows)))
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
            *(single_runs.PLOTS if group.cell_hash in with_plots else ()),
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
    shown: Sequence[Representative],
    rows: Sequence[contact_sheet.Row],
    has_explorer: bool,
) -> str:
    results, pages = single_runs.results(shown), run_pages()
    columns = contact_sheet.columns_of(rows)
    environment = Environment(
        loader=PackageLoader("sweeps.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = environment.get_template("script.js").render()
    table = _cells(comparison, pages)
    return environment.get_template("report.html.j2").render(
        name=comparison.name,
        questions=text.questions(comparison),
        file=None if comparison.others else comparison.sweep.file.name,
        explorer=EXPLORE if has_explorer else None,
        script=Markup(script),  # noqa: S704 - a file of this package
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        pages=pages,
        made=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        answer=answer(comparison),
        counts=text.counts(comparison),
        varied=text.varied(comparison),
        fixed=text.fixed(comparison),
        data=text.data_sets(comparison, results),
        table_of_cells=table,
        measures=glossary.measures(column.head for column in table),
        methods=glossary.methods(columns),
        marks=_marks(comparison),
        ranking=text.ranking(comparison),
        colors=figures.COLORS,
        effects=_effects(comparison),
        search=_search(comparison, cells),
        parallel=as_svg(figures.draw_parallel(comparison), "parallel", "parallel coordinates of the cells"),
        pairs=_pairs(comparison),
        clouds=single_runs.clouds(comparison, shown),
        profiles=single_runs.profiles(comparison, shown),
        seeds=seed_words([cell.run for cell in shown]),
        rows=[single_runs.faces(cell, row, columns) for cell, row in zip(shown, rows, strict=False)],
        sheet_words=text.sheet_words(shown, len(rows)),
        generators=generators(results[text.data_key(shown[0].run)]),
        untold=limitations(comparison),
        reproduce=text.reproduce(comparison, results),
        runs=_runs(comparison, pages),
        sweep_file="\n---\n".join(sweep.text.strip() for sweep in comparison.sweeps),
    )


def _cells(comparison: Comparison, pages: RunPages) -> list[Column]:
    """The table of cells, in which the seeds lead to their runs."""
    seeds = Column("seeds", [pages.seeds(group.runs) for group in comparison.groups])
    return [seeds if column.head == "seeds" else column for column in tables.group_columns(comparison)]


def _runs(comparison: Comparison, pages: RunPages) -> list[Column]:
    """Every finished run with its names, the best cell's first."""
    runs = [(group, run) for group in reversed(comparison.groups) for run in sorted(group.runs, key=seed_of)]
    code = Markup("<code>{}</code>")
    return [
        Column("cell", [group.label for group, _ in runs], right=False),
        Column("seed", [pages.link(run, str(seed_of(run))) for _, run in runs]),
        Column("hash", [code.format(run.config_hash) for _, run in runs], right=False),
        Column("MLflow's run id", [code.format(run.run_id) for _, run in runs], right=False),
    ]


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
    """Optuna's pictures and the table of importance; None for a grid, and for several sweeps."""
    if not comparison.sweep.is_search or comparison.others:
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
