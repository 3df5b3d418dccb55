"""Compiled loops do what the plain one does. tests/end_to_end/test_jax.py runs this file on JAX."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest

from cae.config import ModelConfig, TrainingConfig
from cae.convolutional import build_autoencoder
from cae.datasets.imageset import ImageSet
from cae.latents import encode
from cae.loops import Loop
from cae.loops.chunks import chunks
from cae.loops.feed import Feed
from cae.loops.host import HostLoop
from cae.loops.order import in_batches
from cae.model import Autoencoder
from cae.training import train

if keras.config.backend() == "jax":
    from cae.loops.jax_loop import CompiledLoop, outputs

    KINDS: dict[str, Callable[..., Loop]] = {"compiled": CompiledLoop}
else:
    from cae.loops.tensorflow_loop import CompiledLoop, outputs

    KINDS = {"compiled": CompiledLoop, "xla": partial(CompiledLoop, xla=True)}

# The whole set in memory; three batches at a time, so that the last block is not full.
FEEDS = {"resident": Feed, "streamed": partial(Feed, room=0, block_bytes=3 * 32 * 32 * 32 * 3)}
NETWORKS = {
    "plain": {},
    "batch_norm": {"batch_norm": True, "activation": "tanh"},
    "random": {"dropout": 0.2, "regularizer": "kl", "regularizer_weight": 0.5},
}


def build_network(settings: dict) -> Autoencoder:
    keras.utils.set_random_seed(3)
    return build_autoencoder(ModelConfig(maps=(4, 8), latent_dim=4, **settings), 32)


def flat(weights: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([values.ravel() for values in weights])


def trained(images: ImageSet, folder: Path, make: Callable[..., Loop], network: dict, **training: object) -> tuple:
    """Weights after two epochs of batches of 32 images and one of 26, and both losses of each epoch."""
    made = build_network(network)
    config = TrainingConfig(epochs=2, batch_size=32, seed=5, **training)
    epochs = list(train(made, images, config, folder, make_loop=make))
    return made.model.get_weights(), [value for e in epochs for value in (e.loss, e.held_out_loss)]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize(
    "kind", ["compiled", *(pytest.param(kind, marks=pytest.mark.thorough) for kind in KINDS if kind == "xla")]
)
def test_a_compiled_loop_trains_as_the_plain_one(
    blobs: ImageSet, tmp_path: Path, kind: str, feed: str, network: str
) -> None:
    def make(model: keras.Model, images: np.ndarray) -> Loop:
        return KINDS[kind](model, images, feed=FEEDS[feed](images))

    if kind == "xla" and network == "random":
        pytest.skip("XLA draws other random numbers from the same seeds than TensorFlow without it")
    options = {"flips": True, "schedule": "cosine"}
    plain, losses = trained(blobs, tmp_path / "a", HostLoop, NETWORKS[network], **options)
    ours, found = trained(blobs, tmp_path / "b", make, NETWORKS[network], **options)
    # Adam makes rounding errors of small gradients large: within a thousandth of the way that the weights went.
    assert found == pytest.approx(losses, abs=5e-5)
    first = flat(build_network(NETWORKS[network]).model.get_weights())
    assert np.linalg.norm(flat(ours) - flat(plain)) <= 1e-3 * np.linalg.norm(flat(plain) - first)


@pytest.mark.parametrize("feed", FEEDS)
def test_outputs_are_the_encoders_in_order(blobs: ImageSet, feed: str) -> None:
    encoder = build_network({}).encoder
    rows = np.arange(len(blobs.images))[::2]
    found = outputs(encoder, FEEDS[feed](blobs.images), in_batches(rows, 32))
    assert found == pytest.approx(encode(encoder, blobs.images, rows), abs=1e-5)


class Lent:
    """What `Feed.blocks` gave, as arrays."""

    def __init__(self, feed: Feed, count: int) -> None:
        (block,) = feed.blocks(in_batches(np.arange(count), count))
        self.pixels = keras.ops.convert_to_numpy(block.pixels)


def test_another_array_of_the_same_shape_is_another_set() -> None:
    """Also where it lies where the first one was, which is gone."""
    for value in range(20):
        images = np.full((4, 8, 8, 3), value, np.uint8)
        assert (Lent(Feed(images, room=1 << 20), 4).pixels == value).all()


def test_the_maps_of_one_file_are_one_set_and_their_parts_are_not(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(8, dtype=np.uint8).repeat(192).reshape(8, 8, 8, 3))
    first, second = (np.load(tmp_path / "a.npy", mmap_mode="r") for _ in range(2))
    assert Lent(Feed(first, room=1 << 20), 8).pixels[:, 0, 0, 0].tolist() == list(range(8))
    assert Feed(second, room=0).fits
    for start in (0, 4):
        part = second[start : start + 4]
        assert not Feed(part, room=0).fits
        assert Lent(Feed(part, room=1 << 20), 4).pixels[:, 0, 0, 0].tolist() == list(range(start, start + 4))


@pytest.mark.parametrize(("count", "seconds"), [(0, 1.0), (1, 1.0), (8, 1.0), (100, 0.0), (100, 9.0)])
def test_chunks_are_all_steps_once(count: int, seconds: float) -> None:
    found = list(chunks(count, seconds))
    assert [step for start, end in found for step in range(start, end)] == list(range(count))
    assert all(end - start <= 8 for start, end in found[:2])
    if count == 100:
        assert len(found) == (2 + 84 if seconds == 0 else 3)
