from __future__ import annotations

import os

import pytest

from sweeps.errors import SweepError
from sweeps.execution.placement import placements


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3, 4})
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def test_one_worker_has_the_whole_machine() -> None:
    (place,) = placements(1)
    assert not place.cores
    assert not place.environment


def test_cores_are_shared_out_without_overlap() -> None:
    shares = [place.cores for place in placements(2)]
    assert sorted(core for share in shares for core in share) == [0, 1, 2, 3, 4]
    assert [place.environment["OMP_NUM_THREADS"] for place in placements(2)] == ["3", "2"]


def test_more_workers_than_cores_share_them_in_turn() -> None:
    assert [list(place.cores) for place in placements(7)] == [[0], [1], [2], [3], [4], [0], [1]]


def test_gpus_are_handed_out_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, 5")
    given = [place.environment for place in placements(3)]
    assert [variables["CUDA_VISIBLE_DEVICES"] for variables in given] == ["2", "5", "2"]
    assert {variables["TF_FORCE_GPU_ALLOW_GROWTH"] for variables in given} == {"true"}


@pytest.mark.parametrize(
    ("visible", "count", "each", "given", "fraction"),
    [
        ("0", None, 0.25, ["0", "0", "0", "0"], "0.225"),
        ("0", 2, 0.25, ["0", "0"], "0.225"),
        ("0,1", None, 0.3, ["0", "1", "0", "1", "0", "1"], "0.270"),
        ("0,1", None, 1, ["0", "1"], "0.900"),
        ("0,1,2,3", 2, 2, ["0,1", "2,3"], "0.900"),
        ("0", 3, 0, ["0", "0", "0"], "0.300"),
        ("0", 1, 0.5, ["0"], "0.450"),
        ("0", None, 1, ["0"], "0.900"),
    ],
)
def test_several_runs_share_a_gpu(
    monkeypatch: pytest.MonkeyPatch, visible: str, count: int | None, each: float, given: list[str], fraction: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    found = [place.environment for place in placements(count, each)]
    assert [variables["CUDA_VISIBLE_DEVICES"] for variables in found] == given
    assert {variables["XLA_PYTHON_CLIENT_MEM_FRACTION"] for variables in found} == {fraction}


@pytest.mark.parametrize(("count", "each", "remedy"), [(5, 0.25, "--workers 4"), (1, 2, "another machine")])
def test_more_than_the_gpus_have_room_for_is_refused(
    monkeypatch: pytest.MonkeyPatch, count: int, each: float, remedy: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with pytest.raises(SweepError, match=rf"--workers {count}: each takes num_gpus {each:g}, of 1 here; use {remedy}"):
        placements(count, each)


def test_without_a_gpu_the_share_of_one_is_nothing() -> None:
    assert placements(None, 0.25) == placements(1)
    assert len(placements(3, 0.25)) == 3
