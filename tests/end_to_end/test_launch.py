"""Launches under hard conditions: several workers, a full disk, a sweep file that changes in the middle."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps import tracking
from tests.end_to_end.pretended import STANDIN, pretended
from tests.end_to_end.test_sweep import cae, here, pretend, read_until, start, statuses, steps

pytestmark = [pytest.mark.thorough, pytest.mark.slow(seconds=20)]
SEEDS = [0, 1, 2, 3]
RESULT = {
    "metrics": {"reconstruction/bce": 0.5, "reconstruction/mse": 0.1, "reconstruction/ssim": 0.5},
    "steps": {},
    "omitted": {},
    "seconds": {},
    "images": {"train": 9, "held_out": 1, "report": "10 images"},
}


@pytest.fixture
def many(database: Path, tmp_path: Path) -> Path:
    path = tmp_path / "many.yaml"
    path.write_text(pretended("many", 3, {"values": [0.001, 0.002]}, seeds=SEEDS))
    return path


def errors(sweep: str) -> dict[str, float]:
    return {record.name: record.metrics["reconstruction/mse"] for record in tracking.records(sweep).values()}


@pytest.mark.soak
def test_real_trainings_side_by_side_are_the_same_as_one_by_one(
    recorded_home: tuple[Path, Path], database: Path, tiny_sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = cae("run", str(tiny_sweep), "--workers", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    side_by_side = errors("tiny")
    monkeypatch.setenv("CAE_HOME", str(recorded_home[0]))
    # Sums of more threads come in another order.
    assert side_by_side == pytest.approx(errors("tiny"), rel=1e-4)


@pytest.mark.soak
def test_a_value_added_in_the_middle_is_run_by_the_next_command(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first goes on with the file as it was; the second has all cells and waits for those of the first."""
    monkeypatch.setenv("STANDIN_SECONDS", "0.3")
    first = start("run", str(many), "--workers", "2", module=STANDIN)
    read_until(first, "epoch 1")
    many.write_text(pretended("many", 3, {"values": [0.001, 0.002, 0.004]}, seeds=SEEDS))
    second = start("run", str(many), "--workers", "2", module=STANDIN)
    outputs = [process.communicate(timeout=200)[0] for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0], outputs
    assert statuses("many") == ["FINISHED"] * 12
    assert "another process works on it; waiting for its end" in outputs[1]


@pytest.mark.soak
def test_a_file_broken_in_the_middle_disturbs_nothing_that_runs(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDIN_SECONDS", "0.2")
    process = start("run", str(many), "--workers", "2", module=STANDIN)
    read_until(process, "epoch 1")
    many.write_text("name: [")
    assert here("status", str(many)).exit_code == 2
    output = process.communicate(timeout=200)[0]
    assert process.returncode == 0, output
    assert statuses("many") == ["FINISHED"] * 8


def can_mount() -> bool:
    command = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]
    return bool(shutil.which("unshare")) and subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.soak
def test_a_record_that_can_only_be_read_is_read(recorded_home: tuple[Path, Path], tmp_path: Path) -> None:
    """On a disk of somebody else, or of an archive: what asks needs no lock file and no folder of its own."""
    if not can_mount():
        pytest.skip("mounting a disk read-only needs root")
    home, file = recorded_home
    script = f"""
        mount --bind {home} {home} && mount -o remount,ro,bind {home} || exit 90
        for command in plan status "compare --out {tmp_path / "report"}" "faces --out {tmp_path / "faces"}" \\
            "export --out {tmp_path / "tiny.zip"}" "clean --dry-run"; do
            set -- $command; name=$1; shift
            {sys.executable} -m sweeps $name {file} "$@" || echo "FAILED: $name"
        done
        {sys.executable} -m sweeps run {file} --set training.epochs=1; echo "exit $?"
    """
    environment = os.environ | {"CAE_HOME": str(home)}
    command = ["unshare", "--mount", "sh", "-c", f"exec 2>&1; {script}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout
    assert "FAILED" not in done.stdout, done.stdout
    assert "Traceback" not in done.stdout
    assert "the report is not in the record: " in done.stdout
    assert (tmp_path / "report" / "report.html").exists()
    assert (tmp_path / "tiny.zip").exists()
    assert "Read-only file system; set CAE_HOME to a folder that can be written" in done.stdout
    assert done.stdout.endswith("exit 2\n")


@pytest.mark.soak
def test_a_full_disk_is_one_clear_line_and_loses_nothing(many: Path, tmp_path: Path, database: Path) -> None:
    """mlruns lies on a small disk: first not a byte is left, then room for the start of a run, then for all."""
    if not can_mount():
        pytest.skip("mounting a small disk needs root")
    home, template = tmp_path / "small", tmp_path / "template"
    for folder in (home, template):
        folder.mkdir()
    (template / "large.bin").write_bytes(bytes(3 << 20))
    (template / "result.json").write_text(json.dumps(RESULT))
    run = f"{sys.executable} -m {STANDIN} run {many} --set training.epochs=1"
    script = f"""
        mount -t tmpfs -o size=64m none {home} && mkdir {home}/mlruns && cp {database} {home}/mlruns/mlflow.db
        {run} --limit 1 || exit 90
        dd if=/dev/zero of={home}/ballast bs=4k 2>/dev/null
        echo "== nothing left"; {run}; echo "exit $?"
        truncate -s -1M {home}/ballast
        echo "== a little left"; {run}; echo "exit $?"
        rm {home}/ballast
        echo "== enough"; {run} || exit 92
        {sys.executable} -m sweeps status {many} --json
    """
    command = ["unshare", "--mount", "sh", "-c", f"exec 2>&1; {script}"]
    environment = os.environ | {"CAE_HOME": str(home), "STANDIN_TEMPLATE": str(template)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout
    assert "Traceback" not in done.stdout, done.stdout
    nothing, little = done.stdout.split("== ")[1:3]
    for part in (nothing, little):
        assert "the disk is full; free some space, and the same command goes on" in part, done.stdout
        assert part.endswith("exit 1\n"), part
    assert little.count("  full after") == 1
    cells = json.loads(done.stdout.splitlines()[-1])["cells"]
    assert [cell["state"] for cell in cells] == ["finished"] * 8


@pytest.mark.soak
def test_the_load_of_the_machine_is_recorded_where_it_is_asked_for(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once every 5 s, so of a run that takes longer; `test_numbers` holds that no other run has any."""
    file = tmp_path / "loaded.yaml"
    file.write_text(pretended("loaded", 3, {"value": 0.001}))
    monkeypatch.setenv("STANDIN_SECONDS", "4")
    done = pretend("run", str(file), "--system-metrics")
    assert done.returncode == 0, done.stdout + done.stderr
    (record,) = tracking.records("loaded").values()
    assert 0 <= record.metrics["system/cpu_utilization_percentage"] <= 100
    assert record.metrics["system/system_memory_usage_megabytes"] > 0
    assert record.metrics["system/disk_available_megabytes"] > 0
    assert len(steps(record, "system/cpu_utilization_percentage")) >= 2
