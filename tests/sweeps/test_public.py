"""From Python what the command line does: the same runs, tables, faces and archives."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sweeps
from sweeps import Sweep, SweepError, api, load, tracking
from sweeps.execution import last_run
from sweeps.spec.fields import check_value
from sweeps.spec.sweep_file import overrides, parse_override
from tests.sweeps.fakes import record_runs

CONTENT = {
    "name": "made",
    "parameters": {"data.name": {"value": "digits"}, "model.activation": {"values": ["relu", "tanh"]}},
    "seeds": [0, 1],
}


# --- a sweep -----------------------------------------------------------------------------------------------------


def test_a_sweep_is_made_saved_and_read_again(tmp_path: Path) -> None:
    made = Sweep.model_validate(CONTENT)
    place = made.save(tmp_path / "made.yaml")
    again = load(place)
    assert again.model_dump() == made.model_dump()
    assert again.file == made.file == place
    assert again.text == place.read_text(encoding="utf-8")


def test_what_is_fixed_beyond_its_file_is_saved_with_it(tiny_sweep: Path, tmp_path: Path) -> None:
    place = load(tiny_sweep, {"training.epochs": 7}).save(tmp_path / "saved.yaml")
    again = load(place)
    assert again.parameters["training.epochs"].value == 7
    assert overrides(again) == []


def test_by_itself_it_is_saved_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = Sweep.model_validate(CONTENT)
    assert made.file == Path("made.yaml")
    assert made.save() == Path("made.yaml")
    assert load("made.yaml").name == "made"


def test_a_metric_that_no_run_measures_is_refused_before_anything_runs(database: Path) -> None:
    wrong = Sweep.model_validate(CONTENT | {"metric": {"name": "mnd/radius_agrement"}})
    with pytest.raises(SweepError, match=r"^made.yaml: metric: .*did you mean mnd/radius_agreement"):
        sweeps.plan(wrong)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1)


@given(st.one_of(TEXT.map(lambda text: ("data.path", text)), st.sampled_from([("training.learning_rate", 2e-7)])))
def test_what_is_fixed_beyond_a_file_is_told_in_words_that_are_read_the_same(fixed: tuple[str, object]) -> None:
    name, value = fixed
    sweep = Sweep.model_validate(CONTENT)
    text = sweep.text
    changed = Sweep.model_validate(
        CONTENT | {"parameters": CONTENT["parameters"] | {name: {"value": value}}}  # type: ignore[operator]
    ).read_from(sweep.file, text)
    (words,) = overrides(changed)
    assert parse_override(words) == (name, check_value(name, value))


def test_lists_booleans_and_the_seed_are_told_as_well(tiny_sweep: Path) -> None:
    fixed = {"model.maps": [4, 8], "model.batch_norm": True, "data.size": None, "training.seed": 3}
    words = overrides(load(tiny_sweep, fixed))
    assert dict(map(parse_override, words)) == fixed


# --- finished runs -----------------------------------------------------------------------------------------------


def test_the_plan_is_a_table_of_runs(finished: Path) -> None:
    table = sweeps.plan(finished)
    runs = api.cells(load(finished))
    assert list(table.config_hash) == [run.config_hash for run in runs]
    assert list(table["model.activation"]) == ["relu", "tanh"]
    assert set(table.state) == {"finished"}
    np.testing.assert_array_equal(table["mnd/radius_agreement"], [run.metrics["mnd/radius_agreement"] for run in runs])


def test_a_finished_sweep_is_run_at_once(finished: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pd.testing.assert_frame_equal(sweeps.run(finished, progress=False), sweeps.plan(finished))
    assert capfd.readouterr().out == ""


def test_a_comparison_has_answer_and_tables_and_shows_itself(tiny_sweep: Path, database: Path, tmp_path: Path) -> None:
    scores = {"relu": 0.7, "tanh": 0.8}
    sweep = load(tiny_sweep)
    record_runs(sweep, lambda run: {"mnd/radius_agreement": scores[run.parameters["model.activation"]]})
    compared = sweeps.compare(tiny_sweep)
    assert compared.answer.startswith("Best by mnd/radius_agreement: activation=tanh with 0.8")
    assert list(compared.cells["model.activation"]) == ["tanh", "relu"]
    assert list(compared.cells["mnd/radius_agreement"]) == [0.8, 0.7]
    assert {"metric", "label", "value"} <= set(compared.effects.columns)
    assert compared.limitations
    shown = compared._repr_html_()
    assert "<b>Best by mnd/radius_agreement" in shown
    assert shown.index("<td>tanh</td>") < shown.index("<td>relu</td>")
    assert compared.answer in repr(compared)


def test_a_comparison_writes_its_report(finished: Path, tmp_path: Path) -> None:
    page = sweeps.compare(finished).write_report(tmp_path / "report")
    assert "<!doctype html>" in page.read_text(encoding="utf-8")[:100].lower()
    assert (tmp_path / "report" / "contact_sheet.png").exists()
    (experiment,) = tracking.client().search_experiments(filter_string="name = 'tiny'")
    assert "report.html" in experiment.tags["mlflow.note.content"]


def test_faces_are_downloaded(finished: Path, tmp_path: Path) -> None:
    found = sweeps.faces(finished, tmp_path / "faces")
    assert set(found) == {"activation=relu", "activation=tanh"}
    assert all(any(path.name == "mnd.png" for path in files) for files in found.values())
    one = sweeps.faces(load(finished), tmp_path / "one", top=1)
    assert len(one) == 1


def test_new_faces_come_as_a_sheet(finished: Path) -> None:
    sheet = sweeps.sample(finished, best=True, count=4, mnd_sigma=0.5)
    assert sheet.points is not None
    assert sheet.points.shape == (4, 8)
    assert sheet._repr_png_().startswith(b"\x89PNG")
    again = sweeps.sample(load(finished), best=True, count=4, mnd_sigma=0.5)
    np.testing.assert_array_equal(sheet.picture, again.picture)
    with pytest.raises(SweepError, match="2 finished runs; name one by its hash"):
        sweeps.sample(load(finished))


def test_the_page_is_written(finished: Path, tmp_path: Path) -> None:
    page = sweeps.explore(load(finished), page=tmp_path / "explore.html", points=50)
    assert page.stat().st_size > 100_000
    with pytest.raises(SweepError, match="name a sweep or runs"):
        sweeps.explore()


@pytest.mark.thorough
def test_what_is_exported_and_deleted_comes_back(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(finished.parent)
    before = sweeps.plan(finished)
    archive = sweeps.export(finished, tmp_path / "tiny.zip")
    assert sweeps.delete(finished) == []
    assert set(sweeps.plan(finished).state) == {"new"}
    assert sweeps.import_archive(archive) == Path("tiny.yaml")
    after = sweeps.plan(finished)
    assert list(after.config_hash) == list(before.config_hash)
    assert set(after.state) == {"finished"}
    assert sweeps.clean(finished) == []
    assert sweeps.rescore(finished) == []


@pytest.mark.thorough
def test_current_runs_are_measured_again_for_what_is_measured_since(finished: Path) -> None:
    """What an older version did not measure is taken out of their files; and one run's model was deleted."""
    places = {run.config_hash: Path(run.place.removeprefix("file://")) for run in tracking.records("tiny").values()}
    before = {key: json.loads((place / "result.json").read_text()) for key, place in places.items()}
    for key, result in before.items():
        kept = {n: v for n, v in result["metrics"].items() if "/mnd_test/" not in n and not n.startswith("maps/")}
        (places[key] / "result.json").write_text(json.dumps(result | {"metrics": kept}))
    without = next(iter(places))
    shutil.rmtree(places[without] / "model")
    assert len(sweeps.rescore(finished, every=True)) == len(before) == 2
    for key, place in places.items():
        result, metrics = json.loads((place / "result.json").read_text()), before[key]["metrics"]
        known = {name: value for name, value in metrics.items() if key != without or not name.startswith("maps/")}
        # Innermost maps are those of the stored encoder, whose layers are Keras' own.
        assert result["metrics"] == pytest.approx(known, abs=1e-5)
        assert ("the encoder is not at hand" in result["omitted"].get("maps", "")) == (key == without)


