"""How this machine's cores and GPUs are shared out among workers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Placement:
    """Where a worker runs. cores: pinned to these, if any. environment: variables set before its libraries load."""

    cores: Sequence[int] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def placements(count: int) -> list[Placement]:
    """A place for each of `count` workers: its own share of the cores, pinned, and one of the GPUs, if there are any.

    A single worker is not pinned and sees every GPU. More workers than cores share them in turn.
    """
    if count == 1:
        return [Placement()]
    cores, gpus = sorted(os.sched_getaffinity(0)), visible_gpus()
    shares = [cores[k::count] or [cores[k % len(cores)]] for k in range(count)]
    return [Placement(share, _environment(len(share), gpus, k)) for k, share in enumerate(shares)]


def _environment(threads: int, gpus: Sequence[str], number: int) -> dict[str, str]:
    if not gpus:
        return thread_variables(threads)
    # Several workers may share a GPU: each takes the memory that it needs, not all of it.
    shared = {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)], "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    return thread_variables(threads) | shared


def thread_variables(count: int) -> dict[str, str]:
    """The environment variables that tell libraries how many threads to use."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
    return dict.fromkeys(names, str(count))


def visible_gpus() -> list[str]:
    """The GPUs that this process may use: those of CUDA_VISIBLE_DEVICES, else all that the driver lists."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [gpu.strip() for gpu in named.split(",") if gpu.strip() not in ("", "-1")]
    command = shutil.which("nvidia-smi")
    if command is None:
        return []
    query = [command, "--query-gpu=index", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603
    return done.stdout.split() if done.returncode == 0 else []
