from __future__ import annotations

import io
import shlex
from pathlib import Path

import pytest
from rich.console import Console

from cae.config import from_flat
from sweeps.execution.last_run import LastRun
from sweeps.planning.plan import SweepRun
from sweeps.spec.sweep import Sweep
from sweeps.terminal.runs import seconds_taken, show_cells, show_next
from sweeps.terminal.time_left import Took, size


def printed(**options: object) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=160, highlight=False, **options), stream


def test_cells_show_what_varies_and_their_headlines() -> None:
    out, stream = printed()
    metrics = {"mnd/radius_agreement": 0.594, "mnd/radius_agreement_null": 0.991, "reconstruction/mse": 0.0105}
    configs = [from_flat({"model.activation": name}) for name in ("relu", "tanh")]
    cells = [
        SweepRun(configs[0], "a", "cafe", "c0", "d", "finished", metrics=metrics),
        SweepRun(configs[1], "b", None, None, note="no [such] folder"),
    ]
    show_cells(out, cells, with_metrics=True)
    text = stream.getvalue()
    assert "activation" in text
    assert "latent_dim" not in text
    assert "0.594 / 0.991" in text
    assert "cell 2: no [such] folder" in text


def test_the_table_fits_80_columns() -> None:
    stream = io.StringIO()
    cells = [SweepRun(from_flat({"model.activation": name}), name, "0123456789ab", "c") for name in ("relu", "tanh")]
    show_cells(Console(file=stream, width=80), cells)
    assert max(map(len, stream.getvalue().splitlines())) <= 80


@pytest.mark.parametrize("width", [60, 160])
def test_commands_can_be_pasted_whatever_the_file_is_called(width: int) -> None:
    stream = io.StringIO()
    file = "my folder/it's $HOME.yaml"
    show_next(Console(file=stream, width=width), Sweep(name="s").read_from(Path(file), ""))
    lines = [shlex.split(line, comments=True) for line in stream.getvalue().splitlines()]
    assert all(line[0] == "cae" and file in line for line in lines)
    assert [line[1] for line in lines] == ["compare", "ui", "faces", "sample"]


def test_words_of_the_last_run_can_be_pasted() -> None:
    last = LastRun(("data.path=/my images", "model.maps=[8, 16]"), "sqlite:////my disk/a.db")
    words = ["--set", "data.path=/my images", "--set", "model.maps=[8, 16]", "--storage", "sqlite:////my disk/a.db"]
    assert shlex.split(last.told()) == words
    assert LastRun().told() == ""


def test_what_runs_took_is_told_with_what_came_after_their_training() -> None:
    metrics = {"seconds/load": 1.0, "seconds/train": 100.0, "seconds/score": 8.0, "seconds/record": 2.0, "other": 5.0}
    config = from_flat({})
    cells = [
        SweepRun(config, "a", "cafe", "c", "d", "finished", metrics=metrics),
        SweepRun(config, "b", "beef", "c", "d", "finished", metrics={"other": 5.0}),
        SweepRun(config, "c", "dead", "c", "d", "new"),
    ]
    assert seconds_taken(cells) == [Took(size(config), 111.0, 10.0)]
