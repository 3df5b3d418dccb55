from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from sweeps.tracking.client import nothing_to_collect


def test_the_collector_rests_and_goes_on() -> None:
    with nothing_to_collect():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_an_error() -> None:
    with pytest.raises(ImportError), nothing_to_collect():
        raise ImportError
    assert gc.isenabled()


def test_only_the_first_block_sets_aside_what_it_made() -> None:
    code = (
        "import gc\nfrom sweeps.tracking.client import nothing_to_collect\n"
        "for _ in range(2):\n"
        "    with nothing_to_collect():\n        kept = [[] for _ in range(100_000)]\n"
        "    print(gc.get_freeze_count())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = map(int, done.stdout.split())
    assert first >= 100_000
    assert second <= first
