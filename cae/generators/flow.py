"""A normalizing flow, trained by maximum likelihood from the normal distribution on."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from cae.config import AnalysisConfig
from cae.generators.couplings import Flow
from cae.generators.fitted import SEED, gain, held_out, once
from cae.latent_distribution import LatentDistribution, from_scores, scores_of
from cae.sampling import Generator

# Fewer vectors for each axis have whitened scores that are those of no population: n = d + 1 all lie on a sphere.
VECTORS_PER_AXIS = 10
HELD_OUT, MOST_HELD_OUT = 0.1, 5_000
BATCH, RATE, DECAY = 256, 5e-4, 1.0
# Steps at most, between two looks at the held-out vectors, and of looks without gain before the training ends.
STEPS, LOOK, PATIENCE = 1_500, 50, 6


@dataclass(frozen=True, eq=False)
class Learned:
    """flow: of `axes` dimensions, None where there was nothing to learn from. gain: mean and standard error of the
    held-out log-likelihood above that of N(m, S), in nats per component; steps: of the training, up to that."""

    axes: int
    flow: Flow | None = None
    gain: tuple[float, float] = (0.0, 0.0)
    steps: int = 0


@once
def fitted(cloud: LatentDistribution) -> Learned:
    """The flow under which a held-out tenth of the vectors is most probable, of those met in one training.

    It starts as N(m, S), and stays so where nothing is better. The whitening, and with it N(m, S), has seen the
    held-out vectors, and the flow was chosen by them: what it gains is known to a few thousandths.
    Cost: at most 1,500 steps of 256 vectors, each 3,500 multiplications an axis and vector, and d^2 for whitening it.
    """
    train, test = held_out(len(cloud.vectors), HELD_OUT, len(cloud.vectors))
    axes = min(cloud.rank, len(cloud.vectors) // VECTORS_PER_AXIS)
    # A coupling needs an axis to move and one to look at.
    if axes < 2 or len(test) < 2:
        return Learned(0)
    return _trained(cloud, train, _scores(cloud, test[:MOST_HELD_OUT], axes))


def _trained(cloud: LatentDistribution, train: np.ndarray, test: np.ndarray) -> Learned:
    axes, rng = test.shape[1], np.random.default_rng(SEED)
    flow, normal = Flow(axes), -np.square(test).sum(axis=1) / 2
    flow.compile(optimizer=keras.optimizers.AdamW(RATE, weight_decay=DECAY), jit_compile=False)
    best, weights = Learned(axes, flow), flow.get_weights()
    for step in range(LOOK, STEPS + 1, LOOK):
        # Whitened for many steps at a time: small products of BLAS took longer than the steps.
        for batch in _scores(cloud, rng.choice(train, LOOK * BATCH), axes).reshape(LOOK, BATCH, axes):
            flow.train_on_batch(batch)
        found = gain(keras.ops.convert_to_numpy(flow.log_likelihood(test)), normal, cloud.rank)
        if found[0] > best.gain[0]:
            best, weights = Learned(axes, flow, found, step), flow.get_weights()
        if step - best.steps >= PATIENCE * LOOK:
            break
    flow.set_weights(weights)
    return best


def _scores(cloud: LatentDistribution, rows: np.ndarray, axes: int) -> np.ndarray:
    return scores_of(cloud, rows, axes).astype(np.float32)


def draw(cloud: LatentDistribution, draws: np.ndarray, config: AnalysisConfig) -> np.ndarray:
    """(m, d): the draws as the flow's noise on the leading axes, the others as in `mnd`."""
    learned = fitted(cloud)
    if learned.flow is None:
        return from_scores(cloud, draws)
    moved = learned.flow.inverse(draws[:, : learned.axes].astype(np.float32))
    return from_scores(cloud, np.concatenate([keras.ops.convert_to_numpy(moved), draws[:, learned.axes :]], axis=1))


def caption(cloud: LatentDistribution, config: AnalysisConfig) -> str:
    learned = fitted(cloud)
    if learned.flow is None:
        return "as mnd: a flow needs 20 vectors and two axes to learn from"
    told = "learned nothing, as mnd" if not learned.steps else f"held out {learned.gain[0]:+.3f} nats per component"
    return f"a normalizing flow on {learned.axes} principal scores ({told})"


FLOW = Generator(draw, caption)
