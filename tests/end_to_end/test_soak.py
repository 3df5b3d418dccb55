"""Many cells, four workers, and now and then something is killed at work: nothing may be lost or done twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from sweeps import tracking, workspace
from tests.end_to_end.pretended import STANDIN, pretended
from tests.end_to_end.test_sweep import here

pytestmark = pytest.mark.thorough


def launched(command: list[str], log: Path) -> psutil.Popen:
    with log.open("ab") as out:
        return psutil.Popen(command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)


def children(process: psutil.Popen) -> list[psutil.Process]:
    """The worker processes; the resource tracker of multiprocessing is no worker."""
    return [child for child in process.children() if "spawn_main" in " ".join(child.cmdline())]


def disturb(process: psutil.Popen, rng: random.Random) -> str:
    """Kills something; returns what."""
    what = rng.choices(["worker -9", "launcher -9", "all -9", "worker TERM", "launcher TERM"], [6, 1, 1, 1, 1])[0]
    number = signal.SIGTERM if what.endswith("TERM") else signal.SIGKILL
    try:
        if what.startswith("worker"):
            rng.choice(children(process)).send_signal(number)
        elif what.startswith("launcher"):
            process.send_signal(number)
        else:
            os.killpg(process.pid, number)
    except (psutil.Error, IndexError, ProcessLookupError):
        return "nothing"
    return what


def soak(command: list[str], log: Path, kills: int, pause: tuple[float, float], rng: random.Random) -> Counter[str]:
    """Launches, disturbs and launches again until all is done; returns how often what was killed.

    Between two disturbances some run ends an epoch: what is killed is at work, not just starting.
    """
    done: Counter[str] = Counter()
    seen = 0
    while True:
        process = launched(command, log)
        while process.poll() is None:
            time.sleep(rng.uniform(*pause))
            epochs = log.read_text().count("  epoch ")
            if sum(done.values()) < kills and epochs > seen and process.poll() is None:
                done[disturb(process, rng)] += 1
                seen = epochs
        if process.returncode == 0:
            return done
        done["launches"] += 1
        assert done["launches"] <= kills, log.read_text()


def runs_by_cell(sweep: str) -> dict[str, Counter[str]]:
    """How often each cell's runs ended how, in MLflow."""
    client = tracking.client()
    found = client.search_runs([client.get_experiment_by_name(sweep).experiment_id])
    table: dict[str, Counter[str]] = {}
    for run in found:
        table.setdefault(run.data.tags[tracking.HASH], Counter())[run.info.status] += 1
    return table


@pytest.mark.slow(seconds=60)
@pytest.mark.parametrize(
    ("rates", "seeds", "kills"),
    [
        pytest.param([0.001, 0.002], 8, 5, marks=pytest.mark.soak),
        pytest.param([0.001, 0.002, 0.003], 20, 15, marks=pytest.mark.soak),
    ],
)
def test_cells_survive_whatever_is_killed(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rates: list[float], seeds: int, kills: int
) -> None:
    file, cells = tmp_path / "soak.yaml", len(rates) * seeds
    file.write_text(pretended("soak", 3, {"values": rates}, seeds=list(range(seeds)), max_attempts=100))
    monkeypatch.setenv("STANDIN_SECONDS", "0.3")
    command = [sys.executable, "-m", STANDIN, "run", str(file), "--workers", "4"]
    done = soak(command, tmp_path / "log.txt", kills=kills, pause=(0.5, 3.0), rng=random.Random(0))
    assert done.total() - done["nothing"] >= 2 * kills / 3 - 1, done

    table = runs_by_cell("soak")
    assert len(table) == cells
    assert {counts["FINISHED"] for counts in table.values()} == {1}
    ended = set(sum(table.values(), Counter()))
    assert ended - {"FAILED"} == {"FINISHED"}  # deaths at work, and nothing left RUNNING
    assert kills < 10 or "FAILED" in ended
    for record in tracking.records("soak").values():
        steps = [m.step for m in tracking.client().get_metric_history(record.run_id, "training/loss")]
        assert steps == [1, 2, 3]
        pictures = [p.path for p in tracking.client().list_artifacts(record.run_id, "images")]
        assert len(pictures) == len({path.split("+timestamp")[0] + path[-5:] for path in pictures})
    left = [path for path in (workspace.home() / "work").rglob("*") if path.suffix != ".lock"]
    assert not left
    status = json.loads(here("status", str(file), "--json").stdout)
    assert Counter(cell["state"] for cell in status["cells"]) == {"finished": cells}
