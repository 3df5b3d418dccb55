"""What a launch works with, what is to be done, and how it ended: plain values that travel between processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from cae.config import RunConfig

# What does a run, as a name that travels to other processes and machines: the launcher itself imports no Keras.
COMPUTE = "sweeps.pipeline.compute:compute"


@dataclass(frozen=True)
class LaunchOptions:
    """What a launch works with.

    workers: processes, None for one on this machine, or as many as its GPUs or a Ray cluster have room for. storage:
    the database that machines share. ray: address of a Ray cluster. num_cpus: what each run takes of that cluster,
    num_gpus: of it or of this machine, if not what the sweep file says. seeds_together: how many replicates of a cell
    are trained as one program. system_metrics: whether the load of the machine is recorded. compute:
    "module:function" with the signature of `sweeps.pipeline.compute.compute`.
    """

    workers: int | None = None
    storage: str | None = None
    ray: str | None = None
    num_cpus: float | None = None
    num_gpus: float | None = None
    seeds_together: int = 1
    system_metrics: bool = False
    compute: str = COMPUTE


class StopRule(Protocol):
    """A rule that travels to a worker. loss: the field of an epoch that it looks at. epochs: of the whole training."""

    @property
    def loss(self) -> str: ...

    @property
    def epochs(self) -> int: ...

    def poor(self, epoch: int, loss: float) -> bool:
        """Whether to stop after this epoch."""


@dataclass(frozen=True)
class Task:
    """A cell to run, as plain values that travel to a worker.

    replicates: configuration and config_hash of others of its cell, which are trained with it. asked: the metrics that
    the sweep names. formulas: its metrics by formula. reuse: whether one that another sweep has finished is adopted.
    tags: more of them for its MLflow run. stop_rule: what may stop it early. storage: the database of leases, if any.
    system_metrics: whether the machine's load is recorded. compute: "module:function" that does it.
    """

    sweep: str
    experiment_id: str
    label: str
    config: RunConfig
    config_hash: str
    cell_hash: str
    digest: str
    replicates: tuple[tuple[RunConfig, str], ...] = ()
    asked: tuple[str, ...] = ()
    formulas: dict[str, str] = field(default_factory=dict)
    reuse: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    stop_rule: StopRule | None = None
    storage: str | None = None
    system_metrics: bool = False
    compute: str = COMPUTE


@dataclass(frozen=True)
class Outcome:
    """How it ended.

    pruned: stopped early by a search. killed: interrupted on request. died: its process is gone. lost: its machine is
    gone. busy: another process works on it. elsewhere: it runs on another machine. waiting: the tracking store or the
    database does not answer, results wait on disk. full: the disk is. adopted: whether another sweep had finished it.
    """

    state: Literal["finished", "pruned", "failed", "killed", "died", "lost", "busy", "elsewhere", "waiting", "full"]
    message: str = ""
    memory: int = 0
    adopted: bool = False
