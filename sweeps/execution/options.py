"""What a launch works with."""

from __future__ import annotations

from dataclasses import dataclass

# What does a run, as a name that travels to other processes and machines: the launcher itself imports no Keras.
COMPUTE = "sweeps.run.compute:compute"


@dataclass(frozen=True)
class LaunchOptions:
    """What a launch works with.

    workers: processes, None for one on this machine, or as many as a Ray cluster holds. storage: the database that
    machines share. ray: address of a Ray cluster. num_cpus, num_gpus: what each run takes of that cluster, if not what
    the sweep file says. compute: "module:function" with the signature of `sweeps.run.compute.compute`.
    """

    workers: int | None = None
    storage: str | None = None
    ray: str | None = None
    num_cpus: float | None = None
    num_gpus: float | None = None
    compute: str = COMPUTE
