"""Every sweep of experiments/ and some by hand keep the hashes that the version before the rooms gave them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cae.config import cell_hash, config_hash, from_flat
from sweeps.spec.grid import expand
from sweeps.spec.sweep_file import load

GOLDEN = json.loads((Path(__file__).parents[2] / "recorded" / "hashes.json").read_text())
BY_HAND = [
    {"data.name": "celeba", "data.split": "identity", "data.crop": "tight"},
    {
        "data.name": "mixture",
        "data.mixture": [{"name": "celeba", "path": "/x", "weight": 2}, {"name": "digits"}],
    },
    {"model.activation": "tanh", "model.negative_slope": 0.2, "analysis.sampling": ["mnd", "pca"]},
    {"data.name": "digits", "data.crop": "none", "data.factors": "uniform"},
    {"model.kl_weight": 0.5, "training.seed": 7},
    # What experiments/enforced.yaml was when kl was all that could be enforced.
    {"data.name": "celeba", "training.precision": "bfloat16", "model.kl_weight": 0.1},
    {"data.name": "celeba", "training.precision": "bfloat16", "model.kl_weight": 1},
]


@pytest.mark.parametrize("name", sorted(GOLDEN.keys() - {"by hand"}))
def test_the_cells_of_an_experiment_keep_their_hashes(name: str) -> None:
    file = Path(name)
    assert [config_hash(config, "digest") for config in expand(load(file))] == GOLDEN[name]


def test_other_fields_keep_theirs() -> None:
    configs = [from_flat(fields) for fields in BY_HAND]
    assert [[config_hash(config, "digest"), cell_hash(config, "digest")] for config in configs] == GOLDEN["by hand"]
