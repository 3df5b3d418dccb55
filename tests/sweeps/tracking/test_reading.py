"""What is read without MLflow is what MLflow answers, of every kind of store; what is not known is left to MLflow."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.store.db.utils import _get_latest_schema_revision

from sweeps import api, tracking, workspace
from sweeps.errors import TrackingError
from sweeps.spec.sweep_file import load
from sweeps.tracking import ATTEMPT, DIGEST, HASH, HOST, by_mlflow, database, filters, server_api
from sweeps.tracking.errors import LeaveToMlflow
from sweeps.tracking.reading import finished_elsewhere, quick_reader, recorded
from sweeps.tracking.record import ADOPTED, Recorded
from tests.servers import PASSWORD
from tests.sweeps.fakes import record_runs
from tests.sweeps.test_imports import imported_by

NAN, INF = float("nan"), float("inf")
TEXTS = {
    "empty": "",
    "quotes": 'it\'s "so" `here`',
    "words of SQL": ":name %s %(name)s {which} ? -- '; DROP TABLE runs",
    "lines": "one\r\n\ttwo\x07",
    "letters": "Größe 写真 🙂 é e\u0301",
    "page": "<script>&amp;</script>\\u0041",
    "number": "007",
    "long": "x" * 8000,
}
METRICS = [("nan", NAN), ("inf", INF), ("-inf", -INF), ("0", -0.0), ("tiny", 5e-324), ("a/b c", 0.1), ("third", 1 / 3)]
CASES = [*product(("a", "b", "renamed", "emptied", "gone", "nobody's"), (False, True), ("", "cafe", "beef"))]

# What is asked of all sweeps but one, and how many runs answer, those that were adopted among them.
QUESTIONS = [
    (("elsewhere", "a", ["d"], []), 4),
    (("elsewhere", "a", ["d"], ["many0"]), 4),
    (("elsewhere", "a", ["d", "e"], ["many1", "other", "cafe", "many0"]), 8),
    (("elsewhere", "it's", ["d", "none"], ["many0"]), 4),
    (("elsewhere", "nobody's", ["d", "e"], []), 12),
]


def fill() -> None:
    """Runs of every status, deleted or not, with what users and MLflow may have put into them."""
    client = tracking.client()
    own = client.create_experiment("a")
    for number, status in enumerate(("FINISHED", "FAILED", "KILLED", "RUNNING", "SCHEDULED", "FINISHED", "FINISHED")):
        # Several start within the same millisecond, and some later ones earlier.
        run = make(client, own, status, start=1_700_000_000_123 + number % 3, config_hash=f"hash{number % 2}")
        if number > 4:
            client.delete_run(run)
    make(client, own, "FINISHED", 5, "cafe", **{ATTEMPT: "second", HOST: "elsewhere"})
    make(client, own, "FINISHED", 6, "cafe", **{ATTEMPT: "12"})
    client.create_run(own, run_name="a summary", tags={"sweep.role": "summary"})
    client.create_run(own, tags={HASH: "bare"})
    make(client, client.create_experiment("b"), "FINISHED", 7, "cafe")
    old = client.create_experiment("old")
    make(client, old, "FINISHED", 8, "beef")
    client.rename_experiment(old, "renamed")
    client.delete_run(make(client, client.create_experiment("emptied"), "FAILED", 9, "cafe"))
    gone = client.create_experiment("gone")
    make(client, gone, "FINISHED", 10, "cafe")
    client.delete_experiment(gone)

    for number, (sweep, digest) in enumerate((sweep, digest) for sweep in ("a", "it's", "b") for digest in ("d", "e")):
        known = client.get_experiment_by_name(sweep)
        experiment = known.experiment_id if known else client.create_experiment(sweep)
        for status in ("FINISHED", "KILLED", "FINISHED"):
            run = make(client, experiment, status, 20 + number, f"many{number % 2}", **{DIGEST: digest})
        client.delete_run(run)
        make(client, experiment, "FINISHED", 30 + number, f"many{number % 2}", **{DIGEST: digest, ADOPTED: "another"})
    gone = client.create_experiment("gone too")
    make(client, gone, "FINISHED", 40, "many0", **{DIGEST: "d"})
    client.delete_experiment(gone)


def make(client: MlflowClient, experiment: str, status: str, start: int, config_hash: str, **tags: str) -> str:
    run = client.create_run(experiment, start, {HASH: config_hash, **tags}, f"the run of {start}").info.run_id
    points = [Metric(name, value, 5, step) for name, value in METRICS for step in (3, -1, 0)]
    points += [Metric("curve", float(step), 10 - step, step) for step in range(4)]
    values = {name: value for name, value in TEXTS.items() if value}
    client.log_batch(run, points, [Param(*item) for item in values.items()], [RunTag(*item) for item in TEXTS.items()])
    client.set_terminated(run, status=status)
    return run


def plain(found: Recorded) -> Any:
    """As values that can be compared: NaN is not even itself. In order of the runs, of nothing else."""
    runs = [{name: repr(of) for name, of in asdict(run).items() if not isinstance(of, dict)} for run in found.runs]
    held = [[sorted((key, repr(value)) for key, value in of.items()) for of in contents(run)] for run in found.runs]
    return found.stage, runs, held


def contents(run: tracking.Record) -> tuple[dict[str, Any], ...]:
    return run.metrics, run.params, run.tags


@pytest.fixture
def in_mlruns(database: Path) -> None:
    pass


@pytest.fixture
def sqlite_address(migrated_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SQLite file that is named as the tracking store."""
    copied = shutil.copy(migrated_database, tmp_path / "runs.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{copied}")


