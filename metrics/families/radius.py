"""All dimensions at once: distances from the center."""

from __future__ import annotations

from metrics import multivariate, origin, radius
from metrics.cloud import CORE_ROWS, Cloud
from metrics.registry import Family, Metric


def _radii(cloud: Cloud) -> list[float]:
    d = cloud.moments.d
    return [
        radius.radius_agreement(cloud.squared, d),
        radius.radius_spread(cloud.squared, d),
        multivariate.kurtosis_excess(cloud.squared, d),
    ]


def _cube(cloud: Cloud) -> list[float]:
    few = cloud.copied(CORE_ROWS)
    return [origin.matching_cube(few), origin.cube_radius_agreement(few)]


RADII = ("radius_agreement", "radius/spread", "multivariate/mardia_kurtosis")
METRICS = (
    Metric(
        "radius_agreement",
        "0 to 1",
        "1 = normal",
        "a cloud whose size varies from point to point though each view of it looks normal; shells and balls: "
        "1 - KS distance of D² to chi-square",
        "deviations in few directions of many; anything when n is not far above d (read the gap)",
        goal="maximize",
    ),
    Metric(
        "radius/spread",
        "0 and up",
        "1 = normal",
        "how much more (above 1) the radii vary than a normal cloud's: sd of D² over sqrt(2d)",
        "the form of their distribution; few outliers count much",
    ),
    Metric(
        "radius/beta_agreement",
        "0 to 1",
        "1 = normal",
        "the same as radius_agreement by the exact law for few points in many dimensions",
        "as radius_agreement",
        goal="maximize",
    ),
    Metric(
        "radius/correlation_NAME",
        "-1 to 1",
        "0 = unrelated",
        "whether the radius follows a property of the image such as its contrast: Spearman's correlation",
        "relations that are not monotonic",
        calibrated=False,
    ),
    Metric(
        "radius/explained",
        "any",
        "0 = nothing",
        "whether the radius follows all those properties together: share of the variance of its logarithm that a "
        "regression predicts, cross-validated",
        "properties that nobody measured",
        calibrated=False,
    ),
    Metric(
        "radius/agreement_of_rest",
        "0 to 1",
        "1 = normal",
        "whether that is all: radius_agreement once the predicted part is divided out",
        "as radius_agreement",
        calibrated=False,
        goal="maximize",
    ),
    Metric(
        "radius/cube",
        "0 and up",
        "none",
        "b, for which vectors uniform in [-b, b]^d have the points' mean square distance from the origin",
        "everything else",
        calibrated=False,
    ),
    Metric(
        "radius/cube_agreement",
        "0 to 1",
        "1 = as in the cube",
        "whether distances from the origin are those of that cube",
        "directions: agreeing radii do not put the cube's vectors where the points are",
        calibrated=False,
    ),
)
FAMILY = Family(
    "radius",
    METRICS,
    shape=lambda settings: (
        (RADII, _radii),
        (("radius/beta_agreement",), lambda cloud: [radius.beta_agreement(cloud.squared, cloud.moments.d)]),
    ),
    place=((("radius/cube", "radius/cube_agreement"), _cube),),
)
