"""The whole path through the command line, as a user goes it: plan, run, run again, kill, resume, look, download."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import psutil
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from cae.config import SAMPLING
from cae.datasets import load as load_images
from metrics import VERSION
from sweeps import load, tracking, workspace
from sweeps.api import cells
from sweeps.cli import main
from sweeps.execution.callbacks import RunCallbacks
from sweeps.pipeline.compute import compute
from sweeps.pipeline.draw import ALWAYS
from sweeps.pipeline.plots import PLOTS
from tests.cae.test_export import ELSEWHERE
from tests.end_to_end.pretended import STANDIN

pytestmark = pytest.mark.slow(seconds=30)
CAE = [sys.executable, "-m", "sweeps"]


def cae(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CAE, *arguments], capture_output=True, text=True, timeout=300, check=False, **options)


def pretend(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`cae` with trainings that only pretend."""
    command = [sys.executable, "-m", STANDIN, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def here(*arguments: str) -> Result:
    """What the same command does in this process, for what is asked on the way: a start of its own takes seconds."""
    return CliRunner().invoke(main, arguments)


def start(*arguments: str, module: str = "sweeps") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # Tests started in the background of a shell ignore Ctrl-C, and would hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def read_until(process: subprocess.Popen[str], words: str) -> str:
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return line
    raise AssertionError(f"{words!r} was never printed:\n{''.join(lines)}")


def statuses(sweep: str) -> list[str]:
    client = tracking.client()
    found = client.get_experiment_by_name(sweep)
    return sorted(run.info.status for run in client.search_runs([found.experiment_id]))


def steps(record: tracking.Record, metric: str) -> list[int]:
    return [m.step for m in tracking.client().get_metric_history(record.run_id, metric)]


@pytest.fixture
def recorded(recorded_home: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAE_HOME", str(recorded_home[0]))
    return recorded_home[1]


def test_a_sweep_from_file_to_faces(finished: Path, recorded_home: tuple[Path, Path], tmp_path: Path) -> None:
    assert "digits at 32 px: 1,797 images" in (recorded_home[0] / "said.txt").read_text(encoding="utf-8")
    again = cae("run", str(finished))
    assert again.returncode == 0
    assert "tiny: 2 cells: 2 finished; there is nothing to do" in again.stdout
    assert statuses("tiny") == ["FINISHED", "FINISHED"]

    status = json.loads(here("status", str(finished), "--json").stdout)
    assert [cell["state"] for cell in status["cells"]] == ["finished", "finished"]
    for cell in status["cells"]:
        for name in ("marginal_gaussianity", "contour_agreement", "radius_agreement", "off_origin_distance"):
            assert {f"{p}/{name}{end}" for p in ("mnd", "mnd_test") for end in ("", "_null")} <= set(cell["metrics"])
        assert 0 < cell["metrics"]["reconstruction/mse"] < 1

    downloaded = cae("faces", str(finished), "--out", str(tmp_path / "faces"))
    assert downloaded.returncode == 0, downloaded.stderr
    names = {f"{name}.png" for name in (*SAMPLING, *ALWAYS)}
    for folder in ("activation=relu", "activation=tanh"):
        assert {p.name for p in (tmp_path / "faces" / folder).iterdir()} == names
        assert Image.open(tmp_path / "faces" / folder / "mnd.png").size[0] > 8 * 96

    check_record(tracking.records("tiny"))
    assert not list((workspace.home() / "work").iterdir())


def check_record(records: dict[str, tracking.Record]) -> None:
    client = tracking.client()
    for config_hash, record in records.items():
        assert record.params["model.maps"] == "8-16"
        assert steps(record, "training/loss") == steps(record, "training/held_out_loss") == [1, 2]
        assert record.tags["sweep.attempt"] == "1"
        assert {"data.digest", "sweep.cell_hash", "metrics.version", "host"} <= set(record.tags)
        assert "latent vectors" in record.tags["mlflow.note.content"]
        assert record.tags["sweep.config_hash"] == config_hash
        inputs = client.get_run(record.run_id).inputs.dataset_inputs
        assert [entry.dataset.digest for entry in inputs] == [record.tags["data.digest"]]
        assert {p.path for p in client.list_artifacts(record.run_id)} == {
            "config.json",
            "faces",
            "faces.png",
            "history.json",
            "images",
            "latents",
            "log.txt",
            "model",
            "plots",
            "result.json",
            "scores",
            "summary.png",
        }
        folder = Path(client.download_artifacts(record.run_id, ""))
        encoder = keras.saving.load_model(folder / "model" / "encoder.keras", safe_mode=True)
        stored = np.load(folder / "latents" / "latents.npz", allow_pickle=False)
        assert stored["train"].shape[1] == encoder.output_shape[-1] == 8
        assert not set(stored["train_index"]) & set(stored["test_index"])
        assert len(list((folder / "images").glob("faces~mnd*.png"))) == 1
        assert {p.stem for p in (folder / "plots").iterdir()} == {*PLOTS, "generated", "paths"}
        tables = {"mnd.csv", "mnd_test.csv", "components.csv", "generators.csv"}
        assert tables <= {p.name for p in (folder / "scores").iterdir()}
        measured = json.loads((folder / "result.json").read_text())["metrics"]
        assert {f"faces/{name}_mnd" for name in ("reencoding", "nearest", "diversity")} <= set(measured)
        assert steps(record, "mnd/core/radius_agreement") == [50, 60, 70, 80, 90, 95, 99, 100]


@pytest.mark.thorough
def test_the_networks_of_a_run_work_without_this_package(recorded: Path, tmp_path: Path) -> None:
    cell = cells(load(recorded), recorded)[0]
    record, images = tracking.records("tiny")[cell.config_hash], load_images(cell.config.data)
    folder = Path(tracking.client().download_artifacts(record.run_id, "model", str(tmp_path)))
    np.save(folder / "images.npy", images.images[images.test])
    subprocess.run([sys.executable, "-c", ELSEWHERE, str(folder)], check=True, cwd=folder, timeout=120)
    found = np.load(folder / "found.npz")
    latents = np.load(tracking.client().download_artifacts(record.run_id, "latents/latents.npz"))
    assert latents["test_index"].tolist() == images.test.tolist()
    # Another batch size may round otherwise.
    assert found["vectors"] == pytest.approx(latents["test"], rel=1e-4, abs=1e-4)
    error = np.mean((found["pictures"] - images.images[images.test] / 255) ** 2)
    assert error == pytest.approx(record.metrics["reconstruction/mse"], rel=1e-3)


@pytest.mark.thorough
def test_new_faces_from_a_finished_run(recorded: Path, tmp_path: Path) -> None:
    by_name = {record.name: record for record in tracking.records("tiny").values()}
    record = by_name["relu s0"]
    sheets = []
    for run in (record.run_id, record.config_hash):
        options = ["--method", "mnd", "--count", "8", "--out", str(tmp_path / "new" / "faces.png")]
        more = ["--points", str(tmp_path / "points.npy"), "--plot", str(tmp_path / "planes.png")]
        done = cae("sample", run, *options, *more) if run == record.run_id else here("sample", run, *options, *more)
        assert "mnd of tiny  ·  relu s0" in done.stdout
        sheets.append(np.asarray(Image.open(tmp_path / "new" / "faces.png")))
    assert np.array_equal(sheets[0], sheets[1])
    assert np.load(tmp_path / "points.npy").shape == (8, 8)
    assert Image.open(tmp_path / "planes.png").size[0] > 300
    in_run = tracking.client().download_artifacts(record.run_id, "faces/mnd.png")
    assert np.array_equal(sheets[0][60:], np.asarray(Image.open(in_run))[60:])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["abc"], "abc: no finished run of that id or hash"),
        (["not/a/run"], "not/a/run: no finished run of that id or hash"),
        (["RELU", "--method", "nmd"], "--method nmd: unknown; did you mean mnd?"),
        (["RELU", "--sigma", "-1"], "mnd_sigma = -1.0: Input should be greater than 0"),
        (["RELU", "--method", "path", "--components", "3", "99"], "components 3 and 99 span no plane"),
        (["RELU", "--method", "attribute", "--attribute", "Hat"], "--attribute Hat: there are none"),
        (["FILE"], "2 finished runs; name one by its hash"),
    ],
)
def test_what_cannot_be_sampled_is_one_line(recorded: Path, arguments: list[str], words: str) -> None:
    by_name = {record.name: record for record in tracking.records("tiny").values()}
    known = {"RELU": by_name["relu s0"].config_hash, "FILE": str(recorded)}
    done = CliRunner().invoke(main, ["sample", *(known.get(word, word) for word in arguments)])
    assert done.exit_code == 2, done.output
    assert words in done.output
    assert len(done.output.strip().splitlines()) == 1


