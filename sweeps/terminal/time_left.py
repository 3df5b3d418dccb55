"""How long a sweep will still take, from what its cells took so far; nothing until that is known."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from cae.config import RunConfig

# Finished epochs of a cell after which its training can be foretold while no cell is finished.
EPOCHS = 2
# What a worker's progress file says of a cell, empty while there is none yet.
State = Mapping[str, Any]
# Cells of the same size take about the same time; None of one whose size is not known.
Size = tuple[Any, ...] | None
AFTER_TRAINING = ("encode", "score", "draw", "judge", "record")


@dataclass(frozen=True)
class TimeLeft:
    """seconds: until the last cell ends. at_least: whether only trainings are counted, as no cell has finished yet."""

    seconds: float
    at_least: bool = False

    def told(self) -> str:
        """In words as exact as it is: "about 40 s", "about 12 min", "at least 3 h 20 min"."""
        return f"{'at least' if self.at_least else 'about'} {rounded(self.seconds)}"


def rounded(seconds: float) -> str:
    if seconds < 90:
        return f"{max(5, 5 * round(seconds / 5))} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes if minutes < 60 else 10 * round(minutes / 10), 60)
    return f"{hours} h{f' {rest} min' if rest else ''}" if hours else f"{minutes} min"


def size(config: RunConfig) -> Size:
    """What mostly says how long a cell takes: its images, their resolution, and how often they are gone through."""
    data = config.data
    return data.name, data.path, data.size, data.resolution, config.training.epochs


def time_left(
    running: Sequence[tuple[Size, State]],
    waiting: Sequence[Size],
    workers: int,
    took: Sequence[tuple[Size, float]],
    now: float,
) -> TimeLeft | None:
    """Of a sweep with cells that run and cells that wait, in this order, for one of the workers.

    took: seconds that finished cells took from their first epoch to their record. A cell is taken for the mean of
    those of its size, and for the mean of all where there are none. now: seconds since 1970.
    None where no cell has finished and none of those that run has finished enough epochs, and where all that run take
    longer than others did.
    """
    paces = [(cell, state, _pace(state, EPOCHS)) for cell, state in running]
    trainings = [(cell, state["epochs"] * pace) for cell, state, pace in paces if pace is not None]
    if not (known := took or trainings):
        return None
    alike, mean = _means(known), fmean(seconds for _, seconds in known)
    ends = [_rest(state, alike.get(cell, mean), now) for cell, state in running]
    ends += [0.0] * (workers - len(ends))
    heapq.heapify(ends)
    for cell in waiting:
        heapq.heapreplace(ends, ends[0] + alike.get(cell, mean))
    seconds = max(ends, default=0.0)
    return TimeLeft(seconds, at_least=not took) if seconds > 0 else None


def _means(known: Sequence[tuple[Size, float]]) -> dict[Size, float]:
    found: dict[Size, list[float]] = {}
    for cell, seconds in known:
        found.setdefault(cell, []).append(seconds)
    return {cell: fmean(seconds) for cell, seconds in found.items()}


def _pace(state: State, epochs: int = 1) -> float | None:
    """Seconds an epoch of this process took, None where it has not finished so many."""
    finished = state.get("finished_epochs", 0) - state.get("first_epoch", 1) + 1
    if finished < epochs or "trained_since" not in state or "epoch_ended" not in state:
        return None
    return float(state["epoch_ended"] - state["trained_since"]) / finished


def _rest(state: State, whole: float, now: float) -> float:
    """What a cell still takes: its epochs at their pace and, after them, as long as others; else what others took."""
    pace = _pace(state)
    if pace is None or state.get("step") in AFTER_TRAINING:
        return max(whole - (now - state.get("started", now)), 0.0)
    training = (state["epochs"] - state["finished_epochs"]) * pace - (now - state["epoch_ended"])
    return max(training, 0.0) + max(whole - state["epochs"] * pace, 0.0)
