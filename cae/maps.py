"""What the innermost maps of an encoder react to: their amplitudes, the most exciting images, the best input pattern.

A map is one channel of the last encoder convolution, after its activation and before batch normalization and
flattening. Its output for an image is the mean over the map's neurons, as in the articles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from cae import faces
from cae.attributes import MIN_MEMBERS
from cae.layers import gradients

BATCH = 64
# The articles' author starts from random fluctuations on four length scales. These are their grains in pixels; a mean
# color is drawn besides, without which hardly a start is red all over, and neurons that see no red have no gradient.
GRAINS = (16, 8, 4, 2)
STARTS = 512
STARTS_KEPT = 2
# Three times as many steps raised the outputs of a CelebA run's maps by less than 2 %.
STEPS = 100
STEP_SIZE = 0.05
EXCITING = 6


@dataclass(frozen=True, eq=False)
class Responses:
    """What n images do to k maps, both float32 (n, k).

    means: the mean over a map's neurons. peaks: the largest of them; an image with a peak above 0 activates the map
    (softplus and sigmoid, which are never 0, are always active).
    """

    means: np.ndarray
    peaks: np.ndarray

    @property
    def amplitudes(self) -> np.ndarray:
        """(k,): the mean output of each map over all images."""
        return self.means.mean(axis=0)

    @property
    def active(self) -> np.ndarray:
        """(k,): the share of images that activate each map, 0 ... 1; a map with 0 is dead."""
        return (self.peaks > 0).mean(axis=0)


@dataclass(frozen=True, eq=False)
class Patterns:
    """The inputs that excite m maps most, uint8 (m, h, w, 3), and the mean output of each map for its own, (m,)."""

    pictures: np.ndarray
    outputs: np.ndarray


@dataclass(frozen=True, eq=False)
class Survey:
    """The m maps of largest mean output, largest first, of all `total`; `dead` lists those that no image activates.

    numbers, amplitudes, active: (m,), see `Responses`. exciting: (m, 6), the rows of the images that excite each map
    most, and exciting_outputs their mean outputs.
    """

    numbers: np.ndarray
    amplitudes: np.ndarray
    active: np.ndarray
    exciting: np.ndarray
    exciting_outputs: np.ndarray
    patterns: Patterns
    total: int
    dead: list[int]


def survey(
    encoder: keras.Model, images: np.ndarray, indices: np.ndarray, rng: np.random.Generator, count: int = 16
) -> Survey:
    """What `draw` shows of the innermost maps, found on these images. images: uint8 (n, h, w, 3); indices: rows of it.

    count: how many maps, those of largest mean output. The patterns get the images' median contrast, so that outputs
    compare. Cost: one encoding of the images and `input_patterns`.
    """
    found = respond(encoder, images, indices)
    amplitudes, active = found.amplitudes, found.active
    numbers = np.argsort(-amplitudes, kind="stable")[:count]
    order = np.argsort(-found.means[:, numbers], axis=0, kind="stable")[:EXCITING].T
    return Survey(
        numbers,
        amplitudes[numbers],
        active[numbers],
        indices[order],
        found.means[order, numbers[:, None]],
        input_patterns(encoder, numbers, rms_contrast(images, indices), rng),
        len(amplitudes),
        [int(number) for number in np.flatnonzero(active == 0)],
    )


def draw(found: Survey, images: np.ndarray, title: str) -> np.ndarray:
    """uint8 (height, width, 3): a row per map: its best input pattern, then the images that excite it most."""
    rows = zip(found.patterns.pictures, found.exciting, strict=True)
    pictures = np.concatenate([np.concatenate([pattern[None], images[exciting]]) for pattern, exciting in rows])
    outputs = np.column_stack([found.patterns.outputs, found.exciting_outputs])
    captions = [f"{'pattern ' * (column == 0)}{value:.2f}" for row in outputs for column, value in enumerate(row)]
    columns = outputs.shape[1]
    return faces.grid(pictures, title, _explain(found), columns=columns, labels=_labels(found), captions=captions)


def _labels(found: Survey) -> list[str]:
    rows = zip(found.numbers, found.amplitudes, found.active, strict=True)
    return [
        f"map {number}: mean {amplitude:.2f}, " + (f"active {100 * active:.0f} %" if active else "dead: never active")
        for number, amplitude, active in rows
    ]


def _explain(found: Survey) -> str:
    dead = f"dead (never active): {', '.join(map(str, found.dead))}" if found.dead else "none of them dead"
    shown = f"{len(found.numbers)} of {found.total} maps of the last convolution after its activation"
    return f"{shown}  ·  numbers: mean over the map's neurons  ·  {dead}"


def respond(encoder: keras.Model, images: np.ndarray, indices: np.ndarray, batch_size: int = BATCH) -> Responses:
    """The innermost maps' outputs for the images uint8 (n, h, w, 3) of these rows, in their order. Reads in batches."""
    maps = _innermost(encoder)
    peaks = keras.layers.GlobalMaxPooling2D(dtype="float32")(maps)
    model = keras.Model(encoder.input, [_mean(maps), peaks])
    starts = range(0, len(indices), batch_size)
    chunks = [model.predict_on_batch(images[indices[i : i + batch_size]]) for i in starts]
    return Responses(*(np.concatenate(parts) for parts in zip(*chunks, strict=True)))


