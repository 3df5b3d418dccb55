from __future__ import annotations

import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from metrics.plots import INK
from sweeps.analysis.comparison import Comparison, compare
from sweeps.planning.plan import SweepRun
from sweeps.report.embed import PAPER, as_svg, name
from sweeps.report.figures import draw_effects, draw_pairs, draw_parallel, has_effects, marked
from sweeps.report.profiles import draw_profiles, profile_words
from sweeps.report.search_figures import draw_search, search_study
from sweeps.spec.sweep import Sweep
from tests.sweeps.commands.test_compare import RADII
from tests.sweeps.fakes import cell_of

MSE = "reconstruction/mse"
SWEEP = Sweep.model_validate({"name": "s", "seeds": [0, 1]})


def cells(count: int = 3, seeds: int = 2) -> list[SweepRun]:
    """The larger latent_dim, the better by the radii and the worse by the MSE."""
    return [
        cell_of({RADII: 0.5 + dim / 100 + seed / 1000, MSE: 0.01 * dim + seed / 1000}, latent_dim=dim, seed=seed)
        for dim in range(2, 2 + count)
        for seed in range(seeds)
    ]


def compared(runs: list[SweepRun], sweep: Sweep = SWEEP) -> Comparison:
    return compare(sweep, runs)


@pytest.mark.parametrize(
    ("count", "dims"),
    [
        (1, {"best": 2}),
        (2, {"best": 3, "worst": 2}),
        (3, {"best": 4, "median": 3, "worst": 2}),
        (9, {"best": 10, "median": 6, "worst": 2}),
    ],
)
def test_best_median_and_worst_are_each_marked_once(count: int, dims: dict[str, int]) -> None:
    found = marked(compared(cells(count)).groups)
    assert {name: int(group.values.get("model.latent_dim", "2")) for name, group in found.items()} == dims


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in [ax.xaxis.label, *ax.texts, *ax.get_yticklabels()]]


def test_effects_have_a_column_for_each_metric_and_say_which_side_is_better() -> None:
    figure = draw_effects(compared(cells(2)))
    assert [ax.get_xlabel() for ax in figure.axes] == ["better →", "← better"]
    radii = figure.axes[0]
    assert [label.get_text() for label in radii.get_yticklabels()] == ["latent_dim: 3 vs 2"]
    (point,) = (line for line in radii.lines if line.get_marker() == "o")
    assert list(point.get_xdata()) == pytest.approx([0.01])
    (bar,) = (line for line in radii.lines if len(line.get_xdata()) == 2 and line.get_linewidth() > 1)
    assert bar.get_xdata()[0] < 0.01 < bar.get_xdata()[1]


def test_without_seeds_there_are_points_and_no_bars() -> None:
    figure = draw_effects(compared(cells(2, seeds=1)))
    assert all(len(line.get_xdata()) == 1 or line.get_linewidth() < 1 for line in figure.axes[0].lines)
    assert not has_effects(compared(cells(1)))


def test_parallel_coordinates_turn_each_metric_so_that_better_is_up() -> None:
    (ax,) = draw_parallel(compared(cells(3))).axes
    best = next(line for line in ax.lines if line.get_linewidth() == 2 and line.get_ydata()[1] == 1)
    # The best by the radii has the largest latent_dim and the largest, worst, MSE.
    assert list(best.get_ydata()) == pytest.approx([1, 1, 0])
    assert {"2", "3", "4", "0.54", "0.52"} <= {text.get_text().rstrip("5") for text in ax.texts}


def test_pairs_show_each_two_metrics_once() -> None:
    runs = [cell_of({RADII: 0.5, "mnd/contour_agreement": 0.6, MSE: 0.1 * dim}, latent_dim=dim) for dim in range(2, 5)]
    drawn = [ax for ax in draw_pairs(compared(runs)).axes if ax.axison]
    assert len(drawn) == 3


