"""The report of recorded sweeps: everything in it, nothing outside it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from cae.faces import PAIR
from cae.registries import GENERATORS
from sweeps import tracking
from sweeps.api import cells
from sweeps.cli import main
from sweeps.report import glossary
from sweeps.report.links import run_pages
from sweeps.search.importance import params_of
from sweeps.spec.display import HEADLINES
from sweeps.spec.space import space
from sweeps.spec.sweep_file import load
from sweeps.tracking.experiment import with_report
from sweeps.tracking.run_file import recorded
from tests.sweeps.commands.test_compare import EIGHT, measure
from tests.sweeps.fakes import cell_of, record_run, record_runs
from tests.sweeps.recorded import artifacts, log_pictures

FOUR = """
name: four
description: Does batch norm matter?
parameters:
  data.name: {value: digits}
  data.resolution: {value: 32}
  model.activation: {value: tanh}
  model.batch_norm: {values: [false, true]}
seeds: [0, 1]
"""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OUTSIDE = re.compile(r"(?:src|href|url|@import|action|data)\s*[=(]\s*[\"']?(?!#|data:)[\w/.:]+", re.IGNORECASE)


@pytest.fixture(scope="module")
def run_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return artifacts(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture
def eight(tmp_path: Path, database: Path) -> Path:
    """24 finished runs without artifacts."""
    path = tmp_path / "eight.yaml"
    path.write_text(EIGHT, encoding="utf-8")
    record_runs(load(path), measure)
    return path


@pytest.fixture
def complete(eight: Path, run_files: Path) -> Path:
    """24 finished runs with all that a report shows of them."""
    log_pictures("eight", run_files)
    return eight


@pytest.fixture
def four(tmp_path: Path, database: Path) -> Path:
    """Four finished runs of two cells, without artifacts."""
    path = tmp_path / "four.yaml"
    path.write_text(FOUR, encoding="utf-8")
    record_runs(load(path), measure)
    return path


def compare(path: Path, folder: Path, *options: str) -> Result:
    done = CliRunner().invoke(main, ["compare", str(path), "--out", str(folder), *options])
    assert done.exit_code == 0, done.output
    return done


def page(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def embedded(text: str) -> list[Image.Image]:
    found = re.findall(r'src="data:image/webp;base64,([^"]+)"', text)
    return [Image.open(io.BytesIO(base64.b64decode(content))) for content in found]


def assert_self_contained(text: str) -> None:
    """Nothing is loaded from anywhere, the one script is ours, and what leads out are links to runs."""
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert text.count("<script") == 1
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    run = r'<a href="http://127\.0\.0\.1:5000/#/experiments/\d+/runs/[0-9a-f]{32}"'
    rest = re.sub(run, "", text.replace(script, ""))
    assert not OUTSIDE.findall(rest)
    assert "://" not in rest.replace("(http://127.0.0.1:5000, while", "")


def summaries(sweep: str) -> list[str]:
    return [run.info.run_id for run in recorded(sweep) if run.data.tags.get("sweep.role") == "summary"]


def test_the_report_holds_everything_and_needs_nothing(complete: Path, tmp_path: Path) -> None:
    done = compare(complete, tmp_path / "out")
    assert f"wrote {tmp_path / 'out' / 'report.html'}" in done.stderr
    text = page(tmp_path / "out")
    assert_self_contained(text)
    # The words of the question and the answer, as the terminal has it.
    assert "Do activation, batch norm and the number of dimensions matter?" in text
    assert done.stdout.splitlines()[0] in text
    for words in ("1,617 training images, 180 held out", "keras", "cae run eight.yaml", "seeds: [0, 1, 2]", "p (Holm)"):
        assert words in text, words
    cells = re.findall(r"<h3>\d+ +· +(activation=\w+ batch_norm=\w+ latent_dim=\d+)", text)
    assert len(set(cells)) == 8
    pictures = embedded(text)
    # Eight columns of eight cells, and two plots of three.
    assert len(pictures) == 8 * 8 + 2 * 3
    for picture in pictures:
        picture.load()
    with Image.open(tmp_path / "out" / "contact_sheet.png") as sheet:
        assert sheet.width > 1000
    assert len(set(re.findall(r'\bid="([^"]+)"', text))) == len(re.findall(r'\bid="([^"]+)"', text))
    # Every cell in the table, the best one first.
    table = re.search(r'<h2 id="cells">Cells</h2>.*?<tbody>(.*?)</tbody>', text, re.DOTALL)
    assert table is not None
    rows = re.findall(r"<tr(?: class=\"(\w+)\")?><td[^>]*>(\d+)", table[1])
    assert [int(rank) for _, rank in rows] == list(range(1, 9))
    assert [mark for mark, _ in rows] == ["best", "", "", "", "median", "", "", "worst"]


def test_the_contents_lead_to_every_section(four: Path, tmp_path: Path) -> None:
    compare(four, tmp_path / "out")
    text = page(tmp_path / "out")
    sections = re.findall(r'<h2 id="([^"]+)">([^<]+)</h2>', text)
    assert [title for _, title in sections[:2]] == ["Cells", "Faces"]
    listed = re.search(r'<nav class="contents".*?</nav>', text, re.DOTALL)
    assert listed is not None
    assert re.findall(r'<a href="#([^"]+)">([^<]+)</a>', listed[0]) == sections


def test_words_are_explained_where_they_first_stand(complete: Path, tmp_path: Path) -> None:
    compare(complete, tmp_path / "out")
    text = page(tmp_path / "out")
    for words, place in ((glossary.MEASURES["radii"], "cells"), (glossary.METHODS["elliptical"], "faces")):
        section = re.search(rf'<h2 id="{place}">.*?<h2', text, re.DOTALL)
        assert section is not None
        assert words in section[0]
    assert glossary.METHODS["copula"] not in text  # which these runs did not draw


def test_every_word_of_the_tables_is_known() -> None:
    assert set(glossary.METHODS) == {*PAIR, *GENERATORS.builtin}
    assert set(HEADLINES) <= set(glossary.MEASURES)
    assert glossary.methods(["mylab.draw.STUDENT"]) == [("mylab.draw.STUDENT", "the generator of a plug-in")]


def test_every_run_is_linked_and_has_its_names_to_copy(four: Path, tmp_path: Path) -> None:
    compare(four, tmp_path / "out")
    text = page(tmp_path / "out")
    experiment = tracking.client().get_experiment_by_name("four").experiment_id
    for record in tracking.records("four").values():
        assert f'<a href="http://127.0.0.1:5000/#/experiments/{experiment}/runs/{record.run_id}"' in text
        assert f"<code>{record.config_hash}</code>" in text
        assert f"<code>{record.run_id}</code>" in text


@pytest.mark.parametrize(
    ("store", "address"),
    [
        ("http://ann:secret@lab:5000/mlflow/", "http://lab:5000/mlflow/#/experiments/7/runs/abc"),
        ("postgresql://ann:secret@lab/mlflow", "http://127.0.0.1:5000/#/experiments/7/runs/abc"),
    ],
)
def test_links_go_to_the_server_without_its_password(store: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    run = replace(cell_of({}), run_id="abc", experiment="7")
    assert run_pages().page(run) == address
    assert "secret" not in run_pages().link(run, "0")


def test_the_page_to_explore_is_linked_where_it_is(four: Path, tmp_path: Path) -> None:
    link = '<a href="explore.html">Explore</a>'
    compare(four, tmp_path / "out")
    assert link not in page(tmp_path / "out")
    assert "<code>cae explore four.yaml</code>" in page(tmp_path / "out")
    (tmp_path / "out" / "explore.html").write_text("", encoding="utf-8")
    compare(four, tmp_path / "out")
    assert link in page(tmp_path / "out")


def test_there_is_one_summary_run_however_often(four: Path, tmp_path: Path) -> None:
    compare(four, tmp_path / "out")
    (first,) = summaries("four")
    with four.open("a") as file:
        file.write("# changed\n")
    compare(four, tmp_path / "out")
    assert summaries("four") == [first]
    client = tracking.client()
    run = client.get_run(first)
    names = {entry.path for entry in client.list_artifacts(first)}
    assert names == {"report.html", "contact_sheet.png", "comparison.json", "sweep.yaml"}
    logged = Path(client.download_artifacts(first, "sweep.yaml", str(tmp_path)))
    assert logged.read_text().endswith("# changed\n")
    shown = json.loads(Path(client.download_artifacts(first, "comparison.json", str(tmp_path))).read_text())
    assert len(shown["groups"]) == 2
    assert tracking.HASH not in run.data.tags
    assert (run.info.run_name, run.info.status) == ("summary", "FINISHED")
    assert shown["answer"] in run.data.tags["mlflow.note.content"]
    # It is no run of the sweep.
    assert len(tracking.records("four")) == 4
    assert all(cell.state == "finished" for cell in cells(load(four), four))


def test_a_second_summary_is_deleted(four: Path, tmp_path: Path) -> None:
    compare(four, tmp_path / "out")
    (first,) = summaries("four")
    client = tracking.client()
    experiment = client.get_experiment_by_name("four").experiment_id
    client.create_run(experiment, tags={"sweep.role": "summary"})
    compare(four, tmp_path / "out")
    assert summaries("four") == [first]


@pytest.mark.thorough
def test_the_summary_travels_with_the_sweep_and_goes_with_it(
    four: Path, tmp_path: Path, migrated_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(four, tmp_path / "out")
    archive = tmp_path / "sweep.zip"
    done = CliRunner().invoke(main, ["export", str(four), "--out", str(archive)])
    assert done.exit_code == 1  # of runs that were only made up no artifacts are there
    assert "which are gone" in done.output
    (tmp_path / "laptop" / "mlruns").mkdir(parents=True)
    shutil.copy(migrated_database, tmp_path / "laptop" / "mlruns" / "mlflow.db")
    monkeypatch.setenv("CAE_HOME", str(tmp_path / "laptop"))
    monkeypatch.chdir(tmp_path / "laptop")  # where the sweep file goes
    done = CliRunner().invoke(main, ["import", str(archive)])
    assert done.exit_code == 0, done.output
    (imported,) = summaries("four")
    client = tracking.client()
    assert "report.html" in {entry.path for entry in client.list_artifacts(imported)}
    compare(four, tmp_path / "out")
    assert summaries("four") == [imported]
    told = client.get_experiment_by_name("four").tags["mlflow.note.content"]
    assert told.count("report.html") == 1
    assert imported in told
    deleted = CliRunner().invoke(main, ["clean", str(four), "--delete", "--yes"])
    assert deleted.exit_code == 0, deleted.output
    assert client.get_experiment_by_name("four") is None
    assert not list((tmp_path / "laptop" / "mlruns" / "artifacts").glob("four*"))


def test_the_experiment_links_to_the_report_also_after_the_next_launch(four: Path, tmp_path: Path) -> None:
    compare(four, tmp_path / "out")
    (summary,) = summaries("four")
    experiment = tracking.experiment("four", "a new description")  # as cae run renews it
    told = tracking.client().get_experiment_by_name("four").tags["mlflow.note.content"]
    assert told.startswith("a new description")
    assert told.count(f"(#/experiments/{experiment}/runs/{summary}/artifacts/report.html)") == 1


@pytest.mark.parametrize("description", ["", "a question", "a question\n\n```yaml\nname: x\n```\n"])
def test_links_are_replaced_and_the_rest_stays(description: str) -> None:
    linked = with_report(description, "1", "abc")
    again = with_report(linked, "2", "def")
    assert "abc" not in again
    assert again.count("report.html") == 1
    assert with_report(again, "2", None).strip() == description.strip()
    assert with_report(description, "2", None) == description


def test_words_of_the_sweep_file_are_no_markup(tmp_path: Path, database: Path, run_files: Path) -> None:
    path = tmp_path / "four.yaml"
    path.write_text(FOUR.replace("Does", "<script>alert(1)</script> & Does"), encoding="utf-8")
    record_runs(load(path), measure)
    compare(path, tmp_path / "out")
    text = page(tmp_path / "out")
    assert_self_contained(text)
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt; &amp; Does") == 2


def test_runs_without_pictures_are_said_not_crashed_on(four: Path, run_files: Path, tmp_path: Path) -> None:
    bare = [record.run_id for record in tracking.records("four").values() if record.name.startswith("bn")]
    log_pictures("four", run_files, without=bare)
    compare(four, tmp_path / "out")
    text = page(tmp_path / "out")
    assert text.count("This run recorded no faces.") == 1
    assert text.count("This run recorded no plots of contours and radii.") == 1
    assert len(embedded(text)) == 8 + 2


def test_a_sweep_without_any_picture_has_a_report(four: Path, tmp_path: Path) -> None:
    compare(four, tmp_path / "out")
    text = page(tmp_path / "out")
    assert text.count("This run recorded no faces.") == 2
    assert text.count("This run recorded no plots of contours and radii.") == 2
    assert "No run recorded core profiles." in text
    assert not embedded(text)
    assert (tmp_path / "out" / "contact_sheet.png").exists()


def test_one_cell_of_one_run_has_a_report(tmp_path: Path, database: Path, run_files: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text("name: one\nparameters: {data.name: {value: digits}}\n", encoding="utf-8")
    record_runs(load(path), measure)
    log_pictures("one", run_files)
    compare(path, tmp_path / "out")
    text = page(tmp_path / "out")
    assert "the only cell" in text
    assert len(embedded(text)) == 8 + 2
    assert "What each parameter does" not in text


def test_a_pair_of_runs_with_one_metric_has_a_report(tmp_path: Path, database: Path) -> None:
    """No seeds, so no intervals; one metric, so no pairs of them."""
    path = tmp_path / "pair.yaml"
    path.write_text(
        "name: pair\nparameters: {data.name: {value: digits}, model.batch_norm: {values: [false, true]}}\n",
        encoding="utf-8",
    )
    record_runs(load(path), lambda cell: {"mnd/radius_agreement": 0.5 + cell.parameters["model.batch_norm"] / 10})
    compare(path, tmp_path / "out")
    text = page(tmp_path / "out")
    assert "What each parameter does" in text
    assert "95 % interval</th>" not in text
    assert "give at least 2 seeds" in text


@pytest.mark.parametrize(
    ("metrics", "titles"),
    [
        ("", ["History of mnd/radius_agreement", "Importance for mnd/radius_agreement"]),
        (
            "metric: [{name: mnd/radius_agreement}, {name: reconstruction/mse, goal: minimize}]\n",
            ["History of reconstruction/mse", "Importance for reconstruction/mse", "Pareto front"],
        ),
    ],
)
def test_a_search_has_its_pictures_in_place_of_effects(
    database: Path, tmp_path: Path, metrics: str, titles: list[str]
) -> None:
    path = tmp_path / "search.yaml"
    text = EIGHT.replace("seeds: [0, 1, 2]", f"seeds: [0]\nmethod: random\nrun_cap: 8\n{metrics}")
    path.write_text(text, encoding="utf-8")
    sweep = load(path)
    for cell in cells(sweep.model_copy(update={"method": "grid"})):
        record_run(sweep, cell, measure(cell), **{tracking.TRIAL: json.dumps(params_of(space(sweep), cell.config))})
    compare(path, tmp_path / "out")
    text = page(tmp_path / "out")
    assert "What each parameter does" not in text
    for title in titles:
        assert f"<figcaption>{title}</figcaption>" in text
    assert ("Pareto front" in text) == bool(metrics)
    assert_self_contained(text)


def test_values_of_the_command_line_are_in_the_words_to_do_it_again(tmp_path: Path, database: Path) -> None:
    path = tmp_path / "four.yaml"
    path.write_text(FOUR, encoding="utf-8")
    fixed = {"training.epochs": 3, "model.maps": [4, 8]}
    record_runs(load(path, fixed), measure)
    compare(path, tmp_path / "out", "--set", "training.epochs=3", "--set", "model.maps=[4, 8]")
    (command,) = re.findall(r"cae run four.yaml(.*)", page(tmp_path / "out"))
    assert set(command.split(" --set ")[1:]) == {"training.epochs=3", "&#39;model.maps=[4, 8]&#39;"}


def test_where_the_report_goes(four: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    alone = CliRunner().invoke(main, ["compare", str(four), "--no-report"])
    as_json = CliRunner().invoke(main, ["compare", str(four), "--json"])
    assert (alone.exit_code, as_json.exit_code) == (0, 0)
    assert not (tmp_path / "reports").exists()
    assert summaries("four") == []
    assert CliRunner().invoke(main, ["compare", str(four)]).exit_code == 0
    assert (tmp_path / "reports" / "four" / "report.html").exists()
    both = CliRunner().invoke(main, ["compare", str(four), "--no-report", "--out", "x"])
    assert both.exit_code == 2
    assert "--out x and --no-report contradict each other" in both.stderr


def test_a_folder_that_cannot_be_written_is_one_line(four: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(main, ["compare", str(four), "--out", str(tmp_path / "file" / "out")])
    assert done.exit_code == 2
    assert done.stderr.strip() == f"--out {tmp_path / 'file' / 'out'}: cannot be written: Not a directory"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_the_report_opens_without_a_network(four: Path, run_files: Path, tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    log_pictures("four", run_files)
    compare(four, tmp_path / "out")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=arguments)
        for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light")):
            said: list[str] = []
            context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
            opened = context.new_page()
            opened.on("console", lambda message, said=said: said.append(message.text))
            opened.on("pageerror", lambda error, said=said: said.append(str(error)))
            opened.on("request", lambda request, said=said: said.append(request.url))
            opened.goto((tmp_path / "out" / "report.html").as_uri())
            assert opened.evaluate("document.documentElement.scrollWidth") <= width
            images = "[...document.querySelectorAll('main img')]"
            assert opened.evaluate(f"{images}.every(image => image.complete && image.naturalWidth > 0)")
            paper = opened.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
            assert (opened.locator(".wide.scrolls").count() > 0) == (width == 390)
            filters = opened.evaluate("getComputedStyle(document.querySelector('.plot img')).filter")
            assert (filters == "none") == (scheme == "light")
            _look_closer(opened)
            assert [text for text in said if not text.startswith(("file:", "data:"))] == []
        browser.close()


def _look_closer(page: Any) -> None:
    """By the keyboard: a picture opens large, leads to others, and closes. By the pointer: a point says its name."""
    viewer = page.locator("dialog")
    page.locator(".zoom").first.focus()
    page.keyboard.press("Enter")
    words = [viewer.locator("span").inner_text()]
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
        words.append(viewer.locator("span").inner_text())
    first, right, below = (text.split(" · ") for text in words)
    assert (first[0], right[0], below[0]) == ("original", "autoencoder", "autoencoder")
    assert first[1] == right[1] != below[1]
    assert viewer.locator("img").evaluate("image => image.naturalWidth > 0")
    page.keyboard.press("Escape")
    assert not viewer.is_visible()
    point = page.locator("g.named use").first
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 + 5, box["y"] + box["height"] / 2)
    assert page.locator("#tip").inner_text() == page.locator("g.named.near").first.get_attribute("data-words")
