from __future__ import annotations

import pytest

from metrics.catalog import HEADLINES, METRICS
from sweeps.spec.metric_names import COMMON, check_names
from sweeps.tracking import records


@pytest.mark.parametrize(
    "name",
    [
        "mnd/radius_agreement",
        "mnd_test/radius_agreement_gap_sds",
        "mnd/contour/1.5",
        "mnd/contour/1.5_gap_sds",
        "mnd/correlation/above_0.3",
        "mnd/radius/correlation_contrast",
        "mnd/core/radius_agreement",
        "gain/mnd_test/radius_agreement",
        "control/untrained/mnd_test/radius_agreement",
        "mnd/groups/auc",
        "reconstruction/mse",
        "training/held_out_loss",
        "faces/visible_mnd",
        "attributes/auc_adjusted",
        *(f"mnd/{metric.name}" for metric in METRICS if metric.name[-1] not in "KPR" and "NAME" not in metric.name),
    ],
)
def test_what_is_measured_is_known(name: str) -> None:
    check_names([name], with_plugins=False)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("mnd/radius_agrement", "did you mean mnd/radius_agreement"),
        ("radius_agreement", "did you mean mnd/radius_agreement"),
        ("reconstruction/mes", "did you mean reconstruction/mse"),
        ("mnd/contour/K", "no run measures"),
        ("loss", "did you mean training/loss"),
        ("x" * 500, r"no run measures 'x+\.\.\.$"),
    ],
)
def test_what_no_run_measures_is_named_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(ValueError, match=near):
        check_names([name], with_plugins=False)


def test_measures_of_plugins_have_any_name_of_their_own() -> None:
    check_names(["mnd/farthest", "mnd_test/farthest_gap_sds"], with_plugins=True)
    with pytest.raises(ValueError, match="no run measures"):
        check_names(["farthest"], with_plugins=True)


def test_the_common_names_are_the_headlines() -> None:
    assert tuple(f"mnd/{name}" for name in HEADLINES) == COMMON


@pytest.mark.thorough
def test_everything_that_a_run_measures_is_known(
    recorded_home: tuple[object, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAE_HOME", str(recorded_home[0]))
    found = records("tiny").values()
    assert found
    for record in found:
        check_names(record.metrics, with_plugins=False)
