"""A sweep on a real Ray cluster of two nodes, one of which is killed in the middle."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sweeps import tracking, workspace
from sweeps.locks import file_lock
from tests.end_to_end.pretended import STANDIN, pretended
from tests.end_to_end.test_soak import runs_by_cell
from tests.end_to_end.test_sweep import cae, here, start

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'cae-mnd[ray]'")
pytestmark = [pytest.mark.thorough, pytest.mark.ray, pytest.mark.slow(seconds=40)]

SWEEP = pretended("cluster", 12, seeds=[0, 1, 2, 3], num_cpus=1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STANDIN_SECONDS", "0.3")  # nodes have the environment that they were started in
        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        yield made
        made.shutdown()


@pytest.fixture
def file(tmp_path: Path, database: Path) -> Path:
    path = tmp_path / "cluster.yaml"
    path.write_text(SWEEP)
    return path


def processes_at_work() -> int:
    """Runs that some process holds."""
    locks = [path.stem for path in (workspace.home() / "work").glob("*.lock") if "-launch-" not in path.stem]
    return sum(map(file_lock.is_held, locks))


def wait_until(what: Any, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.soak
def test_what_a_lost_node_held_is_done_by_the_others(cluster: Any, file: Path) -> None:
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    process = start("run", str(file), "--ray", cluster.address, module=STANDIN)
    wait_until(lambda: processes_at_work() == 2)
    time.sleep(2)
    assert "2 running" in here("status", str(file)).stdout
    cluster.remove_node(second, allow_graceful=False)
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output
    assert "its node went away" in output
    table = runs_by_cell("cluster")
    assert len(table) == 4
    assert {counts["FINISHED"] for counts in table.values()} == {1}
    assert sum(table.values(), Counter())["RUNNING"] == 0
    for record in tracking.records("cluster").values():
        steps = [m.step for m in tracking.client().get_metric_history(record.run_id, "training/loss")]
        assert steps == list(range(1, 13))


def test_ctrl_c_reaches_the_cluster(cluster: Any, file: Path) -> None:
    """There is room for one of two workers: the other gets the place when all is over, and begins nothing."""
    options = ["--ray", cluster.address, "--set", "training.epochs=200", "--workers", "2"]
    process = start("run", str(file), *options, module=STANDIN)
    wait_until(lambda: tracking.records("cluster"))
    time.sleep(2)
    process.send_signal(2)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 130, output
    assert len(tracking.records("cluster")) == 1, output
    (record,) = tracking.records("cluster").values()
    assert record.status == "KILLED"
    assert not processes_at_work()


@pytest.mark.soak
def test_a_real_training_on_a_cluster(tiny_sweep: Path, database: Path) -> None:
    one = ["--set", "model.activation=relu"]
    process = start("run", str(tiny_sweep), *one, "--ray", "local", "--num-cpus", "1")
    output = process.communicate(timeout=400)[0]
    assert process.returncode == 0, output
    assert Counter(record.status for record in tracking.records("tiny").values()) == {"FINISHED": 1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--ray", "127.0.0.1:9"], "--ray 127.0.0.1:9: no cluster there"),
        pytest.param(
            ["--ray", "local", "--num-gpus", "8"],
            "--ray local: no node has 1 CPUs and 8 GPUs for a run",
            marks=pytest.mark.soak,
        ),
    ],
)
def test_a_cluster_that_cannot_be_used_is_one_line(file: Path, arguments: list[str], words: str) -> None:
    done = cae("run", str(file), *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_without_ray_the_remedy_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sweeps.errors import SweepError
    from sweeps.execution.ray_workers import make_ray_workers

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SweepError, match=r"pip install 'cae-mnd\[ray\]'"):
        make_ray_workers("local", None, 1, 0)
