"""MLflow's pages of a recorded sweep in a real browser, served by `cae ui` and by MLflow's own command."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from metrics.catalog import HEADLINES
from sweeps import tracking, workspace
from sweeps.planning.plan import SweepRun
from sweeps.spec.sweep_file import load
from sweeps.tracking import views
from sweeps.transfer.relocate import correct
from tests.conftest import TINY_SWEEP
from tests.servers import afterwards, free_port
from tests.sweeps.fakes import record_runs

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=20)]

SEEDS = TINY_SWEEP.replace("name: tiny", "name: seeds") + "seeds: [0, 1]\n"
# The row of a table from the name in it.
ROW_OF_NUMBERS = """name => {
    while ((name.innerText.match(/\\d\\.\\d+/g) || []).length < 2) name = name.parentElement;
    return name.innerText;
}"""


def made_up(cell: SweepRun) -> dict[str, float]:
    """0.5 and 0.7 for relu, 0.6 and 0.8 for tanh."""
    value = 0.5 + 0.2 * cell.config.training.seed + 0.1 * (cell.config.model.activation == "tanh")
    return {f"mnd/{name}": value for name in HEADLINES}


@pytest.fixture(scope="module")
def home(recorded_home: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the recorded sweep, and beside it one with two seeds a cell and made-up metrics."""
    folder = tmp_path_factory.mktemp("pages")
    shutil.copytree(recorded_home[0], folder, dirs_exist_ok=True)
    file = folder / "seeds.yaml"
    file.write_text(SEEDS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAE_HOME", str(folder))
        correct(workspace.home())
        record_runs(load(file), made_up)
        for run in tracking.records("seeds").values():
            tracking.client().log_param(run.run_id, "model.activation", run.name.split()[0])
        views.publish(load(file))
        yield folder


@pytest.fixture(autouse=True)
def _at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAE_HOME", str(home))


@contextmanager
def served(home: Path, port: int, *command: str, folder: Path | None = None) -> Iterator[str]:
    """Runs a command that serves pages, in `folder` if given, until SIGTERM ends it; its address."""
    environment = os.environ | {"CAE_HOME": str(home), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    address, log = f"http://127.0.0.1:{port}", home / f"{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *command, "--port", str(port)],
            stdout=out,
            stderr=out,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    cleaner = afterwards(f"kill -KILL -{process.pid}")
    try:
        wait_for(lambda: answers(address) or process.poll() is not None, log)
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield address
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=120)
        wait_for(lambda: not answers(address), log)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        cleaner.kill()
        cleaner.wait()


def wait_for(condition: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end, log.read_text(encoding="utf-8")
        time.sleep(0.1)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5):
            return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with served(home, free_port(), "sweeps", "ui", str(home / "tiny.yaml")) as where:
        yield where


@pytest.fixture(scope="module")
def context(browser: Any) -> Iterator[Any]:
    """A browser's window, without what it remembers."""
    opened = browser.new_context(viewport={"width": 1600, "height": 1000})
    opened.set_default_timeout(120_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page, of which a picture is taken at the end: into $CAE_SCREENSHOTS, else the test's own folder."""
    opened = context.new_page()
    yield opened
    folder = Path(os.environ.get("CAE_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    opened.screenshot(path=folder / f"{request.node.name}.png")
    opened.close()


def experiment_id(name: str) -> str:
    return str(tracking.client().get_experiment_by_name(name).experiment_id)


def link(address: str, sweep: str, place: int) -> str:
    return f"{address}/{known_links(sweep)[place].address}"


def known_links(sweep: str) -> list[views.Link]:
    file = workspace.home().parent / f"{sweep}.yaml"
    return views.links(load(file), experiment_id(sweep))


def runs() -> list[tracking.Record]:
    """The recorded runs, the best by the sweep's metric first."""
    return sorted(tracking.records("tiny").values(), key=lambda run: -run.metrics["mnd/radius_agreement"])


def as_seen(page: Any, selector: str, axis: str) -> list[str]:
    """Texts from left to right (axis x) or downwards (y): MLflow's table places them, in whatever order they come."""
    find = "([selector, axis]) => [...document.querySelectorAll(selector)]"
    order = ".map(found => [found.getBoundingClientRect()[axis], found.innerText]).sort((a, b) => a[0] - b[0])"
    return [text for _, text in page.evaluate(find + order, [selector, axis])]


def rows(page: Any) -> str:
    """What stands in the table's rows, downwards."""
    return "\n".join(as_seen(page, ".ag-row", "y"))


def open_headlines(page: Any, address: str) -> None:
    page.goto(link(address, "tiny", 0))
    page.get_by_role("link", name=runs()[0].name).wait_for()
    for run in runs():  # each row comes in its own time
        page.get_by_text(f"{run.metrics['mnd/radius_agreement']:.6f}"[:-1]).first.wait_for()


def test_the_experiment_lists_its_runs_with_the_headlines_the_best_first(page: Any, address: str) -> None:
    open_headlines(page, address)
    shown = as_seen(page, "[role=columnheader]", "x")
    shown = list(dict.fromkeys(head for head in shown if head.startswith(("mnd/", "model.")) and "\n" not in head))
    gaps = [f"mnd/{name}_gap" for name in ("radius_agreement", "contour_agreement", "marginal_gaussianity")]
    assert shown[:5] == ["model.activation", "mnd/radius_agreement", *gaps]
    best, other = (f"{run.metrics['mnd/radius_agreement']:.6f}"[:-1] for run in runs())
    assert rows(page).index(best) < rows(page).index(other)
    assert page.get_by_text("Model training").is_visible()


def test_the_description_asks_the_question_and_leads_to_the_views(page: Any, address: str, context: Any) -> None:
    open_headlines(page, address)
    page.get_by_text("Does the whole path work?").first.wait_for()
    page.get_by_test_id("experiment-metadata-editor-edit-button").locator("xpath=following-sibling::*").first.click()
    with context.expect_page() as opened:
        page.get_by_role("link", name="Charts and faces of every run").click()
    opened.value.get_by_test_id("saved-views-trigger").get_by_text("Charts and faces").wait_for()
    opened.value.close()


@pytest.mark.thorough
def test_two_runs_are_compared_metric_by_metric(page: Any, address: str) -> None:
    open_headlines(page, address)
    for place in range(2):
        page.locator(".ag-row .ag-selection-checkbox:visible").nth(place).click()
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_text("Comparing 2 Runs from 1 Experiment").wait_for()
    # Of its table of metrics MLflow 3.17 shows the first ones alone.
    name = "control/projection/contour_agreement"
    row = page.get_by_text(name, exact=True).evaluate(ROW_OF_NUMBERS)
    shown = [float(number) for number in re.findall(r"\d\.\d+", row)]
    # Sometimes the row is found with its neighbors.
    expected = pytest.approx([run.metrics[name] for run in runs()], abs=1e-3)
    assert any(list(pair) == expected for pair in itertools.pairwise(shown)), row
    assert page.get_by_text("model.activation").count()


def test_charts_show_headlines_and_the_face_grids_of_both_runs_side_by_side(page: Any, address: str) -> None:
    page.goto(link(address, "tiny", 1))
    page.get_by_text("Parallel Coordinates").wait_for()
    page.get_by_text("Face grids", exact=False).first.evaluate("heading => heading.scrollIntoView()")
    pictures = page.locator("img[src*='images%2Ffaces'], img[src*='images/faces'], .ant-image img")
    pictures.nth(2 * 3 - 1).wait_for()
    page.wait_for_function("[...document.images].filter(image => image.naturalWidth > 100).length >= 6")
    assert page.get_by_text("faces/mnd", exact=True).count() >= 1


@pytest.mark.soak
def test_the_pictures_of_two_runs_stand_side_by_side_where_mlflow_compares_them(page: Any, address: str) -> None:
    ids = json.dumps([run.run_id for run in runs()])
    page.goto(f'{address}/#/compare-runs?runs={ids}&experiments=["{experiment_id("tiny")}"]')
    page.get_by_text("faces.png", exact=True).first.click()
    both = "[...document.images].filter(image => image.naturalWidth > 500).length == 2"
    page.wait_for_function(both, timeout=90_000)  # both are fetched through the server, on a busy machine slowly
    assert page.get_by_text("summary.png", exact=True).count() == 1


def test_the_description_of_a_run_opens_with_its_conclusion_and_shows_its_faces(page: Any, address: str) -> None:
    page.goto(f"{address}/#/experiments/{experiment_id('tiny')}/runs/{runs()[0].run_id}")
    page.get_by_text("Nothing to conclude: reconstructions worse than the mean image").wait_for()
    page.wait_for_function(
        "[...document.images].some(image => image.src.includes('faces.png') && image.naturalWidth > 500)"
    )


def test_a_face_grid_is_shown_and_downloaded_byte_by_byte(page: Any, address: str) -> None:
    run = runs()[0]
    page.goto(f"{address}/#/experiments/{experiment_id('tiny')}/runs/{run.run_id}/artifacts/faces/mnd.png")
    page.wait_for_function("[...document.images].some(image => image.naturalWidth > 700)")
    with page.expect_download() as download:
        page.locator("button[data-component-id*='artifactview']").click()
    stored = tracking.client().download_artifacts(run.run_id, "faces/mnd.png")
    assert Path(download.value.path()).read_bytes() == Path(stored).read_bytes()
    assert download.value.suggested_filename.endswith("mnd.png")


def test_groups_show_the_means_over_seeds(page: Any, address: str) -> None:
    page.goto(link(address, "seeds", 2))
    page.get_by_text("Group:").first.wait_for()
    page.get_by_text("(average)").nth(1).wait_for()
    means = re.findall(r"^(0\.\d+) \(average\)", rows(page), flags=re.MULTILINE)
    assert {round(float(mean), 6) for mean in means} == {0.7, 0.6}
    assert "Group: model.activation: tanh" in rows(page)


@pytest.fixture
def newcomer(context: Any) -> Iterator[Any]:
    """A page of a browser that has never been here."""
    fresh = context.browser.new_context(viewport={"width": 1440, "height": 900})
    fresh.set_default_timeout(120_000)
    yield fresh.new_page()
    fresh.close()


GENAI = """localStorage.setItem("mlflow.workflowType_v1", JSON.stringify("genai"));
localStorage.setItem("mlflow.assistant.panelOpen_v1", "true");"""


@pytest.mark.thorough
@pytest.mark.parametrize("before", ["", GENAI], ids=["new", "genai"])
def test_a_browser_that_follows_a_link_stays_in_model_training(newcomer: Any, address: str, before: str) -> None:
    if before:
        newcomer.goto(f"{address}/health")
        newcomer.evaluate(before)
    newcomer.goto(link(address, "tiny", 0))
    newcomer.get_by_role("link", name=runs()[0].name).click()
    newcomer.get_by_role("tab", name="Artifacts").wait_for()
    assert "workflowType" not in newcomer.url.rpartition("/runs/")[2]
    assert newcomer.evaluate("localStorage['mlflow.workflowType_v1']") == '"machine_learning"'
    assert newcomer.get_by_text("Traces").first.is_visible()
    assert newcomer.get_by_text("Evaluation runs").count() == 0
    assert newcomer.evaluate("localStorage['mlflow.assistant.panelOpen_v1']") == "false"
    newcomer.goto("about:blank")
    newcomer.goto(address)
    newcomer.get_by_text("Model registry").first.wait_for()


def test_what_the_browser_chose_itself_stands(newcomer: Any, address: str) -> None:
    newcomer.goto(f"{address}/health")
    newcomer.evaluate(GENAI)
    newcomer.goto(address)
    newcomer.get_by_text("Model training").first.wait_for()
    assert newcomer.evaluate("localStorage['mlflow.workflowType_v1']") == '"genai"'


@pytest.mark.soak
def test_mlflows_own_command_shows_the_same(page: Any, home: Path) -> None:
    command = ["mlflow", "server", "--backend-store-uri", "sqlite:///mlruns/mlflow.db"]
    with served(home, free_port(), *command, folder=home) as where:
        open_headlines(page, where)
        page.goto("about:blank")
        page.goto(f"{where}/#/experiments/{experiment_id('tiny')}/runs/{runs()[0].run_id}/artifacts/faces/mnd.png")
        page.wait_for_function("[...document.images].some(image => image.naturalWidth > 700)")


def test_cae_ui_says_where_the_pages_of_a_sweep_are(address: str, home: Path) -> None:
    told = (home / f"{address.rpartition(':')[2]}.log").read_text(encoding="utf-8")
    for place, known in enumerate(known_links("tiny")):
        assert f"tiny: {known.name}\n  {link(address, 'tiny', place)}\n" in told
    # After all that the server prints at its start; of the requests since nothing, but what could not be done.
    start, _, since = told.partition(f"{address} shows {workspace.uri()}; Ctrl-C ends it\n")
    assert "starting MLflow's server" in start
    assert not re.search(r'"(GET|POST|HEAD) |\bINFO\b', since)
