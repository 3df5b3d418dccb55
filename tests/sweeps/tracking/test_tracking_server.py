"""The record of runs on a real MLflow server: everything goes over HTTP, artifacts too."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sweeps import tracking, workspace
from sweeps.cli import main
from sweeps.errors import SweepError, TrackingError
from sweeps.finished.lookup import fetched, find_run
from sweeps.transfer.download import chosen, download
from tests.servers import MlflowServer
from tests.sweeps.transfer.test_download import finished_run

pytestmark = pytest.mark.thorough

UNKNOWN = "0123456789abcdef0123456789abcdef"


def test_an_experiment_and_its_records(http_tracking_server: MlflowServer, capfd: pytest.CaptureFixture[str]) -> None:
    first = tracking.experiment("a", "why?")
    assert tracking.experiment("a", "because") == first
    made = tracking.client().get_experiment(first)
    assert made.artifact_location.startswith("mlflow-artifacts:/")
    assert made.tags["mlflow.note.content"] == "because"
    run = tracking.client().create_run(first, run_name="seed=0", tags={tracking.HASH: "cafe"}).info.run_id
    tracking.close(run, "FAILED", "the loss became nan")
    (record,) = tracking.records("a").values()
    assert (record.run_id, record.status, record.tags[tracking.ERROR]) == (run, "FAILED", "the loss became nan")
    assert not workspace.home().exists()
    assert "View run" not in capfd.readouterr().out


def test_an_experiment_that_another_machine_creates_meanwhile(
    http_tracking_server: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tracking.experiment("a", "why?")
    client = tracking.client()
    look, looks = client.get_experiment_by_name, iter([lambda name: None])
    monkeypatch.setattr(client, "get_experiment_by_name", lambda name: next(looks, look)(name))
    assert tracking.experiment("a", "why?") == first


def test_artifacts_travel_through_the_server(http_tracking_server: MlflowServer, tmp_path: Path) -> None:
    run = finished_run(tmp_path, "cafe", model_activation="relu")
    assert len(list((http_tracking_server.folder / "artifacts").rglob(f"{run}/artifacts/faces/mnd.png"))) == 1
    path = tmp_path / "s.yaml"
    path.write_text("name: s\n")
    for what in (str(path), run):
        (found,) = download(chosen(what), tmp_path / "out")
        assert found.pictures == 2
        assert (found.folder / "mnd.png").read_text() == "mnd.png of cafe"
    for what in (run, "cafe", str(path)):
        assert find_run(what)[0] == run


def test_a_server_that_leaves_artifacts_to_us_is_told(http_tracking_server: MlflowServer, tmp_path: Path) -> None:
    assert tracking.misplaced(tracking.experiment("a", "why?")) is None
    ours = tracking.client().create_experiment("b", artifact_location=(tmp_path / "disk").as_uri())
    assert "written to file://" in str(tracking.misplaced(ours))
    assert "--serve-artifacts" in str(tracking.misplaced(ours))


def test_what_is_not_there_is_said(http_tracking_server: MlflowServer) -> None:
    for what in (UNKNOWN, "beef", "not/a/run"):
        with pytest.raises(SweepError, match=f"{what}: no finished run of that id or hash in http://127.0.0.1"):
            find_run(what)


CALLS: list[Callable[[], Any]] = [
    lambda: tracking.experiment("a", "why?"),
    lambda: tracking.records("a"),
    lambda: find_run(UNKNOWN),
    lambda: find_run("cafe"),
    lambda: chosen(UNKNOWN),
    lambda: fetched("cafe").__enter__(),
]


def test_a_server_that_is_gone_is_one_line_and_comes_back(
    http_tracking_server: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tracking.experiment("a", "why?")
    http_tracking_server.stop()
    with monkeypatch.context() as patch:
        patch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        for call in CALLS:
            with pytest.raises(TrackingError) as raised:
                call()
            # The first call still has a connection, which is reset.
            words = rf"the tracking store {http_tracking_server.uri} does not answer: .*Connection (reset|refused).*"
            assert re.fullmatch(words, str(raised.value))
    http_tracking_server.start()
    assert tracking.experiment("a", "why?") == first


def test_the_ui_of_a_server_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    done = CliRunner().invoke(main, ["ui"])
    assert (done.exit_code, done.output.splitlines()[-1].rpartition("open ")[2]) == (0, "http://127.0.0.1:9")


BODIES = {401: b"You are not authenticated.", 403: b"Invalid Host header", 503: b"starting"}


@contextmanager
def server_that_answers(statuses: list[int]) -> Iterator[str]:
    """The address of a server that gives these HTTP statuses one by one, the last one ever again."""
    ahead = iter(statuses)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = next(ahead, statuses[-1])
            self.send_response(status)
            self.end_headers()
            self.wfile.write(BODIES[status])

        def log_message(self, *arguments: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        ([401], "does not know you: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"),
        ([403], "refuses: .*Invalid Host header"),
        ([503, 503, 401], "does not know you"),  # asked again while it starts
    ],
)
def test_a_server_that_lets_nobody_in_is_one_line(
    statuses: list[int], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server_that_answers(statuses) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        with pytest.raises(TrackingError, match=f"^the tracking store {address} {words}") as raised:
            tracking.records("a")
    assert len(str(raised.value).splitlines()) == 1


def test_a_password_in_the_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:9")
    for call in CALLS:
        with pytest.raises(TrackingError, match="MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD") as raised:
            call()
        assert "secret" not in str(raised.value)
