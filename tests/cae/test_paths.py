from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import special_ortho_group

from cae import paths, sampling
from cae.config import AnalysisConfig
from cae.latent_distribution import LatentDistribution, describe

D = 6


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    rng = np.random.default_rng(1)
    return (rng.normal(size=(4000, D)) @ rng.normal(size=(D, D)) + rng.normal(size=D) * 3).astype(np.float32)


@pytest.fixture(scope="module")
def cloud(vectors: np.ndarray) -> LatentDistribution:
    return describe(vectors, np.ones(D))


def test_from_the_origin_to_the_center(cloud: LatentDistribution) -> None:
    points = paths.origin_to_center(cloud, 5)
    assert points.dtype == np.float32
    assert points == pytest.approx(np.outer([0, 0.25, 0.5, 0.75, 1], cloud.mean))


def test_lines_through_the_center_reach_sigma_spreads_of_the_data(
    cloud: LatentDistribution, vectors: np.ndarray
) -> None:
    angles = np.array([0, np.pi / 2, 0.7, 0.7 + np.pi])
    lines = paths.through_center(cloud, 4, 1, angles, 2.0, 5)
    assert (lines.shape, lines.dtype) == ((4, 5, D), np.float32)
    offset = lines - cloud.mean
    assert offset[:, :, [0, 2, 3, 5]] == pytest.approx(0, abs=1e-6)
    for angle, line in zip(angles, offset, strict=True):
        direction = np.array([np.cos(angle), np.sin(angle)])
        spread = (vectors[:, [4, 1]].astype(np.float64) @ direction).std(ddof=1)
        assert line[:, [4, 1]] == pytest.approx(np.outer([-2, -1, 0, 1, 2], spread * direction), abs=1e-5)
    # Half a turn runs along the same line the other way.
    assert lines[3] == pytest.approx(lines[2, ::-1], abs=1e-5)


@pytest.mark.parametrize(("i", "j"), [(2, 2), (-1, 2), (0, D)])
def test_a_plane_needs_two_components(cloud: LatentDistribution, i: int, j: int) -> None:
    with pytest.raises(ValueError, match=f"components {i} and {j} span no plane; .* from 0 to 5"):
        paths.through_center(cloud, i, j, np.zeros(1), 1.0, 3)


def test_a_path_has_a_start_and_an_end(cloud: LatentDistribution) -> None:
    with pytest.raises(ValueError, match="steps are 1; a path has at least 2"):
        paths.origin_to_center(cloud, 1)


def ends(seed: int, d: int = D) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(size=(3, d)) * [[1], [3], [10]])  # type: ignore[return-value]


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.integers(2, 12))
def test_slerp_turns_evenly_and_changes_its_distance_evenly(seed: int, steps: int) -> None:
    a, b, center = ends(seed)
    arc = paths.slerp(a, b, steps, center).astype(np.float64)
    assert arc[[0, -1]] == pytest.approx(np.stack([a, b]), abs=1e-5)
    radii = np.linalg.norm(arc - center, axis=1)
    assert radii == pytest.approx(np.linspace(radii[0], radii[-1], steps), rel=1e-5)
    units = (arc - center) / radii[:, None]
    turns = np.arccos(np.clip((units[1:] * units[:-1]).sum(axis=1), -1, 1))
    whole = np.arccos(np.clip(units[0] @ units[-1], -1, 1))
    assert turns == pytest.approx(whole / (steps - 1), abs=1e-4)


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_slerp_moves_with_the_space_and_runs_back_the_same_way(seed: int) -> None:
    a, b, center = ends(seed)
    arc = paths.slerp(a, b, 7, center)
    turn, shift = special_ortho_group(D, seed=seed).rvs(), np.arange(D)
    moved = paths.slerp(turn @ a + shift, turn @ b + shift, 7, turn @ center + shift)
    assert moved == pytest.approx(arc @ turn.T + shift, abs=2e-5)
    assert paths.slerp(b, a, 7, center)[::-1] == pytest.approx(arc, abs=1e-5)


