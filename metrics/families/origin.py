"""Where the cloud lies, whatever its shape."""

from __future__ import annotations

from metrics import norms, origin
from metrics.cloud import Cloud
from metrics.moments import DegenerateError
from metrics.registry import Family, Metric


def _place_by_radius(cloud: Cloud) -> list[float]:
    own = cloud.moments
    return [origin.origin_mahalanobis(own), origin.share_nearer_than_origin(cloud.squared, own)]


def _norms(cloud: Cloud) -> list[float]:
    law = cloud.norm_law
    squared = norms.norms_squared(cloud.points, cloud.unit)
    return [norms.norm_agreement(squared, law), norms.norm_spread(squared, law)]


def _slab(cloud: Cloud) -> list[float]:
    if not len(cloud.pairs):
        raise DegenerateError("1 component has no pairs; the slab needs at least 2 components")
    counts = origin.slab_counts(cloud.points, cloud.pairs, origin.slab_half_width(cloud.points))
    return [counts.mean() / cloud.moments.n]


METRICS = (
    Metric(
        "off_origin_distance",
        "0 and up",
        "0 = centered at the origin",
        "how far the center is from the origin, in root mean square distances of the points from the center",
        "the shape of the cloud: it tells no normal cloud from others",
        goal="minimize",
    ),
    Metric(
        "origin/norm_agreement",
        "0 to 1",
        "1 = normal",
        "a shell around the origin: 1 - KS distance of the distances from the origin to those of N(mean, covariance)",
        "directions; anything but the distance from the origin",
        goal="maximize",
    ),
    Metric(
        "origin/norm_spread",
        "0 and up",
        "1 = normal, 0 = a shell",
        "how much the squared distances from the origin vary, over what those of N(mean, covariance) do",
        "the form of their distribution",
    ),
    Metric(
        "origin/norm",
        "0 and up",
        "0 = centered at the origin",
        "the distance of center and origin in the latents' own units",
        "the size of the cloud; not comparable between networks",
        calibrated=False,
        goal="minimize",
    ),
    Metric(
        "origin/mahalanobis",
        "0 and up",
        "points of a normal cloud lie near sqrt(d)",
        "how far the origin is in the directions where the cloud is thin",
        "whether those directions matter; thin ones dominate",
        calibrated=False,
    ),
    Metric(
        "origin/share_nearer",
        "0 to 1",
        "0 = the origin is innermost, 1 = outside the cloud",
        "the share of points with a smaller Mahalanobis distance than the origin's",
        "how far outside the origin lies once it is outside",
        calibrated=False,
        goal="minimize",
    ),
    Metric(
        "origin/slab_share",
        "0 to 1",
        "none",
        "how empty the surroundings of the origin are: share of points near 0 in all components but a pair's",
        "why: a center off the origin and a cloud in many dimensions both empty it",
        calibrated=False,
    ),
)
FAMILY = Family(
    "origin",
    METRICS,
    place=(
        (("off_origin_distance",), lambda cloud: [origin.off_origin_distance(cloud.moments)]),
        (("origin/norm_agreement", "origin/norm_spread"), _norms),
        (("origin/norm",), lambda cloud: [origin.off_origin_norm(cloud.moments)]),
        (("origin/mahalanobis", "origin/share_nearer"), _place_by_radius),
        (("origin/slab_share",), _slab),
    ),
)
