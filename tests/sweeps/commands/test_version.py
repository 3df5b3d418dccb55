"""cae --version, and the other way to start the program."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest
from click.testing import CliRunner

from sweeps.cli import main


def test_it_names_program_keras_backend_and_python(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_python_dash_m_is_the_console_script() -> None:
    done = subprocess.run([sys.executable, "-m", "cae", "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: cae [OPTIONS] COMMAND [ARGS]...")
