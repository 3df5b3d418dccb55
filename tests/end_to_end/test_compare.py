"""Comparing a sweep that was really trained: two cells, two seeds, on scikit-learn's digits."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.test_sweep import cae, here

pytestmark = pytest.mark.thorough


@pytest.fixture
def replicated(finished: Path) -> Path:
    with finished.open("a") as file:
        file.write("seeds: [0, 1]\n")
    done = cae("run", str(finished))
    assert done.returncode == 0, done.stdout + done.stderr
    return finished


def on_terminal(width: int, *arguments: str) -> str:
    """What `cae` writes to a terminal of this many columns."""
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "sweeps", *arguments]
    variables = {**os.environ, "COLUMNS": str(width), "TERM": "xterm"}
    with subprocess.Popen(command, stdout=child, stderr=child, env=variables) as process:
        os.close(child)
        parts = []
        try:
            while part := os.read(parent, 65536):
                parts.append(part)
        except OSError:  # the other end is closed
            pass
        process.wait(60)
    os.close(parent)
    return b"".join(parts).decode()


@pytest.mark.slow(seconds=30)
def test_a_trained_sweep_is_compared_on_files_and_terminals(replicated: Path, tmp_path: Path) -> None:
    done = cae("compare", str(replicated), "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    # Two cells of eight columns; after two epochs neither has learned anything, so no best one has its plots shown.
    assert report.count('src="data:image/webp') == 2 * 8
    assert "radius agreement" in report
    assert done.stdout.startswith("No finished cell reconstructs its images: all explain less than 10 %")
    assert done.stdout.count("reconstructs next to nothing") + done.stdout.count("worse than the mean image") >= 2
    assert "\x1b" not in done.stdout
    shown = json.loads(here("compare", str(replicated), "--json").stdout)
    assert len(shown["effects"]) == 5
    for found in shown["effects"]:
        (effect,) = found["effects"]
        (estimate,) = effect["estimates"]
        assert (effect["name"], found["noise_df"]) == ("activation", 2)
        assert estimate["low"] < estimate["value"] < estimate["high"]
        assert 0 < effect["p_value"] <= effect["p_holm"] <= 1
        assert effect["share"] + found["noise_share"] == pytest.approx(1)
    group = shown["groups"][-1]["metrics"]["mnd/radius_agreement"]
    assert group["gap"] == pytest.approx(group["null"] - group["mean"])

    terminal = on_terminal(80, "compare", str(replicated), "--no-report")
    assert "\x1b[1m" in terminal
    assert "Effects on mnd/radius_agreement, 4 runs" in terminal

    adjusted = here("compare", str(replicated), "--metric", "mnd/radius_agreement_adjusted", "--no-report")
    assert adjusted.stdout.startswith("No finished cell reconstructs its images")
    assert "radius_agreement_adjusted" in adjusted.stdout