@pytest.mark.thorough
def test_stale_scores_are_measured_again_without_training(finished: Path) -> None:
    before = tracking.records("tiny")
    stale = next(record for record in before.values() if record.params["model.activation"] == "relu")
    client = tracking.client()
    client.set_tag(stale.run_id, "metrics.version", "1")
    client.log_metric(stale.run_id, "mnd/radius_agreement", 0.123, step=2)
    told = here("score", "--rescore", str(finished), "--dry-run")
    assert "relu s0: stale, measured by version 1" in told.stdout
    assert "tanh s0: current" in told.stdout
    assert tracking.records("tiny")[stale.config_hash].metrics["mnd/radius_agreement"] == 0.123

    done = cae("score", "--rescore", str(finished))
    assert done.returncode == 0, done.stderr
    assert "1 of 2 runs are stale" in done.stdout
    after = tracking.records("tiny")
    assert after[stale.config_hash].metrics == pytest.approx(stale.metrics, rel=1e-6)
    assert after[stale.config_hash].tags["metrics.version"] == VERSION
    assert steps(stale, "training/loss") == [1, 2]
    assert "0 of 2 runs are stale" in here("score", "--rescore", str(finished)).stdout


@pytest.mark.thorough
def test_the_same_seed_gives_the_same_metrics(recorded: Path, tmp_path: Path) -> None:
    cell = next(cell for cell in cells(load(recorded), recorded) if cell.config.model.activation == "relu")
    again = compute(cell.config, tmp_path, "again", RunCallbacks(tmp_path, 2, log=lambda: None), cell.data_digest)
    first = cell.metrics
    assert {name: first[name] for name in again["metrics"]} == pytest.approx(again["metrics"], rel=1e-5)
    assert {"mnd/radius_agreement", "mnd_test/contour_agreement", "reconstruction/mse"} <= set(again["metrics"])


