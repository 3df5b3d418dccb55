from __future__ import annotations

import keras
import numpy as np
import pytest

from cae.optimizer import Adam, optimizer


@pytest.mark.parametrize(("schedule", "last"), [("constant", 1.0), ("cosine", 0.0), ("exponential", 0.01)])
def test_schedules_end_where_they_say(schedule: str, last: float) -> None:
    adam = optimizer(schedule, 1e-2, steps=40)
    adam.build([keras.Variable(1.0)])
    adam.iterations.assign(40)
    assert float(adam.learning_rate) == pytest.approx(last * 1e-2, abs=1e-8)


def test_fused_adam_takes_the_steps_of_keras_adam() -> None:
    """Under a schedule, with gradients of sizes from 1e-6 to 1e3."""
    rng = np.random.default_rng(0)
    rates = keras.optimizers.schedules.CosineDecay(1e-2, 30)
    kinds = Adam(rates), keras.optimizers.Adam(rates)
    weights = [[keras.Variable(np.ones((4, 5), np.float32)), keras.Variable(np.zeros(5, np.float32))] for _ in kinds]
    for adam, variables in zip(kinds, weights, strict=True):
        adam.build(variables)
    for _ in range(30):
        gradients = [(10.0 ** rng.uniform(-6, 3) * rng.standard_normal(v.shape)).astype(np.float32) for v in weights[0]]
        for adam, variables in zip(kinds, weights, strict=True):
            adam.apply([keras.ops.convert_to_tensor(gradient) for gradient in gradients], variables)
    # The kernel has beta_2 as float32, of which 1 - beta_2 is off by 1.3e-5.
    for ours, theirs in zip([*weights[0], *kinds[0].variables], [*weights[1], *kinds[1].variables], strict=True):
        assert np.asarray(ours) == pytest.approx(np.asarray(theirs), rel=3e-5, abs=1e-6)
