"""What the words of a report mean, for those who meet them first there: its measures and its ways to make faces."""

from __future__ import annotations

from collections.abc import Iterable

MEASURES = {
    "marginals": "each component by itself: 1 less the mean distance of its distribution to the normal one of its mean "
    "and sd (Kolmogorov-Smirnov). 1 is perfect.",
    "contours": "components two by two: how far the regions of highest density are the ellipses of the pair's normal "
    "distribution (area shared over area covered). 1 is perfect.",
    "radii": "all components at once: 1 less the distance (Kolmogorov-Smirnov) of the squared Mahalanobis distances "
    "from the center to chi-square, which those of a normal cloud follow. 1 is perfect.",
    "off-origin": "distance of the center from the origin, in sizes of the cloud; no matter of shape.",
    "MSE": "mean squared error of the reconstructions of held-out images, of values from 0 to 1. Lower is better.",
    "untrained": "what the same network scored before its training.",
    "pixels": "what a random projection of the images scores, without any network.",
    "MND": "what a true normal cloud of as many points and components scores.",
    "gap": "how far the cell is below that. Compare by it where the number of components differs.",
}
METHODS = {
    "original": "photographs that no training has seen (held out)",
    "autoencoder": "the same photographs encoded and decoded: the best that the decoder can do",
    "mnd": "drawn from the normal distribution with the mean and covariance of the training vectors",
    "pca": "the same draws, cut off at some sd along each principal axis",
    "elliptical": "the same directions from the center, at distances drawn from those of the training vectors",
    "independent": "each component normal with its own mean and sd, correlations ignored",
    "interval": "each component uniform in an interval around its mean, correlations ignored",
    "uniform": "each component uniform around the origin, vectors as long as those of the data",
    "gmm": "drawn from a mixture of normal distributions, fitted along the leading principal axes",
    "copula": "each component's own distribution, joined by the correlations of their normal scores",
    "knn": "between a training vector and one of its nearest neighbours",
    "flow": "normal draws, bent by a small network that has learned the density of the training vectors",
}


def measures(heads: Iterable[str]) -> list[tuple[str, str]]:
    """What these heads of columns mean, as far as it is explained here."""
    known = set(heads)
    return [(head, words) for head, words in MEASURES.items() if head in known]


def methods(columns: Iterable[str]) -> list[tuple[str, str]]:
    """Each column of faces with how its latent vectors are made."""
    return [(column, METHODS.get(column, "the generator of a plug-in")) for column in columns]