def has_maps(encoder: keras.Model) -> bool:
    """Whether it has a convolution and something after it; a plug-in's may have none."""
    return any(isinstance(layer, keras.layers.Conv2D) for layer in encoder.layers[:-1])


def reactions(
    found: Responses, properties: Mapping[str, ArrayLike], attributes: Mapping[str, np.ndarray], seed: int = 0
) -> dict[str, float]:
    """What the k maps react to, in numbers of n images; those that need a living map, or attributes, only with these.

    properties: name to (n,) numbers. attributes: name to (n,) of 1, 0 and -1, not known.
    dead: share of the maps that no image activates. active: mean share of the images that activate a map. explained:
    mean share of the variance of a map's mean output that a linear function of the properties explains, adjusted for
    their number; 1 = the map tells light and detail alone. auc: mean over maps of the chance that the attribute which
    the map tells best ranks two images in the order of its outputs, 0.5 to 1, or the other way round; auc_chance: the
    same of images in random order, as the best of many attributes is above 0.5 by chance alone.
    """
    told = {"dead": float((found.active == 0).mean()), "active": float(found.active.mean())}
    varying = found.means[:, found.means.std(axis=0) > 0].astype(np.float64)
    if not varying.size:
        return told
    if len(varying) > len(properties) + 1:
        told["explained"] = _explained(varying, np.column_stack([np.asarray(each) for each in properties.values()]))
    known = [values for values in attributes.values() if min((values == 0).sum(), (values == 1).sum()) >= MIN_MEMBERS]
    if known:
        shuffled = np.random.default_rng(seed).permutation(varying)
        told |= {"auc": _best_auc(varying, known), "auc_chance": _best_auc(shuffled, known)}
    return told


def _explained(outputs: np.ndarray, properties: np.ndarray) -> float:
    """Mean adjusted R^2 of a linear regression of each column of outputs (n, k) on properties (n, p)."""
    n, p = properties.shape
    design = np.column_stack([np.ones(n), properties])
    rest = outputs - design @ np.linalg.lstsq(design, outputs, rcond=None)[0]
    left = (rest**2).sum(axis=0) / ((outputs - outputs.mean(axis=0)) ** 2).sum(axis=0)
    return float((1 - left * (n - 1) / (n - p - 1)).mean())


def _best_auc(outputs: np.ndarray, attributes: Sequence[np.ndarray]) -> float:
    """Mean over columns of outputs (n, k) of the best of the attributes' AUCs (Mann and Whitney 1947), either way."""
    best = np.full(outputs.shape[1], 0.5)
    for values in attributes:
        ranks = rankdata(outputs[values >= 0], axis=0)
        having = values[values >= 0] == 1
        count = having.sum()
        auc = (ranks[having].sum(axis=0) - count * (count + 1) / 2) / (count * (~having).sum())
        best = np.maximum(best, np.maximum(auc, 1 - auc))
    return float(best.mean())


def _innermost(encoder: keras.Model) -> Any:
    """The symbolic maps (n, h, w, k): the output of the last convolution's activation, which is the layer after it."""
    last = max(i for i, layer in enumerate(encoder.layers) if isinstance(layer, keras.layers.Conv2D))
    return encoder.layers[last + 1].output


def _mean(maps: Any) -> Any:
    return keras.layers.GlobalAveragePooling2D(dtype="float32")(maps)


# --- the best input pattern ----------------------------------------------------------------------------------------


