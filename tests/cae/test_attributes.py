from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.covariance import ledoit_wolf
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LinearRegression
from sklearn.metrics import roc_auc_score

from cae.attributes import KINDS, Group, aucs, directions, edit, mean_vector, parse
from cae.datasets.synthetic import draw_factors, render

D = 6


def cloud(n: int, seed: int = 0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Normal vectors of unequal scales moved by two attributes that go together; and the displacements' matrix."""
    rng = np.random.default_rng(seed)
    male = rng.random(n) < 0.4
    glasses = rng.random(n) < np.where(male, 0.5, 0.1)
    vectors = rng.standard_normal((n, D)) * np.array([3, 2, 1, 1, 0.5, 0.2])
    vectors += np.outer(male, [2.0, 0, 1, 0, 0, 0]) + np.outer(glasses, [0, 0, 0, 1.0, 0, 0.4]) + 5
    return vectors, {"Male": male.astype(np.int8), "Eyeglasses": glasses.astype(np.int8)}


def test_the_mean_difference_is_that_and_fisher_tells_as_scikit_learn() -> None:
    vectors, labels = cloud(3000)
    found, omitted = directions(vectors, labels)
    assert (found.names, omitted) == (("Male", "Eyeglasses"), {})
    for k, values in enumerate(labels.values()):
        with_it, without = vectors[values == 1], vectors[values == 0]
        np.testing.assert_allclose(found.mean_difference[k], with_it.mean(axis=0) - without.mean(axis=0))
        theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(vectors, values).coef_[0]
        cosine = found.discriminant[k] @ theirs / np.linalg.norm(found.discriminant[k]) / np.linalg.norm(theirs)
        # Shrinking is of order 1 / n, and the cosine is off by its square.
        assert cosine == pytest.approx(1, abs=1e-3)


def test_adjusted_leaves_out_what_comes_along() -> None:
    vectors, labels = cloud(20_000)
    found, _ = directions(vectors, labels)
    # Standard error of a coefficient: sd of the component / (sqrt(n) sd of the attribute given the other); five of it.
    error = 5 * np.array([3, 2, 1, 1, 0.5, 0.2]) / np.sqrt(20_000) / 0.39
    assert (np.abs(found.adjusted[1] - [0, 0, 0, 1, 0, 0.4]) < error).all()
    assert (np.abs(found.adjusted[0] - [2, 0, 1, 0, 0, 0]) < error).all()
    # Of those with glasses 10 in 13 are men, of those without 10 in 37.
    assert found.mean_difference[1][0] == pytest.approx(2 * (0.2 / 0.26 - 0.2 / 0.74), abs=error[0])
    both = np.stack(list(labels.values()), axis=1)
    np.testing.assert_allclose(found.adjusted, LinearRegression().fit(both, vectors).coef_.T)


def test_the_mean_difference_is_the_most_probable_way_to_its_score() -> None:
    vectors, labels = cloud(3000)
    found, _ = directions(vectors, labels)
    precision = np.linalg.inv(ledoit_wolf(vectors)[0])
    way, tells = found.mean_difference[1], found.discriminant[1]
    others = np.random.default_rng(1).standard_normal((500, D)) + way
    others *= (way @ tells / (others @ tells))[:, None]
    lengths = np.einsum("nd,de,ne->n", others, precision, others)
    assert (lengths > way @ precision @ way).all()


def test_auc_is_that_of_two_normals() -> None:
    n = 40_000
    rng = np.random.default_rng(0)
    having = rng.random(n) < 0.5
    scales = np.array([2.0, 1.0, 0.5])
    vectors = (rng.standard_normal((n, 3)) + np.outer(having, [1.0, 0, 1.0])) * scales
    half = n // 2
    found, _ = directions(vectors[:half], {"a": having[:half]})
    judged, omitted = aucs(found, vectors[half:], {"a": having[half:]})
    assert omitted == {}
    # An AUC's standard error is at most 1 / sqrt(4 times 10,000 of each); five of them.
    assert judged["discriminant"]["a"] == pytest.approx(stats.norm.cdf(np.sqrt(2) / np.sqrt(2)), abs=0.025)
    # Along the difference (2, 0, 0.5) groups are 4.25 apart with variance 4 * 4 + 0.25 * 0.25.
    expected = stats.norm.cdf(4.25 / np.sqrt(16.0625) / np.sqrt(2))
    assert judged["mean_difference"]["a"] == pytest.approx(expected, abs=0.025)
    assert judged["adjusted"] == pytest.approx(judged["mean_difference"])


def test_chance_tells_nothing() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((600, 20))
    labels = {str(k): rng.random(600) < 0.5 for k in range(30)}
    found, _ = directions(vectors[:300], {name: values[:300] for name, values in labels.items()})
    judged, _ = aucs(found, vectors[300:], {name: values[300:] for name, values in labels.items()})
    # 150 against 150 by chance: sd sqrt(301 / (12 * 150 * 150)) = 0.033; the mean of 30, five of it.
    for kind in KINDS:
        assert np.mean(list(judged[kind].values())) == pytest.approx(0.5, abs=5 * 0.033 / np.sqrt(30))


@pytest.mark.parametrize("unknown", [-1, np.nan])
def test_unknown_labels_do_not_count(unknown: float) -> None:
    vectors, labels = cloud(2000)
    hidden = np.random.default_rng(1).random(2000) < 0.3
    partly = {"Male": np.where(hidden, unknown, labels["Male"])}
    moved = vectors + 7 * hidden[:, None]
    found, _ = directions(moved, partly)
    alone, _ = directions(vectors[~hidden], {"Male": labels["Male"][~hidden]})
    np.testing.assert_allclose(found.mean_difference, alone.mean_difference)
    judged, _ = aucs(alone, moved, partly)
    scores = vectors[~hidden] @ alone.discriminant[0]
    assert judged["discriminant"]["Male"] == pytest.approx(roc_auc_score(labels["Male"][~hidden], scores))


def test_what_is_left_out_has_its_reason() -> None:
    vectors, labels = cloud(1000)
    rare, held_out = np.arange(1000) < 49, np.arange(1000) < 60
    found, omitted = directions(vectors, labels | {"rare": rare, "none": np.zeros(1000), "some": held_out})
    assert found.names == ("Male", "Eyeglasses", "some")
    assert omitted["rare"] == "49 vectors with it and 951 without; at least 50 of each are needed"
    assert omitted["none"] == "0 vectors with it and 1000 without; at least 50 of each are needed"
    judged, missing = aucs(
        found, vectors[-200:], {name: values[-200:] for name, values in labels.items()} | {"some": np.arange(200) < 9}
    )
    assert missing == {"some": "9 held-out vectors with it and 191 without; at least 10 of each are needed"}
    assert list(judged["adjusted"]) == ["Male", "Eyeglasses"]


@pytest.mark.parametrize("vectors", [np.full((200, 3), 0.3), np.random.default_rng(0).standard_normal((200, 3))])
def test_without_any_direction_the_result_is_empty(vectors: np.ndarray) -> None:
    few = np.arange(200) < (100 if (vectors == vectors[0]).all() else 3)
    found, omitted = directions(vectors, {"a": few})
    assert found.adjusted.shape == (0, 3)
    assert set(omitted) == {"a"}
    assert aucs(found, vectors, {"a": few}) == ({kind: {} for kind in KINDS}, {})


def test_attributes_that_say_the_same_share_the_displacement() -> None:
    vectors, labels = cloud(2000)
    once, _ = directions(vectors, labels)
    twice, _ = directions(vectors, labels | {"Man": labels["Male"]})
    np.testing.assert_allclose(twice.adjusted[0] + twice.adjusted[2], once.adjusted[0], atol=1e-9)


def test_fewer_vectors_than_components_are_still_told_apart() -> None:
    rng = np.random.default_rng(0)
    having = np.arange(400) % 2 == 0
    vectors = rng.standard_normal((400, 300)) + np.outer(having, np.r_[3.0, np.zeros(299)])
    found, _ = directions(vectors[:200], {"a": having[:200]})
    judged, _ = aucs(found, vectors[200:], {"a": having[200:]})
    # By chance 100 against 100 have sd 0.041.
    assert judged["discriminant"]["a"] > 0.5 + 5 * 0.041


def test_float32_and_a_covariance_of_some_change_next_to_nothing() -> None:
    vectors, labels = cloud(4000)
    exact, _ = directions(vectors, labels)
    single, _ = directions(vectors.astype(np.float32), labels)
    for kind in KINDS:
        np.testing.assert_allclose(getattr(single, kind), getattr(exact, kind), rtol=1e-3, atol=1e-4)
    fewer, _ = directions(vectors, labels, covariance_vectors=1000)
    np.testing.assert_array_equal(fewer.mean_difference, exact.mean_difference)
    # A variance of 1,000 values has a relative error of sqrt(2 / 1000); five of them.
    lengths = np.linalg.norm(fewer.discriminant - exact.discriminant, axis=1)
    assert (lengths < 5 * np.sqrt(2 / 1000) * np.linalg.norm(exact.discriminant, axis=1)).all()


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_rotation_turns_the_directions_along(seed: int) -> None:
    vectors, labels = cloud(400, seed=1)
    rotation = stats.special_ortho_group.rvs(D, random_state=seed)
    before, _ = directions(vectors, labels)
    after, _ = directions(vectors @ rotation + 3, labels)
    for kind in KINDS:
        np.testing.assert_allclose(getattr(after, kind), getattr(before, kind) @ rotation, atol=1e-8)


def test_strengths_are_steps_along_the_direction() -> None:
    vectors, direction = np.arange(6.0).reshape(2, 3), np.array([1.0, 0, -2])
    moved = edit(vectors, direction, [-1, 0, 0.5])
    assert (moved.shape, moved.dtype) == ((2, 3, 3), np.float32)
    np.testing.assert_array_equal(moved[:, 1], vectors)
    np.testing.assert_array_equal(moved[1, 0], [2, 4, 7])
    np.testing.assert_array_equal(moved[1, 2], [3.5, 4, 4])


def test_strength_one_leads_from_the_mean_without_to_the_mean_with() -> None:
    vectors, labels = cloud(1000)
    found, _ = directions(vectors, labels)
    without, with_it = (vectors[labels["Male"] == has].mean(axis=0) for has in (0, 1))
    np.testing.assert_allclose(edit(without[None], found.mean_difference[0], [1])[0, 0], with_it, rtol=1e-5)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros(9), r"attribute a has shape \(9,\) and type float64; give 100 numbers"),
        (np.full(100, 2), "attribute a has the value 2; give 1, 0, and -1 or NaN"),
        (np.full(100, 0.5), "attribute a has the value 0.5"),
        (np.array(["yes"] * 100), "give 100 numbers"),
    ],
)
def test_what_is_no_attribute_is_an_error(values: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        directions(np.zeros((100, 2)), {"a": values})


# --- arithmetic --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipe", "terms", "expected"),
    [
        ("A - B + C = D", ["A", "B", "C"], "D"),
        ("  A&!B-A & ! C+5_o_Clock_Shadow=!A", ["A & !B", "A & !C", "5_o_Clock_Shadow"], "!A"),
        ("+A = B", ["A"], "B"),
        ("-A + B + C = A", ["A", "B", "C"], "A"),
    ],
)
def test_recipes_are_read(recipe: str, terms: list[str], expected: str) -> None:
    found = parse(recipe)
    assert [str(group) for _, group in found.terms] == terms
    assert str(found.expected) == expected
    assert sum(sign for sign, _ in found.terms) == 1


