from __future__ import annotations

from typing import Any

import pytest

from cae.config import flatten, from_flat
from sweeps.spec.run_name import ALONE, LONGEST, run_name


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"model.activation": "tanh", "model.batch_norm": True}, "tanh bn s0"),
        ({"model.batch_norm": False, "training.seed": 3}, "no bn s3"),
        ({"model.latent_batch_norm": True, "training.flips": False}, "latent_bn no flips s0"),
        ({"model.maps": [8, 16], "model.latent_dim": 64}, "8-16 z64 s0"),
        ({"training.learning_rate": 1e-3, "training.batch_size": 32}, "lr0.001 batch32 s0"),
        ({"data.resolution": 128, "data.size": None}, "px128 default size s0"),
        ({"data.name": "celeba", "data.surrogate": "gaussian"}, "celeba gaussian surrogate s0"),
        ({"data.factors": "gaussian"}, "gaussian factors s0"),
        ({"data.surrogate": "none", "model.regularizer": "none", "model.dense": []},
         "no surrogate no regularizer no dense s0"),
        ({"model.dense": [64, 32]}, "64-32 dense s0"),
        ({"model.activation": "mylab.nets:swish"}, "swish s0"),
        ({"analysis.sampling": ["mnd", "mylab.draw:STUDENT"]}, "mnd-STUDENT s0"),
        ({}, "s0"),
    ],
)  # fmt: skip
def test_a_run_is_named_by_the_values_that_vary(values: dict[str, Any], name: str) -> None:
    assert run_name(from_flat(values), list(values)) == name


MIXED = {"data.name": "mixture", "data.mixture": [{"name": "digits"}, {"name": "synthetic"}]}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"data.name": "celeba", "data.factors": "uniform"}, "celeba s0"),
        ({"data.name": "celeba", "data.mixture": []}, "celeba s0"),
        (MIXED, "mixture digits:1-synthetic:1 s0"),
        ({"model.activation": "leaky_relu", "model.negative_slope": 0.1}, "leaky_relu slope0.1 s0"),
        ({"model.activation": "relu", "model.negative_slope": 0.1}, "relu s0"),
        ({"model.regularizer": "none", "model.regularizer_weight": 3.0}, "no regularizer s0"),
        ({"model.regularizer": "gae", "model.regularizer_weight": 3.0}, "gae weight3 s0"),
    ],
)
def test_fields_without_meaning_for_a_run_are_not_named(values: dict[str, Any], name: str) -> None:
    assert run_name(from_flat(values), list(values)) == name


def test_a_long_name_is_cut_and_keeps_its_seed() -> None:
    names = list(flatten(from_flat({})))
    found = run_name(from_flat({"training.seed": 12}), names)
    assert found.endswith("… s12")
    assert len(found) == LONGEST + len(" s12")


def test_values_that_stand_alone_are_those_of_one_field() -> None:
    """ "gaussian" alone would be a factor's distribution or a surrogate."""
    properties = definitions()
    taken = [value for name in ALONE for value in choices(properties, name) if value != "none"]
    assert len(taken) == len(set(taken)) > 30


def definitions() -> dict[str, Any]:
    from cae.config import RunConfig

    return RunConfig.model_json_schema()["$defs"]


def choices(defs: dict[str, Any], name: str) -> list[str]:
    section, field = name.split(".")
    found = defs[f"{section.title()}Config"]["properties"][field]
    return [v for part in [found, found.get("items", {})] for v in [*part.get("enum", []), *any_of(part)]]


def any_of(part: dict[str, Any]) -> list[str]:
    return [value for each in part.get("anyOf", []) for value in each.get("enum", [])]