def rms_contrast(images: np.ndarray, indices: np.ndarray) -> float:
    """0 ... 0.5: the median over the images of their colors' root mean square distance from gray, for colors 0 ... 1.

    images: uint8 (n, h, w, 3); indices: rows of it.
    """
    return float(np.median([np.sqrt(np.mean((images[i] / np.float32(255) - 0.5) ** 2)) for i in indices]))


def input_patterns(
    encoder: keras.Model, numbers: np.ndarray, contrast: float, rng: np.random.Generator, steps: int = STEPS
) -> Patterns:
    """For each map in `numbers` the picture of this `rms_contrast` found that maximizes its mean output.

    Without a bound on the contrast every maximum is made of black, white and pure colors. Noise composed of four
    length scales and a mean color is drawn STARTS times; from the STARTS_KEPT starts that excite a map most all scales
    climb its gradient together (Adam, all maps in one batch), and the better end is kept. A map that is 0 for every
    start has no gradient, and its pattern is noise. Cost: about 20 s of one core for 16 maps of 64-64-128-128 at 96 px.
    """
    # Above the layer that scales uint8 to [0, 1] the graph is differentiable.
    scaled = encoder.get_layer("to_unit_interval").output
    model = keras.Model(scaled, _mean(_innermost(encoder)))
    wanted = np.repeat(numbers, STARTS_KEPT)
    grains = _good_starts(model, numbers, contrast, rng)
    pictures = _ascend(model, grains, wanted, contrast, steps)
    outputs = keras.ops.convert_to_numpy(model(pictures / np.float32(255)))[np.arange(len(wanted)), wanted]
    best = outputs.reshape(-1, STARTS_KEPT).argmax(axis=1) + np.arange(len(numbers)) * STARTS_KEPT
    return Patterns(pictures[best], outputs[best])


def _ascend(
    model: keras.Model, grains: list[np.ndarray], wanted: np.ndarray, contrast: float, steps: int
) -> np.ndarray:
    """uint8 (m, h, w, 3): where the starts end up when picture i maximizes output `wanted[i]` of the model."""
    variables = [keras.Variable(part) for part in grains]
    optimizer = keras.optimizers.Adam(STEP_SIZE)
    size = model.input_shape[1]
    mask = keras.ops.convert_to_tensor(np.eye(model.output_shape[-1], dtype=np.float32)[wanted])
    for _ in range(steps):
        downhill = gradients(lambda: -keras.ops.sum(model(_picture(variables, size, contrast)) * mask), variables)
        optimizer.apply(downhill, variables)
    return np.rint(255 * keras.ops.convert_to_numpy(_picture(variables, size, contrast))).astype(np.uint8)


def _good_starts(
    model: keras.Model, numbers: np.ndarray, contrast: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """Of each length scale (len(numbers) * STARTS_KEPT, side, side, 3): the best starts of the first map, and so on."""
    size = model.input_shape[1]
    grains = _noise(size, rng)
    chunks = [[part[i : i + BATCH] for part in grains] for i in range(0, STARTS, BATCH)]
    outputs = np.concatenate([model.predict_on_batch(_picture(chunk, size, contrast)) for chunk in chunks])
    best = np.argsort(-outputs[:, numbers], axis=0, kind="stable")[:STARTS_KEPT].T.ravel()
    return [part[best] for part in grains]


def _noise(size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """float32 (STARTS, side, side, 3) of each length scale, which every start weighs in its own way; first the mean."""
    sides = [1, *(max(1, size // grain) for grain in GRAINS)]
    fields = [rng.standard_normal((STARTS, side, side, 3)) * rng.uniform(0, 2, (STARTS, 1, 1, 1)) for side in sides]
    return [field.astype(np.float32) for field in fields]


def _picture(grains: Sequence[Any], size: int, contrast: float) -> Any:
    """float (n, size, size, 3) in [0, 1]: all length scales, enlarged smoothly, added and brought to this contrast."""
    tensors = [keras.ops.convert_to_tensor(part) for part in grains]
    enlarged = [keras.ops.image.resize(part, (size, size), interpolation="bicubic") for part in tensors]
    total = keras.ops.sum(keras.ops.stack(enlarged), axis=0)
    scale = keras.ops.sqrt(keras.ops.mean(keras.ops.square(total), axis=(1, 2, 3), keepdims=True))
    return keras.ops.clip(0.5 + contrast * total / scale, 0.0, 1.0)
