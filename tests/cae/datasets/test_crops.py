from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cae.datasets.crops import GRAY, LUMINANCE_MEAN, LUMINANCE_SD, face_ellipse, fit, normalize_contrast, resize, window
from cae.datasets.source import View


def luminance(image: np.ndarray) -> np.ndarray:
    return image @ np.array([0.299, 0.587, 0.114])


@pytest.mark.parametrize(
    ("height", "width", "crop", "rows", "columns"),
    [
        (218, 178, "center", (20, 198), (0, 178)),
        (218, 178, "tight", (45, 173), (25, 153)),
        (218, 178, "none", (0, 218), (0, 178)),
        (436, 356, "tight", (90, 346), (50, 306)),
        (250, 250, "tight", (51, 198), (51, 198)),
        (100, 300, "center", (0, 100), (100, 200)),
        (16, 16, "tight", (3, 12), (3, 12)),
    ],
)
def test_window(height: int, width: int, crop: str, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    assert window(height, width, crop) == (slice(*rows), slice(*columns))


@given(st.integers(96, 400), st.integers(96, 400), st.sampled_from([32, 64, 96]), st.integers(0, 99))
@example(128, 128, 64, 0)
def test_shrinking_gives_opencvs_area_means_of_bytes(height: int, width: int, resolution: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    expected = cv2.resize(image, (resolution, resolution), interpolation=cv2.INTER_AREA)
    assert np.abs(resize(image, resolution).astype(int) - expected).max() <= 1
    # Means of two by two pixels are halves in a quarter of all cases, of which OpenCV rounds half the other way.
    ties = height == width == 2 * resolution
    assert np.mean(resize(image, resolution) != expected) < (0.2 if ties else 1e-3)


@given(st.integers(16, 500), st.integers(16, 500), st.sampled_from(["center", "tight"]))
def test_window_is_a_centred_square_inside(height: int, width: int, crop: str) -> None:
    rows, columns = window(height, width, crop)
    side = rows.stop - rows.start
    assert side == columns.stop - columns.start
    for part, size in ((rows, height), (columns, width)):
        assert 0 <= part.start < part.stop <= size
        assert abs(part.start - (size - part.stop)) <= 1


@pytest.mark.parametrize("contrast", ["as_is", "normalized"])
@pytest.mark.parametrize("crop", ["center", "tight", "none"])
@pytest.mark.parametrize("size", [(218, 178), (16, 300), (17, 16)])
def test_fit_gives_the_square(size: tuple[int, int], crop: str, contrast: str) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    square = fit(image, View(96, crop, contrast))
    assert square.shape == (96, 96, 3)
    assert square.dtype == np.uint8


NOISE = np.random.default_rng(2).integers(0, 256, (218, 178, 3), np.uint8)


def test_outside_of_the_ellipse_all_is_gray_and_inside_all_is_kept() -> None:
    plain, masked = (fit(NOISE, View(64, "center", "as_is", background)) for background in ("kept", "masked"))
    inside = face_ellipse(218, 178, View(64, "center", "as_is", "masked"))
    assert (masked[~inside] == GRAY).all()
    assert (masked[inside] == plain[inside]).all()
    assert inside.mean() == pytest.approx(np.pi * 0.3 * 0.4, abs=0.01)
    assert (inside == inside[::-1]).all()
    assert (inside == inside[:, ::-1]).all()


@pytest.mark.parametrize(("crop", "width", "height"), [("tight", 178 / 128, 178 / 128), ("none", 1, 178 / 218)])
def test_every_crop_keeps_the_same_part_of_the_face(crop: str, width: float, height: float) -> None:
    inside = face_ellipse(218, 178, View(256, crop, "as_is", "masked"))
    assert inside.any(axis=0).mean() == pytest.approx(0.6 * width, abs=0.01)
    assert inside.any(axis=1).mean() == pytest.approx(min(0.8 * height, 1), abs=0.01)


def test_contrast_is_normalized_inside_of_the_ellipse_alone() -> None:
    bright = NOISE[..., :1].repeat(3, axis=2)  # colors would be clipped
    dark = np.rint(bright * 0.4).astype(np.uint8)
    view = View(64, "center", "normalized", "masked")
    inside = face_ellipse(218, 178, view)
    for image in (bright, dark):
        image[:30] = 255  # what the ellipse leaves out
        gray = luminance(fit(image, view))[inside]
        assert gray.mean() == pytest.approx(LUMINANCE_MEAN, abs=0.5)
        assert gray.std() == pytest.approx(LUMINANCE_SD, abs=0.5)


def test_blurring_is_a_gaussian_of_so_many_pixels() -> None:
    point = np.zeros((64, 64, 3), np.uint8)
    point[32, 32] = 255
    row = fit(np.tile(point[:, 32:33], (1, 64, 1)), View(64, "center", "as_is", blur=2.0))[:, 32, 0].astype(float)
    assert np.sqrt((row * (np.arange(64) - 32) ** 2).sum() / row.sum()) == pytest.approx(2, abs=0.1)
    assert row.sum() == pytest.approx(255, abs=8)  # rounded to bytes


def test_views_keep_the_names_of_older_versions_and_tell_what_is_new() -> None:
    assert View(96, "center", "as_is").name == "96-center-as_is"
    assert View(64, "tight", "normalized", "masked", 1.5).name == "64-tight-normalized-masked-blur1.5"


def test_shrinking_takes_means_and_growing_is_smooth() -> None:
    checks = np.indices((64, 64)).sum(0)[..., None].repeat(3, 2) % 2 * 200
    assert np.ptp(resize(checks.astype(np.uint8), 32)) == 0
    step = np.zeros((8, 8, 3), np.uint8)
    step[:, 4:] = 200
    assert len(np.unique(resize(step, 96)[50, :, 0])) > 8


def test_normalised_images_have_one_luminance_and_contrast() -> None:
    rng = np.random.default_rng(1)
    for level, spread in ((40, 20), (128, 100), (200, 15)):  # evenly spread grey values: nothing is clipped
        grey = rng.uniform(level - spread, level + spread, (96, 96, 1))
        result = luminance(normalize_contrast((grey + np.array([4, 0, -4])).astype(np.uint8)))
        assert result.mean() == pytest.approx(LUMINANCE_MEAN, abs=0.5)
        assert result.std() == pytest.approx(LUMINANCE_SD, abs=0.5)


def test_normalising_undoes_gain_and_offset() -> None:
    image = np.random.default_rng(2).normal(120, 20, (64, 64, 3)).clip(60, 180)
    first, second = (normalize_contrast(x.astype(np.uint8)) for x in (image, image * 0.8 + 40))
    assert np.abs(first.astype(int) - second).max() <= 6


def test_even_picture_stays_even() -> None:
    flat = np.full((32, 32, 3), 30, np.uint8)
    flat[0, 0] = 31
    assert luminance(normalize_contrast(flat)).std() < 1
