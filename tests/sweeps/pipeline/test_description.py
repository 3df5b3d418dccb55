from __future__ import annotations

import pytest

from cae.config import RunConfig
from sweeps.pipeline.description import (
    conclusion,
    describe,
    follows,
    groups,
    headline,
    least_normal,
    left_out,
    tails,
    visible,
)


def result(**changes: float) -> dict:
    metrics = {
        f"{p}/{name}{end}": 0.9
        for p in ("mnd", "mnd_test")
        for name in ("marginal_gaussianity", "contour_agreement", "radius_agreement")
        for end in ("", "_null")
    }
    metrics |= {"mnd/off_origin_distance": 0.54, "reconstruction/bce": 0.49, "reconstruction/mse": 0.005}
    metrics |= {"reconstruction/ssim": 0.8} | {f"mnd/{name}": value for name, value in changes.items()}
    return {
        "metrics": metrics,
        "omitted": {},
        "images": {"train": 5400, "held_out": 600, "report": "6,000 images"},
        "data_digest": "d",
    }


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.9, "cannot be told from"), (0.88, "come close to"), (0.85, "differ visibly from"), (0.5, "are far from")],
)
def test_words_follow_the_gap_to_an_mnd(value: float, words: str) -> None:
    line = headline(result(radius_agreement=value)["metrics"], "radius_agreement", "distances {} an MND's")
    assert line.startswith(f"- distances {words} an MND's (`radius_agreement` {value:.3f}, MND 0.900")


@pytest.mark.parametrize(
    ("value", "sds", "words"),
    [(0.895, 53.0, "come close to"), (0.895, 1.2, "cannot be told from"), (0.86, 2.0, "cannot be told from")],
)
def test_a_small_gap_is_told_where_there_are_enough_points_to_see_it(value: float, sds: float, words: str) -> None:
    metrics = result(radius_agreement=value, radius_agreement_gap_sds=sds)["metrics"]
    assert f"distances {words} an MND's" in str(headline(metrics, "radius_agreement", "distances {} an MND's"))


@pytest.mark.parametrize(
    ("radii", "before", "words"),
    [
        (0.9, None, "One component at a time, two at a time and in all dimensions at once the latent vectors cannot be "
         "told from an MND."),
        (0.5, 0.4, "One component at a time and two at a time the latent vectors cannot be told from an MND, in all "
         "dimensions at once they are far from it; training moved the radii nearer to it (0.400 to 0.500)."),
        (0.85, 0.9, "differ visibly from it; training moved the radii farther from it (0.900 to 0.850)."),
        (0.85, 0.8502, "training left the radii where they were (0.850)."),
    ],
)  # fmt: skip
def test_it_opens_with_a_conclusion(radii: float, before: float | None, words: str) -> None:
    found = result(radius_agreement=radii)
    if before is not None:
        found["metrics"]["control/untrained/radius_agreement"] = before
    assert words in str(conclusion(found["metrics"]))
    assert describe(RunConfig(), found).startswith(f"**{conclusion(found['metrics'])}**\n\n")


def test_the_core_is_told_beside_its_outliers() -> None:
    found = {"robust/outlier_share": 0.012, "robust/marginal_gaussianity": 0.985, "robust/radius_agreement": 0.97}
    text = describe(RunConfig(), result(**found))
    assert "leaves 1.2 % of them out (0.1 % of an MND)" in text
    assert "by themselves: `marginal_gaussianity` 0.985, `radius_agreement` 0.970." in text
    assert "by themselves" not in describe(RunConfig(), result())


@pytest.mark.parametrize(("sds", "told"), [(-20.0, True), (-1.0, False), (20.0, False)])
def test_near_duplicates_are_told_where_a_normal_cloud_has_fewer(sds: float, told: bool) -> None:
    near = {"neighbours/near_duplicates": 0.041, "neighbours/near_duplicates_gap_sds": sds}
    assert ("4.1 % of the points have another one" in describe(RunConfig(), result(**near))) == told


def test_a_shell_is_not_concluded_to_be_near() -> None:
    said = conclusion(
        {**result()["metrics"], "mnd/origin/norm_spread": 0.27, "control/untrained/radius_agreement": 0.7}
    )
    assert "training moved the radii nearer to it (0.700 to 0.900). A shell around the origin:" in str(said)


def test_of_a_network_that_learned_nothing_nothing_is_concluded() -> None:
    said = conclusion({**result()["metrics"], "reconstruction/explained": 0.02})
    assert str(said).startswith("Nothing to conclude: reconstructs next to nothing: 2 %")
    assert conclusion({}) is None


def test_description_tells_setting_and_numbers() -> None:
    text = describe(RunConfig(), result())
    for words in ("5,400 training images", "64-64-128-128", "without batch norm", "0.54 times", "MSE 0.00500"):
        assert words in text


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.931, "of the variance about the mean image 93 % is"),
        (-0.2, "**Reconstructions worse than the mean image"),
        (0.02, "**Reconstructs next to nothing: 2 %"),
        (None, "SSIM 0.800."),
    ],
)
def test_the_reconstruction_stands_beside_the_mean_image(share: float | None, words: str) -> None:
    found = result()
    found["metrics"] |= {} if share is None else {"reconstruction/explained": share}
    assert words in describe(RunConfig(), found)


