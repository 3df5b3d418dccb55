"""What a classifier tells from a normal cloud."""

from __future__ import annotations

from metrics import classifier
from metrics.cloud import CLASSIFIED_ROWS, Cloud
from metrics.moments import whiten
from metrics.registry import Family, Metric


def _aucs(cloud: Cloud) -> list[float]:
    own = cloud.moments
    found = classifier.classifier_aucs(whiten(cloud.some(CLASSIFIED_ROWS), own), own.n, cloud.rng(6))
    return [found["auc"], found["auc_radius"], found["auc_components"]]


METRICS = (
    Metric(
        "classifier/auc",
        "0 to 1",
        "0.5 = normal",
        "how well a discriminant tells 4,000 points from normal ones, held out, by the two that follow together",
        "curved pairs, clusters that no component shows",
    ),
    Metric(
        "classifier/auc_radius",
        "0 to 1",
        "0.5 = normal",
        "where the difference lies: by the distance from the center alone",
        "everything else",
    ),
    Metric(
        "classifier/auc_components",
        "0 to 1",
        "0.5 = normal",
        "where the difference lies: by asymmetry and tails of the whitened components, every point at the same radius",
        "the radius, and what needs two components",
    ),
)
FAMILY = Family("classifier", METRICS, shape=lambda settings: ((tuple(m.name for m in METRICS), _aucs),))
