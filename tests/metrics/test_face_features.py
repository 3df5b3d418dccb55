from __future__ import annotations

import numpy as np
import pytest

from cae.datasets.synthetic import draw_factors, render
from metrics.face_features import FEATURES, face_features, last_maps
from metrics.generated import kid
from metrics.visibility import shared_detector


@pytest.fixture(scope="module")
def portraits() -> np.ndarray:
    return render(draw_factors(0, 60, seed=0, factors="gaussian"), 64)


def test_features_are_what_the_network_itself_has(portraits: np.ndarray) -> None:
    """The maps lead on to the same outputs as the whole network."""
    network = shared_detector().get_stage(stage_name="Stage ONET").model
    small = portraits[:5, 8:56, 8:56]
    expected = network((small.astype(np.float32) - 127.5) / 128)[2]
    values = network.prelu5(network.fc5(network.flatten(network.permute(np.concatenate(list(last_maps(small)))))))
    np.testing.assert_allclose(np.asarray(network.fc6_3(values)), np.asarray(expected), atol=1e-5)


def test_each_picture_has_features_of_its_own(portraits: np.ndarray) -> None:
    found = face_features(portraits)
    assert found.shape == (60, FEATURES)
    assert np.unique(found, axis=0).shape == (60, FEATURES)
    np.testing.assert_allclose(face_features(portraits[10:12]), found[10:12], atol=1e-5)
    assert 0.3 < np.sqrt(np.mean(found**2)) < 3


def test_pictures_of_another_side_have_much_the_same_features(portraits: np.ndarray) -> None:
    found, larger = face_features(portraits), face_features(render(draw_factors(0, 60, seed=0, factors="gaussian"), 96))
    assert kid(larger, found).value < 0.1 * kid(face_features(portraits[:, ::-1]), found).value


def test_no_pictures_have_no_features() -> None:
    assert face_features(np.empty((0, 64, 64, 3), np.uint8)).shape == (0, FEATURES)


@pytest.mark.parametrize("shape", [(8, 8, 3), (2, 8, 6, 3), (2, 8, 8, 1)])
def test_other_arrays_are_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="square and in RGB"):
        face_features(np.zeros(shape, np.uint8))
