from __future__ import annotations

from pathlib import Path

import pytest

from sweeps import tracking
from sweeps.definition import SweepError
from sweeps.download import download_faces, readable_name


@pytest.mark.parametrize(
    ("name", "shared", "folder"),
    [
        ("activation=relu batch_norm=true seed=0", {"seed=0"}, "activation=relu_batch_norm=true"),
        ("seed=0", {"seed=0"}, "seed=0"),
        ("mixture=a:0.5-b:1 seed=1", set(), "mixture=a_0.5-b_1_seed=1"),
        ("../../etc/passwd", set(), "etc_passwd"),
        ("..", set(), "run"),
    ],
)
def test_folders_are_readable_and_stay_inside(name: str, shared: set[str], folder: str) -> None:
    assert readable_name(name, shared) == folder


def finished_run(sweep: str, name: str, config_hash: str, tmp_path: Path) -> str:
    client = tracking.client()
    run = client.create_run(tracking.experiment(sweep, "?"), run_name=name, tags={tracking.HASH: config_hash})
    (tmp_path / "mnd.png").write_bytes(name.encode())
    client.log_artifact(run.info.run_id, str(tmp_path / "mnd.png"), "faces")
    client.set_terminated(run.info.run_id)
    return run.info.run_id


def test_every_run_of_a_sweep_gets_its_folder(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("name: s\n")
    for config_hash, name in (("a", "activation=relu seed=0"), ("b", "activation=tanh seed=0")):
        finished_run("s", name, config_hash, tmp_path)
    assert download_faces(str(path), tmp_path / "out") == {"activation=relu": 1, "activation=tanh": 1}
    assert (tmp_path / "out" / "activation=tanh" / "mnd.png").read_bytes() == b"activation=tanh seed=0"


def test_runs_of_one_name_do_not_overwrite_each_other(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("name: s\n")
    for config_hash in ("a", "b"):
        finished_run("s", "seed=0", config_hash, tmp_path)
    assert len(download_faces(str(path), tmp_path / "out")) == 2


def test_one_run_by_its_id(database: Path, tmp_path: Path) -> None:
    run_id = finished_run("s", "activation=relu seed=0", "a", tmp_path)
    assert download_faces(run_id, tmp_path / "out") == {"activation=relu_seed=0": 1}


def test_nothing_to_download_is_said(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("name: s\n")
    with pytest.raises(SweepError, match="no run of s is finished"):
        download_faces(str(path), tmp_path / "out")
    with pytest.raises(SweepError, match="neither a sweep file nor the id of a run"):
        download_faces("0123456789abcdef", tmp_path / "out")
