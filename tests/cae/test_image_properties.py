from __future__ import annotations

import numpy as np
import pytest

from cae.image_properties import PROPERTIES, image_properties


def of(*pictures: np.ndarray) -> dict[str, np.ndarray]:
    images = np.stack(pictures).astype(np.uint8)
    return image_properties(images, np.arange(len(images)))


def test_an_even_picture_has_its_brightness_and_saturation_alone() -> None:
    found = of(np.full((16, 16, 3), [200, 100, 100]))
    assert found["brightness"][0] == pytest.approx(0.299 * 200 + 0.701 * 100, abs=0.1)
    assert found["saturation"][0] == 100
    for name in ("contrast", "detail", "border"):
        assert found[name][0] == pytest.approx(0, abs=1e-3)


def test_stripes_have_the_detail_of_their_steps() -> None:
    stripes = np.zeros((16, 16, 3))
    stripes[:, ::2] = 100
    found = of(stripes)
    assert found["detail"][0] == pytest.approx(100, abs=0.1)
    assert found["contrast"][0] == pytest.approx(50, abs=0.1)
    halves = np.zeros((16, 16, 3))
    halves[:, 8:] = 100
    # One step of 15 places.
    assert of(halves)["detail"][0] == pytest.approx(100 / np.sqrt(15), abs=0.1)


def test_what_happens_in_the_middle_is_not_in_the_border() -> None:
    middle, frame = np.full((16, 16, 3), 50), np.full((16, 16, 3), 50)
    middle[4:12, 4:12] = 250
    frame[:1] = 250
    found = of(middle, frame)
    assert found["border"][0] == pytest.approx(0, abs=1e-3)
    assert found["border"][1] > 50


def test_values_stand_in_the_order_of_the_indices_over_chunks() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (600, 8, 8, 3), dtype=np.uint8)
    rows = rng.permutation(600)
    whole = image_properties(images, rows)
    assert list(whole) == list(PROPERTIES)
    for name, values in image_properties(images, rows[300:301]).items():
        assert (whole[name].shape, whole[name].dtype) == ((600,), np.float32)
        assert whole[name][300] == pytest.approx(values[0], rel=1e-5)
    assert image_properties(images, rows[:0])["detail"].shape == (0,)
