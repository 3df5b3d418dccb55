from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi

from cae.config import AnalysisConfig
from cae.sampling import sample, standard_normal_draws
from sweeps.explorer.points import DRAWS, points
from sweeps.pipeline.latents import LatentSplit
from sweeps.pipeline.trained_model import cloud_of

N, D = 900, 12


def side(n: int, seed: int, rank: int = D, first: int = 0) -> LatentSplit:
    """Correlated, far off the origin; the attribute and the brightness move along with the first factor."""
    rng = np.random.default_rng(seed)
    factors = rng.standard_normal((n, rank))
    mixing = np.random.default_rng(7).standard_normal((rank, D)) * np.geomspace(3, 0.1, rank)[:, None]
    vectors = (factors @ mixing + 5).astype(np.float32)
    attributes = {"Smiling": (factors[:, 0] > 0).astype(np.int8), "Rare": (factors[:, 1] > 9).astype(np.int8)}
    properties = {"brightness": (factors[:, 0] + 100).astype(np.float32)}
    return LatentSplit(vectors, properties, attributes, np.arange(first, first + n))


@pytest.fixture(scope="module")
def sides() -> dict[str, LatentSplit]:
    return {"train": side(N, 0), "test": side(100, 1, first=N)}


def test_vectors_and_distances_follow_from_scores(sides: dict[str, LatentSplit]) -> None:
    _, arrays = points(sides, 5_000)
    vectors = np.concatenate([sides["train"].vectors, sides["test"].vectors]).astype(np.float64)
    scores, axes = arrays["scores"].astype(np.float64), arrays["axes"].astype(np.float64)
    sd = float(sides["train"].vectors.std())
    assert arrays["mean"] + scores @ axes.T == pytest.approx(vectors, abs=0.01 * sd)
    assert arrays["mean"] + axes @ arrays["origin"] == pytest.approx(np.zeros(D), abs=0.02)
    mean, covariance = sides["train"].vectors.mean(axis=0), np.cov(sides["train"].vectors.T.astype(np.float64))
    off = vectors - mean
    expected = np.sqrt(np.einsum("ij,jk,ik->i", off, np.linalg.inv(covariance), off))
    assert np.linalg.norm(scores, axis=1) == pytest.approx(expected, rel=2e-3)
    assert arrays["held_out"].sum() == 100
    assert (arrays["images"] == np.arange(N + 100)).all()
    assert (np.diff(np.linalg.norm(axes, axis=0)) < 0).all()


@pytest.mark.parametrize(("unit", "dtype"), [(1e-6, "float32"), (1, "float16"), (1e6, "float32")])
def test_vectors_follow_whatever_their_unit_is(sides: dict[str, LatentSplit], unit: float, dtype: str) -> None:
    scaled = {name: replace(each, vectors=each.vectors * np.float32(unit)) for name, each in sides.items()}
    _, arrays = points(scaled, 5_000)
    assert arrays["axes"].dtype == dtype
    vectors = np.concatenate([each.vectors for each in scaled.values()]) / unit
    back = arrays["mean"] + arrays["scores"].astype(np.float64) @ arrays["axes"].astype(np.float64).T
    assert back / unit == pytest.approx(vectors, abs=0.01 * float(sides["train"].vectors.std()))


def test_draws_are_those_of_the_generator_mnd(sides: dict[str, LatentSplit]) -> None:
    _, arrays = points(sides, 5_000)
    made = arrays["mean"] + arrays["draws"].astype(np.float64) @ arrays["axes"].astype(np.float64).T
    expected = sample("mnd", cloud_of(sides["train"]), standard_normal_draws(DRAWS, D), AnalysisConfig(mnd_sigma=1.0))
    assert made == pytest.approx(expected, abs=0.02)


def test_a_direction_is_the_difference_between_the_groups_means(sides: dict[str, LatentSplit]) -> None:
    told, arrays = points(sides, 5_000)
    assert told["directions"] == ["Smiling"]
    vectors, has = sides["train"].vectors, sides["train"].attributes["Smiling"] == 1
    difference = vectors[has].mean(axis=0) - vectors[~has].mean(axis=0)
    assert arrays["axes"].astype(np.float64) @ arrays["directions"][0] == pytest.approx(difference, abs=0.02)


def test_every_axis_points_to_the_brighter_images(sides: dict[str, LatentSplit]) -> None:
    _, arrays = points(sides, 5_000)
    turned = {name: LatentSplit(-s.vectors, s.properties, s.attributes, s.images) for name, s in sides.items()}
    _, other = points(turned, 5_000)
    light = arrays["properties"][0] - arrays["properties"][0].mean()
    assert (light @ arrays["scores"].astype(np.float64) >= 0).all()
    assert other["scores"].astype(float) == pytest.approx(arrays["scores"].astype(float), abs=0.01)


def test_distances_are_told_beside_those_of_an_mnd(sides: dict[str, LatentSplit]) -> None:
    _, arrays = points(sides, 5_000)
    own = np.linalg.norm(arrays["scores"][:N].astype(np.float64), axis=1)
    assert arrays["distances"][[0, 500, 1000]] == pytest.approx([own.min(), np.median(own), own.max()], rel=2e-3)
    assert arrays["normal_distances"][[250, 500, 750]] == pytest.approx(chi.ppf([0.25, 0.5, 0.75], D), rel=1e-5)
    assert np.isfinite(arrays["normal_distances"]).all()


@pytest.mark.parametrize(("most", "train", "test"), [(5_000, 900, 100), (500, 400, 100), (100, 80, 20), (2, 2, 0)])
def test_of_many_vectors_some_are_shown(sides: dict[str, LatentSplit], most: int, train: int, test: int) -> None:
    _, arrays = points(sides, most)
    assert (arrays["held_out"] == 0).sum() == train
    assert (arrays["held_out"] == 1).sum() == test
    assert {len(arrays["scores"]), len(arrays["images"]), arrays["attributes"].shape[1]} == {train + test}


def test_axes_that_are_rounding_are_left_out() -> None:
    flat = {"train": side(N, 0, rank=5), "test": side(50, 1, rank=5)}
    _, arrays = points(flat, 5_000)
    assert arrays["scores"].shape[1] == arrays["axes"].shape[1] == arrays["draws"].shape[1] == 5
    back = arrays["mean"] + arrays["scores"].astype(np.float64) @ arrays["axes"].astype(np.float64).T
    assert back[:N] == pytest.approx(flat["train"].vectors, abs=0.05)


def test_of_old_files_there_are_vectors_alone() -> None:
    bare = {name: LatentSplit(s.vectors) for name, s in {"train": side(N, 0), "test": side(40, 1)}.items()}
    told, arrays = points(bare, 5_000)
    assert (told["properties"], told["attributes"], told["directions"]) == ([], [], [])
    assert (arrays["images"] == np.arange(N + 40)).all()
    assert arrays["attributes"].shape == (0, N + 40)
