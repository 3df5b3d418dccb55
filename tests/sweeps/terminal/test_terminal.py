"""What commands print on terminals of different width, and where there is none."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from functools import cache
from pathlib import Path

import pytest

from sweeps import workspace
from sweeps.planning.plan import SweepRun
from sweeps.spec.sweep_file import load
from tests.sweeps.fakes import record_runs

WIDE = """
name: wide
description: Do many fields fit?
parameters:
  data.name: {value: digits}
  data.resolution: {value: 32}
  model.activation: {values: [leaky_relu, relu]}
  model.batch_norm: {values: [true, false]}
  model.latent_dim: {values: [32, 128]}
seeds: [0, 1]
"""
SEARCH = """
name: search
method: random
constraints: [reconstruction/mse <= 0.009]
parameters:
  data.name: {value: digits}
  data.resolution: {value: 32}
  model.activation: {values: [leaky_relu, relu]}
  training.learning_rate: {min: 1.0e-4, max: 1.0e-2, distribution: log_uniform_values}
run_cap: 3
"""
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def measured(cell: SweepRun) -> dict[str, float]:
    names = ("marginal_gaussianity", "contour_agreement", "radius_agreement")
    scores = {f"mnd/{name}{end}": 0.9 for name in names for end in ("", "_null", "_gap")}
    return scores | {"mnd/off_origin_distance": 0.5, "reconstruction/mse": 0.01 + 0.001 * cell.config.training.seed}


@pytest.fixture(scope="module")
def recorded(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a sweep of 16 runs that have finished, beside their mlruns."""
    file = tmp_path_factory.mktemp("terminal") / "wide.yaml"
    file.write_text(WIDE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAE_HOME", str(file.parent))
        workspace.home().mkdir()
        shutil.copy(migrated_database, workspace.home() / "mlflow.db")
        record_runs(load(file), measured)
    return file


@pytest.fixture
def sweep(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAE_HOME", str(recorded.parent))
    return recorded


# Several commands in one process: what they import is the same.
COMMANDS = ("plan", "status", "compare")
END = "-- end of a command --"
SCRIPT = """
import sys
from sweeps.cli import main
for command in sys.argv[2:]:
    main([command, sys.argv[1]], standalone_mode=False)
    print("-- end of a command --", flush=True)
"""


def on_terminal(width: int, command: str, file: str, **environment: str) -> str:
    """Everything a command writes to a terminal of so many columns."""
    return dict(zip(COMMANDS, _written(width, file, **environment).split(END), strict=False))[command]


@cache
def _written(width: int, file: str, *commands: str, **environment: str) -> str:
    """What these commands, or all, write, one after the other; started once for the tests that ask the same."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    known = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, file, *(commands or COMMANDS)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=known | {"TERM": "xterm-256color"} | environment,
    )
    os.close(theirs)
    written = b""
    while chunk := _read(ours):
        written += chunk
    os.close(ours)
    assert process.wait(timeout=60) == 0, written.decode()
    return written.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the command has ended
        return b""


def lines(written: str) -> list[str]:
    return [line for part in ESCAPE.sub("", written).split("\n") for line in part.split("\r")]


@pytest.mark.parametrize("width", [80, pytest.param(160, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("command", ["plan", "status", "compare"])
def test_tables_fit_the_terminal_and_nothing_is_cut_short(sweep: Path, command: str, width: int) -> None:
    written = on_terminal(width, command, str(sweep))
    assert max(map(len, lines(written))) <= width
    assert "…" not in written
    assert "leaky_relu" in written
    assert "\x1b[" in written


def test_a_narrow_status_keeps_the_headlines_and_says_what_it_left_out(sweep: Path) -> None:
    narrow, wide = (" ".join(" ".join(lines(on_terminal(width, "status", str(sweep)))).split()) for width in (80, 160))
    assert "0.900 / 0.900" in wide
    assert "No room" not in wide
    # Heads of two lines: "off-" stands over "origin".
    assert re.search(r"off- .* marginals contours radii origin", narrow)
    gone = "hash, state, MSE and what an untrained network and a normal cloud score"
    assert f"No room in 80 columns for {gone}." in narrow
    assert re.search(r"A terminal of \d+ shows all; so does cae status FILE --json", narrow)


@pytest.mark.parametrize("width", [80, 160])
def test_status_shows_the_best_first_and_plan_the_order_of_the_file(sweep: Path, width: int) -> None:
    status, plan = (lines(on_terminal(width, command, str(sweep))) for command in ("status", "plan"))
    assert [line.split()[:2] for line in status if line.startswith("best")] == [["best", "1"]]
    assert "The best first by mnd/radius_agreement." in status
    numbers = [line.split()[0] for line in plan if "leaky_relu" in line or " relu " in line]
    assert numbers == [str(number) for number in range(1, 17)]


def test_the_space_of_a_search_fits(database: Path, tmp_path: Path) -> None:
    file = tmp_path / "search.yaml"
    file.write_text(SEARCH, encoding="utf-8")
    written = _written(80, str(file), "plan")
    assert max(map(len, lines(written))) <= 80


@pytest.mark.parametrize("command", ["status", "compare"])
def test_no_colors_with_no_color(sweep: Path, command: str) -> None:
    assert "\x1b[" not in on_terminal(80, command, str(sweep), NO_COLOR="1")


@pytest.mark.thorough
@pytest.mark.parametrize("command", ["status", "compare"])
def test_no_colors_and_no_broken_lines_in_a_pipe(sweep: Path, command: str) -> None:
    done = subprocess.run([sys.executable, "-m", "sweeps", command, str(sweep)], capture_output=True, text=True)
    assert "\x1b" not in done.stdout
    if command == "status":
        assert sum("0.900 / 0.900" in line for line in done.stdout.splitlines()) == 16
