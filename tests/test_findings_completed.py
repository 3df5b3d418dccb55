"""Published runs of an older version are completed with what a newer one prints, or left alone where that is not so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks.findings import completed, results
from cae.config import config_hash, from_flat
from cae.datasets.sources import open_source
from sweeps.analysis.export import comparison_json
from sweeps.pipeline.controls import HELD_OUT
from sweeps.public import compare

Cell = dict[str, Any]


@pytest.fixture
def published(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    results.FOLDER.mkdir()
    compared = compare(finished)
    (tmp_path / "said.json").write_text(json.dumps(comparison_json(compared.comparison, compared.runs)))
    return results.publish(tmp_path / "said.json")


def of_before(cell: Cell) -> Cell:
    """The run as an older version printed it."""
    later = (f"/{HELD_OUT}", "/pursuit/")
    metrics = {
        name: value
        for name, value in cell["metrics"].items()
        if not (name.startswith(("control/", "gain/")) and any(part in name for part in later))
    }
    return {name: value for name, value in cell.items() if name != "data_digest"} | {"metrics": metrics}


def changed(file: Path, change: Callable[[Cell], Cell]) -> list[Cell]:
    """Its runs, each put in place of one that is changed."""
    content = json.loads(file.read_text())
    content["cells"] = [change(cell) for cell in content["cells"]]
    file.write_text(json.dumps(content))
    return list(content["cells"])


def test_what_an_older_version_left_out_is_what_this_one_prints(published: Path) -> None:
    printed = json.loads(published.read_text())["cells"]
    older = changed(published, of_before)
    assert all(len(new["metrics"]) - len(old["metrics"]) >= 8 for new, old in zip(printed, older, strict=True))
    assert completed.complete(published) == len(printed)
    after = json.loads(published.read_text())["cells"]
    for new, old in zip(printed, after, strict=True):
        assert old["data_digest"] == new["data_digest"]
        # But what an elliptical cloud of its latent vectors scores: these are not published.
        expected = {n: value for n, value in new["metrics"].items() if n != "control/elliptical/pursuit/ks"}
        assert old["metrics"] == pytest.approx(expected, abs=1e-5)
    assert completed.complete(published) == 0


def test_a_run_of_a_former_digest_keeps_it(tmp_path: Path) -> None:
    for name in "ab":
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")
    config = from_flat({"data.name": "folder", "data.path": str(tmp_path)})
    source = open_source(config.data)
    for digest in (source.digest, str(source.former)):
        assert completed._recorded_digest(config, source.digest, config_hash(config, digest)) == digest


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda cell: cell | {"config_hash": "0" * 12}, "000000000000: the images at hand are not those"),
        (
            lambda cell: cell | {"metrics": cell["metrics"] | {"control/untrained/radius_agreement": 0.1}},
            r"control/untrained/radius_agreement of seed 0 is 0\.\d+, published is 0\.1000",
        ),
    ],
    ids=["images", "network"],
)
def test_what_comes_out_otherwise_stops_it_and_nothing_is_added(
    published: Path, change: Callable[[Cell], Cell], reason: str
) -> None:
    before = changed(published, lambda cell: change(of_before(cell)))
    with pytest.raises(ValueError, match=reason):
        completed.complete(published)
    assert json.loads(published.read_text())["cells"] == before


def test_folders_are_those_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELEBA", "here")
    config = from_flat({"data.name": "mixture", "data.mixture": [{"name": "celeba"}, {"name": "digits"}]})
    found = completed._with_places(config).data
    assert (found.path, [part.path for part in found.mixture]) == (None, ["here", None])
