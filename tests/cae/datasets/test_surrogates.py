from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from cae.config import DataConfig, RunConfig, config_hash
from cae.datasets import load
from cae.datasets.report import summary
from cae.pixels import pixel_axes
from metrics import score

BASE = {"name": "synthetic", "size": 1500, "resolution": 32}


def of(kind: str, **content) -> DataConfig:
    return DataConfig.model_validate(BASE | {"surrogate": kind} | content)


@pytest.mark.parametrize("kind", ["gaussian", "phase"])
def test_surrogates_are_split_as_their_images_and_made_once(kind: str) -> None:
    images, made = load(of("none")), load(of(kind))
    assert np.array_equal(made.train, images.train)
    assert np.array_equal(made.test, images.test)
    assert (made.images.shape, made.images.dtype, made.digest) == (images.images.shape, np.uint8, images.digest)
    assert np.array_equal(made.table["file"], images.table["file"])
    assert np.array_equal(load(of(kind)).images, made.images)
    assert not np.array_equal(made.images, images.images)
    factor = made.report["contrast_factor"]
    assert f"1,500 {kind} surrogates of images, contrast {factor:g}" in summary(made.report)
    assert ((made.images == 0) | (made.images == 255)).mean() < 1e-3


def test_a_normal_population_has_the_images_mean_and_covariance() -> None:
    images, made = load(of("none")), load(of("gaussian"))
    factor = made.report["contrast_factor"]
    before = 127.5 + factor * (images.images.reshape(1500, -1) - 127.5)
    after = made.images.reshape(1500, -1).astype(float)
    error = before.std(axis=0) / np.sqrt(1500)
    assert (np.abs(after.mean(axis=0) - before.mean(axis=0)) < 5 * error + 0.05).all()
    chosen = np.random.default_rng(0).permutation(after.shape[1])[:60]
    covariances = [np.cov(each[:, chosen], rowvar=False) for each in (before, after)]
    assert np.linalg.norm(covariances[0] - covariances[1]) < 0.15 * np.linalg.norm(covariances[0])
    assert not made.attributes.shape[1]


@pytest.mark.thorough
def test_principal_scores_of_a_normal_population_are_a_normal_cloud_by_every_measure() -> None:
    made = load(of("gaussian"))
    found = score(pixel_axes(made, 12).scores(made.images, made.train))
    beyond = {row.name: row.beside["gap_sds"] for row in found.rows if abs(row.beside.get("gap_sds", 0)) > 4}
    assert beyond == {}
    images = load(of("none"))
    real = score(pixel_axes(images, 12).scores(images.images, images.train)).values
    assert real["contour_agreement_gap_sds"] > 10


def test_phases_change_and_the_spectrum_stays() -> None:
    images, made = load(of("none")), load(of("phase"))
    factor = made.report["contrast_factor"]
    few = np.arange(0, 1500, 100)
    before, after = (np.abs(np.fft.fft2(each[few].astype(float), axes=(1, 2))) for each in (images.images, made.images))
    large = before > 1000
    large[:, 0, 0] = False  # the mean moves towards mid gray
    # Rounded to whole numbers and cut off at 0 and 255.
    assert np.median(np.abs(after[large] / (factor * before[large]) - 1)) < 0.03
    assert made.images[few].mean(axis=(1, 2)) == pytest.approx(
        127.5 + factor * (images.images[few].mean(axis=(1, 2)) - 127.5), abs=1
    )
    assert made.attributes.columns.tolist() == images.attributes.columns.tolist()


@pytest.mark.thorough
def test_another_seed_gives_other_surrogates_of_other_images() -> None:
    first, second = (load(of("phase", seed=seed)) for seed in (0, 1))
    assert not np.array_equal(first.images, second.images)


def test_the_default_hashes_as_before_and_unknown_kinds_are_named() -> None:
    plain, surrogate = RunConfig(data=of("none")), RunConfig(data=of("gaussian"))
    before = RunConfig.model_validate({"data": BASE})
    assert config_hash(plain, "d") == config_hash(before, "d") != config_hash(surrogate, "d")
    with pytest.raises(ValidationError, match="'none', 'gaussian' or 'phase'"):
        of("fourier")