def test_slerp_of_a_quarter_circle() -> None:
    root = np.sqrt(0.5)
    arc = paths.slerp(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 3, np.zeros(2))
    assert arc == pytest.approx(np.array([[1, 0], [root, root], [0, 1]]))


CENTER = np.array([1.0, 2.0, 3.0], np.float32)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (CENTER, CENTER + 1),
        (CENTER + 1, CENTER),
        (CENTER, CENTER),
        (CENTER + 1, CENTER + 1),
        (CENTER + 1, CENTER + 4),
        (CENTER + 1, CENTER - 2),
        (CENTER + np.float32([1, 0, 0]), CENTER + np.float32([2, 1e-7, 0])),
    ],
)
def test_slerp_without_an_arc_is_the_straight_line(a: np.ndarray, b: np.ndarray) -> None:
    t = np.linspace(0, 1, 5)[:, None]
    assert paths.slerp(a, b, 5, CENTER) == pytest.approx((1 - t) * a + t * b, abs=1e-6)


def test_slerp_goes_over_into_the_straight_line() -> None:
    # The bow of an arc over its chord is about angle / 8 of it: nothing jumps where the straight line takes over.
    below, above = (
        paths.slerp(np.array([1.0, 0]), np.array([2 * np.cos(angle), 2 * np.sin(angle)]), 9, np.zeros(2))
        for angle in (0.5 * paths.SMALLEST_SINE, 2 * paths.SMALLEST_SINE)
    )
    assert below == pytest.approx(above, abs=1e-5)


def test_a_ladder_climbs_from_the_center_through_the_mnd_points(cloud: LatentDistribution) -> None:
    draws = sampling.standard_normal_draws(3, D)
    sigmas = np.array([0, 0.5, 1, 4])
    points = paths.ladder(cloud, draws, sigmas)
    assert (points.shape, points.dtype) == ((3, 4, D), np.float32)
    assert points[:, 0] == pytest.approx(np.tile(cloud.mean, (3, 1)), rel=1e-6)
    for column, s in enumerate(sigmas[1:], start=1):
        mnd = sampling.sample("mnd", cloud, draws, AnalysisConfig(mnd_sigma=float(s)))
        assert points[:, column] == pytest.approx(mnd, rel=1e-5)


def planted(mean: np.ndarray, sd: np.ndarray, correlations: dict[tuple[int, int], float]) -> LatentDistribution:
    """The cloud of 1000 vectors of exactly these means, sds and correlations (0 where none is given)."""
    values = np.random.default_rng(0).normal(size=(1000, len(mean)))
    white = np.linalg.qr(values - values.mean(axis=0))[0] * np.sqrt(999)
    matrix = np.eye(len(mean))
    for (i, j), r in correlations.items():
        matrix[i, j] = matrix[j, i] = r
    return describe(white @ np.linalg.cholesky(matrix).T * sd + mean, np.ones(len(mean)))


def test_dominant_planes_pair_what_is_far_off_or_wide_by_correlation() -> None:
    # Root mean squares 9, 8, 5.1, 5, 1, 0.5.
    mean, sd = np.array([9.0, 0, 5, 3, 0.6, 0.3]), np.array([0.1, 8, 1, 4, 0.8, 0.4])
    cloud = planted(mean, sd, {(0, 3): -0.6, (0, 4): 0.7, (1, 2): 0.3})
    assert paths.dominant_planes(cloud, 1).tolist() == [[0, 1]]
    assert paths.dominant_planes(cloud, 2).tolist() == [[0, 3], [1, 2]]
    assert paths.dominant_planes(cloud, 9).tolist() == [[0, 4], [1, 2], [3, 5]]


def test_constant_components_are_in_no_plane() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)
    vectors[:, 1] = 123.4
    planes = paths.dominant_planes(describe(vectors, np.ones(5)), 4)
    assert sorted(planes.ravel().tolist()) == [0, 2, 3, 4]
