"""The few questions and the one file that reading needs of MLflow's server, asked without importing MLflow, which takes
a second.

Asked once and as MLflow asks; whatever is not plainly answered is left to MLflow, which tries again and has the words
for it. Source: https://mlflow.org/docs/latest/api_reference/rest-api.html
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

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


def read(sweep: str, deleted: bool, config_hash: str) -> Recorded:
    """The runs of a sweep, those deleted or the others; config_hash: those of this hash alone, "" for all.

    Raises LeaveToMlflow.
    """
    found = _json(_answer("GET", "mlflow/experiments/get-by-name", params={"experiment_name": sweep}))
    if found.get("error_code") == ABSENT:
        return Recorded([])
    try:
        experiment = found["experiment"]
        runs = [_record(run) for run in _runs(experiment["experiment_id"], deleted, config_hash)]
        return Recorded([run for run in runs if run], experiment["lifecycle_stage"])
    except (KeyError, TypeError, ValueError) as error:
        raise LeaveToMlflow(f"an answer that is not known: {error!r}") from error


def _runs(experiment_id: str, deleted: bool, config_hash: str) -> Iterator[Any]:
    wanted: dict[str, Any] = {
        "experiment_ids": [experiment_id],
        "filter": f"tags.`{HASH}` = '{config_hash}'" if config_hash else "",
        "run_view_type": "DELETED_ONLY" if deleted else "ACTIVE_ONLY",
        "order_by": ["attributes.start_time ASC"],
        "max_results": PAGE,
    }
    while True:
        page = _json(_answer("POST", "mlflow/runs/search", json=wanted))
        if "error_code" in page:
            raise LeaveToMlflow("an experiment that is gone meanwhile")
        yield from page.get("runs", [])
        if not page.get("next_page_token"):
            return
        wanted["page_token"] = page["next_page_token"]


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
    name, start = info.get("run_name", ""), int(info["start_time"])
    return of_a_sweep(info["run_id"], name, info["status"], start, info["artifact_uri"], metrics, params, tags)


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
