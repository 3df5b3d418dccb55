from __future__ import annotations

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from cae.inception import FEATURES, inception_features
from cae.inception_weights import ARRAYS, NUMBERS, weights_file


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """Keras' network with weights drawn at random: no file of the real ones comes with this repository."""
    keras.utils.set_random_seed(0)
    return keras.applications.InceptionV3(include_top=False, weights=None, pooling="avg")


@pytest.fixture(scope="module")
def weights(network: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In the format of the files that Keras offers."""
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    path = tmp_path_factory.mktemp("weights") / "notop.h5"
    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, network)
    return path


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)


@pytest.mark.slow(seconds=20)
def test_features_are_those_of_the_network_with_these_weights(
    network: keras.Model, weights: Path, pictures: np.ndarray
) -> None:
    found = inception_features(pictures, str(weights))
    assert found.shape == (3, FEATURES)
    enlarged = keras.ops.image.resize(pictures.astype(np.float32), (299, 299), "bicubic")
    expected = keras.ops.convert_to_numpy(network(enlarged / 127.5 - 1, training=False))
    # OpenCV and TensorFlow enlarge nearly alike.
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.99
    assert inception_features(pictures[:0], str(weights)).shape == (0, FEATURES)


@pytest.mark.thorough
@pytest.mark.slow(seconds=20)
def test_files_of_keras_3_are_taken_too(
    network: keras.Model, pictures: np.ndarray, tmp_path: Path, weights: Path
) -> None:
    path = tmp_path / "some.weights.h5"
    network.save_weights(path)
    np.testing.assert_allclose(
        inception_features(pictures, str(path)), inception_features(pictures, str(weights)), atol=1e-5
    )


def test_the_place_may_be_a_variable(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHTS", str(weights.parent))
    assert weights_file("$WEIGHTS/notop.h5") == weights


def test_no_file_is_one_line_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^analysis.inception_weights: .*nowhere.h5 is no file; give Keras'"):
        weights_file(str(tmp_path / "nowhere.h5"))


def test_another_format_is_told(tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    path.write_bytes(b"PK")
    with pytest.raises(ValueError, match="is no HDF5 file"):
        weights_file(str(path))


def test_weights_of_another_network_are_told(tmp_path: Path) -> None:
    path = tmp_path / "other.weights.h5"
    keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)]).save_weights(path)
    with pytest.raises(ValueError, match=f"holds 2 arrays of 8 numbers, not {ARRAYS} of {NUMBERS:,}"):
        weights_file(str(path))


def test_as_many_numbers_in_another_order_do_not_load(tmp_path: Path, pictures: np.ndarray) -> None:
    path = tmp_path / "shuffled.h5"
    with h5py.File(path, "w") as file:
        for i in range(ARRAYS):
            file.create_dataset(str(i), (NUMBERS - ARRAYS + 1 if i == 0 else 1,), chunks=True)
    with pytest.raises(ValueError, match=r"analysis.inception_weights: .* does not fit \(.+\); give Keras'"):
        inception_features(pictures, str(path))
