from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from cae import latents
from cae.config import ModelConfig
from cae.convolutional import build_autoencoder
from cae.export import with_stock_layers
from cae.model import Autoencoder

ELSEWHERE = """
import importlib.abc, json, sys

class Without(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in ("cae", "metrics", "sweeps"):
            raise ModuleNotFoundError(f"no {name} here")

sys.meta_path.insert(0, Without())
import keras, numpy as np

encoder, decoder = (keras.saving.load_model(f"{sys.argv[1]}/{name}.keras") for name in ("encoder", "decoder"))
images = np.load(f"{sys.argv[1]}/images.npy")
vectors = encoder.predict(images, verbose=0)
np.savez(f"{sys.argv[1]}/found.npz", vectors=vectors, pictures=decoder.predict(vectors, verbose=0))
assert "cae" not in sys.modules
"""
CONFIGS = {
    "plain": {},
    "leaky_relu": {"activation": "leaky_relu", "negative_slope": 0.3},
    "batch_norm": {"batch_norm": True, "activation": "tanh"},
    "variational": {"kl_weight": 1.0},
    "penalized": {"regularizer": "mmd", "latent_l2": 1.0, "decoder_l2": 1.0, "latent_batch_norm": True},
    "deep": {"blocks": 3, "residual": True, "resampling": "pooling", "dense": (6,), "dropout": 0.1, "batch_norm": True},
    "bfloat16": {"batch_norm": True, "activation": "leaky_relu"},
}


def network(name: str) -> Autoencoder:
    keras.utils.set_random_seed(0)
    precision = name if name == "bfloat16" else "float32"
    made = build_autoencoder(ModelConfig(maps=(4, 8), latent_dim=5, **CONFIGS[name]), 32, precision)
    rng = np.random.default_rng(0)
    for weight in made.model.weights:  # biases and moments that are not 0 and 1
        weight.assign(weight + 0.1 * np.abs(rng.standard_normal(weight.shape)))
    return made


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", CONFIGS)
def test_no_layer_is_ours_and_all_give_the_same(name: str, images: np.ndarray) -> None:
    made = network(name)
    encoder, decoder = with_stock_layers(made.encoder), with_stock_layers(made.decoder)
    for stock in (encoder, decoder):
        assert {type(layer).__module__.split(".")[0] for layer in stock.layers} == {"keras"}
    assert encoder.output_shape == made.encoder.output_shape
    assert encoder.count_params() == made.encoder.count_params()
    assert decoder.count_params() == made.decoder.count_params()
    # bfloat16 has 8 bits, and kernels round at different places.
    within = {"rel": 0.05, "abs": 0.05} if name == "bfloat16" else {"rel": 1e-4, "abs": 1e-5}
    vectors = latents.posterior_means(made.encoder, images, np.arange(20))
    assert latents.posterior_means(encoder, images, np.arange(20)) == pytest.approx(vectors, **within)
    pictures = latents.decode(made.decoder, vectors).astype(int)
    assert np.abs(pictures - latents.decode(decoder, vectors)).max() <= (12 if name == "bfloat16" else 1)


def test_a_variational_encoder_still_draws_from_the_posterior(images: np.ndarray) -> None:
    made = network("variational")
    drawn = latents.encode(made.encoder, images, np.arange(20))
    assert not np.allclose(drawn, latents.posterior_means(made.encoder, images, np.arange(20)), rtol=0.01)
    assert latents.encode(with_stock_layers(made.encoder), images, np.arange(20)) == pytest.approx(drawn, rel=1e-4)


def test_both_files_load_where_this_package_is_not(tmp_path: Path, images: np.ndarray) -> None:
    made = network("batch_norm")
    with_stock_layers(made.encoder).save(tmp_path / "encoder.keras")
    with_stock_layers(made.decoder).save(tmp_path / "decoder.keras")
    np.save(tmp_path / "images.npy", images)
    command = [sys.executable, "-c", ELSEWHERE, str(tmp_path)]
    subprocess.run(command, check=True, cwd=tmp_path, timeout=300)
    found = np.load(tmp_path / "found.npz")
    vectors = latents.encode(made.encoder, images, np.arange(20))
    assert found["vectors"] == pytest.approx(vectors, rel=1e-4, abs=1e-5)
    assert np.abs(np.rint(255 * found["pictures"]) - latents.decode(made.decoder, vectors)).max() <= 1
