"""Weights that a sweep names are looked for before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from sweeps.cli import main
from sweeps.spec.grid import expand
from sweeps.spec.sweep_file import load
from sweeps.tracking.recording import parameters

SEARCH = """
name: search
method: random
run_cap: 2
metric: {name: mnd/radius_agreement, goal: maximize}
parameters:
  data.name: {value: digits}
  data.resolution: {value: 32}
  training.learning_rate: {min: 1.0e-4, max: 1.0e-2}
"""


@pytest.mark.parametrize("searched", [False, True])
def test_a_missing_file_is_one_line_before_training(searched: bool, tiny_sweep: Path, database: Path) -> None:
    path = tiny_sweep
    if searched:
        path = tiny_sweep.with_name("search.yaml")
        path.write_text(SEARCH, encoding="utf-8")
    done = CliRunner().invoke(main, ["run", str(path), "--set", "analysis.inception_weights=/no/such.h5"])
    assert done.exit_code == 2
    said = done.output.strip().splitlines()
    assert len(said) == 1
    assert "analysis.inception_weights: /no/such.h5 is no file; give Keras' inception_v3" in said[0]


def test_the_place_of_the_weights_is_neither_a_parameter_nor_part_of_a_label(tiny_sweep: Path) -> None:
    run = expand(load(tiny_sweep, {"analysis.inception_weights": "/no/such.h5"}))[0]
    assert "analysis.inception_weights" not in parameters(run)
