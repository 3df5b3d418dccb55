"""One run for each cell, to be looked at, and its pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sweeps.analysis.cells import Cell
from sweeps.planning.plan import SweepRun
from sweeps.tracking.artifacts import fetch, listing


@dataclass(frozen=True)
class Representative:
    """A cell, the run that stands for it, and its pictures: name such as "faces/mnd" to file; those there are."""

    group: Cell
    run: SweepRun
    pictures: dict[str, Path]


def chosen_runs(groups: Sequence[Cell]) -> list[SweepRun]:
    """A run of each cell: that with the smallest seed which all cells share, or else each cell's first.

    Not each one's best run: that would show luck, and more of it where there are more seeds.
    """
    shared = set.intersection(*({seed_of(run) for run in group.runs} for group in groups))
    if not shared:
        return [min(group.runs, key=seed_of) for group in groups]
    return [next(run for run in group.runs if seed_of(run) == min(shared)) for group in groups]


def seed_of(run: SweepRun) -> int:
    return run.config.training.seed


def seed_words(runs: Sequence[SweepRun]) -> str:
    """Which seeds these runs have, in words."""
    seeds = {seed_of(run) for run in runs}
    if len(seeds) == 1:
        return f"seed {seeds.pop()}"
    return "each cell's first seed, as no seed is finished in all of them"


def fetch_pictures(run_id: str, names: Iterable[str], folder: Path) -> dict[str, Path]:
    """Where those of the pictures ("faces/mnd") lie in `folder` now that the run has. Raises TrackingError."""
    wanted = [f"{name}.png" for name in names]
    there = {path for place in sorted({name.partition("/")[0] for name in wanted}) for path in listing(run_id, place)}
    target = folder / run_id
    target.mkdir(parents=True, exist_ok=True)
    return {name.removesuffix(".png"): fetch(run_id, name, target) for name in wanted if name in there}
