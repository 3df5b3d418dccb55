"""MLflow's client on the store at hand."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from sweeps.errors import TrackingError
from sweeps.tracking.errors import check_address, store_errors, unreachable
from sweeps.workspace import home, is_local, uri

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


def exists() -> bool:
    """Whether there may be runs to read: opening a store that does not exist yet would create it, which takes 5 s."""
    return not is_local() or (home() / "mlflow.db").exists()


@cache
def _open(address: str) -> MlflowClient:
    with nothing_to_collect():
        from mlflow import MlflowClient

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # tracebacks of what is told in one line
        # Not mlflow.set_tracking_uri: it writes $MLFLOW_TRACKING_URI, which is the user's to set.
        return MlflowClient(address)


def client() -> MlflowClient:
    """MLflow's client on the store; a missing database is created by one process while the others wait."""
    if not is_local():
        check_address(uri())
        return _open(uri())
    try:
        with _alone_in_creating():
            opened = _open(uri())
            opened.search_experiments(max_results=1)
    except OSError as error:
        raise TrackingError(f"{home()}: cannot be written: {error}; set CAE_HOME to a writable folder") from None
    except Exception as error:
        raise unreachable(uri(), error) from None
    return opened


@contextmanager
def _alone_in_creating() -> Iterator[None]:
    """Where nothing can be written there is nothing to create, and a record that is there can be read."""
    try:
        home().mkdir(parents=True, exist_ok=True)
        lock = FileLock(home() / ".create.lock")
        lock.acquire()
    except OSError:
        if not exists():
            raise
        yield
        return
    try:
        yield
    finally:
        lock.release()


def answers() -> bool:
    """Whether the store can be asked now."""
    try:
        client().search_experiments(max_results=1)
    except Exception:
        return False
    return True


def find_run(run_id: str) -> Run | None:
    """The run of this id, None where there is none. Raises TrackingError."""
    from mlflow.exceptions import MlflowException

    mlflow_client = client()
    with store_errors(uri()):
        try:
            return mlflow_client.get_run(run_id)
        except MlflowException as error:
            if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
            return None


def pages(mlflow_client: MlflowClient, *experiment_ids: str, **search: Any) -> Iterator[Run]:
    """MLflow's runs of experiments in order of their start. search: more words for its `search_runs`."""
    order, token = ["attributes.start_time ASC"], None
    while True:
        page = mlflow_client.search_runs(list(experiment_ids), order_by=order, page_token=token, **search)
        yield from page
        token = page.token
        if not token:
            return


@contextmanager
def nothing_to_collect() -> Iterator[None]:
    """For a block that imports a large library: its modules and classes stay until the process ends.

    The collector would go through MLflow's 400,000 objects again and again while they are made and once more at the
    end, which takes longer than all that a short command does itself. They are set aside by the first such block of a
    process alone: what is alive in a later one may well become garbage.
    """
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:
            gc.freeze()
        gc.enable()
