"""A run to train and how it ended, as plain values that travel between processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cae.config import RunConfig
from sweeps.execution.options import COMPUTE
from sweeps.execution.stop_rule import StopRule


@dataclass(frozen=True)
class Task:
    """A cell to run, as plain values that travel to a worker.

    tags: more of them for its MLflow run. stop_rule: what may stop it early. storage: the database of leases, if any.
    compute: "module:function" that does it.
    """

    sweep: str
    experiment_id: str
    label: str
    config: RunConfig
    config_hash: str
    cell_hash: str
    digest: str
    tags: dict[str, str] = field(default_factory=dict)
    stop_rule: StopRule | None = None
    storage: str | None = None
    compute: str = COMPUTE


@dataclass(frozen=True)
class Outcome:
    """How it ended.

    pruned: stopped early by a search. killed: interrupted on request. died: its process is gone. lost: its machine is
    gone. busy: another process works on it. elsewhere: it runs on another machine. waiting: the tracking store or the
    database does not answer, results wait on disk. full: the disk is.
    """

    state: Literal["finished", "pruned", "failed", "killed", "died", "lost", "busy", "elsewhere", "waiting", "full"]
    message: str = ""
    memory: int = 0
