from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cae.config import SAMPLING
from metrics.catalog import HEADLINES
from sweeps import tracking
from sweeps.spec.sweep_file import load
from sweeps.tracking import views
from tests.conftest import TINY_SWEEP

SEARCH = """
name: tiny
method: random
metric: [{name: reconstruction/ssim, goal: maximize}, {name: mnd/marginal/wasserstein, goal: minimize}]
parameters:
  data.name: {value: digits}
  data.resolution: {value: 32}
  training.learning_rate: {min: 1.0e-4, max: 1.0e-2}
run_cap: 3
"""


def written(folder: Path, text: str = TINY_SWEEP) -> Path:
    file = folder / "tiny.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def state(file: Path, view: str) -> dict[str, Any]:
    """What MLflow reads from the tag of a view."""
    return json.loads(json.loads(views.views(load(file))[f"{views.VIEW}{view}"])["state"])


def test_what_varies_and_the_gaps_stand_before_what_1440_pixels_cut_off(tmp_path: Path) -> None:
    found = state(written(tmp_path, f"{TINY_SWEEP}seeds: [0, 1]\n"), "headlines")
    shown, widths = found["selectedColumns"], found["columnWidths"]
    gaps = [f"metrics.`mnd/{name}_gap`" for name in ("radius_agreement", "contour_agreement", "marginal_gaussianity")]
    assert shown[:5] == ["params.`model.activation`", "metrics.`mnd/radius_agreement`", *gaps]
    # What MLflow's menu, margins, boxes to check and date leave of the window.
    assert widths[views.RUN_NAME] + sum(widths[name] for name in shown[:5]) < 1440 - 440
    assert set(shown[5:9]) == {f"metrics.`{name}`" for name in (*views.NORMALITY, views.MSE)} - set(shown[:5])
    assert [name.endswith("_null`") for name in shown[9:12]] == [True, True, True]
    controls = [f"metrics.`control/{c}/{name}`" for c in ("untrained", "projection") for name in HEADLINES]
    assert shown[12:] == [*controls, "params.`training.seed`"]


@pytest.mark.parametrize(("goal", "ascending"), [("maximize", False), ("minimize", True)])
def test_the_best_run_by_the_sweeps_metric_comes_first(tmp_path: Path, goal: str, ascending: bool) -> None:
    metric = f"metric: {{name: mnd/pursuit/ks, goal: {goal}}}\n"
    found = state(written(tmp_path, TINY_SWEEP + metric), "headlines")
    assert (found["orderByKey"], found["orderByAsc"]) == ("metrics.`mnd/pursuit/ks`", ascending)
    assert found["selectedColumns"][1] == "metrics.`mnd/pursuit/ks`"


@pytest.mark.parametrize(("rates", "ascending", "hidden"), [(50, True, "SHOW_ALL"), (51, False, "FIRST_10_RUNS")])
def test_the_image_chart_begins_with_the_best_run(tmp_path: Path, rates: int, ascending: bool, hidden: str) -> None:
    """It shows ten runs from the end of the table up, of which MLflow reads a hundred."""
    values = [round(1e-4 * (1 + number), 6) for number in range(rates)]
    text = TINY_SWEEP + f"  training.learning_rate: {{values: {values}}}\n"
    found = state(written(tmp_path, text), "charts")
    assert (found["orderByAsc"], found["runsHiddenMode"]) == (ascending, hidden)


def test_means_are_shown_where_cells_have_several_runs_alone(tmp_path: Path) -> None:
    file = written(tmp_path)
    assert f"{views.VIEW}means" not in views.views(load(file))
    assert "Means" not in views.describe(load(file))
    file = written(tmp_path, f"{TINY_SWEEP}seeds: [0, 1]\n")
    assert f"{views.VIEW}means" in views.views(load(file))
    assert "[Means over seeds](" in views.describe(load(file))


@pytest.mark.usefixtures("database")
def test_a_view_that_no_longer_fits_is_removed(tmp_path: Path) -> None:
    file = written(tmp_path, f"{TINY_SWEEP}seeds: [0, 1]\n")
    experiment_id = views.publish(load(file))
    assert f"{views.VIEW}means" in tracking.client().get_experiment(experiment_id).tags
    file = written(tmp_path)
    views.publish(load(file))
    assert f"{views.VIEW}means" not in tracking.client().get_experiment(experiment_id).tags


