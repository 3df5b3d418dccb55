from __future__ import annotations

import io

import pytest
from rich.console import Console

from cae.config import from_flat
from sweeps.execution.task import Outcome
from sweeps.files import write_json
from sweeps.terminal import progress as terminal_progress
from sweeps.terminal.progress import SweepProgress
from sweeps.terminal.steps import describe_progress, duration
from sweeps.terminal.time_left import Took, size
from sweeps.workspace import work_folder


def printed() -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=160, highlight=False), stream


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (65, "1:05"), (3723, "1:02:03")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


NOW = 4e9
STATE = {
    "epochs": 10,
    "step": "train",
    "epoch": 3,
    "started": 4e9,
    "done": 500,
    "total": 1000,
    "loss": 0.5,
    "speed": 100.0,
}


@pytest.mark.parametrize(
    ("changes", "line", "share"),
    [
        ({}, "epoch 3/10  loss 0.5000  100 images/s", 0.25),
        ({"step": "score"}, "scoring", 1.0),
        ({"step": "score", "part": "pursuit", "since": NOW - 4}, "scoring: pursuit", 1.0),
        ({"step": "score", "part": "pursuit", "since": NOW - 12}, "scoring: pursuit, 0:12", 1.0),
        ({"step": "load"}, "reading the images", 0.0),
        ({"step": "control", "part": "the untrained network"}, "controls: the untrained network", 0.0),
        (
            {"finished_epochs": 3, "last_loss": 0.4, "held_out_loss": 0.6, "done": 1000},
            "epoch 3/10  loss 0.4000  held out 0.6000  100 images/s",
            0.3,
        ),
    ],
)
def test_progress_in_words(changes: dict, line: str, share: float) -> None:
    assert describe_progress(STATE | changes, NOW) == (line, pytest.approx(share))


def test_a_worker_that_is_starting_says_so() -> None:
    assert describe_progress({"epochs": 10, "step": "train"}, NOW) == ("building the network", 0.0)


# Three epochs of 10 s each are finished, of ten.
ENDED = STATE | {
    "finished_epochs": 3,
    "last_loss": 0.4,
    "held_out_loss": 0.6,
    "first_epoch": 1,
    "trained_since": NOW - 30,
    "epoch_ended": NOW,
}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """Stands still unless it is set forward."""
    made = FakeClock()
    monkeypatch.setattr(terminal_progress, "time", made)
    return made


class FakeClock:
    def __init__(self) -> None:
        self.now = NOW

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


def write(config_hash: str, state: dict) -> None:
    write_json(work_folder(config_hash) / "progress.json", state)


def test_lines_without_a_terminal_come_once_an_epoch(clock: FakeClock) -> None:
    out, stream = printed()
    with SweepProgress(out) as progress:
        progress.expect(2, workers=1)
        line = progress.line()
        line.begin(1, "activation=relu seed=0", "cafe")
        for state in (STATE, STATE, STATE, ENDED, ENDED):
            write("cafe", state)
            progress.poll()
        line.end(Outcome("failed", "out of [memory]"))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    # 7 epochs of 10 s of this cell, then a second cell of 10 epochs; the scoring is not known yet.
    assert lines[1].endswith("epoch 3/10  loss 0.4000  held out 0.6000  100 images/s  sweep: at least 3 min left")
    assert lines[2].endswith("failed after 0:00: out of [memory]")


def test_a_step_that_takes_long_says_now_and_then_what_it_does(clock: FakeClock) -> None:
    out, stream = printed()
    with SweepProgress(out) as progress:
        progress.expect(1, workers=1)
        line = progress.line()
        line.begin(1, "seed=0", "cafe")
        for second in range(71):
            clock.now = NOW + second
            write("cafe", STATE | {"step": "score", "part": f"part {second}", "since": NOW})
            progress.poll()
    assert [text.split("  ")[-1] for text in stream.getvalue().splitlines()] == [
        "starting",
        "scoring: part 31, 0:31",
        "scoring: part 62, 1:02",
    ]


def test_what_finished_cells_took_tells_what_is_left(clock: FakeClock) -> None:
    out, _ = printed()
    with SweepProgress(out) as progress:
        progress.expect(4, workers=1)
        line = progress.line()
        assert progress.left() == ""
        line.begin(1, "seed=0", "cafe")
        write("cafe", ENDED)
        progress.poll()
        clock.now += 300
        line.end(Outcome("finished"))
        line.begin(2, "seed=1", "beef")
        assert progress.left() == "about 15 min left"
        clock.now += 120
        assert progress.left() == "about 13 min left"


def test_cells_of_another_size_take_another_time(clock: FakeClock) -> None:
    out, _ = printed()
    small, large = (size(from_flat({"data.size": images})) for images in (100, 9000))
    with SweepProgress(out, took=[Took(small, 9.0), Took(large, 600.0)], sizes=[small, large, small]) as progress:
        progress.expect(3, workers=1)
        line = progress.line()
        line.begin(1, "seed=0", "cafe")
        write("cafe", ENDED)
        progress.poll()
        clock.now += 60
        line.end(Outcome("finished"))
        assert progress.left() == "about 11 min left", "600 s of the large one, 60 s of the small one: no longer 9 s"
        line.begin(2, "seed=1", "beef")
        clock.now += 300
        assert progress.left() == "about 6 min left"


@pytest.mark.parametrize("state", ["failed", "busy"])
def test_a_cell_that_was_not_done_says_nothing_on_the_others(clock: FakeClock, state: str) -> None:
    out, _ = printed()
    with SweepProgress(out) as progress:
        progress.expect(4, workers=1)
        line = progress.line()
        line.begin(1, "seed=0", "cafe")
        clock.now += 1
        line.end(Outcome(state))  # type: ignore[arg-type]
        assert progress.left() == ""


def test_a_cell_that_went_on_with_its_last_epochs_is_no_measure(clock: FakeClock) -> None:
    out, _ = printed()
    with SweepProgress(out, took=[Took(None, 600.0)]) as progress:
        progress.expect(2, workers=1)
        line = progress.line()
        line.begin(1, "seed=0", "cafe")
        write("cafe", ENDED | {"first_epoch": 3})
        progress.poll()
        line.end(Outcome("finished"))
        assert progress.left() == "about 10 min left"


def test_a_search_with_a_limit_ends_with_it(clock: FakeClock) -> None:
    out, _ = printed()
    with SweepProgress(out, took=[Took(None, 600.0)], most=2) as progress:
        progress.expect(200, workers=1)
        progress.line().begin(151, "seed=0", "cafe")
        assert progress.left() == "about 20 min left"


def test_a_cell_that_another_process_works_on_is_told_of_once() -> None:
    out, stream = printed()
    with SweepProgress(out) as progress:
        progress.expect(1, workers=1)
        line = progress.line()
        for _ in range(3):
            line.begin(1, "seed=0", "cafe")
            line.end(Outcome("busy"))
        line.begin(1, "seed=0", "cafe")
        line.end(Outcome("finished", "by another process"))
    assert [text.split("  ")[2] for text in stream.getvalue().splitlines()] == [
        "starting",
        "another process works on it; waiting for its end",
        "finished after 0:00: by another process",
    ]
