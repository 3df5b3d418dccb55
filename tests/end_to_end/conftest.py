from __future__ import annotations

import pytest


@pytest.fixture
def _pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    """What STANDIN's trainings need: these kill and stop, and ask nothing of the numbers."""
    monkeypatch.setenv("STANDIN_SECONDS", "0.2")
