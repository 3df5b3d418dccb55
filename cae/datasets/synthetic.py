"""The built-in data set: drawn faces of people who do not exist, from factors whose population is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from cae.datasets.imageset import DataError
from cae.datasets.portrait import details, only, people, portraits, traits

FACTORS = (
    "masculinity", "age", "face_width", "face_length", "jaw_width", "fullness", "skin_darkness", "rosiness",
    "eye_distance", "eye_size", "eye_opening", "eye_tilt", "eye_darkness",
    "brow_thickness", "brow_height", "brow_arch", "nose_width", "nose_length", "mouth_width", "lip_fullness",
    "hair_darkness", "hair_redness", "greyness", "hair_length", "hair_volume", "hair_curl", "hair_recession", "fringe",
    "beard", "moustache", "makeup", "smile", "mouth_open", "gaze_x", "gaze_y", "yaw", "pitch", "roll",
    "light_azimuth", "light_elevation", "light_contrast", "light_warmth", "exposure",
    "clothes_hue", "clothes_brightness", "background_hue", "background_brightness",
)  # fmt: skip

# Correlations between standardised factors; pairs that are not named are uncorrelated.
CORRELATIONS = {
    ("masculinity", "jaw_width"): 0.35,
    ("masculinity", "brow_thickness"): 0.30,
    ("masculinity", "brow_height"): -0.20,
    ("masculinity", "nose_width"): 0.20,
    ("masculinity", "hair_length"): -0.60,
    ("masculinity", "hair_recession"): 0.20,
    ("jaw_width", "beard"): 0.30,
    ("jaw_width", "fullness"): 0.30,
    ("face_width", "fullness"): 0.45,
    ("beard", "moustache"): 0.60,
    ("age", "hair_recession"): 0.35,
    ("age", "greyness"): 0.30,
    ("age", "hair_length"): -0.10,
    ("age", "lip_fullness"): -0.20,
    ("skin_darkness", "hair_darkness"): 0.45,
    ("skin_darkness", "eye_darkness"): 0.40,
    ("skin_darkness", "hair_curl"): 0.30,
    ("skin_darkness", "nose_width"): 0.20,
    ("skin_darkness", "lip_fullness"): 0.25,
    ("skin_darkness", "rosiness"): -0.15,
    ("hair_darkness", "eye_darkness"): 0.40,
    ("hair_darkness", "hair_redness"): -0.25,
    ("hair_volume", "hair_curl"): 0.30,
    ("hair_volume", "hair_recession"): -0.25,
    ("eye_size", "eye_opening"): 0.30,
    ("smile", "mouth_open"): 0.40,
    ("smile", "eye_opening"): -0.25,
    ("yaw", "gaze_x"): -0.30,
    ("pitch", "gaze_y"): -0.20,
    ("light_contrast", "background_brightness"): -0.30,
    ("light_warmth", "background_hue"): -0.20,
}

# Half the people about each mode: means +-0.9, sd 0.436, so that mean 0 and variance 1 remain.
MODE = 0.9
SHARE_EYEGLASSES, SHARE_HAT, SHARE_NECKTIE = 0.13, 0.07, 0.30
WORN = ("Eyeglasses", "Wearing_Hat", "Wearing_Necktie")

# Pixels that are drawn at once: few enough for a processor's cache, many enough for NumPy.
BLOCK_PIXELS = 12 * 96 * 96
# glibc keeps what is freed, up to the size of the largest array that was freed before, and gives more than that back to
# the system: to ask for it again, page by page, took a quarter of the time.
KEPT_BYTES = 24 * 2**20


def covariance() -> np.ndarray:
    """The population covariance of the standardised factors, float64 (k, k), ones on the diagonal; for every kind."""
    matrix = np.eye(len(FACTORS))
    for (a, b), value in CORRELATIONS.items():
        i, j = FACTORS.index(a), FACTORS.index(b)
        matrix[i, j] = matrix[j, i] = value
    return matrix


def _margin(normal: np.ndarray, kind: str) -> np.ndarray:
    """Standard-normal values moved to another distribution of mean 0 and variance 1 by equal quantiles."""
    if kind == "gaussian":
        return normal
    if kind == "uniform":
        return np.sqrt(3) * (2 * ndtr(normal) - 1)
    values = np.linspace(-4, 4, 8001)
    spread = np.sqrt(1 - MODE**2)
    share = 0.5 * (ndtr((values - MODE) / spread) + ndtr((values + MODE) / spread))
    reached = (share > 0) & (share < 1)
    return np.interp(normal, ndtri(share[reached]), values[reached])


def _normal_covariance(kind: str) -> np.ndarray:
    """The covariance that normal draws need so that `_margin` leaves them with `covariance()`.

    A Gaussian copula ("normal to anything", Cario and Nelson 1997). With c_j the coefficients of the margin in
    normalised Hermite polynomials, normals correlated by r become values correlated by the sum of c_j^2 r^j.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    grid, correlation = np.linspace(-1, 1, 2001), np.zeros(2001)
    previous, polynomial = np.zeros_like(nodes), np.ones_like(nodes)
    for order in range(1, 40):
        previous, polynomial = polynomial, (nodes * polynomial - np.sqrt(order - 1) * previous) / np.sqrt(order)
        coefficient = np.sum(weights * _margin(nodes, kind) * polynomial) / np.sqrt(2 * np.pi)
        correlation += coefficient**2 * grid**order
    matrix = np.interp(covariance(), correlation, grid)
    np.fill_diagonal(matrix, 1)
    return matrix


