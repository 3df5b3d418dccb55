"""What few, flat, constant and repeated vectors make of the fitted generators."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from cae import sampling
from cae.config import AnalysisConfig
from cae.generators import couplings, flow
from cae.generators.fitted import held_out, once
from cae.latent_distribution import describe

CONFIG = AnalysisConfig()
METHODS = ("gmm", "copula", "knn", "flow")


@pytest.fixture(autouse=True)
def short_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flow may learn little here."""
    monkeypatch.setattr(flow, "STEPS", flow.LOOK)
    monkeypatch.setattr(couplings, "COUPLINGS", 2)


def normal(n: int, d: int) -> np.ndarray:
    return np.random.default_rng([n, d]).standard_normal((n, d)).astype(np.float32)


def one_constant() -> np.ndarray:
    vectors = normal(40, 5)
    vectors[:, 2] = 7
    return vectors


VECTORS = {
    "two": normal(2, 3),
    "three in a plane": normal(3, 2),
    "two dimensions": normal(40, 2),
    "fewer than dimensions": normal(30, 50),
    "one more than dimensions": normal(51, 50),
    "on a line": np.outer(np.arange(60.0), [1, 2, -1]).astype(np.float32),
    "a constant component": one_constant(),
    "copies": np.repeat(normal(6, 4), 20, axis=0),
    "zeros in most": np.maximum(normal(60, 4) - 1, 0),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("what", VECTORS)
def test_any_vectors_have_points(method: str, what: str) -> None:
    vectors = VECTORS[what]
    cloud = describe(vectors, np.ones(vectors.shape[1]))
    draws = sampling.standard_normal_draws(9, vectors.shape[1])
    points = sampling.sample(method, cloud, draws, CONFIG)
    assert (points.shape, points.dtype) == (draws.shape, np.float32)
    assert np.isfinite(points).all()
    constant = np.ptp(vectors, axis=0) == 0
    assert points[:, constant] == pytest.approx(np.broadcast_to(vectors[0, constant], (9, constant.sum())))
    # Between the data or not far beyond: no axis of no width was blown up.
    assert np.abs(points - cloud.mean).max() <= 6 * cloud.sd.max()
    assert sampling.explain(method, cloud, CONFIG)


@pytest.mark.parametrize("method", METHODS)
def test_a_point_depends_on_its_own_draw_alone(method: str) -> None:
    cloud = describe(normal(80, 3), np.ones(3))
    draws = sampling.standard_normal_draws(12, 3)
    whole, part = (sampling.sample(method, cloud, some, CONFIG) for some in (draws, draws[7:]))
    assert part == pytest.approx(whole[7:], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_vectors_give_the_same_points(method: str) -> None:
    draws = sampling.standard_normal_draws(5, 3)
    first, second = (sampling.sample(method, describe(normal(80, 3), np.ones(3)), draws, CONFIG) for _ in range(2))
    assert second == pytest.approx(first, rel=1e-5, abs=1e-6)


def test_a_fit_is_done_once_for_a_distribution_and_forgotten_with_it() -> None:
    fits = []
    fit = once(lambda cloud: fits.append(len(cloud.vectors)) or np.zeros(3))
    first, second = describe(normal(5, 2), np.ones(2)), describe(normal(6, 2), np.ones(2))
    assert fit(first) is fit(first)
    assert fit(second) is not fit(first)
    assert fits == [5, 6]
    kept = weakref.ref(fit(first))
    del first
    gc.collect()
    assert kept() is None


def test_no_vector_is_fitted_to_and_judged_by() -> None:
    fitted, judged = held_out(103, 0.2, 50)
    assert (len(fitted), len(judged)) == (40, 10)
    assert len({*fitted, *judged}) == 50
    assert max(*fitted, *judged) < 103
    assert [list(part) for part in held_out(103, 0.2, 50)] == [list(fitted), list(judged)]
