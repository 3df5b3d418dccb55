"""The order in which a launch begins the runs of a grid. It is no part of what a run is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sweeps.planning.plan import SweepRun
from sweeps.spec.sweep import Sweep


def in_order(sweep: Sweep, runs: Sequence[SweepRun]) -> list[SweepRun]:
    """All these runs as `order` says: the same in every process, whatever else is in the file."""
    if sweep.order == "seeds_last":
        place = {seed: number for number, seed in enumerate(sweep.seeds)}
        return sorted(runs, key=lambda run: place[run.config.training.seed])
    if sweep.order == "shuffled":
        return sorted(runs, key=lambda run: _drawn(sweep.seeds[0], run))
    return list(runs)


def _drawn(seed: int, run: SweepRun) -> str:
    """A run's own draw: with a value added to the file, the others keep their order."""
    return hashlib.sha256(f"{seed} {run.config_hash}".encode()).hexdigest()
