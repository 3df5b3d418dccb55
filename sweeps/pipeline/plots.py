"""The pictures and tables of what was measured, as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from cae.faces import save_png
from metrics import Scores, plots
from metrics.moments import DegenerateError
from sweeps.pipeline.latents import LatentSplit
from sweeps.pipeline.measure import Measurements

DPI = 130
# Columns of the summary page's table, and the controls in them.
BESIDE = {"untrained": "untrained", "pixels": "projection"}
References = Mapping[str, Mapping[str, float]]
Draw = Callable[[ArrayLike, Scores, Figure, str, References], None]


class Plot(NamedTuple):
    """draw(vectors, scores, figure, title, beside), on a figure of this many inches."""

    draw: Draw
    width: float
    height: float


def write_measured(
    measured: Measurements,
    sides: dict[str, LatentSplit],
    metrics: Mapping[str, float],
    folder: Path,
    title: str,
    tell: Callable[[str], None] = lambda part: None,
) -> dict[str, str]:
    """`scores/NAME.csv` and `plots/NAME.png` of a run; the reasons for everything that is left out, by name.

    metrics: with the scores of the controls, `control/NAME/METRIC`. tell: called before the plots.
    """
    (folder / "scores").mkdir(exist_ok=True)
    for name, table in measured.tables.items():
        table.to_csv(folder / "scores" / name, index=False)
    tell("plots")
    plots = draw_plots(sides["train"].sample, measured.scores, folder / "plots", title, references(metrics))
    return measured.omitted | plots


def references(metrics: Mapping[str, float]) -> References:
    """What stands beside the headlines, by its name and the metric's, of `control/NAME/METRIC`."""
    found: dict[str, dict[str, float]] = {name: {} for name in BESIDE}
    for key, value in metrics.items():
        for name, control in BESIDE.items():
            if key.startswith(f"control/{control}/"):
                found[name][key.removeprefix(f"control/{control}/")] = value
    return found


def draw_plots(
    vectors: ArrayLike, scores: Scores, folder: Path, title: str, beside: References = MappingProxyType({})
) -> dict[str, str]:
    """`NAME.png`: how the vectors lie against the normal distribution with their moments.

    beside: what other clouds of the same size score, by their name, for the table of the summary page.
    Returns the reason for each plot that a degenerate cloud (a constant component, say) leaves nothing to draw for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    omitted: dict[str, str] = {}
    for name, plot in PLOTS.items():
        figure = Figure(figsize=(plot.width, plot.height), layout="constrained")
        try:
            plot.draw(vectors, scores, figure, title, beside)
        except DegenerateError as error:
            omitted[f"plots/{name}"] = str(error)
        else:
            save_figure(figure, folder / f"{name}.png")
    return omitted


def save_figure(figure: Figure, path: Path) -> None:
    """Writes the figure as PNG, drawn once: `savefig` draws all of it twice where a layout is computed."""
    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    save_png(np.asarray(canvas.buffer_rgba())[..., :3], path)


def _titled(draw: Callable[[ArrayLike, Figure], None]) -> Draw:
    """A plot of the vectors alone, under the run's name."""

    def titled(vectors: ArrayLike, scores: Scores, figure: Figure, title: str, beside: References) -> None:
        _name(figure, title)
        draw(vectors, figure)

    return titled


def _name(figure: Figure, title: str) -> None:
    figure.suptitle(title, fontsize=9, x=0.02, ha="left")


def _core(vectors: ArrayLike, scores: Scores, figure: Figure, title: str, beside: References) -> None:
    if scores.profile is None:
        raise DegenerateError(next(reason for name, reason in scores.omitted.items() if name.startswith("core/")))
    _name(figure, title)
    plots.draw_core_profile(scores.profile, figure.subplots())


def _worst(vectors: ArrayLike, scores: Scores, figure: Figure, title: str, beside: References) -> None:
    if scores.worst is None:
        raise DegenerateError(scores.omitted["pursuit/ks"])
    _name(figure, title)
    plots.draw_worst_direction(scores.worst, figure.subplots())


PLOTS: dict[str, Plot] = {
    "summary": Plot(plots.draw_summary, 16, 11),
    "contours": Plot(_titled(plots.draw_contours), 9, 6.6),
    "marginals": Plot(_titled(lambda vectors, figure: plots.draw_marginals(vectors, figure.subplots())), 7, 5),
    "quantiles": Plot(_titled(lambda vectors, figure: plots.draw_quantiles(vectors, figure.subplots())), 6, 5),
    "radii": Plot(_titled(lambda vectors, figure: plots.draw_radii(vectors, figure.subplots())), 6, 4.2),
    "norms": Plot(_titled(lambda vectors, figure: plots.draw_norms(vectors, figure.subplots())), 6, 4.2),
    "correlations": Plot(_titled(lambda vectors, figure: plots.draw_correlations(vectors, figure.subplots())), 6.5, 6),
    "spectrum": Plot(_titled(lambda vectors, figure: plots.draw_spectrum(vectors, figure.subplots())), 6, 4.2),
    "core": Plot(_core, 6, 6),
    "worst_direction": Plot(_worst, 6, 4.2),
}
