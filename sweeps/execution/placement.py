"""How this machine's cores and GPUs are shared out among workers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cae.gpus import visible_gpus
from sweeps.errors import SweepError

# Of the memory that is a worker's share of a GPU, what JAX takes at its start; the rest is the driver's and libraries'.
TAKEN = 0.9


@dataclass(frozen=True)
class Placement:
    """Where a worker runs. cores: pinned to these, if any. environment: variables set before its libraries load."""

    cores: Sequence[int] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def placements(count: int | None, num_gpus: float = 0) -> list[Placement]:
    """A place for each of `count` workers: its own share of the cores, pinned, and of the GPUs, if there are any.

    num_gpus: how many GPUs each takes; 0.25 lets four share one, 0 shares out what there is. count: null for one
    worker, or with num_gpus for as many as the GPUs have room for. A single worker of which no share is said is not
    pinned and sees every GPU. More workers than cores share them in turn. Raises SweepError if there is no room.
    """
    gpus = visible_gpus() if num_gpus or (count or 1) > 1 else []
    room = _room(len(gpus), num_gpus) if gpus and num_gpus else None
    count = count or room or 1
    if room is not None and count > room:
        few = f"--workers {room}" if room else "another machine"
        taken = f"each takes num_gpus {num_gpus:g}, of {len(gpus)} here"
        raise SweepError(f"--workers {count}: {taken}; use {few}, or a smaller num_gpus")
    if count == 1 and not gpus:
        return [Placement()]
    cores = sorted(os.sched_getaffinity(0))
    shares = [cores[k::count] or [cores[k % len(cores)]] for k in range(count)]
    return [Placement(share, _environment(len(share), gpus, k, count, num_gpus)) for k, share in enumerate(shares)]


def _room(gpus: int, each: float) -> int:
    """Workers that the GPUs have room for; none takes parts of two."""
    return gpus * int(1 / each + 1e-9) if each < 1 else int(gpus / each + 1e-9)


def _environment(threads: int, gpus: Sequence[str], number: int, count: int, each: float) -> dict[str, str]:
    if not gpus:
        return thread_variables(threads)
    own = [gpus[number * int(each) + k] for k in range(int(each))] if each > 1 else [gpus[number % len(gpus)]]
    share = min(each or len(gpus) / count, 1)
    # Each takes the memory that it needs or that is its share, not all of it.
    shared = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_MEM_FRACTION": f"{TAKEN * share:.3f}"}
    return thread_variables(threads) | {"CUDA_VISIBLE_DEVICES": ",".join(own)} | shared


def thread_variables(count: int) -> dict[str, str]:
    """The environment variables that tell libraries how many threads to use."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
    return dict.fromkeys(names, str(count))
