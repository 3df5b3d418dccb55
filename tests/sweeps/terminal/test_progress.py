from __future__ import annotations

import io

import pytest
from rich.console import Console

from sweeps.execution.task import Outcome
from sweeps.files import write_json
from sweeps.terminal.progress import SweepProgress, describe_progress, duration
from sweeps.workspace import work_folder


def printed() -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=160, highlight=False), stream


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (65, "1:05"), (3723, "1:02:03")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


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
        ({"step": "score"}, "score", 1.0),
        ({"step": "load"}, "load", 0.0),
        (
            {"finished_epochs": 3, "last_loss": 0.4, "held_out_loss": 0.6, "done": 1000},
            "epoch 3/10  loss 0.4000  held out 0.6000  100 images/s",
            0.3,
        ),
    ],
)
def test_progress_in_words(changes: dict, line: str, share: float) -> None:
    assert describe_progress(STATE | changes) == (line, pytest.approx(share))


def test_a_worker_that_is_starting_says_so() -> None:
    assert describe_progress({"epochs": 10, "step": "train"}) == ("building the network", 0.0)


def test_lines_without_a_terminal_come_once_an_epoch() -> None:
    out, stream = printed()
    with SweepProgress(out) as progress:
        progress.expect(2, workers=1)
        line = progress.line()
        line.begin(1, "activation=relu seed=0", "cafe")
        for _ in range(3):
            write_json(work_folder("cafe") / "progress.json", STATE)
            progress.poll()
        write_json(
            work_folder("cafe") / "progress.json",
            STATE | {"finished_epochs": 3, "last_loss": 0.4, "held_out_loss": 0.6},
        )
        progress.poll()
        line.end(Outcome("failed", "out of [memory]"))
    lines = stream.getvalue().splitlines()
    assert sum("epoch 3/10" in line for line in lines) == 1
    # 7 epochs of this cell and 500 images, then a second cell of 10 epochs, at 100 images a second.
    assert "2:55 left" in next(line for line in lines if "epoch 3/10" in line)
    assert "failed after 0:00: out of [memory]" in lines[-1]


def test_workers_side_by_side_shorten_the_time_left() -> None:
    out, stream = printed()
    with SweepProgress(out) as progress:
        progress.expect(5, workers=2)
        lines = progress.line(), progress.line()
        for number, line in enumerate(lines, start=1):
            line.begin(number, "seed=0", f"cafe{number}")
        ended = STATE | {"finished_epochs": 3, "last_loss": 0.4, "held_out_loss": 0.6}
        write_json(work_folder("cafe1") / "progress.json", ended)
        progress.poll()
    # 75 s of this cell, then three more of 100 s each, two at a time.
    assert "cell 1/5  seed=0  epoch 3/10  loss 0.4000  held out 0.6000  100 images/s  4:35 left" in stream.getvalue()


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