def test_profiles_draw_what_there_is() -> None:
    comparison = compared(cells(3))
    curve = {50: 0.9, 100: 0.8}
    known = {comparison.groups[0].cell_hash: {"radius_agreement": curve, "contour_agreement": curve}}
    figure = draw_profiles(comparison, known, {"radius_agreement": {50: 1.0, 100: 1.0}})
    radii, contours = figure.axes
    assert [line.get_xydata().tolist() for line in radii.lines if len(line.get_xdata())] == [
        [[50, 0.9], [100, 0.8]],
        [[50, 1.0], [100, 1.0]],
    ]
    assert sum(len(line.get_xdata()) > 0 for line in contours.lines) == 1


def test_svg_takes_the_ink_and_the_paper_of_its_page() -> None:
    figure = Figure(figsize=(2, 2))
    figure.text(0.5, 0.5, "<b> & so on", color=INK, bbox={"facecolor": PAPER})
    text = as_svg(figure, "one", "a label")
    assert text.startswith('<svg role="img" aria-label="a label"')
    assert "&lt;b&gt; &amp; so on" in text
    assert "currentColor" in text
    assert "var(--paper)" in text
    assert "://" not in text
    other = as_svg(figure, "two", "a label")
    assert 'id="two-' in other
    assert 'id="one-' not in other


def test_what_is_drawn_says_its_name_and_words_are_no_markup() -> None:
    comparison = compared(cells(3))
    text = as_svg(draw_pairs(comparison), "pairs", "a label")
    titles = re.findall(r'<g class="named"><title>([^<]+)</title>', text)
    assert titles == [f"latent_dim={dim} · radii 0.{50 + dim}050 · MSE 0.0{dim}050" for dim in (2, 3, 4)]
    figure = Figure(figsize=(2, 2))
    name(figure.subplots().plot([0, 1])[0], 'a "<b>" · 1')
    text = as_svg(figure, "one", "a label")
    assert '<title>a "&lt;b&gt;" · 1</title>' in text


def test_words_say_how_far_core_and_whole_are_below_normal_clouds() -> None:
    curves = {"radius_agreement": {50: 0.95, 100: 0.6}, "off_origin_distance": {50: 1.0, 100: 0.9}}
    null = {"radius_agreement": {50: 0.97, 100: 0.99}, "off_origin_distance": {50: 1.0, 100: 0.9}}
    words = "How far it lies below a normal cloud, over all points and over the innermost 50 % alone: "
    assert profile_words("it", curves, null) == f"{words}radii 0.390 and 0.020."
    assert profile_words("it", curves, {}) == profile_words("it", {}, null) == ""


def search_of(goal: str) -> tuple[Comparison, list[SweepRun]]:
    """A search of two objectives: of the first latent_dim decides the upper half, and kernel_size the lower."""
    sweep = Sweep.model_validate(
        {
            "name": "s",
            "method": "random",
            "run_cap": 200,
            "metric": [{"name": RADII, "goal": goal}, {"name": MSE, "goal": "minimize"}],
            "parameters": {
                "model.latent_dim": {"min": 2, "max": 41},
                "model.kernel_size": {"values": [3, 5, 7]},
            },
        }
    )
    runs = [
        cell_of({RADII: dim / 50 if dim > 20 else kernel / 50, MSE: 0.01 * kernel}, latent_dim=dim, kernel_size=kernel)
        for dim in range(2, 42)
        for kernel in (3, 5, 7)
    ]
    return compared(runs, sweep), runs


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_importance_of_several_objectives_asks_for_the_good_end_of_each(goal: str) -> None:
    comparison, runs = search_of(goal)
    before = dict(mpl.rcParams)
    drawn = draw_search(comparison, search_study(comparison, runs))
    assert list(drawn) == [
        f"History of {RADII}",
        f"Importance for {RADII}",
        f"History of {MSE}",
        f"Importance for {MSE}",
        "Pareto front",
    ]
    bars = {bar.get_width() for bar in drawn[f"Importance for {RADII}"].axes[0].patches}
    assert sorted(bars) == pytest.approx(sorted(comparison.importance[RADII].values()))
    # Nothing of Optuna's style or of pyplot's figures stays behind.
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


def test_trials_stand_in_the_order_in_which_they_were_tried() -> None:
    comparison, runs = search_of("maximize")
    study = search_study(comparison, list(reversed(runs)))
    assert [trial.params["model.latent_dim"] for trial in study.trials[:3]] == [41, 41, 41]
    assert study.trials[-1].params["model.latent_dim"] == 2
