from __future__ import annotations

import io

import pytest
from rich.console import Console

from cae.config import from_flat
from sweeps.execute import Outcome
from sweeps.files import write_json
from sweeps.plan import Cell
from sweeps.tracking import work_folder
from sweeps.view import SweepProgress, duration, show_cells, told


def printed(**options: object) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=160, highlight=False, **options), stream


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
    assert told(STATE | changes) == (line, pytest.approx(share))


def test_a_worker_that_is_starting_says_so() -> None:
    assert told({"epochs": 10, "step": "train"}) == ("building the network", 0.0)


def test_lines_without_a_terminal_come_once_an_epoch() -> None:
    out, stream = printed()
    with SweepProgress(out, 2) as progress:
        progress.begin(1, "activation=relu seed=0", "cafe")
        for _ in range(3):
            write_json(work_folder("cafe") / "progress.json", STATE)
            progress.poll()
        write_json(
            work_folder("cafe") / "progress.json",
            STATE | {"finished_epochs": 3, "last_loss": 0.4, "held_out_loss": 0.6},
        )
        progress.poll()
        progress.end(Outcome("failed", "out of [memory]"))
    lines = stream.getvalue().splitlines()
    assert sum("epoch 3/10" in line for line in lines) == 1
    # 7 epochs of this cell and 500 images, then a second cell of 10 epochs, at 100 images a second.
    assert "2:55 left" in next(line for line in lines if "epoch 3/10" in line)
    assert "failed after 0:00: out of [memory]" in lines[-1]


def test_cells_show_what_varies_and_their_headlines() -> None:
    out, stream = printed()
    metrics = {"mnd/radius_agreement": 0.594, "mnd/radius_agreement_null": 0.991, "reconstruction/mse": 0.0105}
    configs = [from_flat({"model.activation": name}) for name in ("relu", "tanh")]
    cells = [
        Cell(configs[0], "a", "cafe", "c0", "d", "finished", metrics=metrics),
        Cell(configs[1], "b", None, None, note="no [such] folder"),
    ]
    show_cells(out, cells, with_metrics=True)
    text = stream.getvalue()
    assert "activation" in text
    assert "latent_dim" not in text
    assert "0.594 / 0.991" in text
    assert "cell 2: no [such] folder" in text


def test_the_table_fits_80_columns() -> None:
    stream = io.StringIO()
    cells = [Cell(from_flat({"model.activation": name}), name, "0123456789ab", "c") for name in ("relu", "tanh")]
    show_cells(Console(file=stream, width=80), cells)
    assert max(map(len, stream.getvalue().splitlines())) <= 80
