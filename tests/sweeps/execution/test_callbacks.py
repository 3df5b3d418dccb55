from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from sweeps.execution import callbacks
from sweeps.execution.callbacks import Interrupted, Lost, Pruned, RunCallbacks
from sweeps.files import read_json


@pytest.fixture(autouse=True)
def _not_asked() -> Iterator[None]:
    yield
    callbacks.stop_after_epoch.clear()


class Log:
    """Counts how often the epochs are logged."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1


@pytest.fixture
def log() -> Log:
    return Log()


def progress(epoch: int, done: int = 1) -> SimpleNamespace:
    return SimpleNamespace(epoch=epoch, done=done, total=9, loss=0.5, images_per_second=100.0)


def ended(epoch: int) -> SimpleNamespace:
    return SimpleNamespace(epoch=epoch, loss=0.5, held_out_loss=0.6)


def test_progress_is_written_for_others(tmp_path: Path, log: Log) -> None:
    heard = RunCallbacks(tmp_path, 3, log)
    heard.on_step("train")
    heard.on_progress(progress(1, 4))
    heard.on_epoch(ended(1))
    state = read_json(tmp_path / "progress.json")
    assert {"step": "train", "epoch": 1, "done": 4, "total": 9, "epochs": 3}.items() <= state.items()
    assert (state["finished_epochs"], state["held_out_loss"]) == (1, 0.6)
    assert log.calls == 1


def test_a_step_says_since_when_and_which_part_of_it(tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    heard, told = RunCallbacks(tmp_path, 3, log), []
    for now, step in enumerate((("control", "pca"), ("train",), ("score",), ("score", "pursuit"), ("draw",))):
        monkeypatch.setattr(callbacks, "time", SimpleNamespace(time=lambda now=now: 100.0 + now))
        heard.on_step(*step)
        state = read_json(tmp_path / "progress.json")
        told.append((state["step"], state["part"], state["since"]))
    assert told == [
        ("control", "pca", 100),
        ("train", "", 101),
        ("score", "", 102),
        ("score", "pursuit", 102),
        ("draw", "", 104),
    ]


def test_a_training_says_how_long_its_epochs_take_and_from_which_on(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = RunCallbacks(tmp_path, 9, log)
    for now, epoch in ((100.0, 5), (120.0, 6)):
        monkeypatch.setattr(callbacks, "time", SimpleNamespace(time=lambda now=now: now))
        heard.on_progress(progress(epoch))
        monkeypatch.setattr(callbacks, "time", SimpleNamespace(time=lambda now=now: now + 15))
        heard.on_epoch(ended(epoch))
    state = read_json(tmp_path / "progress.json")
    assert (state["first_epoch"], state["trained_since"], state["epoch_ended"]) == (5, 100, 135)


def test_asked_within_an_epoch_it_ends_with_that_epoch(tmp_path: Path, log: Log) -> None:
    heard = RunCallbacks(tmp_path, 3, log)
    heard.on_progress(progress(1))
    callbacks.stop_after_epoch.set()
    heard.on_progress(progress(1, 5))
    heard.on_epoch(ended(1))
    with pytest.raises(Interrupted):
        heard.on_progress(progress(2))


def test_asked_between_two_epochs_it_ends_at_once(tmp_path: Path, log: Log) -> None:
    heard = RunCallbacks(tmp_path, 3, log)
    heard.on_progress(progress(1))
    callbacks.stop_after_epoch.set()
    heard.on_epoch(ended(1))
    with pytest.raises(Interrupted):
        heard.on_progress(progress(2))


def test_asked_in_the_last_epoch_it_goes_on_to_the_end(tmp_path: Path, log: Log) -> None:
    heard = RunCallbacks(tmp_path, 1, log)
    callbacks.stop_after_epoch.set()
    heard.on_progress(progress(1))
    heard.on_epoch(ended(1))
    for step in ("encode", "score", "draw"):
        heard.on_step(step)


def test_a_run_that_another_machine_has_taken_stops_wherever_it_is(tmp_path: Path, log: Log) -> None:
    heard = RunCallbacks(tmp_path, 3, log, is_lost=lambda: True)
    for call in (
        lambda: heard.on_step("score"),
        lambda: heard.on_progress(progress(1)),
        lambda: heard.on_epoch(ended(1)),
    ):
        with pytest.raises(Lost):
            call()
    assert log.calls == 0


def test_a_store_that_is_down_stops_no_training(tmp_path: Path) -> None:
    def down(*_: object) -> None:
        raise OSError("no route")

    rule = SimpleNamespace(loss="held_out_loss", epochs=3, poor=down)
    RunCallbacks(tmp_path, 3, down, rule).on_epoch(ended(1))


def test_a_poor_run_is_stopped(tmp_path: Path, log: Log) -> None:
    rule = SimpleNamespace(loss="held_out_loss", epochs=3, poor=lambda epoch, loss: (epoch, loss) == (2, 0.6))
    heard = RunCallbacks(tmp_path, 3, log, rule)
    heard.on_epoch(ended(1))
    with pytest.raises(Pruned, match="after epoch 2 of 3: others had a better held_out_loss by then"):
        heard.on_epoch(ended(2))
