from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from metrics.moments import DegenerateError, Moments, mahalanobis_squared, moments
from metrics.origin import off_origin_distance, off_origin_norm, origin_mahalanobis, share_nearer_than_origin

KNOWN = Moments(100, np.array([3.0, 4.0]), np.diag([9.0, 16.0]))


def test_the_closed_forms_of_a_known_cloud() -> None:
    assert off_origin_norm(KNOWN) == 5.0
    assert off_origin_distance(KNOWN) == pytest.approx(1.0)
    assert origin_mahalanobis(KNOWN) == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
def test_the_share_of_nearer_points_is_a_chi_square_probability(shift: float) -> None:
    points = np.random.default_rng(0).standard_normal((50_000, 4)) * [1, 2, 3, 4] + [shift, 0, 0, 0]
    own = moments(points)
    share = share_nearer_than_origin(mahalanobis_squared(points, own), own)
    # The origin's own distance is known to about 1 / sqrt(n), the share to half of that.
    assert share == pytest.approx(stats.chi2(4).cdf(shift**2), abs=5 / np.sqrt(50_000))


def test_only_the_norm_has_a_unit() -> None:
    points = np.random.default_rng(0).standard_normal((500, 3)) + np.array([1, 2, 3])
    one, ten = moments(points), moments(10 * points)
    assert off_origin_norm(ten) == pytest.approx(10 * off_origin_norm(one))
    assert off_origin_distance(ten) == pytest.approx(off_origin_distance(one))
    assert origin_mahalanobis(ten) == pytest.approx(origin_mahalanobis(one))


def test_points_that_are_all_the_same_have_no_spread() -> None:
    with pytest.raises(DegenerateError, match="all points are the same"):
        off_origin_distance(moments(np.full((5, 3), 2.5)))