def test_face_grids_stand_above_all_other_charts_but_the_parallel_ones(tmp_path: Path) -> None:
    sections = state(written(tmp_path), "charts")["compareRunSections"]
    names = [section["name"] for section in sections]
    assert names[:3] == ["What varies, and the headlines", "Face grids", "Headlines"]


def test_means_are_of_runs_that_only_the_seed_tells_apart(tmp_path: Path) -> None:
    grouping = state(written(tmp_path, f"{TINY_SWEEP}seeds: [0, 1]\n"), "means")["groupBy"]
    assert grouping["aggregateFunction"] == "average"
    assert [key["groupByData"] for key in grouping["groupByKeys"]] == ["model.activation", tracking.CELL]


def test_a_search_shows_its_objectives_and_what_it_searched(tmp_path: Path) -> None:
    shown = state(written(tmp_path, SEARCH), "headlines")["selectedColumns"]
    assert shown[:2] == ["params.`training.learning_rate`", "metrics.`reconstruction/ssim`"]
    assert "metrics.`mnd/marginal/wasserstein`" in shown


def test_every_chart_has_a_section_and_a_name_of_its_own(tmp_path: Path) -> None:
    for view in ("headlines", "charts", "means"):
        found = state(written(tmp_path, f"{TINY_SWEEP}seeds: [0, 1]\n"), view)
        sections = {section["uuid"] for section in found["compareRunSections"]}
        assert {card["metricSectionId"] for card in found["compareRunCharts"]} == sections
        names = [card["uuid"] for card in found["compareRunCharts"]]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ("", SAMPLING),
        ("  analysis.sampling: {value: [mnd, flow]}\n", ("mnd", "flow")),
        ("  analysis.sampling: {values: [[mnd], [knn, mylab.draw:STUDENT]]}\n", ("mnd", "knn", "mylab.draw.STUDENT")),
    ],
)
def test_the_face_grids_are_of_the_generators_that_the_sweep_lists(
    tmp_path: Path, lines: str, shown: tuple[str, ...]
) -> None:
    file = written(tmp_path, TINY_SWEEP.replace("parameters:\n", f"parameters:\n{lines}"))
    grids = next(c for c in state(file, "headlines")["compareRunCharts"] if c["metricSectionId"] == "grids")
    assert grids["imageKeys"] == ["faces/reconstruction", *(f"faces/{name}" for name in shown)]


def test_a_sweep_in_which_nothing_varies_has_no_parallel_coordinates(tmp_path: Path) -> None:
    file = written(tmp_path, TINY_SWEEP.replace("{values: [relu, tanh]}", "{value: relu}"))
    assert "PARALLEL" not in {card["type"] for card in state(file, "headlines")["compareRunCharts"]}


def test_the_description_asks_the_question_first_and_shows_the_file(tmp_path: Path) -> None:
    file = written(tmp_path)
    text = views.describe(load(file))
    assert text.startswith("Does the whole path work?\n\n[")
    assert "```yaml\nname: tiny" in text


@pytest.mark.usefixtures("database")
def test_publishing_links_the_description_to_the_experiment_and_renews_its_views(tmp_path: Path) -> None:
    tracking.experiment("another", "with an id before")
    file = written(tmp_path)
    first = views.publish(load(file))
    file.write_text(TINY_SWEEP.replace("whole", "longer"), encoding="utf-8")
    assert views.publish(load(file)) == first
    tags = tracking.client().get_experiment(first).tags
    assert "longer path" in tags["mlflow.note.content"]
    assert all(f"]({link.address})" in tags["mlflow.note.content"] for link in views.links(load(file), first))
    assert {f"{views.VIEW}headlines", f"{views.VIEW}charts", *views.KIND} <= tags.keys()
    assert "the 10 best runs" in tags["mlflow.note.content"]


@pytest.mark.usefixtures("database")
def test_links_of_an_imported_description_lead_to_the_experiment_here() -> None:
    here = tracking.experiment("a", "see [the runs](#/experiments/4711/runs?x=1)")
    assert f"(#/experiments/{here}/runs?x=1)" in tracking.client().get_experiment(here).tags["mlflow.note.content"]


@pytest.mark.usefixtures("database")
def test_a_sweep_file_of_any_length_has_room_in_the_description(tmp_path: Path) -> None:
    file = written(tmp_path, TINY_SWEEP + "# a long remark\n" * 5_000)
    tags = tracking.client().get_experiment(views.publish(load(file))).tags
    assert tags["mlflow.note.content"].endswith("\n...\n```\n")