LONG = ["--set", "training.epochs=400", "--set", "model.activation=relu"]


@pytest.mark.usefixtures("_pretended")
def test_kill_9_of_everything_loses_at_most_an_epoch(database: Path, tiny_sweep: Path, hold: Path) -> None:
    process = start("run", str(tiny_sweep), *LONG, module=STANDIN)
    read_until(process, "epoch 3")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=300)

    hold.unlink()
    resumed = start("run", str(tiny_sweep), *LONG, module=STANDIN)
    line = read_until(resumed, "epoch ")
    assert int(line.split("epoch ")[1].split("/")[0]) >= 4
    resumed.send_signal(signal.SIGTERM)
    resumed.communicate(timeout=300)
    assert "RUNNING" not in statuses("tiny")
    (record,) = tracking.records("tiny").values()
    seen = steps(record, "training/loss")
    assert seen == list(range(1, len(seen) + 1))
    assert record.attempt == 2


@pytest.mark.usefixtures("_pretended")
def test_kill_9_of_a_worker_is_a_failed_attempt_and_the_next_goes_on(
    database: Path, tiny_sweep: Path, hold: Path
) -> None:
    process = start("run", str(tiny_sweep), *LONG, module=STANDIN)
    read_until(process, "epoch 3")
    hold.unlink()
    os.kill(worker_of(process.pid), signal.SIGKILL)
    assert "its process died (SIGKILL); too little memory" in read_until(process, "died")
    line = read_until(process, "epoch ")
    assert int(line.split("epoch ")[1].split("/")[0]) >= 4
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=300)
    assert statuses("tiny") == ["FAILED", "KILLED"]
    (record,) = tracking.records("tiny").values()
    assert record.attempt == 2
    seen = steps(record, "training/loss")
    assert seen == list(range(1, len(seen) + 1))


