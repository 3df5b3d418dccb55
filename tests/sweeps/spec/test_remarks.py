from __future__ import annotations

import pytest

from sweeps.spec.remarks import (
    COARSE,
    DISTANCE,
    EXPLAINED,
    FAR,
    LEAST_EXPLAINED,
    ROUNDING,
    SHELL,
    SPREAD,
    has_learned,
    remarks,
    training_words,
)


@pytest.mark.parametrize(
    ("metrics", "learned", "said"),
    [
        ({}, True, []),
        ({EXPLAINED: 0.8, SPREAD: 1.0}, True, []),
        ({EXPLAINED: LEAST_EXPLAINED, SPREAD: SHELL}, True, []),
        ({EXPLAINED: -0.2}, False, ["reconstructions worse than the mean image"]),
        ({EXPLAINED: 0.03}, False, ["reconstructs next to nothing: 3 %"]),
        ({EXPLAINED: 0.9, SPREAD: 0.1}, True, ["a shell around the origin: squared distances from it vary 0.10 times"]),
        # Recorded before the rounding was: as float16, in steps of a hundredth of an sd at 16 sds from the origin.
        ({DISTANCE: FAR - 1}, True, []),
        ({DISTANCE: FAR + 1}, True, ["rounded latent vectors: in steps too coarse"]),
        ({DISTANCE: 100 * FAR, ROUNDING: COARSE}, True, []),
        ({DISTANCE: FAR - 1, ROUNDING: 2 * COARSE}, True, ["rounded latent vectors: in steps too coarse"]),
        ({EXPLAINED: 0.0, SPREAD: 0.1}, False, ["reconstructs next to nothing", "a shell around the origin"]),
    ],
)
def test_faults_that_no_score_shows_are_said(metrics: dict, learned: bool, said: list[str]) -> None:
    assert has_learned(metrics) == learned
    found = remarks(metrics)
    assert len(found) == len(said)
    assert all(text.startswith(start) for text, start in zip(found, said, strict=True))


def test_what_training_did_stands_beside_the_pixels_alone() -> None:
    metrics = {
        "mnd/radius_agreement": 0.6,
        "control/untrained/radius_agreement": 0.635,
        "control/projection/radius_agreement": 0.605,
    }
    words = "training moved radii from 0.635 to 0.600; the pixels alone have 0.605"
    assert training_words("mnd/radius_agreement", "radii", metrics) == words
    still = metrics | {"control/untrained/radius_agreement": 0.6001}
    assert (
        training_words("mnd/radius_agreement", "radii", still)
        == "training left radii at 0.600; the pixels alone have 0.605"
    )
    del metrics["control/projection/radius_agreement"]
    assert training_words("mnd/radius_agreement", "it", metrics) == "training moved it from 0.635 to 0.600"
    assert training_words("mnd/contour_agreement", "contours", metrics) is None
