from __future__ import annotations

import pytest

from cae.config import RunConfig
from sweeps.describe import describe, headline


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


def test_description_tells_setting_and_numbers() -> None:
    text = describe(RunConfig(), result())
    for words in ("5,400 training images", "64-64-128-128", "without batch norm", "0.54 times", "MSE 0.00500"):
        assert words in text


def test_scores_that_were_left_out_are_named_with_their_reason() -> None:
    found = result()
    del found["metrics"]["mnd/radius_agreement"], found["metrics"]["mnd_test/contour_agreement"]
    text = describe(RunConfig(), found | {"omitted": {"mnd/radius_agreement": "n <= d"}})
    assert "In all dimensions" not in text
    assert "Left out: mnd/radius_agreement: n <= d" in text