@pytest.mark.thorough
@pytest.mark.usefixtures("_pretended")
def test_a_run_that_kills_every_worker_is_given_up(database: Path, tiny_sweep: Path) -> None:
    tiny_sweep.write_text(tiny_sweep.read_text() + "max_attempts: 2\n")
    process = start("run", str(tiny_sweep), *LONG, module=STANDIN)
    for _ in range(2):
        read_until(process, "starting")
        read_until(process, "epoch ")
        os.kill(worker_of(process.pid), signal.SIGKILL)
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 1
    assert "its process died (SIGKILL)" in output
    assert statuses("tiny") == ["FAILED", "FAILED"]


def worker_of(pid: int) -> int:
    return next(child.pid for child in psutil.Process(pid).children() if "spawn_main" in " ".join(child.cmdline()))


@pytest.mark.thorough
@pytest.mark.usefixtures("_pretended")
@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, marks=pytest.mark.soak), signal.SIGINT])
def test_an_interrupted_run_is_killed_not_running_and_goes_on(database: Path, tiny_sweep: Path, number: int) -> None:
    """Before the signal, another process asks for the status."""
    process = start("run", str(tiny_sweep), "--set", "training.epochs=400", module=STANDIN)
    read_until(process, "epoch ")
    during = here("status", str(tiny_sweep))
    assert "with --set training.epochs=400, as last run" in during.stderr
    assert "1 running, 1 new" in during.stdout
    assert "epoch " in during.stdout
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 130, output
    assert "the same command goes on" in output
    assert "Traceback" not in output
    assert statuses("tiny") == ["KILLED"]
    shown = json.loads(here("status", str(tiny_sweep), "--json").stdout)
    assert [cell["state"] for cell in shown["cells"]] == ["failed", "new"]


# An epoch of about five seconds, so that it matters where a training is stopped.
SLOW = [
    *("--set", "training.epochs=5", "--set", "model.activation=relu"),
    *("--set", "data.resolution=64", "--set", "model.maps=[64, 64]"),
]


@pytest.mark.thorough
def test_ctrl_c_once_finishes_the_epoch(database: Path, tiny_sweep: Path) -> None:
    process = start("run", str(tiny_sweep), *SLOW)
    read_until(process, "epoch 1")
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 130, output
    assert "Ctrl-C again stops now" in output
    is_left_after(2)


@pytest.mark.usefixtures("_pretended")
def test_ctrl_c_twice_does_not(database: Path, tiny_sweep: Path, hold: Path) -> None:
    """The epoch that is cut off here would never end."""
    process = start("run", str(tiny_sweep), *SLOW, module=STANDIN)
    read_until(process, "epoch 3")
    (record,) = tracking.records("tiny").values()
    while steps(record, "training/loss") != [1, 2, 3]:  # what is printed is recorded a little later
        assert process.poll() is None
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    read_until(process, "Ctrl-C again stops now")
    os.killpg(process.pid, signal.SIGINT)
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 130, output
    is_left_after(3)


def is_left_after(epoch: int) -> None:
    (record,) = tracking.records("tiny").values()
    assert record.status == "KILLED"
    assert steps(record, "training/loss") == list(range(1, epoch + 1))
    checkpoints = workspace.work_folder(record.config_hash) / "checkpoints"
    assert [path.name for path in checkpoints.iterdir()] == [f"epoch-{epoch:05d}.weights.h5"]


@pytest.mark.thorough
def test_a_diverging_run_fails_and_the_others_go_on(database: Path, tiny_sweep: Path) -> None:
    text = tiny_sweep.read_text().replace(
        "model.activation: {values: [relu, tanh]}",
        "training.learning_rate: {values: [1.0e+30, 1.0e-3]}\n  data.size: {value: 200}",
    )
    tiny_sweep.write_text(text)
    done = cae("run", str(tiny_sweep))
    assert done.returncode == 1
    assert "the training diverged: the loss became nan in epoch 1, from 0.69" in done.stdout
    assert "training.learning_rate 1e+30: try 0.0005," in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert statuses("tiny") == ["FAILED", "FINISHED"]
    again = pretend("run", str(tiny_sweep))
    assert "running 1" in again.stdout
    assert statuses("tiny") == ["FAILED", "FINISHED", "FINISHED"]


