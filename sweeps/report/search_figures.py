"""Optuna's own pictures of a search: how it went, what mattered, and the Pareto front."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import optuna
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from optuna.exceptions import ExperimentalWarning
from optuna.trial import TrialState
from optuna.visualization import matplotlib as pictures

from sweeps.analysis.comparison import Comparison
from sweeps.planning.plan import SweepRun
from sweeps.search.importance import params_of
from sweeps.search.study import finished_trial
from sweeps.search.trial_result import trial_result
from sweeps.spec.display import short_name
from sweeps.spec.space import space

SIZE = (7.0, 3.6)


def search_study(comparison: Comparison, cells: Sequence[SweepRun]) -> optuna.Study:
    """The finished trials in the order in which they were tried, out of the record, as a study.

    cells: those of `api.cells`.
    """
    searched = space(comparison.sweep)
    groups = {group.cell_hash: group for group in comparison.groups}
    study = optuna.create_study(directions=[metric.goal for metric in comparison.sweep.metric])
    for key in dict.fromkeys(str(cell.cell_hash) for cell in cells if cell.cell_hash in groups):
        runs = groups[key].runs
        trial = finished_trial(searched, params_of(searched, runs[0].config), trial_result(comparison.sweep, runs))
        if trial.state == TrialState.COMPLETE:
            study.add_trial(trial)
    return study


def draw_search(comparison: Comparison, study: optuna.Study) -> dict[str, Figure]:
    """Title to figure; importance only where the trials differ, a front only of two objectives or three."""
    metrics = comparison.sweep.metric
    several = len(metrics) > 1
    drawn: dict[str, Figure] = {}
    for i, metric in enumerate(metrics):
        words = {"target": _target(i), "target_name": short_name(metric.name)} if several else {}
        drawn[f"History of {metric.name}"] = _drawn(pictures.plot_optimization_history, study, **words)
        # With a target of ours, PED-ANOVA asks what made it low.
        lowest = words | {"target": _target(i, -1 if metric.goal == "maximize" else 1)} if several else {}
        if len({trial.values[i] for trial in study.trials}) > 1:
            drawn[f"Importance for {metric.name}"] = _drawn(pictures.plot_param_importances, study, **lowest)
    if 1 < len(metrics) < 4:
        names = [short_name(metric.name) for metric in metrics]
        drawn["Pareto front"] = _drawn(pictures.plot_pareto_front, study, target_names=names)
    return drawn


def _target(i: int, sign: int = 1) -> Callable[[optuna.trial.FrozenTrial], float]:
    return lambda trial: sign * trial.values[i]


def _drawn(draw: Callable[..., Axes], study: optuna.Study, **words: Any) -> Figure:
    """Optuna draws on pyplot's figures in a style of its own; neither stays behind."""
    with plt.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        warnings.filterwarnings("ignore", message="PedAnovaImportanceEvaluator computes")
        figure = draw(study, **words).figure
        assert isinstance(figure, Figure)
        figure.set_size_inches(SIZE)
        figure.set_layout_engine("constrained")
        plt.close(figure)
    return figure
