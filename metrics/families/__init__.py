"""The measures of a cloud, a file a family: what each number means, its goal and its function in one place.

Adding a measure is a `Metric` and its function in its family's file, and a higher `scores.VERSION`.
"""

from __future__ import annotations

from metrics.families import (
    classifier,
    contour,
    copula,
    core,
    correlation,
    elliptical,
    marginal,
    multivariate,
    neighbours,
    origin,
    pca,
    pursuit,
    radius,
    robust,
    sliced,
)

# In the order in which they are measured and listed.
FAMILIES = (
    marginal.FAMILY,
    contour.FAMILY,
    radius.FAMILY,
    multivariate.FAMILY,
    elliptical.FAMILY,
    pursuit.FAMILY,
    pca.FAMILY,
    sliced.FAMILY,
    classifier.FAMILY,
    copula.FAMILY,
    neighbours.FAMILY,
    robust.FAMILY,
    core.FAMILY,
    correlation.FAMILY,
    origin.FAMILY,
)
