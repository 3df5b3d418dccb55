"""How long and how large what is left of a sweep will be: by finished runs of its size, or by a probe of its networks.

Sizes are counted along the axes, so a file of a million runs takes no longer than one of ten.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any

from cae.config import RunConfig, flatten, from_flat
from sweeps import tracking
from sweeps.planning.plan import SweepRun
from sweeps.spec.display import readable
from sweeps.spec.fields import numbers_of
from sweeps.spec.grid import count, counted, expand
from sweeps.spec.parameter import Parameter
from sweeps.spec.space import space
from sweeps.spec.sweep import Sweep
from sweeps.tracking import Record

IMAGES = ("data.name", "data.path", "data.size", "data.resolution")
NETWORK = ("model.maps", "model.kernel_size", "model.blocks", "model.dense")
# Runs that agree in these take about the same time but for their epochs.
LIKE = IMAGES + NETWORK
SIZE = (*LIKE, "model.latent_dim", "training.epochs")
# Finished runs that are looked at for each size, the newest.
EXAMPLES = 5
SECONDS, TRAINING = "seconds/", "seconds/train"

Size = tuple[Any, ...]
# Seconds that the training of a run of this configuration takes for an epoch.
Pace = Callable[[RunConfig], float]


@dataclass(frozen=True)
class Estimate:
    """Of the runs of a sweep that are not finished. seconds: one after the other; None where nothing is known.

    runs: of the whole sweep; todo: left; known: those of them that `seconds` is about. bytes: of their artifacts.
    examples: finished runs that it is told from; elsewhere: whether they are of other sweeps. probed: whether trainings
    were timed; with_analysis: whether what comes after a training is in it.
    """

    runs: int
    todo: int
    known: int = 0
    seconds: float | None = None
    bytes: float | None = None
    examples: int = 0
    elsewhere: bool = False
    probed: bool = False
    with_analysis: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Took:
    """What finished runs of a size took, in the mean: seconds of an epoch, of all else, and bytes where known."""

    epoch: float
    rest: float
    bytes: float | None
    examples: int


def estimate(sweep: Sweep, runs: Sequence[SweepRun] | None, probe: Callable[[Sweep], Pace] | None = None) -> Estimate:
    """Of what is left of a sweep. runs: all of a grid, or those that a search has tried; None of a grid too large.

    probe: times the training of the sweep's networks. Raises SweepError, TrackingError.
    """
    sizes, total = _left(sweep, runs)
    todo = round(sum(sizes.values()))
    took, elsewhere = _finished(sweep, sizes)
    told = {size: number for size, number in sizes.items() if size[: len(LIKE)] in took}
    used = {size[: len(LIKE)]: took[size[: len(LIKE)]] for size in told}
    known = Estimate(total, todo, examples=sum(each.examples for each in used.values()), elsewhere=elsewhere)
    rows = [(number, size[-1], used[size[: len(LIKE)]]) for size, number in told.items()]
    known = replace(known, known=round(sum(told.values())), bytes=_bytes(rows))
    if probe is not None and todo:
        return _probed(known, sweep, sizes, probe(sweep), list(used.values()))
    seconds = sum(number * (epochs * like.epoch + like.rest) for number, epochs, like in rows)
    return replace(known, seconds=seconds if rows else None, with_analysis=bool(rows))


def _probed(known: Estimate, sweep: Sweep, sizes: Mapping[Size, float], pace: Pace, took: Sequence[Took]) -> Estimate:
    base = flatten(example_of(sweep))
    seconds = sum(number * size[-1] * pace(config_of(base, size)) for size, number in sizes.items())
    rest = known.todo * fmean(each.rest for each in took) if took else 0.0
    stored = known.bytes * known.todo / known.known if known.bytes is not None and known.known else None
    timed = {"seconds": seconds + rest, "probed": True, "with_analysis": bool(took)}
    return replace(known, known=known.todo, bytes=stored, **timed)


def _bytes(rows: Sequence[tuple[float, int, Took]]) -> float | None:
    """Of all of them, those whose bytes are not known like the others."""
    sized = [(number, like.bytes) for number, _, like in rows if like.bytes is not None]
    if not sized:
        return None
    mean = sum(number * size for number, size in sized) / sum(number for number, _ in sized)
    return mean * sum(number for number, _, _ in rows)


# --- what is left ------------------------------------------------------------------------------------------------


def example_of(sweep: Sweep) -> RunConfig:
    """A run of the sweep: the first of a grid; of a search one from the middle of its ranges."""
    return expand(_as_grid(sweep), 1)[0]


def sizes_of(sweep: Sweep) -> Counter[Size]:
    """How many runs of the sweep, or of its space, have which size."""
    return counted(_as_grid(sweep), SIZE)


def config_of(base: Mapping[str, Any], size: Size) -> RunConfig:
    """A configuration of this size. base: the other fields, flat."""
    return from_flat({**base, **dict(zip(SIZE, size, strict=True))})


def _left(sweep: Sweep, runs: Sequence[SweepRun] | None) -> tuple[dict[Size, float], int]:
    """How many runs of which size are to be done, and how many there are in all."""
    if runs is not None and not sweep.is_search:
        return dict(Counter(_size(run.config) for run in runs if run.state != "finished")), len(runs)
    total = space(sweep).trials * len(sweep.seeds) if sweep.is_search else count(sweep)
    sizes = sizes_of(sweep)
    share = total / (sum(sizes.values()) or 1)  # of a search, all that is counted may be excluded
    if sweep.is_search:
        done = sum(run.state in ("finished", "pruned") for run in runs or ())
        return {size: number * share * max(total - done, 0) / total for size, number in sizes.items()}, total
    done_by = Counter(map(_recorded, _finished_of(sweep)))
    return {size: max(number * share - done_by[_text(size)], 0) for size, number in sizes.items()}, total


def _finished_of(sweep: Sweep) -> list[Record]:
    return [record for record in tracking.records(sweep.name).values() if record.status == "FINISHED"]


def _as_grid(sweep: Sweep) -> Sweep:
    """The same without ranges, of which the middle stands for all, and of a search without what it tries first."""
    if not sweep.is_search:
        return sweep
    parameters = {name: _middle(name, parameter) for name, parameter in sweep.parameters.items()}
    return sweep.model_copy(update={"method": "grid", "parameters": parameters, "include": [], "run_cap": None})


def _middle(name: str, parameter: Parameter) -> Parameter:
    """What stands for all numbers that are drawn, under the same conditions."""
    if not parameter.is_drawn:
        return parameter.model_copy(update={"probabilities": None})
    middle = parameter.mu if parameter.mu is not None else sum(parameter.ends) / 2
    if parameter.is_normal and parameter.is_log:
        middle = math.exp(middle)
    whole = numbers_of(name) == "whole"
    return Parameter(value=round(middle) if whole else middle).model_copy(update={"when": parameter.when})


def _size(config: RunConfig) -> Size:
    flat = flatten(config)
    return tuple(tuple(flat[name]) if isinstance(flat[name], list) else flat[name] for name in SIZE)


# --- what finished runs took -------------------------------------------------------------------------------------


def _finished(sweep: Sweep, sizes: Iterable[Size]) -> tuple[dict[Size, Took], bool]:
    """By what runs are alike in: those of the sweep, or where it has none, those of all sweeps of the store."""
    wanted = {_text(size[: len(LIKE)]): size[: len(LIKE)] for size in sizes}
    names = {size[0] for size in sizes}
    for of in (sweep.name, None):
        records = [record for name in names for record in tracking.examples(str(name), of)]
        alike: dict[Size, list[Record]] = {}
        for record in records:
            key = wanted.get(_recorded(record, LIKE))
            if key is not None and record.attempt <= 1 and len(alike.setdefault(key, [])) < EXAMPLES:
                alike[key].append(record)
        if measured := _measured(alike):
            return measured, of is None
    return {}, False


def _measured(alike: Mapping[Size, Sequence[Record]]) -> dict[Size, Took]:
    whole = tracking.with_all_metrics({record.run_id: record for found in alike.values() for record in found})
    found = {key: _took([whole[record.run_id] for record in records]) for key, records in alike.items()}
    return {key: took for key, took in found.items() if took is not None}


def _took(records: Sequence[Record]) -> Took | None:
    """Nothing of runs that say no seconds, as those of older versions."""
    rows = []
    for record in records:
        seconds = {name: value for name, value in record.metrics.items() if name.startswith(SECONDS)}
        training = seconds.pop(TRAINING, None)
        epochs = tracking.recorded_value(record, "training.epochs")
        if training is not None and epochs.isdigit() and int(epochs):
            rows.append((training / int(epochs), sum(seconds.values())))
    if not rows:
        return None
    # A run's files are many, and on a server each folder is a question of its own.
    stored = tracking.stored_bytes(records[0])
    return Took(fmean(row[0] for row in rows), fmean(row[1] for row in rows), stored, len(rows))


def _recorded(record: Record, fields: Sequence[str] = SIZE) -> Size:
    return tuple(tracking.recorded_value(record, name) for name in fields)


def _text(size: Size) -> Size:
    """As MLflow has it."""
    return tuple(readable(list(value) if isinstance(value, tuple) else value) for value in size)
