"""MLflow's server is asked as MLflow asks it; what it does not plainly answer is left to MLflow."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sweeps.tracking import by_mlflow, server_api
from sweeps.tracking.errors import LeaveToMlflow
from sweeps.tracking.reading import quick_reader

EXPERIMENT = {"experiment": {"experiment_id": "7", "name": "a", "lifecycle_stage": "active"}}
ABSENT = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no experiment"}
Answer = tuple[int, Any]


@contextmanager
def serving(
    answers: dict[str, Answer], monkeypatch: pytest.MonkeyPatch, context: ssl.SSLContext | None = None
) -> Iterator[list[Any]]:
    """A server, named as the tracking store, with these answers by the end of a path; gives what it was asked."""
    asked: list[Any] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            content = json.loads(body) if body else parse_qs(urlsplit(self.path).query)
            path = urlsplit(self.path).path
            asked.append((self.command, path, content, self.headers["Authorization"]))
            status, answer = answers[path.rpartition("/")[2]]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

        do_POST = do_GET

        def log_message(self, *arguments: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http{'s' if context else ''}://127.0.0.1:{server.server_port}")
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()


def known(name: str, answer: Answer) -> dict[str, Answer]:
    """What a server answers, all but one as it should."""
    return {"get-by-name": (200, EXPERIMENT), "search": (200, {}), "result.json": (200, {"metrics": {}}), name: answer}


@pytest.fixture(autouse=True)
def _no_retries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("HOME", str(tmp_path))


LOGIN = {"MLFLOW_TRACKING_USERNAME": "Zoë", "MLFLOW_TRACKING_PASSWORD": "p:w ü"}
TOKEN = {"MLFLOW_TRACKING_TOKEN": "abc"}


@pytest.mark.parametrize("variables", [{}, LOGIN, TOKEN, LOGIN | TOKEN, {"MLFLOW_TRACKING_USERNAME": "me"}])
@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize("config_hash", ["", "cafe"])
def test_the_same_is_asked_as_by_mlflow(
    variables: dict[str, str], deleted: bool, config_hash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with serving(known("", (200, {})), monkeypatch) as asked:
        quick_reader().read("a", deleted, config_hash)
        first = [without_empty(*question) for question in asked]
        asked.clear()
        by_mlflow.read("a", deleted, config_hash)
    assert first == [without_empty(*question) for question in asked]
    assert [path.rpartition("/")[2] for _, path, _, _ in first] == ["get-by-name", "search"]


def without_empty(method: str, path: str, content: dict[str, Any], login: str | None) -> tuple[Any, ...]:
    return method, path, {name: value for name, value in content.items() if value}, login


@pytest.mark.parametrize("name", ["get-by-name", "search"])
@pytest.mark.parametrize(
    "answer",
    [
        *((status, {}) for status in (401, 403, 404, 429, 500, 503)),
        (500, ABSENT),
        (404, {"error_code": "ENDPOINT_NOT_FOUND"}),
        (200, b"<html>log in</html>"),
        (200, b""),
        (200, []),
        (200, {"experiment": {}, "runs": [{}]}),
        (200, {"experiment": 3, "runs": [3]}),
    ],
)
def test_an_answer_that_is_not_plain_is_left_to_mlflow(
    name: str, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(known(name, answer), monkeypatch), pytest.raises(LeaveToMlflow):
        quick_reader().read("a", False, "")


def test_an_experiment_that_is_not_there_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(known("get-by-name", (404, ABSENT)), monkeypatch):
        assert quick_reader().read("a", False, "").stage is None


def test_a_server_that_is_not_there_is_left_to_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(LeaveToMlflow):
        quick_reader().read("a", False, "")


@pytest.mark.parametrize(
    "variables",
    [
        {"MLFLOW_TRACKING_AUTH": "arn"},
        {"MLFLOW_TRACKING_AWS_SIGV4": "true"},
        {"MLFLOW_WORKSPACE": "theirs"},
        {"MLFLOW_ENABLE_WORKSPACES": "1"},
        {"MLFLOW_TRACKING_INSECURE_TLS": "true", "MLFLOW_TRACKING_SERVER_CERT_PATH": "ca.pem"},
    ],
)
def test_settings_that_only_mlflow_knows_are_left_to_it(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with serving(known("", (200, {})), monkeypatch) as asked, pytest.raises(LeaveToMlflow):
        quick_reader().read("a", False, "")
    assert asked == []


def test_a_file_of_credentials_is_left_to_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".mlflow").mkdir()
    (tmp_path / ".mlflow" / "credentials").write_text("[mlflow]\nmlflow_tracking_username = me\n")
    with serving(known("", (200, {})), monkeypatch), pytest.raises(LeaveToMlflow):
        quick_reader().read("a", False, "")


PLACE = "mlflow-artifacts:/7/cafe/artifacts"


def test_a_file_that_the_server_passes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"metrics": {"mnd/x": 0.5}}
    with serving(known("result.json", (200, said)), monkeypatch) as asked:
        assert server_api.artifact(PLACE, "result.json") == said
    assert asked[0][1] == "/api/2.0/mlflow-artifacts/artifacts/7/cafe/artifacts/result.json"


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        ("s3://bucket/7", (200, {})),
        ("mlflow-artifacts://other:80/7", (200, {})),
        (PLACE, (404, {})),
        (PLACE, (404, ABSENT)),
        (PLACE, (503, {})),
        (PLACE, (200, b"half of {")),
    ],
)
def test_a_file_that_is_elsewhere_is_left_to_mlflow(
    place: str, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(known("result.json", answer), monkeypatch), pytest.raises(LeaveToMlflow):
        server_api.artifact(place, "result.json")


# --- certificates ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, signed by itself, and its key in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - day, now + day)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = made.add_extension(here, critical=False).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path_factory.mktemp("certificate") / "here.pem"
    file.write_bytes(signed.public_bytes(pem) + plain)
    return file


SERVER, CLIENT = "MLFLOW_TRACKING_SERVER_CERT_PATH", "MLFLOW_TRACKING_CLIENT_CERT_PATH"
INSECURE = "MLFLOW_TRACKING_INSECURE_TLS"


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize(
    ("variables", "asks_for_ours", "answers"),
    [
        ([], False, False),
        ([SERVER], False, True),
        ([INSECURE], False, True),
        ([SERVER], True, False),
        ([SERVER, CLIENT], True, True),
    ],
)
def test_certificates_are_those_that_mlflow_takes(
    variables: list[str], asks_for_ours: bool, answers: bool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if asks_for_ours:
        context.load_verify_locations(certificate)
        context.verify_mode = ssl.CERT_REQUIRED
    for name in variables:
        monkeypatch.setenv(name, "true" if name == INSECURE else str(certificate))
    with serving(known("", (200, {})), monkeypatch, context):
        assert [tells(quick_reader().read), tells(by_mlflow.read)] == [answers, answers]


def tells(ask: Callable[[str, bool, str], Any]) -> bool:
    try:
        return bool(ask("a", False, "").stage)
    except Exception:
        return False
