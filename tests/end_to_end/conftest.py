from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'cae-mnd[test]'")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, timeout=120_000)
        yield opened
        opened.close()


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
