"""The newest finished runs of a store, however they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow.entities import Param

from sweeps import tracking
from sweeps.tracking import HASH
from sweeps.tracking.reading import examples, stored_bytes


def fill() -> None:
    client = tracking.client()
    for start, (sweep, data, status) in enumerate(
        [
            ("a", "digits", "FINISHED"),
            ("b", "digits", "FINISHED"),
            ("a", "digits", "FAILED"),
            ("a", "mnist", "FINISHED"),
            ("a", "digits", "FINISHED"),
            ("a", "digits", "FINISHED"),
        ]
    ):
        run = client.create_run(tracking.experiment(sweep, "?"), 1000 + start, {HASH: f"hash{start}"}).info.run_id
        client.log_batch(run, params=[Param("data.name", data)])
        client.log_text(run, "x" * 10 * (start + 1), "scores/deep/table.csv")
        client.log_text(run, "x", "note.txt")
        client.set_terminated(run, status=status)
    client.delete_run(run)


def check() -> None:
    fill()
    found = examples("digits")
    assert [record.config_hash for record in found] == ["hash4", "hash1", "hash0"]
    assert [record.config_hash for record in examples("digits", "a")] == ["hash4", "hash0"]
    assert [record.config_hash for record in examples("digits", most=1)] == ["hash4"]
    assert examples("celeba") == examples("digits", "unknown") == []
    assert stored_bytes(found[0]) == 51


@pytest.mark.parametrize("by", ["tables", "MLflow"])
def test_of_a_file(database: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    if by == "MLflow":
        monkeypatch.setattr("sweeps.tracking.database.SCHEMA", "another version")
    check()


@pytest.mark.thorough
def test_of_a_server(http_tracking_server: object) -> None:
    check()


def test_without_a_store_there_are_none_and_none_is_made(tmp_path: Path) -> None:
    assert examples("digits") == []
    assert not (tmp_path / "home").exists()
