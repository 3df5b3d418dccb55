"""The libraries in the page are those that their README says."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files

import pytest

from sweeps.explorer.page import LIBRARIES, RUNTIME

VENDOR = files("sweeps.explorer") / "vendor"
TOLD = dict(re.findall(r"^\| `([^`]+)`.*`([0-9a-f]{64})` \|$", (VENDOR / "README.md").read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", [*LIBRARIES, RUNTIME])
def test_a_library_is_as_it_was_published(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == TOLD[name]


def test_none_is_there_unused() -> None:
    assert {path.name for path in VENDOR.iterdir()} == {*TOLD, "README.md", "fflate.LICENSE"}
    assert set(TOLD) == {*LIBRARIES, RUNTIME}
