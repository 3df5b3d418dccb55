from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import kstest

from cae.checkpoints import restore, save
from cae.config import DataConfig, ModelConfig, RunConfig, TrainingConfig, untrainable
from cae.convolutional import build_autoencoder
from cae.datasets import load
from cae.datasets.imageset import ImageSet
from cae.latent_layers import kl_divergence
from cae.latents import encode
from cae.loops import host
from cae.loops.order import batches, in_batches
from cae.losses import binary_crossentropy, mean_squared_error
from cae.model import Autoencoder
from cae.optimizer import Adam
from cae.training import (
    Epoch,
    Progress,
    TrainingDiverged,
    Untrainable,
    _check,
    least_batch,
    train,
)

SMALL = ModelConfig(maps=(4, 8), latent_dim=4)
# Of what takes long a second variant.
SECOND = [pytest.mark.thorough, pytest.mark.soak]


def fresh(model: ModelConfig = SMALL, precision: str = "float32") -> Autoencoder:
    keras.utils.set_random_seed(3)
    return build_autoencoder(model, 32, precision)


def run(
    images: ImageSet, config: TrainingConfig, folder: Path, stop_after: int = 99
) -> tuple[Autoencoder, list[Epoch]]:
    network, epochs = fresh(SMALL, config.precision), []
    for epoch in train(network, images, config, folder):
        epochs.append(epoch)
        if epoch.epoch == stop_after:
            break
    return network, epochs


@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_training_lowers_the_held_out_loss(blobs: ImageSet, tmp_path: Path, loss: str) -> None:
    config = TrainingConfig(loss=loss, epochs=6, batch_size=32, learning_rate=3e-3)
    _, epochs = run(blobs, config, tmp_path)
    assert [e.epoch for e in epochs] == [1, 2, 3, 4, 5, 6]
    assert epochs[-1].held_out_loss < 0.8 * epochs[0].held_out_loss
    assert all(e.images_per_second > 0 for e in epochs)


@pytest.mark.parametrize(
    ("schedule", "precision", "batch_norm", "kl_weight"),
    [
        ("constant", "float32", False, 0),
        ("cosine", "bfloat16", False, 0),
        ("exponential", "bfloat16", True, 1),
    ],
)
def test_a_resumed_training_equals_one_that_was_not_interrupted(
    blobs: ImageSet, tmp_path: Path, schedule: str, precision: str, batch_norm: bool, kl_weight: float
) -> None:
    config = TrainingConfig(epochs=4, batch_size=32, schedule=schedule, precision=precision, seed=5)
    model = SMALL.model_copy(update={"batch_norm": batch_norm, "kl_weight": kl_weight})
    whole, parts = fresh(model, precision), fresh(model, precision)
    losses = [e.held_out_loss for e in train(whole, blobs, config, tmp_path / "whole")]
    for epoch in train(parts, blobs, config, tmp_path / "parts"):
        if epoch.epoch == 3:  # dies before the checkpoint of epoch 3 is written
            break
    resumed = fresh(model, precision)
    later = list(train(resumed, blobs, config, tmp_path / "parts"))
    assert [e.epoch for e in later] == [3, 4]
    assert [e.held_out_loss for e in later] == pytest.approx(losses[2:], abs=1e-6)
    for ours, theirs in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-6)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("model", "training"),
    [
        ({"regularizer": "mmd", "regularizer_weight": 10, "dropout": 0.2}, {"flips": True}),
        pytest.param({"regularizer": "sliced"}, {"optimizer": "sgd", "weight_decay": 0.1}, marks=SECOND),
        pytest.param({"regularizer": "sigreg", "blocks": 2}, {"optimizer": "rmsprop"}, marks=SECOND),
        ({"regularizer": "kl", "dropout": 0.2, "latent_batch_norm": True}, {"optimizer": "adamw"}),
        ({"regularizer": "gae", "latent_l2": 1, "decoder_l2": 1}, {"patience": 1, "learning_rate": 0.02}),
    ],
)
def test_so_does_every_kind_of_randomness(blobs: ImageSet, tmp_path: Path, model: dict, training: dict) -> None:
    config = TrainingConfig(**{"epochs": 5, "batch_size": 32, "seed": 5} | training)
    built = ModelConfig.model_validate({"maps": (4, 8), "latent_dim": 4} | model)
    whole, parts, resumed = fresh(built), fresh(built), fresh(built)
    losses = {e.epoch: e.held_out_loss for e in train(whole, blobs, config, tmp_path / "whole")}
    for epoch in train(parts, blobs, config, tmp_path / "parts"):
        if epoch.epoch == 2:
            break
    later = {e.epoch: e.held_out_loss for e in train(resumed, blobs, config, tmp_path / "parts")}
    assert later == pytest.approx({epoch: loss for epoch, loss in losses.items() if epoch > 1}, abs=1e-6)
    for ours, theirs in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-6)


