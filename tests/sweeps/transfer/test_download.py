from __future__ import annotations

import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cae.config import from_flat
from sweeps import tracking
from sweeps.cli import main
from sweeps.errors import SweepError
from sweeps.tracking import artifacts
from sweeps.tracking.recording import open_run
from sweeps.transfer.download import MANIFEST, SCRATCH, chosen, download
from tests.faults import on_call

RADIUS = "mnd/radius_agreement"


def finished_run(tmp_path: Path, config_hash: str, radius: float = 0.5, **fields: object) -> str:
    """A finished run of the sweep s with two pictures, one of them in a folder, whose content names the run."""
    config = from_flat({name.replace("_", ".", 1): value for name, value in fields.items()})
    tags = {tracking.HASH: config_hash, tracking.SWEEP: "s"}
    run_id = open_run(tracking.experiment("s", "?"), f"run {config_hash}", tags, config, None)
    faces = tmp_path / "made" / config_hash / "faces"
    (faces / "attributes").mkdir(parents=True)
    for name in ("mnd.png", "attributes/Male.png"):
        (faces / name).write_text(f"{name} of {config_hash}")
    client = tracking.client()
    client.log_artifacts(run_id, str(faces), "faces")
    client.log_metric(run_id, RADIUS, radius)
    client.set_terminated(run_id)
    return run_id


@pytest.fixture
def sweep(database: Path, tmp_path: Path) -> Path:
    """A sweep file with three finished runs: relu with and without batch norm, tanh without."""
    finished_run(tmp_path, "aaa", 0.7, model_activation="relu", model_batch_norm=True)
    finished_run(tmp_path, "bbb", 0.9, model_activation="relu")
    finished_run(tmp_path, "ccc", 0.8, model_activation="tanh")
    path = tmp_path / "s.yaml"
    path.write_text("name: s\n")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["faces", *map(str, arguments)])


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MANIFEST}


def test_every_run_of_a_sweep_gets_its_folder(sweep: Path, tmp_path: Path) -> None:
    done = run(sweep, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    folders = ("activation=relu_bn=true", "activation=relu_bn=false", "activation=tanh_bn=false")
    assert files(tmp_path / "out") == {f"{f}/{p}" for f in folders for p in ("mnd.png", "attributes/Male.png")}
    assert (tmp_path / "out" / "activation=relu_bn=true" / "mnd.png").read_text() == "mnd.png of aaa"
    assert f"3 runs in {tmp_path / 'out'}" in done.output
    assert not (tmp_path / "out" / SCRATCH).exists()


@pytest.mark.parametrize(
    ("options", "folders"),
    [
        (["--where", "model.batch_norm = true"], ["activation=relu_bn=true"]),
        (["--where", "model.activation = relu", "--where", "mnd/radius_agreement > 0.8"], ["activation=relu_bn=false"]),
        (["--top", "2"], ["activation=relu_bn=false", "activation=tanh_bn=false"]),
        (["--top", "1", "--where", "model.activation != relu"], ["activation=tanh_bn=false"]),
    ],
)
def test_runs_are_chosen_under_the_names_they_always_have(
    sweep: Path, tmp_path: Path, options: list[str], folders: list[str]
) -> None:
    done = run(sweep, "--out", tmp_path / "out", *options)
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir()) == folders


def test_the_direction_comes_from_the_goal(sweep: Path, tmp_path: Path) -> None:
    sweep.write_text(f"name: s\nmetric: {{name: {RADIUS}, goal: minimize}}\n")
    assert list(chosen(str(sweep), top=1)) == ["activation=relu_bn=true"]


@pytest.mark.parametrize("by", ["id", "hash"])
def test_one_run_has_the_name_it_has_among_all(sweep: Path, tmp_path: Path, by: str) -> None:
    record = tracking.records("s")["aaa"]
    done = run(record.run_id if by == "id" else "aaa", "--out", tmp_path / "out")
    assert "activation=relu_bn=true: 2 pictures, 2 of them new" in done.output