def _draws(start: int, stop: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard normals (n, k), uniforms (n, 3) and noise seeds (n,), each row from its own generator."""
    normals, chances = np.empty((stop - start, len(FACTORS))), np.empty((stop - start, 3))
    seeds = np.empty(stop - start, np.int64)
    for row, index in enumerate(range(start, stop)):
        generator = np.random.default_rng([seed, index])
        normals[row] = generator.standard_normal(len(FACTORS))
        chances[row] = generator.random(3)
        seeds[row] = generator.integers(2**32)
    return normals, chances, seeds


def _attributes(table: pd.DataFrame, chances: np.ndarray) -> dict[str, np.ndarray]:
    """CelebA's names for what the picture shows, each as booleans (n,)."""
    t = traits(table)
    male, bald, grey = t["male"] > 0.5, t["baldness"] > 0.5, t["grey"] > 0.5
    haired = ~bald & ~grey
    black, blond = t["hair_darkness"] > 0.82, t["hair_darkness"] < 0.28
    beard, moustache = t["beard"], np.maximum(t["moustache"], 0.4 * t["beard"])
    return {
        "Male": male,
        "Young": t["age"] < 0.5,
        "Chubby": table["fullness"] > 1.2,
        "Pale_Skin": t["skin"] < 0.12,
        "Rosy_Cheeks": t["rosiness"] > 0.65,
        "Narrow_Eyes": t["eye_opening"] < 0.07,
        "Bushy_Eyebrows": t["brow_thickness"] > 0.06,
        "Arched_Eyebrows": t["brow_arch"] > 0.10,
        "Big_Nose": t["nose_width"] > 0.245,
        "Pointy_Nose": t["nose_width"] < 0.20,
        "Big_Lips": t["lips"] > 0.105,
        "Bald": bald,
        "Receding_Hairline": ~bald & (table["hair_recession"] > 1.0),
        "Bangs": t["fringe"] > 0.5,
        "Wavy_Hair": ~bald & (t["curl"] > 0.45),
        "Straight_Hair": ~bald & (t["curl"] < 0.25),
        "Black_Hair": haired & black,
        "Blond_Hair": haired & blond,
        "Brown_Hair": haired & ~black & ~blond,
        "Gray_Hair": ~bald & grey,
        "No_Beard": (beard < 0.1) & (moustache < 0.1),
        "5_o_Clock_Shadow": (beard >= 0.1) & (beard < 0.35),
        "Mustache": moustache > 0.25,
        "Wearing_Lipstick": t["makeup"] > 0.5,
        "Heavy_Makeup": t["makeup"] > 0.65,
        "Smiling": t["smile"] > 0.5,
        "Mouth_Slightly_Open": (t["mouth_open"] > 0.1) | (t["smile"] > 0.6),
        "Eyeglasses": chances[:, 0] < SHARE_EYEGLASSES,
        "Wearing_Hat": chances[:, 1] < SHARE_HAT,
        "Wearing_Necktie": male & (chances[:, 2] < SHARE_NECKTIE),
    }


def draw_factors(start: int, stop: int, *, seed: int, factors: str) -> pd.DataFrame:
    """Rows start to stop-1 of the population that `seed` names; row i is the same in every range that holds it.

    Columns: FACTORS, float64, mean 0, variance 1, covariance `covariance()`; CelebA's attributes, int8;
    `noise_seed`, int64, which chooses textures and the cut of clothes, hat and frames.
    factors: the distribution of the same normal draws after a Gaussian copula: `gaussian`, left as they are, a
        multivariate normal; `uniform` on [-sqrt 3, sqrt 3]; `bimodal`, half and half of N(-0.9, 0.19) and N(0.9, 0.19).
    Eyeglasses, Wearing_Hat and Wearing_Necktie are drawn apart and steer the picture; every other attribute is read
    off the factors. DataError: an unknown kind, or a range that is none. Cost: 25 microseconds a row.
    """
    if factors not in ("gaussian", "uniform", "bimodal"):
        raise DataError(f"data.factors: {factors!r} is unknown; use gaussian, uniform or bimodal")
    if not 0 <= start < stop:
        raise DataError(f"synthetic faces {start} to {stop}: start must be 0 or more and below stop")
    normals, chances, seeds = _draws(start, stop, seed)
    root = np.linalg.cholesky(_normal_covariance(factors))
    # Summed column by column: a matrix product may round a row otherwise when the number of rows changes.
    correlated = sum(normals[:, [j]] * root[:, j] for j in range(len(FACTORS)))
    table = pd.DataFrame(_margin(np.asarray(correlated), factors), columns=list(FACTORS))
    labels = pd.DataFrame(_attributes(table, chances)).astype(np.int8)
    table = pd.concat([table, labels], axis=1).assign(noise_seed=seeds)
    return table.set_index(pd.RangeIndex(start, stop))


def render(table: pd.DataFrame, resolution: int) -> np.ndarray:
    """The portraits of these rows, uint8 (n, resolution, resolution, 3), RGB.

    The same people at every resolution (a multiple of 16 from 32 to 256). The same rows give the same pixels; another
    kind of processor may round single pixels by one grey level. DataError: another resolution.
    """
    if resolution % 16 or not 32 <= resolution <= 256:
        raise DataError(f"data.resolution: {resolution} is no multiple of 16 from 32 to 256 (synthetic faces); use 96")
    images = np.empty((len(table), resolution, resolution, 3), np.uint8)
    everyone, seeds = people(table), table["noise_seed"].tolist()
    eyeglasses, hats, neckties = table[list(WORN)].to_numpy(bool).T[:, :, None, None]
    np.empty(KEPT_BYTES, np.uint8)  # Freed at once.
    size = max(BLOCK_PIXELS // resolution**2, 1)
    for start in range(0, len(table), size):
        block = slice(start, start + size)
        images[block] = portraits(
            only(everyone, block),
            details(seeds[block]),
            resolution,
            eyeglasses=eyeglasses[block],
            hats=hats[block],
            neckties=neckties[block],
        )
    return images