def test_patience_ends_with_the_best_weights(blobs: ImageSet, tmp_path: Path) -> None:
    """A rate so high that the loss rises again soon."""
    config = TrainingConfig(epochs=30, batch_size=32, learning_rate=0.03, patience=2)
    network, epochs = run(blobs, config, tmp_path)
    losses = [e.held_out_loss for e in epochs]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + 2 < 30
    model = network.model
    batches_ = [float(model.test_on_batch(blobs.images[blobs.test], blobs.images[blobs.test]))]
    assert batches_[0] == pytest.approx(losses[best], rel=1e-5)
    # Once more, after the end: nothing is trained, and the same weights come back.
    again, nothing = run(blobs, config, tmp_path)
    assert nothing == []
    for ours, theirs in zip(again.model.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


def test_with_patience_a_last_epoch_that_is_lost_ends_nothing(
    blobs: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not the one that stays; a best epoch that is worse than no training is an error as ever."""
    losses = iter([0.7, 0.5, 3.0, 0.7, 2.0, 3.0])
    monkeypatch.setattr(host.HostLoop, "test", lambda *_: next(losses))
    config = TrainingConfig(epochs=2, batch_size=32, patience=5)
    assert [e.held_out_loss for e in run(blobs, config, tmp_path / "a")[1]] == [0.5, 3.0]
    with pytest.raises(TrainingDiverged, match="became 2 in epoch 1"):
        run(blobs, config, tmp_path / "b")


def test_without_patience_no_epoch_is_left_out(blobs: ImageSet, tmp_path: Path) -> None:
    config = TrainingConfig(epochs=4, batch_size=32, learning_rate=0.03)
    assert len(run(blobs, config, tmp_path)[1]) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epoch-00004.weights.h5"]


def test_flips_mirror_half_of_the_images_and_others_in_each_epoch(
    blobs: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[np.ndarray] = []
    monkeypatch.setattr(host, "step", lambda model, batch: seen.append(batch.copy()) or 0.5)
    list(train(fresh(), blobs, TrainingConfig(epochs=2, batch_size=50, flips=True), tmp_path))
    rows = {image.tobytes(): i for i, image in enumerate(blobs.images)}
    mirrored = {image[:, ::-1].tobytes(): i for i, image in enumerate(blobs.images)}
    epochs = []
    for part in (seen[:5], seen[5:]):
        pictures = [picture for batch in part for picture in batch]
        flipped = {mirrored[p.tobytes()] for p in pictures if p.tobytes() not in rows}
        assert flipped | {rows[p.tobytes()] for p in pictures if p.tobytes() in rows} == set(blobs.train)
        assert abs(len(flipped) - 125) < 4 * np.sqrt(250) / 2
        epochs.append(flipped)
    assert epochs[0] != epochs[1]


def test_another_seed_gives_another_order_and_the_same_seed_the_same(blobs: ImageSet, tmp_path: Path) -> None:
    losses = {}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        config = TrainingConfig(epochs=1, batch_size=32, seed=seed, learning_rate=0.02)
        losses[name] = run(blobs, config, tmp_path / name)[1][0].held_out_loss
    assert losses["a"] == pytest.approx(losses["b"], rel=1e-6)  # threads add in an order of their own
    assert losses["a"] != pytest.approx(losses["c"], rel=1e-4)


@pytest.mark.parametrize(
    ("loss", "rate", "epochs", "words"),
    [
        ("bce", 1e30, 3, r"the loss became nan in epoch 1, from 0\.69\d* before.*learning_rate 1e\+30: try 0\.0005,"),
        ("bce", 30.0, 3, r"the loss became [\d.]+e\+\d+ in epoch 1, from 0\.69"),
        ("bce", 1.0, 3, r"the loss became [\d.e+]+ in epoch \d, from 0\.69\d* before.*learning_rate 1: try 0\.0005,"),
        # Pictures of black and white: a squared error has no range to leave.
        ("mse", 30.0, 2, r"the loss became 0\.\d+ in epoch 2, from 0\.1\d+ before the training"),
    ],
)
def test_a_training_that_diverges_says_so_with_a_remedy(
    blobs: ImageSet, tmp_path: Path, loss: str, rate: float, epochs: int, words: str
) -> None:
    config = TrainingConfig(epochs=epochs, batch_size=32, learning_rate=rate, loss=loss)
    with pytest.raises(TrainingDiverged, match=words):
        run(blobs, config, tmp_path)


def test_a_remedy_of_a_small_rate_is_a_tenth_of_it() -> None:
    with pytest.raises(TrainingDiverged, match=r"became -0\.1.*learning_rate 0\.0002: try 2e-05,"):
        _check(-0.1, 3, TrainingConfig(learning_rate=2e-4), start_loss=0.7, rise=10)


def test_progress_reaches_every_image(blobs: ImageSet, tmp_path: Path) -> None:
    told: list[Progress] = []
    list(train(fresh(), blobs, TrainingConfig(epochs=2, batch_size=32), tmp_path, told.append))
    ends = [p for p in told if p.done == p.total]
    assert [p.epoch for p in ends] == [1, 2]
    assert all(p.total == 250 and p.images_per_second > 0 for p in told)


def test_batches_hold_every_image_once() -> None:
    images = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1).repeat(3, axis=3)
    found = list(batches(images, in_batches(np.array([7, 3, 9, 1, 5]), 2)))
    assert [len(batch) for batch in found] == [2, 2, 1]
    assert sorted(int(v) for batch in found for v in batch[:, 0, 0, 0]) == [1, 3, 5, 7, 9]


@pytest.mark.parametrize(
    ("count", "size", "least", "sizes"),
    [
        (5, 2, 1, [2, 2, 1]),
        (5, 2, 2, [2, 3]),
        (6, 2, 2, [2, 2, 2]),
        (3, 8, 2, [3]),
        (1, 8, 1, [1]),
        (2, 1, 1, [1, 1]),
    ],
)
def test_a_batch_that_is_too_small_joins_the_one_before_it(count: int, size: int, least: int, sizes: list[int]) -> None:
    images = np.zeros((count, 1, 1, 3), np.uint8)
    assert [len(batch) for batch in batches(images, in_batches(np.arange(count), size, least))] == sizes


@pytest.mark.parametrize(
    ("model", "resolution", "least"),
    [
        ({"batch_norm": True}, 8, 1),
        ({"batch_norm": True}, 4, 2),
        ({"batch_norm": False, "dense": [8]}, 4, 1),
        ({"batch_norm": True, "dense": [8]}, 8, 2),
        ({"batch_norm": True, "resampling": "pooling", "blocks": 2}, 4, 1),
        ({"batch_norm": True, "blocks": 2}, 4, 2),
        ({"latent_batch_norm": True}, 8, 2),
    ],
)
def test_batch_norm_of_one_value_needs_two_images(model: dict, resolution: int, least: int, tmp_path: Path) -> None:
    """The network says so itself, whoever built it, and the configuration foretells it of the built-in one."""
    settings = {"model": {"maps": [4, 8], "latent_dim": 4, **model}, "data": {"resolution": resolution}}
    config = RunConfig.model_validate(settings | {"training": {"batch_size": 1}})
    network = build_autoencoder(config.model, resolution)
    assert least_batch(network.model) == least
    assert bool(untrainable(config)) == (least == 2)
    assert not untrainable(RunConfig.model_validate(settings | {"training": {"batch_size": 2}}))
    if least == 2:
        images = np.zeros((9, resolution, resolution, 3), np.uint8)
        faces = ImageSet("made", images, pd.DataFrame(index=range(9)), np.arange(7), np.arange(7, 9), "digest")
        with pytest.raises(Untrainable, match="a batch of 1 image leaves batch norm one value per channel"):
            next(train(network, faces, config.training, tmp_path))


@pytest.mark.parametrize(("batch_norm", "sizes"), [(True, [33]), (False, [32, 1])])
def test_one_image_left_over_is_no_batch_of_its_own_where_batch_norm_needs_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_norm: bool, sizes: list[int]
) -> None:
    seen: list[int] = []
    step = host.step
    monkeypatch.setattr(host, "step", lambda model, batch: seen.append(len(batch)) or step(model, batch))
    pictures = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 3)).astype(np.uint8)
    images = ImageSet("made", pictures, pd.DataFrame(index=range(40)), np.arange(33), np.arange(33, 40), "digest")
    network = build_autoencoder(ModelConfig(maps=(4, 8), latent_dim=4, batch_norm=batch_norm), 4)
    list(train(network, images, TrainingConfig(epochs=2, batch_size=32, schedule="cosine"), tmp_path))
    assert seen == 2 * sizes
    # The schedule ends with the last step.
    assert float(network.model.optimizer.learning_rate) == pytest.approx(0, abs=1e-9)


def test_losses_are_means_over_all_images(blobs: ImageSet, tmp_path: Path) -> None:
    """Also of a last batch that is smaller than the others; a learning rate of almost 0 leaves the network as it is."""
    config = TrainingConfig(epochs=1, batch_size=64, learning_rate=1e-30, loss="mse")
    network, (epoch,) = run(blobs, config, tmp_path)
    errors = (expit(keras.ops.convert_to_numpy(network.model(blobs.images))) - blobs.images / 255) ** 2
    assert epoch.loss == pytest.approx(errors[blobs.train].mean(), rel=1e-5)
    assert epoch.held_out_loss == pytest.approx(errors[blobs.test].mean(), rel=1e-5)


def test_a_checkpoint_that_was_cut_off_is_not_read(blobs: ImageSet, tmp_path: Path) -> None:
    network = fresh()
    network.model.compile("adam", mean_squared_error)
    network.model.optimizer.build(network.model.trainable_variables)
    save(network.model, tmp_path, 2)
    (tmp_path / "unfinished.weights.h5").write_bytes(b"half a file")
    assert restore(network.model, tmp_path) == 2
    save(network.model, tmp_path, 3)
    assert [p.name for p in tmp_path.iterdir()] == ["epoch-00003.weights.h5"]


def by_hand() -> keras.Model:
    """The plain autoencoder of SMALL, layer by layer as Keras' own documentation would build it."""
    keras.utils.set_random_seed(3)
    strided = {"kernel_size": 3, "strides": 2, "padding": "same"}
    x = images = keras.Input((32, 32, 3), dtype="uint8")
    x = keras.layers.Rescaling(1 / 255)(x)
    for maps in (4, 8):
        x = keras.layers.LeakyReLU(0.3)(keras.layers.Conv2D(maps, **strided)(x))
    x = keras.layers.Dense(4)(keras.layers.Flatten()(x))
    x = keras.layers.Dense(8 * 8 * 8)(x)
    x = keras.layers.Conv2DTranspose(4, **strided)(keras.layers.Reshape((8, 8, 8))(x))
    return keras.Model(images, keras.layers.Conv2DTranspose(3, **strided)(keras.layers.LeakyReLU(0.3)(x)))


def test_a_plain_autoencoder_is_that_of_plain_layers(blobs: ImageSet, tmp_path: Path) -> None:
    """kl_weight 0 leaves neither a layer nor a loss nor a random number behind."""
    config = TrainingConfig(epochs=1, batch_size=32, seed=5)
    network, _ = run(blobs, config, tmp_path)
    model = by_hand()
    model.compile(optimizer=Adam(config.learning_rate), loss=binary_crossentropy)
    for batch in batches(blobs.images, in_batches(np.random.default_rng([5, 1]).permutation(blobs.train), 32)):
        model.train_on_batch(batch, batch)
    for ours, theirs in zip(network.model.get_weights(), model.get_weights(), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-6)


def variational(kl_weight: float) -> Autoencoder:
    return fresh(SMALL.model_copy(update={"kl_weight": kl_weight}))


def posteriors(network: Autoencoder, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and log variances, as the two heads give them."""
    heads = [network.encoder.get_layer(name).output for name in ("latent", "log_variance")]
    mean, log_variance = keras.Model(network.encoder.input, heads)(images)
    return np.asarray(mean), np.asarray(log_variance)


def test_the_held_out_loss_is_that_of_the_means_and_the_weighted_divergence(blobs: ImageSet, tmp_path: Path) -> None:
    network = variational(kl_weight=50)
    network.encoder.get_layer("log_variance").bias.assign(np.ones(4))
    config = TrainingConfig(epochs=1, batch_size=64, learning_rate=1e-30, loss="mse")
    (epoch,) = train(network, blobs, config, tmp_path)
    mean, log_variance = posteriors(network, blobs.images[blobs.test])
    error = np.mean((np.asarray(network.decoder(mean)) - blobs.images[blobs.test] / 255) ** 2)
    nats = float(np.mean(kl_divergence(mean, log_variance)))
    assert epoch.held_out_loss == pytest.approx(error + 50 * nats / (32 * 32 * 3), rel=1e-4)


def test_a_huge_weight_leaves_nothing_but_the_standard_normal(blobs: ImageSet, tmp_path: Path) -> None:
    """At the optimum kl_weight * KL / values is no more than the cross-entropy it saves; that of gray pictures is ln 2.

    A learning rate that falls to 0 lets Adam settle there. Vectors: within 4 standard errors of mean 0 and sd 1.
    """
    network = variational(kl_weight=1e6)
    config = TrainingConfig(epochs=12, batch_size=32, learning_rate=3e-3, schedule="cosine")
    list(train(network, blobs, config, tmp_path))
    mean, log_variance = posteriors(network, blobs.images)
    assert float(np.mean(kl_divergence(mean, log_variance))) < np.log(2) * 32 * 32 * 3 / 1e6
    vectors = encode(network.encoder, blobs.images, np.arange(300))
    assert np.all(np.abs(vectors.mean(axis=0)) < 4 / np.sqrt(300))
    assert np.all(np.abs(vectors.std(axis=0) - 1) < 4 / np.sqrt(2 * 300))


@pytest.mark.thorough
def test_enforced_components_are_nearer_to_the_standard_normal_than_free_ones(tmp_path: Path) -> None:
    digits = load(DataConfig(name="digits", resolution=32, size=600))
    config = TrainingConfig(epochs=4, batch_size=32, learning_rate=1e-2)
    distances = []
    for weight in (0.0, 10.0):
        network = variational(weight)
        list(train(network, digits, config, tmp_path / str(weight)))
        vectors = encode(network.encoder, digits.images, digits.train)
        distances.append([kstest(component, "norm").statistic for component in vectors.T])
    free, enforced = distances
    assert max(enforced) < min(free)
