"""What a sweep file must and must not say when its method is random or bayes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cae.config import RunConfig

if TYPE_CHECKING:
    from sweeps.definition import Sweep

# Between runs that differ in one of these, losses cannot be compared.
INCOMPARABLE = ("training.loss", "model.kl_weight", "data.name", "data.mixture", "data.contrast", "training.epochs")


def check_search(sweep: Sweep) -> None:
    """Raises ValueError for a search that has nothing to search, no end, no aim, or cells outside its space."""
    searched = [name for name, parameter in sweep.parameters.items() if parameter.is_range or parameter.values]
    if not searched:
        raise ValueError(f"method: {sweep.method} has nothing to search; give a parameter values, or min and max")
    if sweep.run_cap is None:
        raise ValueError(f"method: {sweep.method} does not end by itself; run_cap says how many runs to train")
    if sweep.run_cap < len(sweep.seeds):
        raise ValueError(f"run_cap: {sweep.run_cap} is less than one trial, which takes {len(sweep.seeds)} seeds")
    if sweep.method == "bayes" and "metric" not in sweep.model_fields_set:
        raise ValueError("method: bayes needs a metric, for example {name: mnd/radius_agreement, goal: maximize}")
    names = [metric.name for metric in sweep.metric]
    if len(set(names)) < len(names):
        raise ValueError("metric: the same name stands twice; one objective each")
    for cell in sweep.include:
        _check_included(sweep, cell)
    _check_early_terminate(sweep, searched)


def _check_included(sweep: Sweep, cell: dict[str, Any]) -> None:
    for name, value in cell.items():
        parameter = sweep.parameters.get(name)
        if parameter is None:
            raise ValueError(f"include: {name} is not among the parameters; {_INCLUDED}")
        outside = value not in parameter.choices
        if parameter.is_range:
            outside = not (parameter.min or 0) <= value <= (parameter.max or 0)
        if outside:
            raise ValueError(f"include: {name} cannot be {value!r} in this space; {_INCLUDED}")
    for group in sweep.zip:
        given = [name for name in group if name in cell]
        rows = list(zip(*(sweep.parameters[name].choices for name in given), strict=True))
        if given and [cell[name] for name in given] not in [list(row) for row in rows]:
            raise ValueError(f"include: {' and '.join(given)} do not move together like this under zip")


_INCLUDED = "a search tries included cells first, so they must be cells of its space"


def _check_early_terminate(sweep: Sweep, searched: list[str]) -> None:
    if sweep.early_terminate is None:
        return
    if len(sweep.metric) > 1:
        raise ValueError("early_terminate works with a single metric; remove it, or all metrics but one")
    epochs = RunConfig().training.epochs
    if "training.epochs" in sweep.parameters:
        epochs = sweep.parameters["training.epochs"].value or epochs
    if sweep.early_terminate.min_iter >= epochs:
        raise ValueError(f"early_terminate: min_iter {sweep.early_terminate.min_iter} stops nothing in {epochs} epochs")
    varied = next((name for name in INCOMPARABLE if name in searched), None)
    if varied:
        raise ValueError(
            f"early_terminate compares losses, which {varied} makes incomparable; fix {varied} or remove it"
        )