# --- launches ----------------------------------------------------------------------------------------------------

SCRIPT = """
import sweeps
print("once")
table = sweeps.run(FILE, limit=1, progress=False)
print(",".join(table.state))
"""


@pytest.mark.thorough
@pytest.mark.slow(seconds=25)
def test_a_script_needs_no_guard_around_its_main_part(tiny_sweep: Path, database: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("FILE", repr(str(tiny_sweep))), encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.split() == ["once", "finished,new"]


@pytest.mark.thorough
@pytest.mark.slow(seconds=25)
def test_a_launch_works_where_a_loop_runs_already_and_tells_how_it_was_launched(
    tiny_sweep: Path, database: Path
) -> None:
    async def cell_of_a_notebook() -> pd.DataFrame:
        return sweeps.run(load(tiny_sweep, {"training.epochs": 1}), limit=1, progress=False)

    assert list(asyncio.run(cell_of_a_notebook()).state) == ["finished", "new"]
    assert last_run.recall("tiny").overrides == ("training.epochs=1",)


# --- what there is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sweeps.__all__)
def test_what_the_package_offers_is_there_and_documented(name: str) -> None:
    assert getattr(sweeps, name).__doc__


def test_importing_the_packages_imports_nothing_heavy() -> None:
    code = "import sys, cae, sweeps, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"keras", "tensorflow", "mlflow", "pandas", "pydantic", "numpy", "optuna"}
