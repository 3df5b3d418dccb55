"""The few questions and the one file that reading needs of MLflow's server, asked without importing MLflow, which takes
a second.

Asked once and as MLflow asks; whatever is not plainly answered is left to MLflow, which tries again and has the words
for it. Source: https://mlflow.org/docs/latest/api_reference/rest-api.html
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from sweeps.tracking import filters
from sweeps.tracking.errors import LeaveToMlflow
from sweeps.tracking.record import HASH, Record, Recorded, of_a_sweep
from sweeps.tracking.settings import is_on, setting
from sweeps.workspace import uri

if TYPE_CHECKING:
    from requests import Response, Session

# Of MLflow's settings, those that change what is asked in ways that only MLflow knows.
UNKNOWN = ("TRACKING_AUTH", "TRACKING_AWS_SIGV4")
CREDENTIALS = Path("~/.mlflow/credentials")
# Runs in an answer, as MLflow asks for.
PAGE = 1000
ABSENT = "RESOURCE_DOES_NOT_EXIST"

Found = TypeVar("Found")


def read(sweep: str, deleted: bool, config_hash: str) -> Recorded:
    """The runs of a sweep, those deleted or the others; config_hash: those of this hash alone, "" for all.

    Raises LeaveToMlflow, as the others do.
    """
    found = _json(_answer("GET", "mlflow/experiments/get-by-name", params={"experiment_name": sweep}))
    if found.get("error_code") == ABSENT:
        return Recorded([])
    view = "DELETED_ONLY" if deleted else "ACTIVE_ONLY"
    condition = f"tags.`{HASH}` = '{config_hash}'" if config_hash else ""

    def runs() -> Recorded:
        experiment = found["experiment"]
        return Recorded(_runs([experiment["experiment_id"]], condition, view), experiment["lifecycle_stage"])

    return _understood(runs)


def by_id(ids: Collection[str]) -> list[Record]:
    """The finished runs of these ids, of whichever sweep."""

    def runs() -> list[Record]:
        experiments = _experiments("")
        return [run for part in filters.parts(ids) for run in _runs(experiments, filters.by_id(part))]

    return _understood(runs)


def elsewhere(sweep: str, digests: Collection[str], hashes: Collection[str]) -> list[Record]:
    """The finished runs of other sweeps on the images of these digests; hashes: where wanted, those of these alone."""

    def runs() -> list[Record]:
        experiments = _experiments(sweep)
        found = [run for digest in digests for run in _runs(experiments, filters.on_images(digest, hashes))]
        return [run for run in found if not hashes or run.config_hash in hashes]

    return _understood(runs)


def _understood(question: Callable[[], Found]) -> Found:
    try:
        return question()
    except (KeyError, TypeError, ValueError) as error:
        raise LeaveToMlflow(f"an answer that is not known: {error!r}") from error


def _pages(path: str, wanted: dict[str, Any], key: str) -> Iterator[Any]:
    """What all pages of an answer have under a key."""
    while True:
        page = _json(_answer("POST", path, json=wanted))
        if "error_code" in page:
            raise LeaveToMlflow("an experiment that is gone meanwhile")
        yield from page.get(key, [])
        if not page.get("next_page_token"):
            return
        wanted = wanted | {"page_token": page["next_page_token"]}


def _experiments(but: str) -> list[str]:
    """The ids of all experiments but the one of this name."""
    found = _pages("mlflow/experiments/search", {"max_results": PAGE, "view_type": "ACTIVE_ONLY"}, "experiments")
    return [experiment["experiment_id"] for experiment in found if experiment["name"] != but]


def _runs(experiments: list[str], condition: str, view: str = "ACTIVE_ONLY") -> list[Record]:
    if not experiments:
        return []
    wanted: dict[str, Any] = {
        "experiment_ids": experiments,
        "filter": condition,
        "run_view_type": view,
        "order_by": ["attributes.start_time ASC"],
        "max_results": PAGE,
    }
    return [run for found in _pages("mlflow/runs/search", wanted, "runs") if (run := _record(found)) is not None]


def examples(data: str, sweep: str | None, most: int) -> list[Record]:
    """The newest finished runs on the data set `data`, of a sweep or of all. Raises LeaveToMlflow."""
    if sweep is None:
        found = _json(_answer("POST", "mlflow/experiments/search", json={"max_results": PAGE})).get("experiments", [])
    else:
        answer = _json(_answer("GET", "mlflow/experiments/get-by-name", params={"experiment_name": sweep}))
        found = [answer["experiment"]] if "experiment" in answer else []
    wanted = {
        "experiment_ids": [experiment["experiment_id"] for experiment in found],
        "filter": f"attributes.status = 'FINISHED' and params.`data.name` = '{data}'",
        "order_by": ["attributes.start_time DESC"],
        "max_results": most,
    }
    runs = _json(_answer("POST", "mlflow/runs/search", json=wanted)).get("runs", []) if found else []
    try:
        return [record for record in map(_record, runs) if record]
    except (KeyError, TypeError, ValueError) as error:
        raise LeaveToMlflow(f"an answer that is not known: {error!r}") from error


def sizes(run_id: str, path: str = "") -> Iterator[int]:
    """Bytes of each file below `path` among a run's artifacts. Raises LeaveToMlflow."""
    answer = _json(_answer("GET", "mlflow/artifacts/list", params={"run_id": run_id, "path": path}))
    for entry in answer.get("files", []):
        if entry.get("is_dir"):
            yield from sizes(run_id, entry["path"])
        else:
            yield int(entry.get("file_size", 0))


