"""The drawn faces: the population is the stated one, and each factor shows where it should."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cae.datasets.imageset import DataError
from cae.datasets.portrait import details
from cae.datasets.synthetic import BLOCK_PIXELS, FACTORS, covariance, draw_factors, render

KINDS = ("gaussian", "uniform", "bimodal")
POPULATION = 20_000

# Boxes of an aligned portrait: rows, then columns, as shares of its side.
FOREHEAD = (0.30, 0.38, 0.40, 0.58)
EYES = (0.45, 0.57, 0.28, 0.70)
MOUTH = (0.69, 0.80, 0.38, 0.60)
JAW = (0.76, 0.88, 0.35, 0.63)
FACE = (0.45, 0.80, 0.38, 0.60)
TOP = (0.0, 0.10, 0.0, 0.20)
CROWN = (0.14, 0.25, 0.40, 0.58)
CHEST = (0.95, 1.0, 0.1, 0.3)
CHEEKS = (0.58, 0.68, 0.28, 0.38)


@pytest.fixture(scope="module")
def populations() -> dict[str, pd.DataFrame]:
    return {kind: draw_factors(0, POPULATION, seed=3, factors=kind) for kind in KINDS}


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Forty people who look at us, without hats, glasses or a fringe, so that nothing covers anything."""
    plain = {"Eyeglasses": 0, "Wearing_Hat": 0, "yaw": 0.0, "pitch": 0.0, "roll": 0.0, "fringe": -1.0}
    return draw_factors(0, 40, seed=5, factors="gaussian").assign(**plain)


def cut(images: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    top, bottom, left, right = (round(edge * images.shape[1]) for edge in box)
    return images[:, top:bottom, left:right].astype(float)


def change(before: pd.DataFrame, after: pd.DataFrame, box: tuple[float, float, float, float]) -> float:
    """Mean absolute change of a box in grey levels."""
    return float(np.abs(cut(render(before, 64), box) - cut(render(after, 64), box)).mean())


@settings(max_examples=20)
@given(index=st.integers(0, 5000), before=st.integers(0, 5), after=st.integers(1, 5), kind=st.sampled_from(KINDS))
def test_a_row_is_the_same_in_every_range(index: int, before: int, after: int, kind: str) -> None:
    alone = draw_factors(index, index + 1, seed=1, factors=kind)
    among = draw_factors(max(0, index - before), index + after, seed=1, factors=kind)
    pd.testing.assert_frame_equal(alone, among.loc[[index]], check_exact=True)


def test_a_picture_is_the_same_in_every_range() -> None:
    table = draw_factors(10, 16, seed=0, factors="gaussian")
    np.testing.assert_array_equal(render(table, 96)[3], render(draw_factors(13, 14, seed=0, factors="gaussian"), 96)[0])


def test_a_picture_is_the_same_alone_and_among_others() -> None:
    """Rows in two blocks, with every background, hat and frame, ties, beards and long beards."""
    table = draw_factors(0, 80, seed=0, factors="gaussian")
    every = np.arange(len(table))
    table = table.assign(Eyeglasses=every % 2, Wearing_Hat=every % 3 == 0, Wearing_Necktie=every % 5 == 0)
    table.loc[every % 4 == 0, ["masculinity", "beard"]] = 1.0, 1.8
    choice = details(table["noise_seed"])
    assert len(table) > BLOCK_PIXELS // 48**2
    assert set(choice.background.flat) == set(range(6))
    assert set(choice.hat[every % 3 == 0].flat) == set(range(3))
    assert set(choice.frame[every % 2 == 1].flat) == set(range(4))
    alone = np.concatenate([render(table[row : row + 1], 48) for row in every])
    np.testing.assert_array_equal(render(table, 48), alone)


def test_another_seed_or_index_is_another_person() -> None:
    first, other = (draw_factors(0, 6, seed=seed, factors="gaussian") for seed in (0, 1))
    everyone = np.concatenate([render(first, 32), render(other, 32)]).reshape(12, -1)
    assert len(np.unique(everyone, axis=0)) == 12


def test_the_kinds_share_attributes_that_are_drawn_apart(populations: dict[str, pd.DataFrame]) -> None:
    columns = ["Eyeglasses", "Wearing_Hat", "noise_seed"]
    for kind in KINDS:
        pd.testing.assert_frame_equal(populations[kind][columns], populations["gaussian"][columns])


def test_covariance_is_a_correlation_matrix() -> None:
    matrix = covariance()
    assert matrix.shape == (len(FACTORS), len(FACTORS))
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diag(matrix), 1)
    assert np.linalg.eigvalsh(matrix)[0] > 0.05
    assert np.count_nonzero(matrix) > len(FACTORS)


@pytest.mark.parametrize("kind", KINDS)
def test_population_moments(populations: dict[str, pd.DataFrame], kind: str) -> None:
    """Within five standard errors; those of a normal are the largest of the three kinds'."""
    values, known = populations[kind][list(FACTORS)].to_numpy(), covariance()
    assert np.abs(values.mean(axis=0)).max() < 5 / np.sqrt(POPULATION)
    error = np.abs(values.T @ values / POPULATION - known) / np.sqrt((1 + known**2) / POPULATION)
    assert error.max() < 5


