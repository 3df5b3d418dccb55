from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from sweeps import listener, record
from sweeps.files import read_json
from sweeps.listener import Interrupted, Lost, Pruned, RunListener


@pytest.fixture(autouse=True)
def _not_asked() -> Iterator[None]:
    yield
    listener.stop_after_epoch.clear()


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setattr(record, "log_history", lambda run_id, folder: calls.append(run_id))
    return calls


def progress(epoch: int, done: int = 1) -> SimpleNamespace:
    return SimpleNamespace(epoch=epoch, done=done, total=9, loss=0.5, images_per_second=100.0)


def ended(epoch: int) -> SimpleNamespace:
    return SimpleNamespace(epoch=epoch, loss=0.5, held_out_loss=0.6)


def test_progress_is_written_for_others(tmp_path: Path, logged: list[str]) -> None:
    heard = RunListener("run", tmp_path, 3, None, lambda: False)
    heard.on_step("train")
    heard.on_progress(progress(1, 4))
    heard.on_epoch(ended(1))
    state = read_json(tmp_path / "progress.json")
    assert {"step": "train", "epoch": 1, "done": 4, "total": 9, "epochs": 3}.items() <= state.items()
    assert (state["finished_epochs"], state["held_out_loss"]) == (1, 0.6)
    assert logged == ["run"]


def test_asked_within_an_epoch_it_ends_with_that_epoch(tmp_path: Path, logged: list[str]) -> None:
    heard = RunListener("run", tmp_path, 3, None, lambda: False)
    heard.on_progress(progress(1))
    listener.stop_after_epoch.set()
    heard.on_progress(progress(1, 5))
    heard.on_epoch(ended(1))
    with pytest.raises(Interrupted):
        heard.on_progress(progress(2))


def test_asked_between_two_epochs_it_ends_at_once(tmp_path: Path, logged: list[str]) -> None:
    heard = RunListener("run", tmp_path, 3, None, lambda: False)
    heard.on_progress(progress(1))
    listener.stop_after_epoch.set()
    heard.on_epoch(ended(1))
    with pytest.raises(Interrupted):
        heard.on_progress(progress(2))


def test_asked_in_the_last_epoch_it_goes_on_to_the_end(tmp_path: Path, logged: list[str]) -> None:
    heard = RunListener("run", tmp_path, 1, None, lambda: False)
    listener.stop_after_epoch.set()
    heard.on_progress(progress(1))
    heard.on_epoch(ended(1))
    for step in ("encode", "score", "draw"):
        heard.on_step(step)


def test_a_run_that_another_machine_has_taken_stops_wherever_it_is(tmp_path: Path, logged: list[str]) -> None:
    heard = RunListener("run", tmp_path, 3, None, lambda: True)
    for call in (
        lambda: heard.on_step("score"),
        lambda: heard.on_progress(progress(1)),
        lambda: heard.on_epoch(ended(1)),
    ):
        with pytest.raises(Lost):
            call()
    assert logged == []


def test_a_store_that_is_down_stops_no_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr(record, "log_history", down)
    watch = SimpleNamespace(loss="held_out_loss", epochs=3, poor=down)
    RunListener("run", tmp_path, 3, watch, lambda: False).on_epoch(ended(1))


def test_a_poor_run_is_stopped(tmp_path: Path, logged: list[str]) -> None:
    watch = SimpleNamespace(loss="held_out_loss", epochs=3, poor=lambda epoch, loss: (epoch, loss) == (2, 0.6))
    heard = RunListener("run", tmp_path, 3, watch, lambda: False)
    heard.on_epoch(ended(1))
    with pytest.raises(Pruned, match="after epoch 2 of 3: others had a better held_out_loss by then"):
        heard.on_epoch(ended(2))