@pytest.mark.usefixtures("_pretended")
def test_two_at_once_run_every_cell_once(database: Path, tiny_sweep: Path) -> None:
    both = [start("run", str(tiny_sweep), module=STANDIN) for _ in range(2)]
    outputs = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert statuses("tiny") == ["FINISHED", "FINISHED"]


@pytest.mark.thorough
@pytest.mark.usefixtures("_pretended")
def test_results_wait_in_files_while_the_store_is_down(database: Path, tiny_sweep: Path, hold: Path) -> None:
    """The record is made unreadable in the middle of a run; what was computed is recorded without training again."""
    long = ["--set", "training.epochs=5", "--set", "model.activation=relu"]
    process = start("run", str(tiny_sweep), *long, module=STANDIN)
    read_until(process, "epoch 3")
    away = database.with_suffix(".away")
    database.rename(away)
    database.mkdir()  # SQLite cannot open a folder
    hold.unlink()
    said = read_until(process, "asked again")
    assert "cannot be used now; 1 result waits in" in said
    database.rmdir()
    away.rename(database)
    output = process.communicate(timeout=200)[0]
    assert process.returncode == 0, output
    assert "Traceback" not in output
    assert "epoch" not in output
    (record,) = tracking.records("tiny").values()
    assert (record.status, record.attempt) == ("FINISHED", 1)
    assert steps(record, "training/loss") == list(range(1, 6))
    names = [p.path for p in tracking.client().list_artifacts(record.run_id, "images")]
    assert len([name for name in names if "mnd+" in name.replace("%2B", "+")]) <= 2


@pytest.mark.thorough
@pytest.mark.usefixtures("_pretended")
@pytest.mark.soak
def test_a_launch_that_ends_while_the_store_is_down_leaves_results_for_the_next(
    database: Path, tiny_sweep: Path, hold: Path
) -> None:
    long = ["--set", "training.epochs=5", "--set", "model.activation=relu"]
    process = start("run", str(tiny_sweep), *long, module=STANDIN)
    read_until(process, "epoch 3")
    away = database.with_suffix(".away")
    database.rename(away)
    database.mkdir()
    hold.unlink()
    read_until(process, "asked again")
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 130, output
    database.rmdir()
    away.rename(database)
    assert "computed, and waits on this machine; the next cae run uploads it" in here("status", str(tiny_sweep)).stdout
    done = pretend("run", str(tiny_sweep), *long)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "epoch" not in done.stdout.split("running 1")[1].split("finished")[0]
    (record,) = tracking.records("tiny").values()
    assert steps(record, "training/loss") == list(range(1, 6))


def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("name: s\nparameters:\n  data.name: {value: celeba}\n  data.path: {value: /nowhere}\n")
    for arguments in (
        ["run", str(path)],
        ["run", "missing.yaml"],
        ["faces", "abc", "--out", "x"],
        ["plan", "missing.yaml"],
    ):
        done = cae(*arguments)
        assert done.returncode == 2, arguments
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert "Traceback" not in done.stderr


def test_missing_images_do_not_hide_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("name: s\nparameters:\n  data.name: {value: celeba}\n  data.path: {value: /nowhere}\n")
    done = cae("plan", str(path))
    assert done.returncode == 0
    assert "/nowhere" in done.stdout


def test_pictures_are_the_same_people_in_every_run(recorded: Path) -> None:
    rows = []
    for record in tracking.records("tiny").values():
        path = tracking.client().download_artifacts(record.run_id, "faces/reconstruction.png")
        rows.append(np.asarray(Image.open(io.BytesIO(Path(path).read_bytes())))[:160])
    assert np.array_equal(rows[0][75:], rows[1][75:])  # below the titles, which name the run
