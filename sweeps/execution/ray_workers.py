"""The same workers on a Ray cluster: an actor on some node holds a worker process there and passes cells on to it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cae.backend import backend
from sweeps import workspace
from sweeps.errors import SweepError
from sweeps.execution.execute import execute
from sweeps.execution.placement import Placement, thread_variables
from sweeps.execution.task import Outcome, Task
from sweeps.execution.worker import Worker

# The environment of a launch that its runs need on other machines, too.
PASSED_ON = ("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "CAE_CACHE", "PGPASSFILE")


def make_ray_workers(
    address: str,
    count: int | None,
    num_cpus: float,
    num_gpus: float,
    run: Callable[[Task], Outcome] = execute,
) -> Sequence[RayWorker]:
    """Workers on a cluster, as many as it has room for where `count` is None. Raises SweepError."""
    ray = _connected(address)
    room = _room(ray.cluster_resources(), num_cpus, num_gpus)
    if room < 1:
        raise SweepError(f"--ray {address}: no node has {num_cpus:g} CPUs and {num_gpus:g} GPUs for a run")
    return [RayWorker(num_cpus, num_gpus, run) for _ in range(count or room)]


def _connected(address: str) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no usage statistics leave the machine unless wanted
    try:
        import ray
    except ImportError:
        raise SweepError("--ray: Ray is not installed; pip install 'cae-mnd[ray]'") from None
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    try:
        _check_reachable(address)
        if address == "local":
            ray.init("local", include_dashboard=False, _node_ip_address="127.0.0.1", **options)
        else:
            ray.init(address, **options)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise SweepError(f"--ray {address}: no cluster there: {reason}; start one with `ray start --head`") from None
    return ray


def _check_reachable(address: str) -> None:
    """Raises OSError at once where Ray would try for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and "://" not in address:
        socket.create_connection((host, int(port)), timeout=10).close()


def _room(resources: dict[str, float], num_cpus: float, num_gpus: float) -> int:
    rooms = [resources.get("CPU", 0) // num_cpus]
    if num_gpus:
        rooms.append(resources.get("GPU", 0) // num_gpus)
    return int(min(rooms))


class RayWorker:
    """A worker on whichever node has room. When its node is lost, the next cell looks for another."""

    def __init__(self, num_cpus: float, num_gpus: float, run: Callable[[Task], Outcome]) -> None:
        self._num_cpus, self._num_gpus, self._run = num_cpus, num_gpus, run
        self._actor: Any = None
        self._stopping = False

    async def run(self, task: Task) -> Outcome:
        """The outcome of a cell; `lost` when its node went away."""
        from ray.exceptions import RayError

        if self._actor is None:
            self._actor = self._hire()
        try:
            await self._actor.ready.remote()
            if self._stopping:  # it waited for a place that a stopped worker gave back
                return Outcome("killed", "interrupted before it began")
            outcome: Outcome = await self._actor.run.remote(task)
            return outcome
        except RayError as error:
            self.stop()  # it may only have been cut off
            return Outcome("lost", f"its node went away ({type(error).__name__})")

    def _hire(self) -> Any:
        import ray

        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {"CAE_HOME": str(workspace.home().parent), "KERAS_BACKEND": backend()}
        resources = {"num_cpus": self._num_cpus, "num_gpus": self._num_gpus}
        node = ray.remote(Node).options(runtime_env={"env_vars": environment}, **resources)
        return node.remote(socket.gethostname(), os.getcwd(), max(1, int(self._num_cpus)), self._run)

    def finish_epoch(self) -> None:
        self._stopping = True
        if self._actor is not None:
            self._actor.finish_epoch.remote()

    def interrupt(self) -> None:
        self._stopping = True
        if self._actor is not None:
            self._actor.interrupt.remote()

    def stop(self) -> None:
        """Gives its place on the cluster back."""
        import ray

        if self._actor is not None:
            ray.kill(self._actor)
        self._actor, self._stopping = None, False


class Node:
    """The actor: a worker on the node that it was put on. Its process ends with the actor's."""

    def __init__(self, driver: str, folder: str, threads: int, run: Callable[[Task], Outcome]) -> None:
        self._driver = driver
        if Path(folder).is_dir():
            os.chdir(folder)  # relative paths of images mean what they mean to the driver
        self._worker = Worker(Placement(environment=thread_variables(threads)), run)

    async def ready(self) -> None:
        """Answers once the actor has its place on a node."""

    async def run(self, task: Task) -> Outcome:
        here = socket.gethostname()
        if here != self._driver and workspace.is_local():
            remedy = "record by a server: set MLFLOW_TRACKING_URI (see docs/servers.md)"
            return Outcome("failed", f"{here} cannot write {workspace.uri()} of {self._driver}; {remedy}")
        return await self._worker.run(task)

    async def finish_epoch(self) -> None:
        self._worker.finish_epoch()

    async def interrupt(self) -> None:
        self._worker.interrupt()
