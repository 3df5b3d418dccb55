"""The table of metrics: what each number means, what it sees and what it cannot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One row of the table of metrics; `name` is the key in `Scores.values`.

    In names K stands for a level in sd, P for a percentage of points, R for an absolute correlation, NAME for a
    covariate. calibrated: whether normal clouds of the same n and d tell what to expect (NAME_null and so on).
    """

    name: str
    range: str
    direction: str
    sees: str
    cannot_see: str
    calibrated: bool = True


HEADLINES = ("marginal_gaussianity", "contour_agreement", "radius_agreement", "off_origin_distance")

METRICS = (
    Metric(
        "marginal_gaussianity",
        "0 to 1",
        "1 = normal",
        "skewed, peaked, heavy-tailed or split components: 1 - mean KS distance to their normals",
        "anything between components; one bad component among hundreds; a common radius in many dimensions",
    ),
    Metric(
        "contour_agreement",
        "0 to 1",
        "1 = normal",
        "skewed, hollow, split or curved pairs of components, peaks or tails of a pair's density: mean overlap of "
        "density contours and ellipses",
        "what needs three components to be seen; structure finer than a quarter of an sd",
    ),
    Metric(
        "radius_agreement",
        "0 to 1",
        "1 = normal",
        "a cloud whose size varies from point to point though each view of it looks normal; shells and balls: "
        "1 - KS distance of D² to chi-square",
        "deviations in few directions of many; anything when n is not far above d (read the gap)",
    ),
    Metric(
        "off_origin_distance",
        "0 and up",
        "0 = centered at the origin",
        "how far the center is from the origin, in root mean square distances of the points from the center",
        "the shape of the cloud: it tells no normal cloud from others",
    ),
    Metric(
        "marginal/ks_largest",
        "0 to 1",
        "0 = normal",
        "the worst component alone: the largest KS distance",
        "how many such components there are",
    ),
    Metric(
        "marginal/wasserstein",
        "0 and up, in sd",
        "0 = normal",
        "the same deviations as KS, tails more, mean Wasserstein-1 distance",
        "anything between components",
    ),
    Metric(
        "marginal/skewness_abs",
        "0 and up",
        "0 = normal",
        "one-sided tails: mean absolute skewness",
        "symmetric deviations",
    ),
    Metric(
        "marginal/excess_kurtosis",
        "-2 and up",
        "0 = normal",
        "heavy (above 0) or short (below 0) tails: mean over components",
        "skewness; components whose deviations cancel",
    ),
    Metric(
        "marginal/half_width",
        "0 and up",
        "1 = normal",
        "peaks narrower (below 1) or wider than the sd says: half-width at half-maximum over 1.177 sd",
        "tails; sides that differ",
    ),
    Metric(
        "marginal/fit_sd",
        "0 and up",
        "1 = normal",
        "the same by a least-squares Gaussian through the histogram: its sd over the sd",
        "tails; sides that differ",
    ),
    Metric(
        "marginal/anderson_darling",
        "0 and up",
        "0.38 = normal",
        "tails of the components: mean A² of 2,000 points",
        "anything between components",
    ),
    Metric(
        "marginal/anderson_darling_rejected",
        "0 to 1",
        "0.05 = normal",
        "share of components that the 5 % test rejects at 2,000 points",
        "how far off they are",
    ),
    Metric(
        "marginal/shapiro_wilk",
        "0 to 1",
        "1 = normal",
        "bent quantile plots of the components: mean W of 2,000 points",
        "anything between components",
    ),
    Metric(
        "marginal/shapiro_wilk_rejected",
        "0 to 1",
        "0.05 = normal",
        "share of components that the 5 % test rejects at 2,000 points",
        "how far off they are",
    ),
    Metric(
        "contour/K",
        "0 to 1",
        "1 = normal",
        "contour_agreement at the K-sigma ellipse alone: small K the core, large K the tails",
        "as contour_agreement",
    ),
    Metric(
        "contour/least",
        "0 to 1",
        "1 = normal",
        "the worst of the pairs",
        "how many such pairs there are",
    ),
    Metric(
        "contour/correlated",
        "0 to 1",
        "1 = normal",
        "contour_agreement of the 20 most correlated pairs",
        "as contour_agreement",
    ),
    Metric(
        "radius/spread",
        "0 and up",
        "1 = normal",
        "how much more (above 1) the radii vary than a normal cloud's: sd of D² over sqrt(2d)",
        "the form of their distribution; few outliers count much",
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
    Metric(
        "multivariate/mardia_skewness",
        "-1 and up",
        "0 = normal",
        "skewness in any direction: Mardia's, per component, of 2,000 points",
        "symmetric deviations",
    ),
    Metric(
        "multivariate/mardia_kurtosis",
        "-1 and up",
        "0 = normal",
        "heavy (above 0) or short tails in all directions together: Mardia's over d (d + 2), less 1",
        "directions whose deviations cancel",
    ),
    Metric(
        "multivariate/henze_zirkler_2",
        "0 and up",
        "see null",
        "any deviation within 20 blocks of 2 components: mean Henze-Zirkler statistic of 1,000 points",
        "what needs more components; also at _5 and _10. In 64 and more the statistic is void for any data",
    ),
    Metric(
        "multivariate/henze_zirkler_2_rejected",
        "0 to 1",
        "0.05 = normal",
        "share of those blocks that the 5 % test rejects",
        "how far off they are",
    ),
    Metric("multivariate/henze_zirkler_5", "0 and up", "see null", "the same in blocks of 5", "as of 2"),
    Metric("multivariate/henze_zirkler_5_rejected", "0 to 1", "0.05 = normal", "the same in blocks of 5", "as of 2"),
    Metric("multivariate/henze_zirkler_10", "0 and up", "see null", "the same in blocks of 10", "as of 2"),
    Metric("multivariate/henze_zirkler_10_rejected", "0 to 1", "0.05 = normal", "the same in blocks of 10", "as of 2"),
    Metric(
        "multivariate/energy_distance",
        "about 0 to 1",
        "0 = normal",
        "any deviation in all dimensions at once, of 2,000 points; mostly of the radius where d is large",
        "small deviations in few directions of many",
    ),
    Metric(
        "elliptical/kurtosis",
        "-2 and up",
        "0 = normal",
        "heavy tails of the whitened components",
        "where they come from: compare the next",
    ),
    Metric(
        "elliptical/kurtosis_of_directions",
        "-2 and up",
        "0 = elliptical",
        "what is left of it when every point is put at the same radius: 0 says that a common radius made the tails",
        "the radius",
    ),
    Metric(
        "elliptical/direction_uniformity",
        "0 to 1",
        "1 = uniform",
        "clusters and gaps among the directions of the whitened points: angles between 1,000 of them",
        "the radius; in many dimensions clusters near the center",
    ),
    Metric(
        "pursuit/ks",
        "0 to 1",
        "0 = normal",
        "the least normal direction: found on one half of at most 20,000 points, its KS distance on the other",
        "structure in several directions that no single one shows",
    ),
    Metric("pursuit/skewness", "any", "0 = normal", "the skewness along it", "as pursuit/ks"),
    Metric("pursuit/excess_kurtosis", "-2 and up", "0 = normal", "the excess kurtosis along it", "as pursuit/ks"),
    Metric(
        "pca/marginal_gaussianity",
        "0 to 1",
        "1 = normal",
        "marginal_gaussianity along the principal axes, of 10,000 points",
        "anything between axes",
    ),
    Metric(
        "pca/leading_gaussianity",
        "0 to 1",
        "1 = normal",
        "the same along the 10 axes of largest variance",
        "the other axes",
    ),
    Metric(
        "pca/effective_dimension",
        "1 to d",
        "d = round",
        "in how many dimensions the variance lies: (sum of eigenvalues)² over the sum of their squares",
        "the shape of the cloud",
        calibrated=False,
    ),
    Metric(
        "pca/components_90",
        "1 to d",
        "d = round",
        "principal axes that hold 90 % of the variance",
        "the shape of the cloud",
        calibrated=False,
    ),
    Metric(
        "core/marginal_gaussianity_P",
        "0 to 1",
        "see null",
        "marginal_gaussianity of the innermost P % of the points: is it the tail that is not normal?",
        "the rest; at most 20,000 points",
    ),
    Metric(
        "core/contour_agreement_P", "0 to 1", "see null", "contour_agreement of the innermost P %", "as the one above"
    ),
    Metric(
        "core/radius_agreement_P",
        "0 to 1",
        "1 = normal",
        "radius_agreement of the innermost P % with a normal's cut off there",
        "as the one above",
    ),
    Metric(
        "correlation/above_R",
        "0 to d (d - 1) / 2",
        "0 = uncorrelated",
        "number of pairs of components with an absolute correlation above R",
        "the shape of the cloud",
        calibrated=False,
    ),
    Metric(
        "correlation/largest",
        "0 to 1",
        "0 = uncorrelated",
        "the largest absolute correlation of two components",
        "the shape of the cloud",
        calibrated=False,
    ),
    Metric(
        "origin/norm",
        "0 and up",
        "0 = centered at the origin",
        "the distance of center and origin in the latents' own units",
        "the size of the cloud; not comparable between networks",
        calibrated=False,
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
