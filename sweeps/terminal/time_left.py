"""How long a sweep will still take, from what its cells took so far; nothing until that is known."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, NamedTuple

from cae.config import RunConfig

# Finished epochs of a cell after which its training can be foretold while no cell is finished.
EPOCHS = 2
# What a worker's progress file says of a cell, empty while there is none yet.
State = Mapping[str, Any]
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


@dataclass(frozen=True)
class Size:
    """What mostly says how long a cell takes. source: of its images, name and path; images: how many, None
    where it has all; resolution: pixels of a side."""

    source: tuple[str, str | None]
    images: int | None
    resolution: int
    epochs: int

    def over(self, other: Size) -> float:
        """How many times as much as another: by pixels and epochs, and by images where both are known."""
        images = self.images / other.images if self.images and other.images else 1.0
        return images * (self.resolution / other.resolution) ** 2 * self.epochs / other.epochs


def size(config: RunConfig) -> Size:
    """Of the cell of this configuration."""
    data = config.data
    return Size((data.name, data.path), data.size, data.resolution, config.training.epochs)


class Took(NamedTuple):
    """What a finished cell took. size: None where it is not known. seconds: from its first epoch to its record; after:
    those of them that came after its training, None where that is not known."""

    size: Size | None
    seconds: float
    after: float | None = None


def time_left(
    running: Sequence[tuple[Size | None, State]],
    waiting: Sequence[Size | None],
    workers: int,
    took: Sequence[Took],
    now: float,
) -> TimeLeft | None:
    """Of a sweep with cells that run and cells that wait, in this order, for one of the workers.

    took: of finished cells. A cell is taken for the mean of those of its size; where there are none, for the mean of
    all, each in proportion to their sizes. One that trains goes on at its own pace: others may have shared the machine
    with more or fewer. now: seconds since 1970.
    None where no cell has finished and none of those that run has finished enough epochs, and where all that run take
    longer than others did.
    """
    paces = [(cell, state, _pace(state, EPOCHS)) for cell, state in running]
    trainings = [Took(cell, state["epochs"] * pace) for cell, state, pace in paces if pace is not None]
    if not (known := took or trainings):
        return None
    seconds_of = [(each.size, each.seconds) for each in known]
    after_of = [(each.size, each.after) for each in known if each.after is not None]
    whole = {cell: _expected(cell, seconds_of) for cell in {*waiting, *(cell for cell, _ in running)}}
    after = {cell: _expected(cell, after_of) if after_of else None for cell, _ in running}
    ends = [_rest(state, whole[cell], after[cell], now) for cell, state in running]
    ends += [0.0] * (workers - len(ends))
    heapq.heapify(ends)
    for cell in waiting:
        heapq.heapreplace(ends, ends[0] + whole[cell])
    seconds = max(ends, default=0.0)
    return TimeLeft(seconds, at_least=not took) if seconds > 0 else None


def _expected(cell: Size | None, known: Sequence[tuple[Size | None, float]]) -> float:
    """Seconds of a cell of this size."""
    if alike := [seconds for other, seconds in known if other == cell]:
        return fmean(alike)
    return fmean(seconds * (cell.over(other) if cell and other else 1.0) for other, seconds in known)


def _pace(state: State, epochs: int = 1) -> float | None:
    """Seconds an epoch of this process took, None where it has not finished so many."""
    finished = state.get("finished_epochs", 0) - state.get("first_epoch", 1) + 1
    if finished < epochs or "trained_since" not in state or "epoch_ended" not in state:
        return None
    return float(state["epoch_ended"] - state["trained_since"]) / finished


def _rest(state: State, whole: float, after: float | None, now: float) -> float:
    """What a cell still takes: its epochs at their pace and, after them, as long as others; else what others took."""
    pace, is_trained = _pace(state), state.get("step") in AFTER_TRAINING
    if pace is None or (is_trained and after is None):
        return max(whole - (now - state.get("started", now)), 0.0)
    rest = max(whole - state["epochs"] * pace, 0.0) if after is None else after
    since = now - state["epoch_ended"]
    if is_trained:
        return max(rest - since, 0.0)
    return max((state["epochs"] - state["finished_epochs"]) * pace - since, 0.0) + rest
