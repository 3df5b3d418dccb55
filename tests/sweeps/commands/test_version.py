"""cae --version: what Keras itself would take, without importing it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from sweeps.cli import main
from sweeps.commands.version import backend


def test_it_names_program_keras_backend_and_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    said = CliRunner().invoke(main, ["--version"])
    assert said.exit_code == 0
    assert said.output.startswith(
        f"cae-mnd {metadata.version('cae-mnd')} (keras {metadata.version('keras')} on tensorflow"
    )
    assert f"Python {sys.version.split()[0]})" in said.output


def test_a_backend_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "openvino")
    assert "openvino, which is not installed" in CliRunner().invoke(main, ["--version"]).output


@pytest.mark.parametrize(
    ("variable", "file", "taken"),
    [
        (None, None, "tensorflow"),
        (None, '{"backend": "jax"}', "jax"),
        ("torch", '{"backend": "jax"}', "torch"),
        ("", '{"backend": "jax"}', "jax"),
        (None, '{"floatx": "float32"}', "tensorflow"),
        (None, "no JSON", "tensorflow"),
    ],
)
def test_the_backend_is_the_one_that_keras_takes(
    variable: str | None, file: str | None, taken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if variable is not None:
        monkeypatch.setenv("KERAS_BACKEND", variable)
    if file is not None:
        (tmp_path / "keras.json").write_text(file)
    assert backend() == taken


def test_keras_itself_takes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the backend of keras.json when it cannot find it, which spares importing one."""
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "abacus"}))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    done = subprocess.run([sys.executable, "-c", "import keras"], capture_output=True, text=True, check=False)
    assert "abacus" in done.stderr.splitlines()[-1]
    assert backend() == "abacus"


def test_python_dash_m_is_the_console_script() -> None:
    done = subprocess.run([sys.executable, "-m", "cae", "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: cae [OPTIONS] COMMAND [ARGS]...")
