"""MLflow holds of a run what its pages can show; every command has every number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow.entities import ViewType

from metrics import VERSION as METRICS_VERSION
from metrics.catalog import HEADLINES
from sweeps import api, compare, tracking, workspace
from sweeps.pipeline.compute import versions
from sweeps.spec.metric_names import is_charted, with_references
from sweeps.spec.sweep_file import load
from sweeps.tracking.numbers import numbers

SAID = {"metrics": {"mnd/radius_agreement": 0.123456789, "mnd/pursuit/ks": 0.3}, "seconds": {"train": 2.5}}


@pytest.fixture
def written(database: Path, tmp_path: Path) -> tracking.Record:
    """A finished run of which MLflow has one number and its file all."""
    client, experiment = tracking.client(), tracking.experiment("a", "why?")
    run = client.create_run(experiment, tags={tracking.HASH: "cafe", tracking.NUMBERS: "result.json"}).info.run_id
    client.log_metric(run, "mnd/radius_agreement", 0.123457)
    (tmp_path / "result.json").write_text(json.dumps(SAID), encoding="utf-8")
    client.log_artifact(run, str(tmp_path / "result.json"))
    client.set_terminated(run, status="FINISHED")
    return tracking.records("a")["cafe"]


def test_the_file_has_what_mlflow_has_not_and_every_digit(written: tracking.Record) -> None:
    whole = tracking.with_all_metrics({"cafe": written})
    assert whole["cafe"].metrics == {**SAID["metrics"], "seconds/train": 2.5}
    assert tracking.with_all_metrics(whole) == whole


def test_a_run_of_an_older_version_is_left_as_it_is() -> None:
    old = tracking.Record("1", "", "h", "FINISHED", 1, "", {"mnd/pursuit/ks": 0.3})
    assert tracking.with_all_metrics({"h": old}) == {"h": old}


def test_without_its_file_a_run_has_what_mlflow_has(written: tracking.Record) -> None:
    Path(written.place.removeprefix("file://"), "result.json").unlink()
    assert tracking.with_all_metrics({"cafe": written})["cafe"].metrics == {"mnd/radius_agreement": 0.123457}


def test_a_folder_that_was_moved_shows_what_mlflow_has(
    written: tracking.Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = workspace.home().parent.parent / "moved"
    workspace.home().parent.rename(elsewhere)
    monkeypatch.setenv("CAE_HOME", str(elsewhere))
    assert tracking.with_all_metrics({"cafe": written})["cafe"].metrics == {"mnd/radius_agreement": 0.123457}


def test_a_file_that_says_no_versions_has_none(written: tracking.Record) -> None:
    assert tracking.with_all_metrics({"cafe": written})["cafe"].versions == {}


def test_of_a_curve_the_last_value_counts() -> None:
    assert numbers({"steps": {"mnd/core/x": {"50": 1.0, "100": 2.0, "95": 3.0}}}) == {"mnd/core/x": 2.0}


@pytest.mark.parametrize(
    ("name", "charted"),
    [
        *((f"mnd/{name}{end}", True) for name in HEADLINES for end in ("", "_null", "_gap")),
        *((f"control/{control}/{name}", True) for control in ("untrained", "projection") for name in HEADLINES),
        *((name, True) for name in ("mnd/core/radius_agreement_null", "gain/radius_agreement", "reconstruction/mse")),
        ("gain/mnd_test/radius_agreement", True),
        *((name, True) for name in ("faces/visible_mnd", "faces/kid_flow", "faces/inception_fid_mnd", "training/loss")),
        *((name, False) for name in ("mnd/radius_agreement_gap_sds", "mnd/radius/spread", "mnd/pursuit/ks")),
        *((name, False) for name in ("faces/nearest_mnd", "control/pca/radius_agreement", "seconds/train")),
    ],
)
def test_what_mlflow_is_given(name: str, charted: bool) -> None:
    assert is_charted(name) == charted


def test_what_a_sweep_names_itself_is_given_with_null_and_gap() -> None:
    found = with_references(["mnd/pursuit/ks"])
    assert found == {f"mnd/pursuit/ks{part}" for part in ("", "_null", "_gap", "_gap_sds")}


def test_a_run_in_mlflow_is_fifty_numbers_of_six_digits_and_the_commands_have_all(recorded_sweep: Path) -> None:
    records = tracking.records("tiny")
    for record in records.values():
        assert record.tags[tracking.NUMBERS] == "result.json"
        assert len(record.metrics) == 53
        assert all(float(f"{value:.6g}") == value for value in record.metrics.values())
    cells = api.cells(load(recorded_sweep))
    assert all(len(cell.metrics) > 350 for cell in cells)
    assert all(cell.versions == {"metrics": METRICS_VERSION} | versions() for cell in cells)
    assert any(float(f"{value:.6g}") != value for cell in cells for value in cell.metrics.values())
    ranked = compare(recorded_sweep, metric="mnd/pursuit/ks").comparison
    assert all("mnd/pursuit/ks" in cell.summaries for cell in ranked.groups)


def test_the_load_of_the_machine_is_recorded_where_asked_for_alone(recorded_sweep: Path) -> None:
    client = tracking.client()
    found = client.search_runs([client.get_experiment_by_name("tiny").experiment_id], run_view_type=ViewType.ALL)
    assert not any(name.startswith("system/") for run in found for name in run.data.metrics)


@pytest.fixture
def recorded_sweep(recorded_home: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the sweep that was recorded once a session, which is only read."""
    monkeypatch.setenv("CAE_HOME", str(recorded_home[0]))
    return recorded_home[1]
