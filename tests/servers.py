"""Real servers for tests: PostgreSQL as Debian has it, and MLflow's own, on it or on a SQLite file."""

from __future__ import annotations

import itertools
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

USER, PASSWORD = "cae", "correct-horse"
ADMIN = "postgres"
# Tests need not survive a power failure. But what is committed must survive a killed server: no synchronous_commit=off.
SETTINGS = ("fsync=off", "full_page_writes=off", "unix_socket_directories=")
STOP = ("pg_ctl", "stop", "--mode", "immediate", "--wait")
NUMBERS = itertools.count(1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def afterwards(command: str) -> subprocess.Popen[bytes]:
    """A process that does `command` when this one is gone, also killed: kill it when there is nothing left to do."""
    waiting = f"while kill -0 {os.getpid()} 2>/dev/null; do sleep 1; done; {command}"
    return subprocess.Popen(["sh", "-c", waiting], stdout=subprocess.DEVNULL, start_new_session=True)


# --- PostgreSQL --------------------------------------------------------------------------------------------------


def postgres_programs() -> Path | None:
    """The folder of initdb and pg_ctl, which Debian keeps off the path; of several versions the newest."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in versions), key=lambda path: float(path.parent.name), default=None)


@dataclass(frozen=True)
class Postgres:
    """A cluster of its own in `folder` on 127.0.0.1, every login by password. The user `cae` owns its databases."""

    programs: Path
    folder: Path
    port: int

    def command(self, program: str, *arguments: str) -> list[str]:
        # PostgreSQL refuses to run as root.
        user = ["runuser", "-u", ADMIN, "--"] if os.geteuid() == 0 else []
        return [*user, str(self.programs / program), "--pgdata", str(self.folder / "data"), *arguments]

    def _do(self, program: str, *arguments: str) -> None:
        # Not captured: the server would inherit a pipe and keep it open.
        with (self.folder / "commands.log").open("ab") as log:
            command = self.command(program, *arguments)
            subprocess.run(command, check=True, stdout=log, stderr=log, cwd="/", timeout=300)

    def create(self) -> None:
        password = self.folder / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        if os.geteuid() == 0:
            for path in (self.folder, password):
                shutil.chown(path, ADMIN)
        access = ["--username", ADMIN, "--pwfile", str(password), "--auth", "scram-sha-256"]
        self._do("initdb", *access, "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")

    def start(self) -> None:
        options = [f"port={self.port}", "listen_addresses=127.0.0.1", *SETTINGS]
        told = " ".join(f"-c {option}" for option in options)
        self._do("pg_ctl", "start", "--wait", "--log", str(self.folder / "server.log"), "--options", told)

    def stop(self) -> None:
        """Ends it at once, as a power failure would."""
        self._do(*STOP)

    def sql(self, statement: str) -> None:
        """Executes a statement as the administrator."""
        from sqlalchemy import create_engine, text

        address = self.url("postgres", ADMIN).replace("postgresql:", "postgresql+psycopg2:")
        engine = create_engine(address, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def new_database(self) -> str:
        """The URL of a new, empty database that belongs to the user `cae`."""
        name = f"test_{next(NUMBERS)}"
        self.sql(f"CREATE DATABASE {name} OWNER {USER}")
        return self.url(name)

    def url(self, database: str, user: str = USER) -> str:
        return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{self.port}/{database}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL; tests that stop it start it again."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("needs PostgreSQL's initdb and pg_ctl: apt-get install postgresql")
    pytest.importorskip("psycopg2", reason="needs psycopg2: pip install 'cae-mnd[postgres]'")
    # Not in pytest's folder, which only the user of the tests may enter.
    folder = Path(tempfile.mkdtemp(prefix="cae-postgres-"))
    server = Postgres(programs, folder, free_port())
    cleaner = afterwards(f"{shlex.join(server.command(*STOP))}; rm -rf {shlex.quote(str(folder))}")
    try:
        server.create()
        server.start()
        server.sql(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
        yield server
    finally:
        with suppress(subprocess.CalledProcessError):  # it may never have started
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        cleaner.kill()
        cleaner.wait()


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """The URL, password included, of a database of this test's own."""
    return postgres.new_database()


# --- MLflow ------------------------------------------------------------------------------------------------------


@dataclass
class MlflowServer:
    """`mlflow server` on 127.0.0.1 with its artifacts in `folder` and everything it prints in `server.log` there."""

    backend: str
    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None
    _cleaner: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def start(self) -> None:
        """Starts it, on the same port as before, and waits until it answers."""
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--backend-store-uri", self.backend, "--workers", "1"]
        command += ["--serve-artifacts", "--artifacts-destination", str(self.folder / "artifacts")]
        # Else eight more processes of 240 MB each start, for evaluations of language models.
        environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, cwd=self.folder, start_new_session=True
            )
        self._cleaner = afterwards(f"kill -KILL -{self._process.pid}")
        self._wait()

    def _wait(self, seconds: float = 90) -> None:
        end = time.monotonic() + seconds
        while not self.answers():
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"mlflow server does not start:\n{self.log.read_text(encoding='utf-8')}")
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """Kills it and the processes it started; no request is finished."""
        if self._process is not None and self._cleaner is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._cleaner.kill()
            self._cleaner.wait()
            self._process = self._cleaner = None


@pytest.fixture(scope="session")
def mlflow_server(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """MLflow's server on PostgreSQL. Tests take `tracking_server`."""
    backend = postgres.new_database().replace("postgresql:", "postgresql+psycopg2:")
    server = MlflowServer(backend, tmp_path_factory.mktemp("mlflow-postgres"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sqlite_mlflow_server(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """MLflow's server on a SQLite file, where there is no PostgreSQL. Tests take `http_tracking_server`."""
    folder = tmp_path_factory.mktemp("mlflow-sqlite")
    server = MlflowServer(f"sqlite:///{shutil.copy(migrated_database, folder / 'mlflow.db')}", folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def tracking_server(mlflow_server: MlflowServer, monkeypatch: pytest.MonkeyPatch, _own_folders: None) -> MlflowServer:
    """MLflow's server on PostgreSQL as this test's tracking store, without the experiments of other tests."""
    _use(mlflow_server, monkeypatch)
    return mlflow_server


@pytest.fixture
def http_tracking_server(
    sqlite_mlflow_server: MlflowServer, monkeypatch: pytest.MonkeyPatch, _own_folders: None
) -> MlflowServer:
    """MLflow's server on SQLite as this test's tracking store, without the experiments of other tests."""
    _use(sqlite_mlflow_server, monkeypatch)
    return sqlite_mlflow_server


def _use(server: MlflowServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names it as the tracking store. What earlier tests left there is renamed too, else it would be restored."""
    from sweeps import tracking

    if not server.answers():
        server.start()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    client = tracking.client()
    for experiment in client.search_experiments():
        if experiment.name != "Default":
            client.rename_experiment(experiment.experiment_id, f"{experiment.name}-{uuid.uuid4().hex}")
            client.delete_experiment(experiment.experiment_id)