def test_what_training_did_and_as_many_principal_components_are_told() -> None:
    found = result()
    for name in ("marginal_gaussianity", "contour_agreement", "radius_agreement"):
        found["metrics"] |= {f"control/untrained/{name}": 0.8, f"control/projection/{name}": 0.7}
    found["metrics"] |= {"reconstruction/explained": 0.9, "reconstruction/mse_mean_image": 0.05}
    found["metrics"] |= {"reconstruction/mse_pca": 0.01}
    text = describe(RunConfig(), found)
    assert "- What did training do? Training moved marginals from 0.800 to 0.900; the pixels alone have 0.700. " in text
    assert "Training moved radii from 0.800 to 0.900" in text
    assert "of held-out images" not in text
    found["metrics"] |= {"mnd_test/radius_agreement": 0.6, "control/untrained/mnd_test/radius_agreement": 0.65}
    assert "Training moved radii of held-out images from 0.650 to 0.600.\n" in describe(RunConfig(), found)
    assert "90 % is reconstructed, by as many principal components 80 %" in text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "**synthetic** at 96 px"),
        ({"surrogate": "phase"}, "**synthetic**, phase surrogates, at 96 px"),
        (
            {"contrast": "normalized", "background": "masked", "blur": 2},
            "**synthetic**, of equal contrast, background masked, blurred by 2 px, at 96 px",
        ),
    ],
)
def test_what_became_of_the_images_is_told(data: dict, words: str) -> None:
    assert words in describe(RunConfig.model_validate({"data": data}), result())


def test_a_shell_is_said_to_be_one() -> None:
    found = result()
    found["metrics"]["mnd/origin/norm_spread"] = 0.2
    assert "- **A shell around the origin: squared distances from it vary 0.20 times" in describe(RunConfig(), found)


def test_scores_that_were_left_out_are_named_with_their_reason() -> None:
    found = result()
    del found["metrics"]["mnd/radius_agreement"], found["metrics"]["mnd_test/contour_agreement"]
    text = describe(RunConfig(), found | {"omitted": {"mnd/radius_agreement": "n <= d"}})
    assert "In all dimensions" not in text
    assert "Left out: mnd/radius_agreement: n <= d" in text


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (0.57, -0.001, "a common radius makes them (excess kurtosis of the whitened components 0.57, 0.00"),
        (1.2, 1.1, "more than a common radius makes them"),
        (0.05, 0.0, None),
        (None, None, None),
    ],
)
def test_tails_are_laid_to_the_radius_where_nothing_is_left_without_it(before, after, words: str | None) -> None:
    names = {"mnd/elliptical/kurtosis": before, "mnd/elliptical/kurtosis_of_directions": after}
    line = tails({name: value for name, value in names.items() if value is not None})
    assert line is None if words is None else words in line


@pytest.mark.parametrize(
    ("gap", "controls", "words"),
    [
        (
            -41.2,
            {"untrained": 0.118, "pca": 0.196},
            "0.213, 41 sds from normal clouds (untrained 0.118, pixels 0.196).",
        ),
        (-41.2, {}, "0.213, 41 sds from normal clouds."),
        (-2.9, {"untrained": 0.118}, None),
        (None, {}, None),
    ],
)
def test_a_direction_that_is_far_from_normal_is_told(gap, controls: dict[str, float], words: str | None) -> None:
    metrics = {"mnd/pursuit/ks": 0.213, "mnd/pursuit/ks_gap_sds": gap}
    metrics |= {f"control/{name}/pursuit/ks": value for name, value in controls.items()}
    line = least_normal({name: value for name, value in metrics.items() if value is not None})
    expected = "- The direction that is least normal: its Kolmogorov-Smirnov distance to a normal distribution is "
    assert line == (None if words is None else expected + words)


def test_what_the_radius_follows_and_groups_are_told_where_they_are_known() -> None:
    assert follows({}) is None
    assert follows({"mnd/radius/correlation_contrast": 0.54}).endswith("(rank correlation): contrast 0.54.")
    more = {"mnd/radius/correlation_detail": -0.8, "mnd/radius/explained": 0.75, "mnd/radius/agreement_of_rest": 0.78}
    assert follows({"mnd/radius/correlation_contrast": 0.54} | more) == (
        "- The radius follows (rank correlation): detail -0.80, contrast 0.54; together they explain 75 % of the log "
        "radius' variance, and without it the radii agree to 0.780."
    )
    assert groups({}) is None
    known = {"mnd/groups/radius_agreement": 0.61, "mnd/groups/radius_agreement_all": 0.6}
    assert "0.610 on average, within as many images at random to 0.600" in groups(known)


def test_visible_faces_are_told_where_a_detector_looked() -> None:
    assert visible({"faces/reencoding_mnd": 0.2}) is None
    line = visible({"faces/visible_real": 0.984, "faces/visible_mnd": 0.95, "faces/confidence_mnd": 0.9})
    assert line == "- Visible faces: real 98 %, mnd 95 %."


def test_groups_that_are_too_small_share_a_line() -> None:
    small = {f"mnd/groups/{name}/normality": "83 points; 1000 are needed" for name in ("Bald", "Goatee")}
    assert left_out({"mnd/groups/Male/shift": "why"} | small) == [
        "- Left out: mnd/groups/Male/shift: why",
        "- Left out: normality of groups that are too small to compare: Bald, Goatee",
    ]
    assert left_out({}) == []


def test_generators_that_were_compared_stand_in_a_table() -> None:
    row = {"method": "mnd", "visible": 0.9, "kid": 0.5, "kid_behind": 0.0, "coverage": 0.2}
    row |= {f"{name}{end}": 0.0 for name in ("visible", "kid", "kid_behind", "coverage") for end in ("_low", "_high")}
    found = result() | {"generators": [row]}
    found["metrics"]["faces/visible_mnd"] = 0.9
    text = describe(RunConfig(), found)
    assert "(least KID) by mnd." in text
    assert "\n\n| faces of |" in text
    assert "- Visible faces" not in text
    assert "- Visible faces: mnd 90 %." in describe(RunConfig(), found | {"generators": []})