def test_what_is_there_and_whole_is_not_fetched_again(sweep: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(sweep, "--out", out)
    cut_off = out / "activation=tanh_bn=false" / "attributes" / "Male.png"
    cut_off.write_text("half")
    fetched: list[str] = []
    with on_call(artifacts.fetch, lambda frame: fetched.append(frame.f_locals["run_id"])):
        again = run(sweep, "--out", out)
    assert fetched == [tracking.records("s")["ccc"].run_id]
    assert cut_off.read_text() == "attributes/Male.png of ccc"
    assert "activation=tanh_bn=false: 2 pictures, 1 of them new" in again.output
    assert "activation=relu_bn=true: 2 pictures, 0 of them new" in again.output


def test_a_kill_leaves_no_half_file_and_the_next_call_goes_on(
    sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, replace, done = tmp_path / "out", os.replace, []

    def killed(source: Path, target: Path) -> None:
        if Path(target).suffix == ".png" and len(done) == 3:
            raise KeyboardInterrupt
        if Path(target).suffix == ".png":
            done.append(target)
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        assert run(sweep, "--out", out).exit_code == 130
    assert len(files(out)) == 3
    (out / SCRATCH).mkdir()  # what kill -9 leaves
    (out / SCRATCH / "half.png").write_text("ha")
    assert run(sweep, "--out", out).exit_code == 0
    assert len(files(out)) == 6
    assert (out / "activation=relu_bn=false" / "mnd.png").read_text() == "mnd.png of bbb"


def test_a_folder_grows_its_name_with_the_sweep(sweep: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(sweep, "--out", out)
    finished_run(tmp_path, "ddd", model_activation="tanh", training_seed=1)
    done = run(sweep, "--out", out)
    assert {path.name for path in out.iterdir() if path.is_dir()} == {
        "activation=relu_bn=true_seed=0",
        "activation=relu_bn=false_seed=0",
        "activation=tanh_bn=false_seed=0",
        "activation=tanh_bn=false_seed=1",
    }
    assert done.output.count("0 of them new") == 3


def test_pictures_of_another_run_are_replaced(sweep: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(sweep, "--out", out)
    client, old = tracking.client(), tracking.records("s")["ccc"].run_id
    client.delete_run(old)
    new = finished_run(tmp_path, "eee", model_activation="tanh")
    other = tmp_path / "path.png"
    other.write_text("path.png of eee")
    client.log_artifact(new, str(other), "faces")
    (out / "activation=tanh_bn=false" / "mine.txt").write_text("a note")
    done = run(sweep, "--out", out)
    assert "activation=tanh_bn=false: 3 pictures, 3 of them new" in done.output
    assert (out / "activation=tanh_bn=false" / "mnd.png").read_text() == "mnd.png of eee"
    assert (out / "activation=tanh_bn=false" / "mine.txt").exists()


@pytest.mark.parametrize("beside", [True, False])
def test_a_zip_file_instead_of_a_folder_or_beside_it(sweep: Path, tmp_path: Path, beside: bool) -> None:
    options = ["--out", tmp_path / "out"] if beside else []
    done = run(sweep, "--zip", tmp_path / "faces.zip", "--where", "model.batch_norm = false", *options)
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(tmp_path / "faces.zip") as archive:
        names = set(archive.namelist())
        assert archive.read("activation=tanh_bn=false/mnd.png") == b"mnd.png of ccc"
    assert names == {
        f"activation={a}_bn=false/{p}" for a in ("relu", "tanh") for p in ("mnd.png", "attributes/Male.png")
    }
    assert (tmp_path / "out").exists() is beside


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["FILE", "--out", "OUT", "--where", "model.batchnorm = true"], "did you mean model.batch_norm?"),
        (["FILE", "--out", "OUT", "--where", "model.latent_dim < 8"], "none of the 3 finished runs keeps --where"),
        (["aaa", "--out", "OUT", "--top", "1"], "--where and --top choose among the runs of a sweep file"),
        (["0123456789abcdef", "--out", "OUT"], "no finished run of that id or hash"),
        (["FILE", "--out", "FILE"], "cannot be written"),
        (["FILE", "--zip", "OUT/none/faces.zip"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_line(sweep: Path, tmp_path: Path, arguments: list[str], words: str) -> None:
    done = run(*(word.replace("FILE", str(sweep)).replace("OUT", str(tmp_path / "out")) for word in arguments))
    assert done.exit_code == 2, done.output
    (line,) = done.stderr.strip().splitlines()
    assert words in line


def test_a_place_must_be_named(sweep: Path) -> None:
    assert "--out FOLDER, --zip FILE.zip, or both" in run(sweep).output


def test_a_sweep_without_finished_runs_is_said(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "my s.yaml"
    path.write_text("name: s\n")
    with pytest.raises(SweepError, match=re.escape("no run of s is finished") + f".*start: cae run '{path}'$"):
        chosen(str(path))


def test_a_run_without_pictures_stops_no_other(sweep: Path, tmp_path: Path) -> None:
    client = tracking.client()
    empty = client.create_run(tracking.experiment("s", "?"), tags={tracking.HASH: "fff"})
    client.set_terminated(empty.info.run_id)
    fetched = list(download(chosen(str(sweep)), tmp_path / "out"))
    assert sorted(run.pictures for run in fetched) == [0, 2, 2, 2]


def test_artifacts_that_are_gone_are_no_success(sweep: Path, tmp_path: Path) -> None:
    gone = tracking.records("s")["bbb"]
    shutil.rmtree(Path(tracking.client().get_run(gone.run_id).info.artifact_uri.removeprefix("file://")))
    done = run(sweep, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "2 runs in" in done.output
    assert "1 of 3 finished runs have no face grids: their artifacts are gone" in done.output
    exported = CliRunner().invoke(main, ["export", str(sweep), "--out", str(tmp_path / "s.zip")])
    assert exported.exit_code == 1
    assert "without their artifacts, which are gone: run bbb" in exported.output
    assert (tmp_path / "s.zip").exists()
