"""Everything of a run that needs its decoder: sheets of faces, and what they are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from cae import faces
from cae.names import file_name
from cae.paths import dominant_planes
from metrics.moments import DegenerateError
from metrics.plots import draw_generated
from sweeps.errors import SweepError
from sweeps.pipeline.face_quality import Judged, face_quality, plotted
from sweeps.pipeline.plots import save_figure
from sweeps.pipeline.sheets import PLANES, SHEETS, Choice, Sheet, sheet_of
from sweeps.pipeline.trained_model import TrainedModel

ALWAYS = ("reconstruction", "center", "path", "ladder", "slerp", "neighbours")
PATHS = ("path", "ladder", "slerp")
PREVIEW_PICTURES = 8
INCHES = 2.3
OVERVIEW = "faces.png"


def write_faces(trained: TrainedModel, folder: Path, tell: Callable[[str], None] = lambda part: None) -> dict[str, str]:
    """`faces/NAME.png`, `previews/NAME.png` and `plots/paths.png`; the reasons for what is left out, by name.

    tell: called with what is drawn.
    """
    analysis = trained.config.analysis
    choice = Choice(count=analysis.images_per_grid)
    names = (*analysis.sampling, *ALWAYS)
    drawn = {}
    for name in names:
        tell(name)
        drawn[name] = _write(sheet_of(name)(trained, choice), folder, file_name(name))
    shown = ("reconstruction", *analysis.sampling)
    write_overview({file_name(name): drawn[name] for name in shown}, trained.title, folder)
    if analysis.innermost_maps:
        tell("maps")
        _write(SHEETS["maps"](trained, Choice(count=analysis.innermost_maps)), folder, "maps")
    points = {name: sheet.points for name, sheet in drawn.items() if name in PATHS and sheet.points is not None}
    omitted = plot_points(trained, points, folder / "plots" / "paths.png")
    tell("attributes")
    return omitted | (_write_attributes(trained, folder) if trained.directions[0].names else {})


def _write_attributes(trained: TrainedModel, folder: Path) -> dict[str, str]:
    _write(SHEETS["attributes"](trained, Choice()), folder, "attributes")
    for name in trained.directions[0].names if trained.config.analysis.attribute_sheets else ():
        _write(SHEETS["attribute"](trained, Choice(attribute=name)), folder, f"attributes/{name}")
    try:
        return _write(SHEETS["arithmetic"](trained, Choice()), folder, "arithmetic").omitted
    except SweepError as error:
        return {"faces/arithmetic": str(error)}


def _write(sheet: Sheet, folder: Path, name: str) -> Sheet:
    """Writes the sheet, and a picture small enough for MLflow's image chart, which shrinks all to 256 pixels."""
    faces.save_png(sheet.picture, folder / "faces" / f"{name}.png")
    if sheet.pictures is not None:
        faces.save_png(faces.tiles(sheet.pictures[:PREVIEW_PICTURES]), folder / "previews" / f"{name}.png")
    return sheet


def write_overview(sheets: Mapping[str, Sheet], title: str, folder: Path) -> None:
    """`faces.png`: a row of each of these sheets, the first one of held-out images and what becomes of them."""
    rows = {name: sheet.pictures[:PREVIEW_PICTURES] for name, sheet in sheets.items() if sheet.pictures is not None}
    count = min(map(len, rows.values()))
    pictures = np.concatenate([row[:count] for row in rows.values()])
    picture = faces.grid(pictures, "faces", title, columns=count, labels=list(rows))
    faces.save_png(picture, folder / OVERVIEW)


def write_judged(trained: TrainedModel, folder: Path, tell: Callable[[str], None] = lambda part: None) -> Judged:
    """What the generators are worth; writes `scores/generators.csv` and `plots/generated.png`.

    tell: called with what is judged.
    """
    judged = face_quality(trained, tell)
    (folder / "scores").mkdir(exist_ok=True)
    judged.table.to_csv(folder / "scores" / "generators.csv", index=False)
    undrawn = plot_points(trained, plotted(trained), folder / "plots" / "generated.png")
    return replace(judged, omitted=judged.omitted | undrawn)


def plot_points(trained: TrainedModel, points: Mapping[str, np.ndarray], path: Path) -> dict[str, str]:
    """Where the points (m, d) of each name lie in planes of dominant components; the reason where nothing is drawn."""
    planes = dominant_planes(trained.cloud, PLANES)
    figure = Figure(figsize=(INCHES * max(len(points), 2), INCHES * max(len(planes), 1) + 0.4))
    try:
        draw_generated(trained.sides["train"].sample, points, planes, figure)
    except DegenerateError as error:
        return {f"plots/{path.stem}": str(error)}
    save_figure(figure, path)
    return {}
