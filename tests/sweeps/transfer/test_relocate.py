"""A copied folder mlruns: said where its artifacts are needed, and corrected."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sweeps import tracking, workspace
from sweeps.cli import main
from sweeps.errors import TrackingError
from tests.sweeps.transfer.test_download import finished_run


def cae(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture
def copied(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sweep file, and at hand a copy of the mlruns that its run was recorded in, under a name with a space."""
    finished_run(tmp_path, "aaa")
    tracking.client().create_experiment("by hand", artifact_location="s3://bucket/artifacts/by hand")
    shutil.copytree(workspace.home(), tmp_path / "the copy" / "mlruns")
    monkeypatch.setenv("CAE_HOME", str(tmp_path / "the copy"))
    path = tmp_path / "s.yaml"
    path.write_text("name: s\n")
    return path


@pytest.mark.parametrize(
    "arguments",
    [["faces", "FILE", "--out", "OUT"], ["faces", "aaa", "--out", "OUT"], ["export", "FILE", "--out", "OUT"]],
)
def test_what_needs_artifacts_names_the_place_and_the_remedy(
    copied: Path, tmp_path: Path, arguments: list[str]
) -> None:
    done = cae(*(word.replace("FILE", str(copied)).replace("OUT", str(tmp_path / "out")) for word in arguments))
    assert done.exit_code == 2
    (line,) = done.stderr.strip().splitlines()
    assert f"recorded at {(tmp_path / 'home' / 'mlruns').as_uri()}" in line
    assert line.endswith(f"cae import '{tmp_path / 'the copy' / 'mlruns'}'")


def test_nothing_is_written_to_the_folder_that_was_copied(copied: Path) -> None:
    with pytest.raises(TrackingError, match="from where this folder was copied"):
        tracking.experiment("s", "why?")


def test_the_record_itself_can_be_read(copied: Path) -> None:
    assert tracking.records("s")["aaa"].status == "FINISHED"


@pytest.mark.parametrize("original", ["there", "gone"])
def test_the_places_are_corrected(copied: Path, tmp_path: Path, original: str) -> None:
    if original == "gone":
        shutil.rmtree(tmp_path / "home")
    done = cae("import", tmp_path / "the copy" / "mlruns")
    assert done.exit_code == 0, done.output
    assert f"s: 1 run, artifacts no longer at {(tmp_path / 'home').as_uri()}/mlruns/artifacts/s" in done.output
    assert cae("faces", copied, "--out", tmp_path / "out").exit_code == 0
    assert (tmp_path / "out" / "seed=0" / "mnd.png").read_text() == "mnd.png of aaa"
    new = finished_run(tmp_path, "bbb", training_seed=1)
    (folder,) = (tmp_path / "the copy" / "mlruns" / "artifacts").glob("s-*")
    place = folder / new / "artifacts"
    assert (place / "faces" / "mnd.png").exists()
    assert tracking.client().get_run(new).info.artifact_uri == place.as_uri()
    by_hand = tracking.client().get_experiment_by_name("by hand")
    assert by_hand.artifact_location == "s3://bucket/artifacts/by hand"
    assert "nothing to correct" in cae("import", tmp_path / "the copy" / "mlruns").output


def test_a_renamed_experiment_is_corrected_as_well(copied: Path, tmp_path: Path) -> None:
    client = tracking.client()
    client.rename_experiment(client.get_experiment_by_name("s").experiment_id, "s-v1")
    done = cae("import", tmp_path / "the copy" / "mlruns")
    assert "s-v1: 1 run, artifacts no longer at" in done.output
    (run,) = client.search_runs([client.get_experiment_by_name("s-v1").experiment_id])
    assert "faces/mnd.png" in [found.path for found in client.list_artifacts(run.info.run_id, "faces")]


def test_only_the_folder_at_hand_is_corrected(copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = cae("import", tmp_path / "home" / "mlruns")
    assert done.exit_code == 2
    assert f"for another one set CAE_HOME={tmp_path / 'home'}" in done.stderr
    monkeypatch.setenv("CAE_HOME", str(tmp_path))
    (tmp_path / "mlruns").mkdir()
    assert "holds no mlflow.db" in cae("import", tmp_path / "mlruns").stderr
