from __future__ import annotations

import json
import re
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cae.config import RunConfig, cell_hash, config_hash, from_flat
from cae.datasets import DataError, data_digest
from cae.datasets.sources import open_source
from sweeps import api, tracking, workspace
from sweeps.errors import SweepError
from sweeps.locks import file_lock
from sweeps.pipeline.compute import planned_images
from sweeps.planning.plan import as_json
from sweeps.planning.state import state_of
from sweeps.spec.display import readable, varied
from sweeps.spec.grid import expand
from sweeps.spec.sweep import Sweep
from sweeps.spec.sweep_file import load
from sweeps.tracking import Record
from sweeps.tracking.recording import open_run
from sweeps.tracking.recording import tags as record_tags


def record(status: str, host: str = "", **tags: str) -> Record:
    return Record("id", "name", "cafe", status, 1, host, tags=tags)


@pytest.mark.parametrize(
    ("status", "host", "state"),
    [
        ("FINISHED", "", "finished"),
        ("FAILED", "", "failed"),
        ("KILLED", "", "failed"),
        ("RUNNING", socket.gethostname(), "failed"),
        ("RUNNING", "another-machine", "running"),
    ],
)
def test_states(status: str, host: str, state: str) -> None:
    assert state_of(record(status, host))[0] == state


def test_a_run_whose_lock_is_held_is_running() -> None:
    with file_lock.run_lock("cafe"):
        assert state_of(record("RUNNING", socket.gethostname()))[0] == "running"


def test_the_reason_of_a_failure_is_told() -> None:
    assert state_of(record("FAILED", **{"sweep.error": "the loss became nan"}))[1] == "the loss became nan"


@pytest.mark.parametrize(("explained", "said"), [(0.9, False), (0.0, False), (-0.01, True), (None, False)])
def test_a_finished_run_that_reconstructs_nothing_says_so(explained: float | None, said: bool) -> None:
    metrics = {} if explained is None else {"reconstruction/explained": explained}
    state, note = state_of(replace(record("FINISHED"), metrics=metrics))
    assert state == "finished"
    assert ("worse than the mean image: trained too short, or diverged" in note) == said


