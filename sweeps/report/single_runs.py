"""What a report shows of the single runs that stand for its cells: faces, plots, core profiles."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup
from PIL import Image

from sweeps.analysis.comparison import Comparison
from sweeps.files import read_json
from sweeps.planning.plan import SweepRun
from sweeps.report import figures, text
from sweeps.report.contact_sheet import Row, block
from sweeps.report.embed import as_image, as_svg
from sweeps.report.profiles import draw_profiles, profile_words
from sweeps.report.representatives import Representative
from sweeps.tracking import client
from sweeps.tracking.artifacts import fetch
from sweeps.tracking.errors import store_errors
from sweeps.workspace import uri

PLOTS = ("plots/contours", "plots/radii")
CURVES = ("marginal_gaussianity", "contour_agreement", "radius_agreement", "off_origin_distance")
# Pixels across the pictures of plots: more than the page is wide, so that they can be read when enlarged.
PLOT_WIDTH = 1000


@dataclass(frozen=True)
class Shown:
    """A cell under its label, with the run that stands for it and pictures of that: name to <img>, None for none."""

    label: str
    run: SweepRun
    pictures: dict[str, Markup | None]
    mark: str = ""

    @property
    def is_empty(self) -> bool:
        return not any(self.pictures.values())


def results(shown: Sequence[Representative]) -> dict[str, dict[str, Any]]:
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


def faces(cell: Representative, row: Row, columns: Sequence[str]) -> Shown:
    """The faces of a row of the contact sheet, of each column."""
    return Shown(row.label, cell.run, {column: _faces(row, column) for column in columns})


def _faces(row: Row, column: str) -> Markup | None:
    tiles = row.tiles.get(column)
    return None if tiles is None else as_image(block(tiles, tiles.shape[1]), f"{column}  ·  {row.label}")


def clouds(comparison: Comparison, shown: Sequence[Representative]) -> list[Shown]:
    """Best, median and worst cell with the plots that their runs have."""
    cells = {cell.group.cell_hash: cell for cell in shown}
    found = []
    for mark, group in figures.marked(comparison.groups).items():
        cell = cells[group.cell_hash]
        plots = {name: cell.pictures[name] for name in PLOTS if name in cell.pictures}
        pictures = {name: _plot(path, f"{path.stem}  ·  {mark}: {group.label}") for name, path in plots.items()}
        found.append(Shown(group.label, cell.run, dict(pictures), mark))
    return found


def _plot(path: Path, label: str) -> Markup:
    with Image.open(path) as picture:
        picture.thumbnail((PLOT_WIDTH, 10 * PLOT_WIDTH), Image.Resampling.LANCZOS)
        return as_image(picture.convert("RGB"), label)


def profiles(comparison: Comparison, shown: Sequence[Representative]) -> tuple[Markup, str] | None:
    """Core profiles of the runs that stand for the cells, and what the best cell's show; None without any."""
    curves = {cell.group.cell_hash: _curves(cell.run) for cell in shown}
    known = {cell: found for cell, found in curves.items() if found}
    if not known:
        return None
    best, null = shown[0], _curves(shown[0].run, "_null")
    picture = as_svg(draw_profiles(comparison, known, null), "profiles", "core profiles of the cells")
    return picture, profile_words(f"the best cell, {best.group.label},", curves[best.group.cell_hash], null)


def _curves(run: SweepRun, end: str = "") -> dict[str, dict[int, float]]:
    """Headline to {percent of the innermost points: value}; those that the run recorded."""
    found = {}
    for name in CURVES:
        with store_errors(uri()):
            points = client().get_metric_history(run.run_id, f"mnd/core/{name}{end}")
        if points:
            found[name] = {point.step: point.value for point in sorted(points, key=lambda point: point.step)}
    return found