def _record(run: Any) -> Record | None:
    info, data = run["info"], run["data"]
    tags, params = ({entry["key"]: entry["value"] for entry in data.get(kind, [])} for kind in ("tags", "params"))
    # JSON has NaN as a word in quotes.
    metrics = {entry["key"]: float(entry["value"]) for entry in data.get("metrics", [])}
    known = (info["run_id"], info.get("run_name", ""), info["status"], int(info["start_time"]), info["artifact_uri"])
    return of_a_sweep(*known, metrics, params, tags, experiment=info["experiment_id"])


def artifact(place: str, name: str) -> dict[str, Any]:
    """The content of a JSON file among the artifacts at `place`, which the server passes on. Raises LeaveToMlflow."""
    found = urlsplit(place)
    if found.scheme != "mlflow-artifacts" or found.netloc:
        raise LeaveToMlflow(f"{place}: not passed on by the server")
    answer = _answer("GET", f"mlflow-artifacts/artifacts{found.path}/{name}")
    if answer.status_code != 200:
        raise LeaveToMlflow(f"{place}/{name}: {answer.status_code}")
    return _json(answer)


def _answer(method: str, path: str, **content: Any) -> Response:
    settings, address = _settings(), f"{uri().rstrip('/')}/api/2.0/{path}"
    from requests import RequestException

    try:
        return _session().request(method, address, **settings, **content)
    except (RequestException, ValueError) as error:
        raise LeaveToMlflow(str(error)) from error


def _json(answer: Response) -> dict[str, Any]:
    """The server's answer, which may be that there is no such thing."""
    try:
        found = answer.json()
    except ValueError as error:
        raise LeaveToMlflow("an answer that is no JSON") from error
    absent = answer.status_code == 404 and isinstance(found, dict) and found.get("error_code") == ABSENT
    if not isinstance(found, dict) or not (absent or answer.status_code == 200):
        raise LeaveToMlflow(f"an answer that is not known, status {answer.status_code}")
    return found


@cache
def _session() -> Session:
    """Keeps connections open."""
    from requests import Session

    return Session()


def _settings() -> dict[str, Any]:
    """What MLflow's variables say of logging in, of certificates and of patience."""
    insecure, certificate = is_on("TRACKING_INSECURE_TLS"), setting("TRACKING_SERVER_CERT_PATH")
    if any(map(is_on, UNKNOWN)) or CREDENTIALS.expanduser().exists() or (insecure and certificate):
        raise LeaveToMlflow("settings that only MLflow knows, or refuses")
    return {
        "headers": _login(),
        "verify": certificate or not insecure,
        "cert": setting("TRACKING_CLIENT_CERT_PATH") or None,
        "timeout": float(setting("HTTP_REQUEST_TIMEOUT")),
    }


def _login() -> dict[str, str]:
    user, password, token = (setting(f"TRACKING_{name}") for name in ("USERNAME", "PASSWORD", "TOKEN"))
    if user and password:
        return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}
    return {"Authorization": f"Bearer {token}"} if token else {}
