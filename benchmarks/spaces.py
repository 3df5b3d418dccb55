"""Which features of pictures tell faces from what is wrong with them: `python -m benchmarks.spaces CELEBA LFW`.

The Markdown table of docs/faces.md, once for each of SIDES. Photographs that no feature was fitted to stand in for a
generator's pictures, as they are and spoilt in known ways; 344 others are the real ones, as in a run of 6,000 images
of which 600 are held out. A few minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import cv2
import keras
import numpy as np
from skimage.feature import hog

from cae.config import DataConfig
from cae.datasets import ImageSet, load
from cae.pixels import PixelAxes, pixel_axes
from metrics.face_features import face_features, last_maps
from metrics.generated import Estimate, kid, neighbourhoods
from metrics.visibility import shared_detector

SIDES = (64, 96)
COUNT, REAL, FITTED, AXES = 256, 344, 1_000, 64
# Where MTCNN sees the face of a CelebA photograph cropped at its center: the median of 127 boxes, made square.
FACE = (0.27, 0.895, 0.1875, 0.8125)
Space = Callable[[np.ndarray], np.ndarray]
L = keras.layers


def spaces(images: ImageSet, axes: PixelAxes) -> Mapping[str, Space]:
    """Name to function from pictures uint8 (n, s, s, 3) to features (n, d)."""
    side = images.images.shape[1]
    keras.utils.set_random_seed(0)
    convolutions = [
        L.Conv2D(maps, 3, 2, "same", activation="relu", kernel_initializer="he_normal") for maps in (32, 64, 128, 256)
    ]
    random = keras.Sequential([L.Input((side, side, 3)), *convolutions, L.GlobalAveragePooling2D()])
    top, bottom, left, right = (round(share * side) for share in FACE)
    return {
        "O-Net, last maps, pooled": face_features,
        "not pooled": lambda pictures: np.concatenate([maps.reshape(len(maps), -1) for maps in last_maps(pictures)]),
        "O-Net, next to last layer": penultimate,
        "the same of the face alone": lambda pictures: penultimate(pictures[:, top:bottom, left:right]),
        "principal components": lambda pictures: axes.scores(pictures, np.arange(len(pictures))),
        "HOG": gradients,
        "random network": lambda pictures: random.predict(pictures / np.float32(255) - 0.5, verbose=0),
    }


def penultimate(pictures: np.ndarray) -> np.ndarray:
    """(n, 256): what O-Net's outputs are linear in."""
    network = shared_detector().get_stage(stage_name="Stage ONET").model
    flat = [network.flatten(network.permute(maps)) for maps in last_maps(pictures)]
    return np.concatenate([np.asarray(network.prelu5(network.fc5(part))) for part in flat])


def gradients(pictures: np.ndarray) -> np.ndarray:
    """(n, 1764): histograms of oriented gradients of 8 x 8 cells at 64 px (Dalal and Triggs 2005)."""
    scaled = (cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA) for picture in pictures)
    return np.stack(
        [hog(each, orientations=9, pixels_per_cell=(8, 8), cells_per_block=(2, 2), channel_axis=-1) for each in scaled]
    )