def test_signs_belong_to_the_groups_they_stand_before() -> None:
    assert [(sign, str(group)) for sign, group in parse("-A + B + !C = A").terms] == [(-1, "A"), (1, "B"), (1, "!C")]


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("Male - !Male = Male", "adds 1 groups and takes 1 away; add one more than are taken away"),
        ("A + B = C", "adds 2 groups and takes 0 away"),
        ("A - B + C", "has 0 '='; write one, before the group that should come out"),
        ("A = B = C", "has 2 '='"),
        ("A - + B = C", "has '' where an attribute is expected"),
        ("A & = B", "has '' where an attribute is expected; write NAME or !NAME, joined by & within a group"),
        ("!!A = B", "has '!!A' where an attribute is expected"),
        ("Black Hair = B", "has 'Black Hair' where an attribute is expected"),
        ("", "has 0 '='"),
        ("= A", "has '' where an attribute is expected"),
    ],
)
def test_what_is_no_recipe_is_said_clearly(recipe: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse(recipe)


def test_a_group_is_the_mean_of_those_who_meet_all_conditions() -> None:
    vectors, labels = cloud(500)
    group = parse("Male & !Eyeglasses = Male").terms[0][1]
    meets = (labels["Male"] == 1) & (labels["Eyeglasses"] == 0)
    np.testing.assert_allclose(mean_vector(group, vectors, labels), vectors[meets].mean(axis=0))
    labels["Eyeglasses"][np.flatnonzero(meets)[:5]] = -1
    meets[np.flatnonzero(meets)[:5]] = False
    np.testing.assert_allclose(mean_vector(group, vectors, labels), vectors[meets].mean(axis=0))


@pytest.mark.parametrize(
    ("group", "message"),
    [
        (Group((("Male", True), ("Hat", False))), "group Male & !Hat: there is no attribute Hat"),
        (Group((("few", True),)), "group few: 9 vectors; at least 10 are needed for a mean"),
    ],
)
def test_groups_without_members_are_said(group: Group, message: str) -> None:
    vectors, labels = cloud(100)
    with pytest.raises(ValueError, match=message):
        mean_vector(group, vectors, labels | {"few": np.arange(100) < 9})


# --- faces whose glasses are known -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def faces() -> dict:
    """600 + 150 synthetic faces, principal scores as latents; what glasses truly change, on average of 20 people."""
    table = draw_factors(0, 750, seed=0, factors="gaussian")
    pixels = render(table, 32).reshape(750, -1) / 255.0
    bare = table.iloc[:20].assign(Eyeglasses=0, Wearing_Hat=0)
    change = render(bare.assign(Eyeglasses=1), 32) / 255.0 - render(bare, 32) / 255.0
    pca = PCA(60, svd_solver="randomized", random_state=0).fit(pixels[:600])
    vectors = pca.transform(pixels)
    labels = {name: table[name].to_numpy() for name in ("Eyeglasses", "Male", "Smiling", "Wearing_Hat")}
    found, _ = directions(vectors[:600], {name: values[:600] for name, values in labels.items()})
    return {"pca": pca, "vectors": vectors, "labels": labels, "found": found, "change": change.mean(axis=(0, 3))}


def test_the_glasses_direction_finds_glasses(faces: dict) -> None:
    held_out = {name: values[600:] for name, values in faces["labels"].items()}
    judged, _ = aucs(faces["found"], faces["vectors"][600:], held_out)
    have = held_out["Eyeglasses"].sum()
    # The sd of an AUC by chance (Mann and Whitney 1947); five of it.
    chance = np.sqrt(151 / (12 * have * (150 - have)))
    assert judged["discriminant"]["Eyeglasses"] > 0.5 + 5 * chance


@pytest.mark.parametrize("kind", ["mean_difference", "adjusted"])
def test_added_glasses_sit_where_glasses_are(faces: dict, kind: str) -> None:
    found = faces["found"]
    direction = getattr(found, kind)[found.names.index("Eyeglasses")]
    before, after = faces["pca"].inverse_transform(edit(faces["vectors"][600:601], direction, [0, 1])[0])
    change = (after - before).reshape(32, 32, 3).mean(axis=2)
    # Where glasses truly change a face by half of what they change at most.
    there = np.abs(faces["change"]) > np.abs(faces["change"]).max() / 2
    assert 10 < there.sum() < 32 * 32 / 4
    # Elsewhere nothing should change; the mean of 71 faces with glasses leaves an eighth of the faces' own variation.
    assert np.abs(change[there]).mean() > 2 * np.abs(change[~there]).mean()
    assert (np.sign(change[there]) == np.sign(faces["change"][there])).mean() > 0.9