def test_a_measure_whose_name_no_record_takes_is_refused_before_the_training(
    tiny_sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "from metrics import Measure\nFAR = Measure('far//out', len)\nNEAR = Measure('near', len)\n"
    (tmp_path / "named_badly.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    sweep = tiny_sweep.read_text(encoding="utf-8")
    for names, words in (("FAR", "measure 'far//out': a name takes letters"), ("NEAR, NEAR", "measure near: there is")):
        listed = ", ".join(f'"named_badly:{name}"' for name in names.split(", "))
        tiny_sweep.write_text(f"{sweep}  analysis.metrics: {{value: [{listed}]}}\n", encoding="utf-8")
        with pytest.raises(SweepError, match=re.escape(f"analysis.metrics: {words}")):
            api.cells(load(tiny_sweep))


def test_batch_norm_of_one_value_is_refused_before_the_training_and_read_where_it_is_recorded(
    tiny_sweep: Path, database: Path
) -> None:
    sweep = tiny_sweep.read_text(encoding="utf-8")
    more = "  model.latent_batch_norm: {value: true}\n  training.batch_size: {value: 2}\n"
    tiny_sweep.write_text(sweep + more, encoding="utf-8")
    assert len(api.cells(load(tiny_sweep))) == 2
    tiny_sweep.write_text(sweep + more.replace("2}", "1}"), encoding="utf-8")
    with pytest.raises(SweepError, match=r"relu s0: training.batch_size: 1 leaves batch norm one value"):
        api.cells(load(tiny_sweep))
    loaded = load(tiny_sweep)
    for config in expand(loaded):
        digest = data_digest(config.data)
        hashes = {tracking.HASH: config_hash(config, digest), tracking.CELL: cell_hash(config, digest)}
        run = tracking.client().create_run(tracking.experiment(loaded.name, "?"), tags=hashes)
        tracking.client().set_terminated(run.info.run_id, status="FINISHED")
    assert [cell.state for cell in api.cells(loaded)] == ["finished", "finished"]


def test_a_new_sweep_is_all_new_and_creates_nothing(tiny_sweep: Path) -> None:
    cells = api.cells(load(tiny_sweep))
    assert [cell.state for cell in cells] == ["new", "new"]
    assert len({cell.config_hash for cell in cells}) == 2
    assert not workspace.home().exists()


def test_cells_whose_data_are_missing_say_so(tiny_sweep: Path) -> None:
    cells = api.cells(load(tiny_sweep, {"data.name": "celeba", "data.path": "/nowhere"}))
    assert [cell.config_hash for cell in cells] == [None, None]
    assert all("/nowhere" in cell.note for cell in cells)


def recorded(digest: str) -> None:
    """A finished run of the first cell on images that are elsewhere."""
    config = from_flat({"data.name": "celeba", "data.path": "/cluster"} | CELL)
    finish(config, digest)


CELL = {"data.resolution": 32, "model.maps": [8, 16], "model.latent_dim": 8, "model.activation": "relu"}


def test_a_finished_cell_is_known_without_its_images(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    fixed = "".join(f"  {name}: {{value: {value}}}\n" for name, value in CELL.items() if name != "model.activation")
    path.write_text(
        f"name: tiny\nparameters:\n  data.name: {{value: celeba}}\n  data.path: {{value: /nowhere}}\n{fixed}"
        "  data.size: {values: [null, 500]}\n  model.activation: {values: [relu, tanh]}\n"
    )
    recorded("d1")
    cells = api.cells(load(path))
    assert [cell.state for cell in cells] == ["finished", "new", "new", "new"]
    # Of the 500 images nothing is known, and it is said why.
    assert [cell.config_hash is None for cell in cells] == [False, False, True, True]
    assert ["/nowhere" in cell.note for cell in cells] == [False, False, True, True]
    recorded("d2")  # other images since: there is no telling which are meant
    assert [cell.config_hash for cell in api.cells(load(path))] == [None] * 4


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Two of other pictures under equal names and sizes."""
    made = [tmp_path / name for name in ("one", "other")]
    for folder, turned in zip(made, (False, True), strict=True):
        folder.mkdir()
        for number in range(20):
            pixels = np.full((16, 16, 3), number, np.uint8)
            Image.fromarray(255 - pixels if turned else pixels).save(folder / f"{number}.bmp")
    return made


def folder_sweep(tiny_sweep: Path, folder: Path) -> Sweep:
    return load(tiny_sweep, {"data.name": "folder", "data.path": str(folder)})


def finish(config: RunConfig, digest: str) -> None:
    key = config_hash(config, digest)
    tags = record_tags(config, "tiny", key, cell_hash(config, digest), digest, 1)
    tracking.client().set_terminated(open_run(tracking.experiment("tiny", "?"), "run", tags, config, None))


def test_cells_on_other_pictures_of_the_same_names_and_sizes_are_new(
    database: Path, tiny_sweep: Path, folders: list[Path]
) -> None:
    planned = [api.cells(folder_sweep(tiny_sweep, folder))[0] for folder in folders]
    finish(planned[0].config, str(planned[0].data_digest))
    states = [api.cells(folder_sweep(tiny_sweep, folder))[0].state for folder in folders]
    assert states == ["finished", "new"]


def test_what_older_versions_finished_stays_finished_for_the_pictures_first_seen(
    database: Path, tiny_sweep: Path, folders: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CAE_CACHE", str(tmp_path / "cache"))
    config = api.cells(folder_sweep(tiny_sweep, folders[0]))[0].config
    former = open_source(config.data).former
    assert former is not None
    finish(config, former)
    for _ in range(2):
        cells = [api.cells(folder_sweep(tiny_sweep, folder))[0] for folder in folders]
        assert [cell.state for cell in cells] == ["finished", "new"]
        assert cells[0].config_hash == config_hash(config, former)
    assert planned_images(config, former).digest == former
    with pytest.raises(DataError, match="other: the images changed since the plan"):
        planned_images(cells[1].config, former)


def test_cells_that_differ_in_nothing_that_matters_are_one(tiny_sweep: Path) -> None:
    text = tiny_sweep.read_text().replace(
        "{values: [relu, tanh]}", "{value: relu}\n  model.negative_slope: {values: [0.1, 0.2]}"
    )
    tiny_sweep.write_text(text)
    assert len(api.cells(load(tiny_sweep))) == 1


def test_run_cap_limits_the_cells(tiny_sweep: Path) -> None:
    tiny_sweep.write_text(tiny_sweep.read_text() + "run_cap: 1\n")
    assert len(api.cells(load(tiny_sweep))) == 1


def test_runs_are_named_by_what_varies(tiny_sweep: Path) -> None:
    tiny_sweep.write_text(tiny_sweep.read_text() + "  model.batch_norm: {values: [true, false]}\nseeds: [0, 3]\n")
    names = [run.label for run in api.cells(load(tiny_sweep))]
    assert names[:3] == ["relu bn s0", "relu bn s3", "relu no bn s0"]
    assert len(set(names)) == 8


def test_what_varies_in_the_order_of_the_fields() -> None:
    configs = [
        from_flat({"model.batch_norm": norm, "model.maps": maps}) for maps in ([8, 16], [4]) for norm in (True, False)
    ]
    assert varied(configs) == ["model.maps", "model.batch_norm"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([64, 64, 128, 128], "64-64-128-128"),
        (True, "true"),
        (5e-4, "0.0005"),
        (None, "default"),
        ([{"name": "celeba", "path": "/x", "weight": 0.5}], "celeba:0.5"),
        ("relu", "relu"),
    ],
)
def test_values_are_readable(value: object, text: str) -> None:
    assert readable(value) == text


def test_json_form(tiny_sweep: Path) -> None:
    sweep = load(tiny_sweep)
    content = json.loads(json.dumps(as_json(sweep, api.cells(sweep))))
    assert content["sweep"] == "tiny"
    keys = {
        "config_hash",
        "cell_hash",
        "data_digest",
        "state",
        "attempt",
        "run_id",
        "parameters",
        "metrics",
        "versions",
    }
    assert all(set(cell) == keys for cell in content["cells"])
    assert {cell["data_digest"] for cell in content["cells"]} == {data_digest(expand(sweep)[0].data)}
    assert content["cells"][0]["versions"] == {}
    assert content["cells"][0]["parameters"]["model.maps"] == [8, 16]