def test_gaussian_margins_and_distances_are_normal(populations: dict[str, pd.DataFrame]) -> None:
    values = populations["gaussian"][list(FACTORS)].to_numpy()
    distances = np.sum(values * np.linalg.solve(covariance(), values.T).T, axis=1)
    levels = [stats.kstest(column, "norm").pvalue for column in values.T]
    levels.append(stats.kstest(distances, "chi2", args=(len(FACTORS),)).pvalue)
    assert min(levels) > 1e-4 / len(levels)


@pytest.mark.parametrize(("kind", "kurtosis"), [("uniform", -1.2), ("bimodal", -2 * 0.9**4)])
def test_other_margins_are_what_they_say(populations: dict[str, pd.DataFrame], kind: str, kurtosis: float) -> None:
    """Excess kurtosis: -6/5 of a uniform; -2 m^4 of two equal normals at +-m with variance 1."""
    values = populations[kind][list(FACTORS)].to_numpy()
    assert max(stats.kstest(column, "norm").pvalue for column in values.T) < 1e-10
    assert stats.kurtosis(values).mean() == pytest.approx(kurtosis, abs=0.02)


@pytest.mark.parametrize("factor", FACTORS)
def test_each_factor_moves_pixels(factor: str) -> None:
    table = draw_factors(0, 12, seed=2, factors="gaussian")
    shown = table.assign(masculinity=1.0) if factor in ("beard", "moustache") else table
    shown = shown.assign(masculinity=-1.0) if factor == "makeup" else shown
    low, high = (render(shown.assign(**{factor: value}), 64).astype(float) for value in (-1.5, 1.5))
    assert np.abs(high - low).mean() > 0.05


@pytest.mark.parametrize(
    ("factor", "where", "elsewhere"),
    [
        ("smile", MOUTH, FOREHEAD),
        ("mouth_open", MOUTH, EYES),
        ("lip_fullness", MOUTH, EYES),
        ("gaze_x", EYES, MOUTH),
        ("eye_darkness", EYES, MOUTH),
        ("eye_opening", EYES, MOUTH),
        ("hair_darkness", CROWN, MOUTH),
        ("skin_darkness", FACE, TOP),
        ("rosiness", CHEEKS, TOP),
        ("clothes_brightness", CHEST, FACE),
        ("background_brightness", TOP, FACE),
        ("face_length", JAW, EYES),
    ],
)
def test_a_factor_shows_where_it_should(
    people: pd.DataFrame,
    factor: str,
    where: tuple[float, float, float, float],
    elsewhere: tuple[float, float, float, float],
) -> None:
    low, high = people.assign(**{factor: -1.5}), people.assign(**{factor: 1.5})
    assert change(low, high, where) > 2 * change(low, high, elsewhere)


@pytest.mark.parametrize("factor", ["beard", "moustache"])
def test_men_alone_grow_beards(people: pd.DataFrame, factor: str) -> None:
    def grown(masculinity: float) -> float:
        bare = people.assign(masculinity=masculinity, beard=-1.5, moustache=-1.5)
        return change(bare, bare.assign(**{factor: 1.5}), MOUTH)

    assert grown(-1.0) == 0
    assert grown(1.0) > 1


def test_the_lamp_lights_its_side(people: pd.DataFrame) -> None:
    faces = cut(render(people.assign(light_azimuth=2.0, hair_length=-2.0), 64), FACE).mean(axis=(0, 1, 3))
    assert faces[-3:].mean() > 1.2 * faces[:3].mean()


@pytest.mark.parametrize(("factor", "darker"), [("skin_darkness", FACE), ("hair_darkness", CROWN)])
def test_darkness_darkens(people: pd.DataFrame, factor: str, darker: tuple[float, float, float, float]) -> None:
    means = [cut(render(people.assign(**{factor: v, "greyness": -3.0}), 64), darker).mean() for v in (-2, 0, 2)]
    assert means[0] > means[1] > means[2]


@pytest.mark.parametrize(
    ("attribute", "where", "elsewhere"),
    [("Eyeglasses", EYES, MOUTH), ("Wearing_Hat", CROWN, MOUTH), ("Wearing_Necktie", (0.94, 1, 0.4, 0.6), EYES)],
)
def test_attributes_that_steer_the_picture(
    people: pd.DataFrame,
    attribute: str,
    where: tuple[float, float, float, float],
    elsewhere: tuple[float, float, float, float],
) -> None:
    with_it, without = people.assign(**{attribute: 1}), people.assign(**{attribute: 0})
    assert change(with_it, without, where) > 5 + 2 * change(with_it, without, elsewhere)


