from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sweeps import tracking, workspace
from sweeps.cli import main
from sweeps.pipeline.latents import load_latents
from sweeps.spec.remarks import remarks
from sweeps.tracking.artifacts import listing


@pytest.fixture(autouse=True)
def _home(recorded_home: tuple[Path, Path], finished: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def explore(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["explore", *arguments])


def content(page: Path) -> dict[str, Any]:
    found = re.search(r'id="page">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return json.loads(found[1])


def hashes() -> list[str]:
    return sorted(record.config_hash for record in tracking.records("tiny").values())


def test_a_sweep_is_one_file_beside_its_report_and_in_its_summary(finished: Path) -> None:
    done = explore(str(finished))
    assert done.exit_code == 0, done.output
    page = Path("reports/tiny/explore.html")
    told = content(page)
    assert re.search(rf"wrote {page}, \d\.\d MB\nrecorded in MLflow with the summary of tiny", done.output)
    assert (len(told["rows"]), told["title"], told["has_report"]) == (2, "tiny", False)
    summary = next(
        run
        for run in tracking.pages(tracking.client(), tracking.experiment("tiny", ""))
        if run.info.run_name == "summary"
    )
    assert listing(summary.info.run_id)["explore.html"] == page.stat().st_size


def test_it_asks_nothing_of_the_network(finished: Path) -> None:
    explore(str(finished), "--no-record")
    text = Path("reports/tiny/explore.html").read_text(encoding="utf-8")
    own = re.sub(r"<script>(?!\s*\"use strict\").*?</script>", "", text, flags=re.DOTALL)
    assert "default-src 'none'" in text
    assert re.findall(r"(?:src|href)=\"(?!data:|report\.html)[^\"]*\"|https?://", own) == []


@pytest.mark.parametrize("photographs", [False, True])
def test_photographs_are_in_it_only_where_asked_for(finished: Path, photographs: bool) -> None:
    done = explore(str(finished), "--no-record", "--out", "page.html", *["--photographs"] * photographs)
    assert done.exit_code == 0, done.output
    told = content(Path("page.html"))
    assert all(("original" in row["strips"]) == photographs for row in told["rows"])
    assert bool(told["photographs"]) == photographs
    assert ("photographs of people as well" in told["about"]) == photographs
    if photographs:
        (sprite,) = told["photographs"].values()
        run = next(iter(tracking.records("tiny").values()))
        sides = load_latents(
            Path(next(workspace.home().glob(f"artifacts/**/{run.run_id}/artifacts/latents/latents.npz")))
        )
        known = {int(number) for side in sides.values() for number in side.images}
        assert set(sprite["numbers"]) == known


def test_runs_stand_side_by_side_and_are_recorded_with_themselves() -> None:
    done = explore(*hashes(), "--out", "two.html")
    assert done.exit_code == 0, done.output
    told = content(Path("two.html"))
    assert told["title"] == "Runs side by side"
    assert [space["row"] for space in told["spaces"]] == [0, 1]
    assert all("explore.html" in listing(record.run_id) for record in tracking.records("tiny").values())


def test_a_run_after_a_file_is_the_one_that_is_explored(finished: Path) -> None:
    for config_hash in hashes():
        explore(str(finished), config_hash, "--no-record", "--out", "page.html")
        told = content(Path("page.html"))
        record = next(r for r in tracking.records("tiny").values() if r.config_hash == config_hash)
        assert [told["rows"][space["row"]]["id"] for space in told["spaces"]] == [record.run_id]
        assert len(told["rows"]) == 2


def test_the_best_row_comes_first_with_its_headlines_beside_their_controls(finished: Path) -> None:
    explore(str(finished), "--no-record", "--out", "page.html")
    rows = content(Path("page.html"))["rows"]
    records = {record.run_id: record.metrics for record in tracking.records("tiny").values()}
    for row in rows:
        metrics = records[row["id"]]
        radii = next(told for told in row["headlines"] if told["name"] == "radii")
        assert radii["value"] == pytest.approx(metrics["mnd/radius_agreement"], rel=1e-5)
        assert radii["null"] == pytest.approx(metrics["mnd/radius_agreement_null"], rel=1e-5)
        assert row["remarks"] == remarks(metrics)
        assert radii["untrained"] == pytest.approx(metrics["control/untrained/radius_agreement"], rel=1e-5)
    ranks = [row["rank"] for row in rows]
    assert ranks == sorted(ranks, key=lambda rank: rank or 99)


def test_where_a_report_lies_beside_it_is_linked(finished: Path) -> None:
    Path("reports/tiny").mkdir(parents=True)
    Path("reports/tiny/report.html").touch()
    explore(str(finished), "--no-record")
    assert content(Path("reports/tiny/explore.html"))["has_report"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ffffffffffff"], "ffffffffffff: no finished run of that id or hash"),
        (["nowhere.yaml"], "nowhere.yaml"),
        (["tiny.yaml", "--out", "tiny.yaml/page.html"], "--out tiny.yaml/page.html: cannot be written"),
        (["tiny.yaml", "--points", "0"], "0 is not in the range x>=1"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: list[str], told: str) -> None:
    done = explore(*arguments, "--no-record")
    assert done.exit_code == 2
    assert told in done.output
    assert "Traceback" not in done.output
