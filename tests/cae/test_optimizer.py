from __future__ import annotations

import keras
import numpy as np
import pytest

from cae.config import TrainingConfig
from cae.optimizer import Adam, optimizer


@pytest.mark.parametrize(("schedule", "last"), [("constant", 1.0), ("cosine", 0.0), ("exponential", 0.01)])
def test_schedules_end_where_they_say(schedule: str, last: float) -> None:
    adam = optimizer(TrainingConfig(schedule=schedule, learning_rate=1e-2), 40, [keras.Variable(1.0)])
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


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adam", keras.optimizers.Adam(1e-2)),
        ("adamw", keras.optimizers.AdamW(1e-2, weight_decay=0.004)),
        ("sgd", keras.optimizers.SGD(1e-2, momentum=0.9, nesterov=True)),
        ("rmsprop", keras.optimizers.RMSprop(1e-2)),
    ],
)
@pytest.mark.parametrize("decay", [None, 0.3])
def test_every_optimizer_takes_the_steps_of_keras_own(name: str, kind: keras.optimizers.Optimizer, decay) -> None:
    config = TrainingConfig(optimizer=name, learning_rate=1e-2, weight_decay=decay)
    theirs = type(kind).from_config(kind.get_config() | ({} if decay is None else {"weight_decay": decay}))
    weights = [[keras.Variable(np.full((4, 5), 2, np.float32), name="kernel")] for _ in range(2)]
    ours = optimizer(config, 10, weights[0])
    theirs.build(weights[1])
    rng = np.random.default_rng(0)
    for _ in range(10):
        gradient = keras.ops.convert_to_tensor(rng.standard_normal((4, 5)).astype(np.float32))
        ours.apply([gradient], weights[0])
        theirs.apply([gradient], weights[1])
    assert np.asarray(weights[0][0]) == pytest.approx(np.asarray(weights[1][0]), rel=1e-5)


def test_decay_shrinks_weights_but_neither_offsets_nor_scales() -> None:
    names = ("kernel", "bias", "gamma", "beta")
    weights = [keras.Variable(np.ones(3, np.float32), name=name) for name in names]
    ours = optimizer(TrainingConfig(optimizer="sgd", learning_rate=0.1, weight_decay=0.5), 10, weights)
    ours.apply([keras.ops.zeros(3)] * 4, weights)
    assert [float(weight[0]) for weight in weights] == pytest.approx([1 - 0.1 * 0.5, 1, 1, 1])
