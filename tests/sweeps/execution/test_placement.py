from __future__ import annotations

import os
from pathlib import Path

import pytest

from sweeps.execution import placement
from sweeps.execution.placement import placements, visible_gpus


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


@pytest.mark.parametrize(("named", "gpus"), [("", []), ("-1", []), ("0", ["0"]), ("GPU-ab,1", ["GPU-ab", "1"])])
def test_the_users_choice_of_gpus_counts(monkeypatch: pytest.MonkeyPatch, named: str, gpus: list[str]) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert visible_gpus() == gpus


@pytest.mark.parametrize(("script", "gpus"), [("echo 0; echo 1", ["0", "1"]), ("echo no driver >&2; exit 9", [])])
def test_else_the_driver_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, gpus: list[str]
) -> None:
    command = tmp_path / "nvidia-smi"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setattr(placement.shutil, "which", lambda _: str(command))
    assert visible_gpus() == gpus