def cases(images: ImageSet, axes: PixelAxes, lfw: str) -> Mapping[str, np.ndarray]:
    """Name to COUNT pictures; the first are photographs as they are."""
    rng = np.random.default_rng(0)
    own, side = images.images[held_out(images)[:COUNT]], images.images.shape[1]
    mean = own.mean(axis=0)
    # Nothing was fitted to their group, so those of the training side serve.
    women = images.train[np.asarray(images.table["Male"])[images.train] != 1][:COUNT]
    return {
        "other photographs": own,
        "mirrored": np.ascontiguousarray(own[:, :, ::-1]),
        "women alone": images.images[women],
        "blurred by 1 % of the side": blurred(own, 0.01),
        "by 2 %": blurred(own, 0.02),
        "by 4 %": blurred(own, 0.04),
        "noise, sd 5 of 255": rounded(own + rng.normal(0, 5, own.shape)),
        "noise, sd 25": rounded(own + rng.normal(0, 25, own.shape)),
        "contrast of 0.6": rounded(mean + 0.6 * (own - mean)),
        "64 principal components": rebuilt(own, axes, 64),
        "16 principal components": rebuilt(own, axes, 16),
        "4 parts shuffled": shuffled(own, 2, rng),
        "16 parts shuffled": shuffled(own, 4, rng),
        "16 parts, half of them": np.concatenate([own[::2], shuffled(own[1::2], 4, rng)]),
        "64 photographs 4 times": np.repeat(own[:64], 4, axis=0),
        "16 photographs 16 times": np.repeat(own[:16], 16, axis=0),
        "the mean face, noise": rounded(mean + rng.normal(0, 3, own.shape)),
        "LFW": load(DataConfig(name="folder", path=lfw, resolution=side, size=COUNT)).images[:],
        "synthetic faces": load(DataConfig(name="synthetic", resolution=side, size=COUNT)).images[:],
        "digits": load(DataConfig(name="digits", resolution=side, size=COUNT)).images[:],
    }


def held_out(images: ImageSet) -> np.ndarray:
    """Rows of the held-out images in random order."""
    return images.test[np.random.default_rng(1).permutation(len(images.test))]


def rounded(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def blurred(pictures: np.ndarray, share: float) -> np.ndarray:
    return np.stack([cv2.GaussianBlur(each, (0, 0), share * len(each)) for each in pictures])


def rebuilt(pictures: np.ndarray, axes: PixelAxes, count: int) -> np.ndarray:
    scores = axes.scores(pictures, np.arange(len(pictures)))[:, :count]
    return rounded(255 * (scores @ axes.axes[:, :count].T + axes.mean)).reshape(pictures.shape)


def shuffled(pictures: np.ndarray, parts: int, rng: np.random.Generator) -> np.ndarray:
    """Each picture cut into parts x parts squares, which are put together in random order."""
    n, side = len(pictures), pictures.shape[1]
    size = side // parts
    squares = pictures.reshape(n, parts, size, parts, size, 3).transpose(0, 1, 3, 2, 4, 5).reshape(n, -1, size, size, 3)
    mixed = np.stack([each[rng.permutation(parts**2)] for each in squares])
    return mixed.reshape(n, parts, parts, size, size, 3).transpose(0, 1, 3, 2, 4, 5).reshape(pictures.shape)


def judged(space: Space, sets: Mapping[str, np.ndarray], images: ImageSet) -> dict[str, str]:
    """Case to its KID above that of other photographs in standard errors of the difference, and its coverage."""
    # Each space gets the scale that the kernel takes.
    scale = np.sqrt(np.mean(space(images.images[images.train[:FITTED]]) ** 2))
    real = space(images.images[held_out(images)[COUNT : COUNT + REAL]]) / scale
    found: dict[str, tuple[Estimate, Estimate]] = {}
    for name, pictures in sets.items():
        features = space(pictures) / scale
        found[name] = kid(features, real), neighbourhoods(features, real).coverage
    first = found["other photographs"][0]
    return {name: cell(name, *each, first) for name, each in found.items()}


def cell(name: str, distance: Estimate, coverage: Estimate, first: Estimate) -> str:
    if name == "other photographs":
        return f"{distance.value / distance.error:z.1f}; {coverage.value:.2f}"
    apart = distance.minus(first)
    return f"{apart.value / apart.error:z.0f}; {coverage.value:.2f}"


def table(side: int, celeba: str, lfw: str) -> str:
    """Markdown: a row for each case, a column for each space."""
    images = load(DataConfig(name="celeba", path=celeba, resolution=side))
    axes = pixel_axes(images, AXES)
    sets = cases(images, axes, lfw)
    columns = {name: judged(space, sets, images) for name, space in spaces(images, axes).items()}
    head = [f"| {side} px | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    return "\n".join([*head, *(f"| {name} | {' | '.join(each[name] for each in columns.values())} |" for name in sets)])


if __name__ == "__main__":
    for size in SIDES:
        print(table(size, *sys.argv[1:3]), end="\n\n", flush=True)
