from __future__ import annotations

from pathlib import Path

import pytest

from cae.config import RunConfig
from cae.datasets import DataError, data_digest
from cae.training import Epoch, Progress
from sweeps.files import read_json, write_json
from sweeps.pipeline.compute import compute, planned_images
from sweeps.pipeline.folder import append_history, read_history


class Silent:
    """Hears of a run and does nothing."""

    def on_step(self, step: str, part: str = "") -> None: ...

    def on_progress(self, p: Progress) -> None: ...

    def on_epoch(self, epoch: Epoch) -> None: ...


def test_a_repeated_epoch_replaces_itself(tmp_path: Path) -> None:
    for epoch, loss in ((1, 0.9), (2, 0.8), (3, 0.75), (2, 0.7)):
        append_history(tmp_path, Epoch(epoch, loss, 0.5, 100.0))
    assert [(row["epoch"], row["loss"]) for row in read_history(tmp_path)] == [(1, 0.9), (2, 0.7)]


def test_no_history_is_empty(tmp_path: Path) -> None:
    assert read_history(tmp_path) == []


def test_a_complete_folder_is_not_computed_again(tmp_path: Path) -> None:
    write_json(tmp_path / "result.json", {"metrics": {"a": 1.0}})
    assert compute(RunConfig(), tmp_path, "title", Silent(), "d") == {"metrics": {"a": 1.0}}


def test_images_that_changed_since_the_plan_are_not_trained_on() -> None:
    config = RunConfig.model_validate({"data": {"name": "digits", "resolution": 32}, "model": {"maps": [8, 16]}})
    digest = data_digest(config.data)
    assert planned_images(config, digest).digest == digest
    with pytest.raises(DataError, match=f"digits: the images changed since the plan .digest {digest}, not other"):
        planned_images(config, "other")


def test_files_are_whole_or_not_there(tmp_path: Path) -> None:
    write_json(tmp_path / "new" / "a.json", [1])
    write_json(tmp_path / "new" / "a.json", [2])
    assert read_json(tmp_path / "new" / "a.json") == [2]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.json"]
    assert read_json(tmp_path / "missing.json") is None
