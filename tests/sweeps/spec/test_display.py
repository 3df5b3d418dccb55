"""How metrics are headed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sweeps.spec.display import short_name


@pytest.mark.parametrize(
    ("metric", "head"),
    [
        ("mnd/radius_agreement", "radii"),
        ("mnd/radius/spread", "radius/spread"),
        ("mnd_test/radius_agreement", "held-out radii"),
        ("mnd_test/radius/spread", "held-out radius/spread"),
        ("gain/contour_agreement", "gain of contours"),
        ("gain/mnd_test/contour_agreement", "gain of held-out contours"),
        ("formation/radius_agreement", "formation of radii"),
        ("control/untrained/radius_agreement", "untrained radii"),
        ("control/pca/mnd_test/marginal_gaussianity", "pca held-out marginals"),
        ("control/untrained/attributes/auc_smiling", "untrained attributes/auc_smiling"),
        ("reconstruction/mse", "MSE"),
        ("reconstruction/ssim", "ssim"),
        ("faces/kid_mnd", "kid_mnd"),
        ("reconstruction/explained", "explained"),
        ("maps/explained", "maps/explained"),
        ("price", "price"),
    ],
)
def test_a_metric_is_headed_in_few_words(metric: str, head: str) -> None:
    assert short_name(metric) == head


def test_no_two_metrics_of_a_run_have_one_head(recorded_home: tuple[Path, Path]) -> None:
    results = list((recorded_home[0] / "mlruns" / "artifacts").rglob("result.json"))
    assert len(results) == 2
    for result in results:
        content = json.loads(result.read_text(encoding="utf-8"))
        names = {*content["metrics"], *content["steps"]}
        heads = [short_name(name) for name in names]
        assert sorted(head for head in heads if heads.count(head) > 1) == []
        assert len(heads) > 300