@pytest.mark.parametrize(
    ("attribute", "factor", "sign"),
    [
        ("Male", "masculinity", 1), ("Young", "age", -1), ("Smiling", "smile", 1), ("Big_Nose", "nose_width", 1),
        ("Pale_Skin", "skin_darkness", -1), ("Blond_Hair", "hair_darkness", -1), ("Black_Hair", "hair_darkness", 1),
        ("Gray_Hair", "greyness", 1), ("Bald", "hair_recession", 1), ("Bangs", "fringe", 1), ("No_Beard", "beard", -1),
        ("Mustache", "moustache", 1), ("Narrow_Eyes", "eye_opening", -1), ("Bushy_Eyebrows", "brow_thickness", 1),
        ("Mouth_Slightly_Open", "mouth_open", 1), ("Wearing_Lipstick", "makeup", 1), ("Big_Lips", "lip_fullness", 1),
    ],
)  # fmt: skip
def test_attributes_follow_their_factor(
    populations: dict[str, pd.DataFrame], attribute: str, factor: str, sign: int
) -> None:
    table = populations["gaussian"]
    has = table[attribute] == 1
    assert 0.01 < has.mean() < 0.99
    assert sign * (table.loc[has, factor].mean() - table.loc[~has, factor].mean()) > 0.3


def test_attributes_do_not_contradict_each_other(populations: dict[str, pd.DataFrame]) -> None:
    for table in populations.values():
        hair = table[["Bald", "Gray_Hair", "Black_Hair", "Brown_Hair", "Blond_Hair"]]
        assert (hair.sum(axis=1) == 1).all()
        assert (table.loc[table["Male"] == 0, "No_Beard"] == 1).all()
        assert (table.loc[table["Male"] == 1, "Wearing_Lipstick"] == 0).all()
        assert not ((table["Mustache"] == 1) & (table["No_Beard"] == 1)).any()
        assert not ((table["Big_Nose"] == 1) & (table["Pointy_Nose"] == 1)).any()


def test_columns_and_types() -> None:
    table = draw_factors(7, 10, seed=0, factors="gaussian")
    assert list(table.index) == [7, 8, 9]
    assert tuple(table.columns[: len(FACTORS)]) == FACTORS
    assert (table[list(FACTORS)].dtypes == np.float64).all()
    assert (table.columns[-1], table["noise_seed"].dtype) == ("noise_seed", np.int64)
    assert (table.iloc[:, len(FACTORS) : -1].dtypes == np.int8).all()


@pytest.mark.parametrize("resolution", [32, 96, 128, 256])
def test_shape_and_range(resolution: int) -> None:
    images = render(draw_factors(0, 4, seed=0, factors="gaussian"), resolution)
    assert (images.shape, images.dtype) == ((4, resolution, resolution, 3), np.uint8)
    assert (images.max(axis=(1, 2, 3)) > 140).all()
    assert (images.min(axis=(1, 2, 3)) < 60).all()


@pytest.mark.parametrize("factors", KINDS)
def test_extreme_factors_stay_drawable(factors: str) -> None:
    table = draw_factors(0, 8, seed=0, factors=factors)
    table[list(FACTORS)] *= 10
    with np.errstate(all="raise", under="ignore"):
        assert render(table, 48).std() > 20


@pytest.mark.parametrize("large", [128, 192])
def test_the_same_people_at_every_resolution(large: int) -> None:
    """Far closer to themselves at another resolution than to the next person."""
    table = draw_factors(0, 30, seed=4, factors="gaussian")
    small = render(table, 96).astype(float)
    shrunk = np.array([cv2.resize(image, (96, 96), interpolation=cv2.INTER_AREA) for image in render(table, large)])
    own = np.abs(small - shrunk).mean(axis=(1, 2, 3))
    others = np.abs(small - np.roll(small, 1, axis=0)).mean(axis=(1, 2, 3))
    assert (own < 0.15 * others).all()


@pytest.mark.parametrize(("start", "stop", "factors"), [(5, 5, "gaussian"), (-1, 3, "gaussian"), (0, 2, "normal")])
def test_bad_draws_are_named(start: int, stop: int, factors: str) -> None:
    with pytest.raises(DataError, match="normal" if factors == "normal" else f"{start} to {stop}"):
        draw_factors(start, stop, seed=0, factors=factors)


@pytest.mark.parametrize("resolution", [0, 16, 100, 272])
def test_bad_resolutions_are_named(resolution: int) -> None:
    with pytest.raises(DataError, match=f"{resolution} is no multiple of 16"):
        render(draw_factors(0, 1, seed=0, factors="gaussian"), resolution)


@pytest.mark.thorough
@pytest.mark.slow
def test_a_face_detector_finds_the_faces() -> None:
    mtcnn = pytest.importorskip("mtcnn")
    detector, found = mtcnn.MTCNN(), 0
    # Not the faces that were looked at while the renderer was made.
    for image in render(draw_factors(1000, 1100, seed=0, factors="gaussian"), 96):
        faces = detector.detect_faces(cv2.resize(image, (192, 192), interpolation=cv2.INTER_CUBIC))
        found += any(face["confidence"] > 0.9 for face in faces)
    assert found >= 95