@pytest.fixture
def postgres_address(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL as the tracking store, its password told as PostgreSQL's programs take it."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    address = postgres_url.replace(f":{PASSWORD}", "").replace("postgresql:", "postgresql+psycopg2:")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)


SERVERS = [
    pytest.param("http_tracking_server", marks=pytest.mark.thorough),
    pytest.param("tracking_server", marks=[pytest.mark.thorough, pytest.mark.postgres]),
]
POSTGRES = pytest.param("postgres_address", marks=[pytest.mark.thorough, pytest.mark.postgres])
STORES = ["in_mlruns", "sqlite_address", POSTGRES, *SERVERS]


@pytest.mark.parametrize("store", STORES)
def test_the_same_as_mlflow_answers(
    store: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.getfixturevalue(store)
    fill()
    monkeypatch.setattr(server_api, "PAGE", 3)
    found = {case: quick_reader().read(*case) for case in CASES}
    assert {case: plain(of) for case, of in found.items()} == {case: plain(by_mlflow.read(*case)) for case in CASES}
    assert [len(found["a", deleted, ""].runs) for deleted in (False, True)] == [14, 4]
    assert [run.attempt for run in found["a", False, "cafe"].runs] == [1, 12]
    assert found["gone", True, ""].stage == "deleted"
    monkeypatch.setattr(filters, "MOST", 2)
    for question, count in QUESTIONS:
        answers = [getattr(reader, question[0])(*question[1:]) for reader in (quick_reader(), by_mlflow)]
        quick, slow = (sorted(answer, key=lambda run: run.run_id) for answer in answers)
        assert plain(Recorded(quick)) == plain(Recorded(slow)), question
        assert len(quick) == count, question
    ids = [run.run_id for run in by_mlflow.read("a", False, "").runs]
    assert {run.run_id for run in quick_reader().by_id([*ids, "no run"])} == {
        run.run_id for run in by_mlflow.by_id([*ids, "no run"])
    }
    assert quick_reader().by_id([]) == by_mlflow.by_id([]) == []
    assert [run.tags[DIGEST] for run in finished_elsewhere("b", ["d", "e"])] == ["d", "e", "d", "e"]
    assert finished_elsewhere("b", []) == []
    shown = found["a", False, "cafe"].runs[0]
    assert {name: shown.tags[name] for name in TEXTS} == TEXTS
    assert (repr(shown.metrics["nan"]), shown.metrics["inf"], shown.metrics["curve"]) == (
        "nan",
        1.7976931348623157e308,
        3,
    )


@pytest.mark.parametrize("store", [POSTGRES, *SERVERS])
def test_a_status_imports_no_mlflow(
    store: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.getfixturevalue(store)
    file = Path("experiments/quickstart.yaml").resolve()
    monkeypatch.chdir(tmp_path)  # where MLflow leaves what is recorded in a database of no server
    record_runs(load(file), lambda cell: {"mnd/radius_agreement": 0.9})
    (tmp_path / "result.json").write_text('{"metrics": {"mnd/pursuit/ks": 0.25}}', encoding="utf-8")
    for record in tracking.records(load(file).name).values():
        tracking.client().set_tag(record.run_id, tracking.NUMBERS, "result.json")
        tracking.client().log_artifact(record.run_id, str(tmp_path / "result.json"))
    cells = api.cells(load(file))
    assert {cell.metrics["mnd/pursuit/ks"] for cell in cells} == {0.25}
    assert imported_by(["status", str(file)], {"mlflow"}) == "[]"


@pytest.mark.parametrize("store", ["in_mlruns", *SERVERS])
def test_a_run_whose_file_is_gone_has_what_mlflow_has(store: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(store)
    client, tags = tracking.client(), {HASH: "cafe", tracking.NUMBERS: "result.json"}
    run = client.create_run(tracking.experiment("a", "why?"), tags=tags).info.run_id
    client.log_metric(run, "mnd/x", 0.5)
    client.set_terminated(run)
    assert tracking.with_all_metrics(tracking.records("a"))["cafe"].metrics == {"mnd/x": 0.5}


def test_the_tables_that_are_known_are_those_of_the_installed_mlflow() -> None:
    latest = _get_latest_schema_revision()
    assert latest == database.SCHEMA, "compare the statements in tracking/database.py with these tables, then name them"


def test_tables_of_another_version_are_read_by_mlflow(in_mlruns: None, monkeypatch: pytest.MonkeyPatch) -> None:
    fill()
    known = plain(recorded("a"))
    monkeypatch.setattr(database, "SCHEMA", "a8b9c0d1e2f3")
    with pytest.raises(LeaveToMlflow):
        quick_reader().read("a", False, "")
    assert plain(recorded("a")) == known


def change(statement: str) -> None:
    with closing(sqlite3.connect(workspace.home() / "mlflow.db")) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE alembic_version SET version_num = 'fedcba987654'", "is of another version of MLflow"),
        ("UPDATE experiments SET workspace = 'theirs'", "outside the default workspace"),
    ],
)
def test_what_mlflow_refuses_to_read_is_not_read(in_mlruns: None, statement: str, words: str) -> None:
    change(statement)
    with pytest.raises(LeaveToMlflow):
        quick_reader().read("a", False, "")
    with pytest.raises(TrackingError, match=words):
        recorded("a")
