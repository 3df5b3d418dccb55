from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cae import backend as module
from cae.backend import BackendError, backend, check_backend


@pytest.fixture(autouse=True)
def _nothing_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))


@pytest.mark.parametrize(
    ("variable", "file", "expected"),
    [
        (None, None, "tensorflow"),
        (None, '{"backend": "torch"}', "torch"),
        (None, "[]", "tensorflow"),
        (None, "{", "tensorflow"),
        (None, '{"floatx": "float32"}', "tensorflow"),
        ("jax", '{"backend": "torch"}', "jax"),
        ("", '{"backend": "torch"}', "torch"),
    ],
)
def test_it_is_chosen_as_keras_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str | None, file: str | None, expected: str
) -> None:
    if variable is not None:
        monkeypatch.setenv("KERAS_BACKEND", variable)
    if file is not None:
        (tmp_path / "keras.json").write_text(file)
    assert backend() == expected


def test_keras_itself_takes_the_same(tmp_path: Path) -> None:
    """It names the backend of keras.json when it cannot find it, which spares importing one."""
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "abacus"}))
    done = subprocess.run([sys.executable, "-c", "import keras"], capture_output=True, text=True, check=False)
    assert "abacus" in done.stderr.splitlines()[-1]
    assert backend() == "abacus"


def test_the_default_is_installed() -> None:
    assert check_backend() == "tensorflow"


def test_an_unknown_one_is_named_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    with pytest.raises(BackendError, match=r"KERAS_BACKEND=theano: 'theano' is no backend .*; use tensorflow, jax"):
        check_backend()


def test_one_that_is_not_installed_comes_with_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text('{"backend": "jax"}')
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(BackendError, match=r"keras\.json: jax is not installed; pip install jax"):
        check_backend()
