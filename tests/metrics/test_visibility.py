from __future__ import annotations

import sys

import keras
import numpy as np
import pytest
from scipy import stats

from cae.datasets.synthetic import draw_factors, render
from metrics import visibility
from metrics.visibility import THRESHOLD, visible, visible_share

NOT_FACES = {
    "black": np.zeros((96, 96, 3)),
    "gray": np.full((96, 96, 3), 127),
    "noise": np.random.default_rng(0).integers(0, 256, (96, 96, 3)),
}


@pytest.fixture(scope="module")
def portraits() -> np.ndarray:
    # Not the faces that were looked at while the renderer was made.
    return render(draw_factors(1000, 1024, seed=0, factors="gaussian"), 96)


@pytest.fixture(scope="module")
def confidences(portraits: np.ndarray) -> np.ndarray:
    return visible(portraits)


def one_at_a_time(images: np.ndarray) -> np.ndarray:
    """The package as its own documentation uses it, at the size that a batch has."""
    calls = [visibility.shared_detector().detect_faces(image) for image in visibility._resized(images)]
    return np.array([max((face["confidence"] for face in found), default=0.0) for found in calls])


def test_drawn_faces_are_seen(confidences: np.ndarray) -> None:
    assert confidences.shape == (24,)
    # Not all of them need be seen; if 0.9 of all such faces are, then more than this are 199 times of 200.
    assert np.count_nonzero(confidences > THRESHOLD) > stats.binom(24, 0.9).ppf(0.005)


def test_the_colors_of_faces_alone_are_no_faces(portraits: np.ndarray) -> None:
    pixels = portraits[:8].reshape(8, -1, 3)
    scrambled = np.random.default_rng(0).permutation(pixels, axis=1).reshape(portraits[:8].shape)
    assert visible(scrambled).tolist() == [0.0] * 8


@pytest.mark.parametrize("name", NOT_FACES)
def test_pictures_without_any_candidate_are_no_faces(name: str) -> None:
    images = np.stack([NOT_FACES[name]] * 2).astype(np.uint8)
    assert visible(images).tolist() == [0.0, 0.0]


def test_a_batch_sees_what_single_calls_see(portraits: np.ndarray) -> None:
    others = np.stack(list(NOT_FACES.values())).astype(np.uint8)
    images = np.concatenate([others[:1], portraits[:5], others[1:2], portraits[5:9], others[2:]])
    expected = one_at_a_time(images)
    found = visible(images, batch_size=5)
    assert ((found > THRESHOLD) == (expected > THRESHOLD)).all()
    # The same numbers but for the few pictures whose candidates tie; those of other pictures would be far off.
    assert np.median(np.abs(found - expected)) < 1e-5


def test_the_surest_face_of_a_picture_counts() -> None:
    class Found:
        def detect_faces(self, images: list[np.ndarray]) -> list[list[dict[str, float]]]:
            assert [(image.shape, image.dtype) for image in images] == [((192, 192, 3), np.float32)] * 3
            return [[{"confidence": 0.85}, {"confidence": 0.97}, {"confidence": 0.93}], [], [{"confidence": 0.81}]]

    assert visible(np.zeros((3, 32, 32, 3), np.uint8), detector=Found()).tolist() == [0.97, 0.0, 0.81]


def test_the_same_images_give_the_same_numbers_after_keras_forgets(
    portraits: np.ndarray, confidences: np.ndarray
) -> None:
    keras.utils.clear_session()
    np.testing.assert_array_equal(visible(portraits), confidences)


@pytest.mark.parametrize("resolution", [64, 256])
def test_the_same_people_are_seen_at_every_resolution(resolution: int, confidences: np.ndarray) -> None:
    table = draw_factors(1000, 1024, seed=0, factors="gaussian")
    found = visible(render(table, resolution))
    # Each picture may go over the threshold or under; if 1 in 10 does so, 6 or fewer of 24 do in 99 % of all cases.
    changed = np.count_nonzero((found > THRESHOLD) != (confidences > THRESHOLD))
    assert changed <= stats.binom(24, 0.1).ppf(0.99)


def test_the_detector_is_built_once(portraits: np.ndarray, confidences: np.ndarray) -> None:
    before = visibility.shared_detector.cache_info().misses
    visible(portraits[:1])
    assert visibility.shared_detector.cache_info().misses == before


def test_no_images_have_no_confidences() -> None:
    assert visible(np.empty((0, 96, 96, 3), np.uint8)).shape == (0,)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros((2, 8, 8, 3)), r"float64 \(2, 8, 8, 3\)"),
        (np.zeros((8, 8, 3), np.uint8), r"uint8 \(8, 8, 3\)"),
        (np.zeros((2, 8, 8, 1), np.uint8), r"uint8 \(2, 8, 8, 1\)"),
        (np.zeros((2, 8, 6, 3), np.uint8), r"uint8 \(2, 8, 6, 3\)"),
    ],
)
def test_other_arrays_are_named(images: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        visible(images)


def test_a_missing_package_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mtcnn", None)
    with pytest.raises(ImportError, match=r"pip install 'mtcnn>=1\.0,<2'"):
        visibility.mtcnn_detector()


def test_the_share_counts_what_is_above_the_threshold() -> None:
    found = visible_share(np.array([0.0, 0.85, THRESHOLD, 0.95, 1.0]))
    assert found.share == 2 / 5
    assert found.confidence == pytest.approx(0.74)


@pytest.mark.parametrize(("seen", "n"), [(0, 64), (1, 64), (18, 64), (64, 64), (1, 1)])
def test_the_interval_is_wilsons(seen: int, n: int) -> None:
    found = visible_share(np.repeat([0.95, 0.0], [seen, n - seen]))
    z, p = stats.norm.ppf(0.975), seen / n
    center = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert (found.low, found.high) == pytest.approx((center - half, center + half), abs=1e-12)


def test_the_share_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least 1 picture"):
        visible_share(np.empty(0))
