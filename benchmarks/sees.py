"""Which measure sees what, as the Markdown tables of docs/scoring.md: `python -m benchmarks.sees`. A minute."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import keras
import numpy as np
from scipy import stats

from cae import latents, pixels
from cae.config import DataConfig, ModelConfig
from cae.datasets import load
from cae.model import build
from metrics import score

N, D = 6_000, 64
Make = Callable[[np.random.Generator], np.ndarray]
# Of these an image is a row of the second table: nothing is trained.
IMAGES = DataConfig(name="synthetic", size=20_000 // 3, resolution=64)


def _normal(rng: np.random.Generator, d: int = D) -> np.ndarray:
    return rng.standard_normal((N, d))


def _student(rng: np.random.Generator, d: int = D, df: float = 8) -> np.ndarray:
    return _normal(rng, d) / np.sqrt(rng.chisquare(df, (N, 1)) / df)


def _directions(rng: np.random.Generator) -> np.ndarray:
    points = _normal(rng)
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


def _one_bimodal(rng: np.random.Generator) -> np.ndarray:
    points = _normal(rng)
    points[:, 0] = rng.choice([-1.0, 1.0], N) + 0.2 * points[:, 0]
    return points


def _shell(rng: np.random.Generator) -> np.ndarray:
    """A normal cloud off the origin, every vector put at nearly the same distance from it."""
    points = _normal(rng) + 1
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True) * (1 + 0.02 * rng.standard_normal((N, 1))))


def _outliers(rng: np.random.Generator) -> np.ndarray:
    points = _normal(rng)
    points[: N // 100] *= 6
    return points


def _near_duplicates(rng: np.random.Generator) -> np.ndarray:
    points = _normal(rng)
    points[: N // 10] = points[N // 10 : N // 5] + 0.01 * rng.standard_normal((N // 10, D))
    return points


def _t_copula(rng: np.random.Generator) -> np.ndarray:
    return np.asarray(stats.norm.ppf(stats.t(4).cdf(_student(rng, df=4))))


def _two_covariances(rng: np.random.Generator) -> np.ndarray:
    points = _normal(rng)
    points[: N // 2, : D // 2] *= 2
    points[N // 2 :, D // 2 :] *= 2
    return points


def _untrained(rng: np.random.Generator) -> np.ndarray:
    images = load(IMAGES)
    keras.utils.set_random_seed(0)
    network = build(ModelConfig(maps=(32, 64, 64, 128), latent_dim=D), IMAGES.resolution)
    return latents.encode(network.encoder, images.images, images.train)


def _projected(rng: np.random.Generator) -> np.ndarray:
    images = load(IMAGES)
    return pixels.random_projection(images.images, images.train, D)


FIRST: Mapping[str, Make] = {
    "normal": _normal,
    "t, 8 df": _student,
    "ball": lambda rng: _directions(rng) * rng.random((N, 1)) ** (1 / D),
    "cube": lambda rng: rng.uniform(-1, 1, (N, D)),
    "two normals": lambda rng: _normal(rng) + 3 * rng.integers(2, size=(N, 1)),
    "one bimodal component": _one_bimodal,
    "t, 8 df, d = 256": lambda rng: _student(rng, 256),
}
SECOND: Mapping[str, Make] = {
    "shell": _shell,
    "1 % outliers": _outliers,
    "10 % near-duplicates": _near_duplicates,
    "t copula": _t_copula,
    "two covariances": _two_covariances,
    "untrained encoder": _untrained,
    "projection of the pixels": _projected,
}
ROWS = (
    "marginal_gaussianity",
    "marginal/ks_largest",
    "marginal/excess_kurtosis",
    "contour_agreement",
    "contour/least",
    "radius_agreement",
    "radius/spread",
    "radius/beta_agreement",
    "origin/norm_agreement",
    "origin/norm_spread",
    "multivariate/mardia_kurtosis",
    "multivariate/mardia_skewness",
    "multivariate/henze_zirkler_2_rejected",
    "multivariate/henze_zirkler_10_rejected",
    "multivariate/energy_distance",
    "elliptical/kurtosis",
    "elliptical/kurtosis_of_directions",
    "elliptical/direction_uniformity",
    "pursuit/ks",
    "pca/leading_gaussianity",
    "sliced/epps_pulley",
    "classifier/auc",
    "classifier/auc_radius",
    "classifier/auc_components",
    "copula/contour_agreement",
    "copula/radius_agreement",
    "neighbours/dimension_ratio",
    "neighbours/distance_ratio",
    "neighbours/near_duplicates",
    "robust/outlier_share",
    "robust/radius_agreement",
    "core/radius_agreement_80",
)
SEEN = 8


def table(makes: Mapping[str, Make]) -> str:
    """A row for each measure, a column for each distribution: value and gap in null sds, bold beyond SEEN of them."""
    found = {name: score(make(np.random.default_rng(1))) for name, make in makes.items()}
    cells = {name: {row.name: (row.value, row.beside.get("gap_sds")) for row in s.rows} for name, s in found.items()}
    head = [f"| metric | {' | '.join(makes)} |", "|---" * (len(makes) + 1) + "|"]
    rows = [f"| `{name}` | {' | '.join(_cell(*cells[each][name]) for each in makes)} |" for name in ROWS]
    return "\n".join([*head, *rows])


def _cell(value: float, gap: float | None) -> str:
    shown = f"{value:.3f}" if abs(value) >= 0.001 or value == 0 else f"{value:.5f}"
    if gap is None:
        return shown
    text = f"{shown} ({gap:z.0f})"
    return f"**{text}**" if abs(gap) > SEEN else text


if __name__ == "__main__":
    print(table(FIRST), table(SECOND), sep="\n\n")
