from __future__ import annotations

import random
import warnings
from typing import Any

import pytest

from cae.config import RunConfig, from_flat
from sweeps.search.importance import importance, params_of
from sweeps.spec.space import space
from sweeps.spec.sweep import Sweep

RATE = "training.learning_rate"
SPACE: dict[str, Any] = {
    RATE: {"min": 1e-4, "max": 1e-2, "distribution": "log_uniform_values"},
    "model.latent_dim": {"min": 8, "max": 64},
    "model.activation": {"values": ["relu", "tanh"]},
    "model.maps": {"values": [[8, 16], [16, 32]]},
    "training.batch_size": {"values": [32, 64]},
}
SWEEP = Sweep.model_validate(
    {
        "name": "s",
        "method": "random",
        "run_cap": 80,
        "parameters": SPACE,
        "zip": [["model.maps", "training.batch_size"]],
    }
)


def tried(count: int) -> list[RunConfig]:
    rng = random.Random(0)
    return [
        from_flat(
            {
                RATE: 10 ** rng.uniform(-4, -2),
                "model.latent_dim": rng.randint(8, 64),
                "model.activation": rng.choice(["relu", "tanh"]),
                **rng.choice(
                    [
                        {"model.maps": [8, 16], "training.batch_size": 32},
                        {"model.maps": [16, 32], "training.batch_size": 64},
                    ]
                ),
            }
        )
        for _ in range(count)
    ]


def test_params_are_what_the_space_makes_runs_of() -> None:
    searched = space(SWEEP)
    for config in tried(20):
        assert searched.configs(params_of(searched, config)) == [config]


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
def test_the_axis_that_decides_is_the_most_important(goal: Any) -> None:
    sign = 1 if goal == "minimize" else -1
    rows = [(config, sign * config.training.learning_rate) for config in tried(80)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shares = importance(SWEEP, {"m": (goal, rows)})["m"]
    assert next(iter(shares)) == RATE
    assert shares[RATE] > 0.5
    assert sum(shares.values()) == pytest.approx(1)
    assert set(shares) == {RATE, "model.latent_dim", "model.activation", "model.maps & training.batch_size"}


def test_the_goal_decides_which_end_is_looked_at() -> None:
    """Of the lowest tenth the activation decides, of the highest the dimension."""
    rows = []
    for config in tried(80):
        low, high = config.model.activation == "relu", config.model.latent_dim > 55
        rows.append((config, config.training.learning_rate + high - 10 * low * (not high)))
    found = {goal: importance(SWEEP, {"m": (goal, rows)})["m"] for goal in ("minimize", "maximize")}
    assert found["maximize"]["model.latent_dim"] > found["minimize"]["model.latent_dim"]
    assert found["minimize"]["model.activation"] > found["maximize"]["model.activation"]


def test_trials_that_do_not_differ_say_nothing() -> None:
    configs = tried(2)
    assert (
        importance(SWEEP, {"one": ("minimize", [(configs[0], 1.0)]), "same": ("minimize", [(c, 1.0) for c in configs])})
        == {}
    )


def test_an_axis_that_few_trials_have_warns_nobody() -> None:
    """As a search of five trials on digits did: one of them with the activation that has a slope."""
    slope = {"min": 0.05, "max": 0.5, "when": {"model.activation": "leaky_relu"}}
    parameters = {"model.activation": {"values": ["relu", "leaky_relu"]}, "model.negative_slope": slope}
    sweep = Sweep.model_validate({"name": "s", "method": "random", "run_cap": 9, "parameters": parameters})
    runs = [from_flat({"model.activation": "relu"}) for _ in range(4)]
    runs.append(from_flat({"model.activation": "leaky_relu", "model.negative_slope": 0.2}))
    rows = [(run, float(place)) for place, run in enumerate(runs)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = importance(sweep, {"x": ("maximize", rows)})
    assert set(found["x"]) == {"model.activation", "model.negative_slope"}
