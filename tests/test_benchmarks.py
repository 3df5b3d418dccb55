"""Benchmarks time nothing here: what they compare has to be the same work, and their table has to tell the truth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import gpu, interleave, table
from benchmarks.__main__ import measure
from benchmarks.accelerated import images, paper
from benchmarks.peers import ours, plain_keras
from benchmarks.peers.work import Work
from benchmarks.sweeping import REPOSITORY
from benchmarks.table import Row
from cae.config import ModelConfig, TrainingConfig
from sweeps import api
from sweeps.spec.sweep_file import load


@pytest.mark.parametrize("batch_norm", [False, True])
def test_contenders_have_the_same_parameters_and_operations(batch_norm: bool) -> None:
    work = Work(32, "float32", batch_norm)
    mine, plain = ours.contender(work), plain_keras.contender(work)
    assert mine.parameters == plain.parameters
    assert mine.operations() == plain.operations() > 0


def test_pytorch_and_pythae_do_the_same_work() -> None:
    pytest.importorskip("torch", reason="needs PyTorch: pip install 'cae-mnd[bench]'")
    pytest.importorskip("pythae", reason="needs pythae: pip install 'cae-mnd[bench]'")
    from benchmarks.peers import pythae, pytorch

    mine = ours.contender(Work(32))
    for peer in (pytorch.contender(Work(32)), pythae.contender(Work(32))):
        assert (peer.parameters, peer.operations()) == (mine.parameters, mine.operations())


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row("a", 10, "images/s"), None),
        (Row("a", 10, "images/s", goal=10), True),
        (Row("a", 10, "images/s", goal=11), False),
        (Row("a", 10, "s", goal=9, less=True), False),
        (Row("a", 10, "images/s", "peer", 1.2, goal=1.3), False),
        (Row("a", 1, "images/s", "peer", 1.4, goal=1.3), True),
    ],
)
def test_a_goal_is_met_or_not(row: Row, met: bool | None) -> None:
    assert row.met is met


def test_results_keep_the_sections_that_were_not_measured(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    table.write("one", [Row("a", 1.0, "s")], results)
    table.write("two", [Row("b", 2.0, "s", goal=1.0)], results)
    found = json.loads(results.read_text(encoding="utf-8"))
    assert [found[name]["rows"][0]["met"] for name in ("one", "two")] == [None, True]
    assert found["two"]["machine"]["versions"]["tensorflow"][0].isdigit()


def test_a_section_that_fails_loses_no_other(tmp_path: Path) -> None:
    def broken() -> list[Row]:
        raise ImportError("No module named 'torch'")

    results, row = tmp_path / "results.json", Row("a", 1.0, "s")
    assert measure({"training": broken, "encoding": lambda: [row]}, results) == ([row], ["training"])
    assert list(json.loads(results.read_text(encoding="utf-8"))) == ["encoding"]


def test_commands_are_timed_on_runs_that_are_recorded(database: Path) -> None:
    from benchmarks.footprint import record_runs

    file = REPOSITORY / "experiments" / "quickstart.yaml"
    record_runs(os.environ["CAE_HOME"], str(file))
    found = [cell.metrics["mnd/radius_agreement"] for cell in api.cells(load(file))]
    assert len(set(found)) == len(found) == 8


def test_contenders_are_timed_in_turn_and_their_errors_told() -> None:
    makers = {"few": ("tests.contenders", "make_counter", 1), "many": ("tests.contenders", "make_counter", 1000)}
    found = interleave.rates(makers, 0.01, 3)
    assert [len(rates) for rates in found.values()] == [3, 3]
    assert interleave.medians(found)["many"] > 10 * interleave.medians(found)["few"]
    with pytest.raises(RuntimeError, match=r"make_nothing\(\): FileNotFoundError: no data"):
        interleave.rates({"broken": ("tests.contenders", "make_nothing")}, 0.01, 1)
    assert interleave.once("math", "hypot", 3, 4) == 5


# --- on an accelerator ---------------------------------------------------------------------------------------------


def test_paper_counts_the_operations_that_tensorflow_counts() -> None:
    """Forward and twice backward of 128 images."""
    counted = ours.contender(Work(96)).operations()
    assert paper.need(96).operations == pytest.approx(3 * 128 * counted, rel=1e-6)


def test_the_document_has_the_papers_table() -> None:
    assert paper.table() in Path("docs/gpu.md").read_text(encoding="utf-8")


def test_paper_gives_the_larger_of_both_times() -> None:
    need = paper.Need(operations=6e12, bytes=2e12)
    assert (need.seconds(3e12, 2e12), need.seconds(6e12, 1e12)) == (2, 2)


def test_the_defaults_that_come_along_are_the_defaults() -> None:
    model, training = images.defaults()
    assert vars(training) == TrainingConfig().model_dump(mode="json")
    assert vars(model) | {"enforced": ()} == ModelConfig().model_dump(mode="json") | {"enforced": ()}
    assert model.enforced == ModelConfig().enforced


@pytest.mark.parametrize("resolution", [96, 32])
def test_images_that_come_along_are_as_many_as_asked_for(resolution: int) -> None:
    found = images.pixels(7, resolution)
    assert (found.shape, found.dtype) == ((7, resolution, resolution, 3), np.uint8)
    assert found.std() > 20


NOT_THERE = """
import runpy, sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"tensorflow", "pydantic", "cv2", "pandas", "sklearn", "mlflow", "click", "yaml"}:
            raise ImportError(f"{name} is not there")
sys.meta_path.insert(0, Missing())
sys.argv = ["gpu", "--here", "limits", "ours", "fit", "whole", "together", "encoding", "--small"]
runpy.run_module("benchmarks.gpu", run_name="__main__")
"""


@pytest.mark.thorough
def test_jobs_run_where_hardly_anything_is_installed() -> None:
    pytest.importorskip("jax", reason="needs JAX, which the test extra installs")
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    done = subprocess.run([sys.executable, "-c", NOT_THERE], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {name: row for line in done.stdout.splitlines() for name, row in json.loads(line).items()}
    assert found["limits"]["step_flops"] > 0
    assert found["whole"]["epochs"] == 2
    for name in ("ours", "fit", "together", "encoding"):
        assert found[name]["images_per_second"] > 0
    assert found["ours"]["loss"] == pytest.approx(found["fit"]["loss"], abs=0.02)
    report = gpu.table(found)
    assert "| plain Keras, model.fit, JAX |" in report
    assert "GFLOP" in report.splitlines()[-1]


def test_a_job_that_cannot_run_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(gpu.ALL, "ours", replace(gpu.ALL["ours"], backend="nowhere"))
    found = gpu.measure(["ours"], small=True, out=tmp_path / "gpu.json")
    assert "nowhere" in found["ours"]["error"]
    assert json.loads((tmp_path / "gpu.json").read_text())["jobs"] == found
    assert "not measured: " in gpu.table(found)


@pytest.mark.parametrize(
    ("small", "expected"),
    [(False, [["limits"], ["torch"], ["ours"]]), (True, [["limits", "ours"], ["torch"]])],
)
def test_only_small_jobs_share_a_process(small: bool, expected: list[list[str]]) -> None:
    assert gpu.processes(["limits", "torch", "ours"], small) == expected
