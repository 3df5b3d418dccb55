from __future__ import annotations

from pathlib import Path

import pytest

from cae import gpus as driver
from cae.gpus import free_megabytes, visible_gpus


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
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(driver.shutil, "which", lambda _: str(command))
    assert visible_gpus() == gpus


@pytest.mark.parametrize(("script", "free"), [("echo 40213", 40213), ("echo '[N/A]'", 0), ("exit 6", 0)])
def test_free_memory_is_the_drivers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, free: int) -> None:
    command = tmp_path / "nvidia-smi"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setattr(driver.shutil, "which", lambda _: str(command))
    assert free_megabytes("0") == free
