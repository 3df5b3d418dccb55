from __future__ import annotations

import numpy as np
import pytest

from metrics import moments as moments_module
from metrics.moments import Moments, moments
from metrics.null import normal_sample
from tests.metrics.controls import cube, normal


def test_the_sample_has_the_moments_it_was_asked_for() -> None:
    n = 40_000
    own = moments(normal(n, 6, np.random.default_rng(0)))
    sample = moments(normal_sample(own, np.random.default_rng(1)))
    np.testing.assert_allclose(sample.mean, own.mean, atol=5 * own.sd.max() / np.sqrt(n))
    np.testing.assert_allclose(sample.covariance, own.covariance, atol=7 * own.covariance.max() / np.sqrt(n))


def test_the_seed_alone_decides_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    own = moments(cube(500, 4, np.random.default_rng(0)))
    first, other = (normal_sample(own, np.random.default_rng(seed)) for seed in (7, 8))
    monkeypatch.setattr(moments_module, "CHUNK_VALUES", 64)
    np.testing.assert_allclose(normal_sample(own, np.random.default_rng(7)), first, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(normal_sample(own, np.random.default_rng(7), np.float64), first, rtol=1e-4, atol=1e-5)
    assert not np.allclose(first, other)


def test_a_singular_covariance_gives_a_sample_in_its_own_plane() -> None:
    own = Moments(1000, np.zeros(3), np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 2.0]]))
    sample = normal_sample(own, np.random.default_rng(0), np.float64)
    np.testing.assert_allclose(sample[:, 0], sample[:, 1], atol=1e-6)
    assert sample[:, 2].var() == pytest.approx(2, rel=0.25)
