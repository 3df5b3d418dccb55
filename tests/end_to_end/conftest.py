from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def _pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    """What STANDIN's trainings need: these kill and stop, and ask nothing of the numbers."""
    monkeypatch.setenv("STANDIN_SECONDS", "0.2")


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """While this file is there, STANDIN's trainings stay after their third epoch, however busy the machine is."""
    path = tmp_path / "hold"
    path.touch()
    monkeypatch.setenv("STANDIN_HOLD", str(path))
    return path
