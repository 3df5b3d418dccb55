from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cae.config import RunConfig
from cae.datasets import ImageSet, load
from metrics.catalog import HEADLINES
from sweeps.pipeline.compute import untrained
from sweeps.pipeline.formation import SHOWN, observe, read, shown_epochs
from sweeps.tracking.recording import previews


def config(**analysis) -> RunConfig:
    return RunConfig.model_validate(
        {
            "data": {"name": "digits", "resolution": 16},
            "model": {"maps": [4, 8], "latent_dim": 6},
            "training": {"epochs": 5},
            "analysis": analysis,
        }
    )


@pytest.fixture(scope="module")
def images(shared_cache: Path) -> ImageSet:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAE_CACHE", str(shared_cache))
        return load(config().data)


@pytest.mark.parametrize(
    ("epochs", "shown"),
    [(1, [0, 1]), (2, [0, 1, 2]), (5, [0, 1, 2, 4, 5]), (8, [0, 1, 2, 4, 8]), (24, [0, 1, 2, 4, 8, 16, 24])],
)
def test_epochs_are_the_powers_of_two_and_both_ends(epochs: int, shown: list[int]) -> None:
    assert shown_epochs(epochs) == shown


def test_each_epoch_adds_its_headlines_and_faces(tmp_path: Path, images: ImageSet) -> None:
    network = untrained(config())
    for epoch in range(6):
        observe(network, images, config(), tmp_path, epoch)
    curves = read(tmp_path)
    assert curves.keys() == {f"formation/{name}" for name in SHOWN}
    assert set(HEADLINES) <= set(SHOWN)
    for curve in curves.values():
        assert list(curve) == [0, 1, 2, 4, 5]
        # The same network, images and pairs.
        assert len(set(curve.values())) == 1
    found = previews(tmp_path)
    assert {(key, step) for key, step, _ in found} == {
        (f"formation/{name}", epoch) for name in ("reconstruction", "mnd") for epoch in (0, 1, 2, 4, 5)
    }
    sizes = {np.asarray(Image.open(path)).shape for _, _, path in found}
    assert len(sizes) == 1


def test_an_epoch_that_is_repeated_replaces_itself_and_what_came_after(tmp_path: Path, images: ImageSet) -> None:
    network = untrained(config())
    for epoch in (0, 1, 2, 1):
        observe(network, images, config(), tmp_path, epoch)
    assert list(read(tmp_path)["formation/radius_agreement"]) == [0, 1]


def test_a_run_that_goes_on_keeps_what_came_before_it_was_cut_off(tmp_path: Path, images: ImageSet) -> None:
    network = untrained(config())
    for epoch in (0, 1, 2, 0, 4):  # killed after the third epoch, and built anew
        observe(network, images, config(), tmp_path, epoch)
    assert list(read(tmp_path)["formation/radius_agreement"]) == [0, 1, 2, 4]


def test_a_key_turns_it_off(tmp_path: Path, images: ImageSet) -> None:
    observe(untrained(config()), images, config(formation=False), tmp_path, 0)
    assert read(tmp_path) == {}
    assert not list(tmp_path.iterdir())
