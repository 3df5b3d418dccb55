"""Several sweeps compared as one: their runs together, each once, and in what their files disagree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sweeps.planning.plan import SweepRun
from sweeps.spec.sweep import Metric, Sweep


def together(parts: Iterable[Sequence[SweepRun]]) -> list[SweepRun]:
    """The runs of several sweeps in their order, those with the same hash once: a finished one, else the first.

    A run and the one that adopted it are one; so are two trainings of the same network with the same seed.
    """
    found: dict[str, SweepRun] = {}
    for run in (run for part in parts for run in part):
        key = run.config_hash or repr(run.config)
        if key not in found or (run.state == "finished" and found[key].state != "finished"):
            found[key] = run
    return list(found.values())


def disagreements(sweeps: Sequence[Sweep], ranking: Sequence[Metric]) -> Iterator[str]:
    """Lines on what ranks the cells where the sweeps' files do not say the same: the first one's, unless another was
    asked for."""
    first, *others = sweeps
    different = [f"{other.name} asks for {_goals(other)}" for other in others if other.metric != first.metric]
    if different and list(ranking) == first.metric:
        yield f"ranked by {_goals(first)}, as {first.name} asks; {'; '.join(different)}: --metric ranks by another"
    if any(other.constraints != first.constraints for other in others):
        kept = ", ".join(first.constraints) or "none"
        yield f"constraints: those of {first.name} ({kept}); the other files have others"


def _goals(sweep: Sweep) -> str:
    return " and ".join(f"{metric.name} ({metric.goal})" for metric in sweep.metric)
