"""From a run's folder to its MLflow run: parameters, metrics, pictures, files and words."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.dataset_source import DatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.data.sources import LocalArtifactDatasetSource
from mlflow.entities import DatasetInput, InputTag, Metric, Param
from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor
from PIL import Image

from cae.backend import backend
from cae.config import PLACES, RunConfig, flatten
from cae.names import LONGEST_KEY, safe_names
from cae.registries import MEASURES
from metrics import VERSION as METRICS_VERSION
from sweeps import tracking
from sweeps.pipeline.description import describe
from sweeps.pipeline.folder import read_history
from sweeps.spec.display import readable
from sweeps.spec.formula import with_formulas
from sweeps.spec.metric_names import is_charted, with_references
from sweeps.spec.sweep import Sweep
from sweeps.workspace import uri

EPOCH_METRICS = {"loss": "training/loss", "held_out_loss": "training/held_out_loss"}
SPEED = "training/images_per_second"
# Of a metric in MLflow, whose tables show every digit they have.
DIGITS = 6
# In the root of the artifacts, as all that MLflow shows of several runs side by side.
SUMMARY, OVERVIEW = Path("plots") / "summary.png", "faces.png"
RENEWED = ("scores", "plots", "result.json")
# Progress and checkpoints serve the running process; previews go to the image chart.
NOT_UPLOADED = {"checkpoints", "previews", "formation", "formation.json", "progress.json"}


def open_run(experiment_id: str, name: str, tags: dict[str, str], config: RunConfig, previous: str | None) -> str:
    """The id of the MLflow run to record in: `previous`, an interrupted one, reopened, or else a new one."""
    client = tracking.client()
    if previous is not None:
        client.update_run(previous, status="RUNNING")
        for tag in {tracking.ERROR, tracking.PRUNED} & set(client.get_run(previous).data.tags):
            client.delete_tag(previous, tag)
        for key, value in tags.items():
            client.set_tag(previous, key, value)
        return previous
    run = client.create_run(experiment_id, run_name=name, tags=tags)
    client.log_batch(run.info.run_id, params=[Param(key, value) for key, value in parameters(config).items()])
    return str(run.info.run_id)


def parameters(config: RunConfig) -> dict[str, str]:
    """Every field as MLflow shows it: maps as 64-64-128-128. The place of the images is a tag, not a parameter."""
    return {name: readable(value) for name, value in flatten(config).items() if name not in PLACES and value != []}


def tags(config: RunConfig, sweep: str, config_hash: str, cell_hash: str, digest: str, attempt: int) -> dict[str, str]:
    """What identifies a run and where it was made."""
    commit = git_commit()
    return tracking.tag_values(
        {
            tracking.SWEEP: sweep,
            tracking.HASH: config_hash,
            tracking.CELL: cell_hash,
            tracking.ATTEMPT: attempt,
            tracking.HOST: socket.gethostname(),
            "sweep.role": "run",
            tracking.DIGEST: digest,
            "data.path": config.data.path,
            "git.commit": commit,
            tracking.METRICS: METRICS_VERSION,
            "cae.version": version("cae-mnd"),
            "keras.backend": backend(),
            "mlflow.user": os.environ.get("USER") or getpass.getuser(),
            "mlflow.source.name": "cae run",
            "mlflow.source.type": "LOCAL",
            "mlflow.source.git.commit": commit,
        }
    )


def git_commit() -> str | None:
    """The commit of the code that runs, None where it is not a git checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None


def log_history(run_id: str, folder: Path) -> None:
    """Brings the run's losses per epoch up to date with `history.json`; what is there already is not logged again."""
    client = tracking.client()
    logged = {metric.step for metric in client.get_metric_history(run_id, SPEED)}
    rows = [row for row in read_history(folder) if row["epoch"] not in logged]
    names = {**EPOCH_METRICS, "images_per_second": SPEED}
    metrics = [_metric(key, row[field], row["timestamp"], row["epoch"]) for row in rows for field, key in names.items()]
    for start in range(0, len(metrics), 900):
        client.log_batch(run_id, metrics=metrics[start : start + 900])


def record(
    run_id: str,
    folder: Path,
    config: RunConfig,
    result: dict[str, Any],
    asked: Sequence[str] = (),
    formulas: Mapping[str, str] | None = None,
) -> None:
    """Uploads everything a complete run's folder holds and marks the run FINISHED.

    asked: the metrics that the sweep names, which MLflow is given beside those that it is given of every run, as are
    those by formula.
    """
    client = tracking.client()
    log_history(run_id, folder)
    stamp = int((folder / "result.json").stat().st_mtime * 1000)
    names = with_references([*asked, *plugged(config)]) | set(formulas or ())
    # At step 0 MLflow draws bars; a later step would make each a line of one point.
    log_metrics(run_id, with_formulas(result["metrics"], formulas or {}), result.get("steps", {}), stamp, 0, names)
    log_dataset(run_id, config, result)
    log_previews(run_id, folder)
    for item in sorted(folder.iterdir()):
        if item.name not in NOT_UPLOADED and not item.name.startswith("."):
            upload(run_id, item)
    upload_summary(run_id, folder)
    write_note(run_id, describe(config, result))
    client.set_tag(run_id, tracking.NUMBERS, "result.json")
    client.set_terminated(run_id, status="FINISHED")


def log_formulas(sweep: Sweep) -> None:
    """Gives MLflow what the sweep's formulas make of runs that finished before it had them, or with other ones."""
    records = tracking.records(sweep.name)
    for key, whole in tracking.with_all_metrics(records, sweep.metrics).items():
        made = {name: whole.metrics[name] for name in sweep.metrics if name in whole.metrics}
        shown = [_metric(name, value, int(time.time() * 1000), 0) for name, value in made.items()]
        if changed := [metric for metric in shown if metric.value != records[key].metrics.get(metric.key)]:
            tracking.client().log_batch(whole.link or whole.run_id, metrics=changed)


def log_previews(run_id: str, folder: Path) -> None:
    """Small grids for MLflow's image chart. Those that an upload which broke off has left are not logged again.

    `faces/NAME` at step 0: the chart opens there, and shows side by side what was logged at the same step, not at the
    last. `formation/NAME` at the epochs after which they were made: its slider shows faces being learned.
    """
    client = tracking.client()
    there = [Path(item.path).name for item in client.list_artifacts(run_id, "images")]
    for key, step, picture in previews(folder):
        # MLflow writes the picture, then a smaller one beside it.
        name = f"{key.replace('/', '~')}+step+{step}+"
        if not any(found.startswith(name) and found.endswith(".webp") for found in there):
            client.log_image(run_id, np.asarray(Image.open(picture)), key=key, step=step, synchronous=True)


def previews(folder: Path) -> list[tuple[str, int, Path]]:
    """Name, step and file of each picture for MLflow's image chart in a run's folder."""
    found = [(f"faces/{picture.stem}", 0, picture) for picture in sorted((folder / "previews").glob("*.png"))]
    for picture in sorted((folder / "formation").glob("*.png")):
        name, _, epoch = picture.stem.rpartition("_")
        found.append((f"formation/{name}", int(epoch), picture))
    return found


def log_metrics(
    run_id: str,
    metrics: Mapping[str, float],
    curves: Mapping[str, Mapping[int, float]],
    stamp: int,
    step: int,
    asked: Collection[str],
) -> None:
    """Those that MLflow's pages are to show, the metrics at `step`, curves, {step: value}, at their own.

    asked: names that are shown beside those of every run. stamp: milliseconds, the same for all. MLflow draws a chart
    for each name; `result.json` has the others, and every digit.
    """
    # Names are safe since they are read; a run that an earlier version computed may wait with others.
    shown = [name for name in dict.fromkeys((*metrics, *curves)) if is_charted(name) or name in asked]
    keys = safe_names(shown, LONGEST_KEY)
    chosen = [_metric(keys[name], metrics[name], stamp, step) for name in shown if name in metrics]
    for name in shown:
        chosen += [_metric(keys[name], value, stamp, int(at)) for at, value in curves.get(name, {}).items()]
    for start in range(0, len(chosen), 900):
        tracking.client().log_batch(run_id, metrics=chosen[start : start + 900])


def _metric(name: str, value: float, stamp: int, step: int) -> Metric:
    return Metric(name, float(f"{value:.{DIGITS}g}"), stamp, step)


def plugged(config: RunConfig) -> set[str]:
    """The metrics that the run's measures of plug-ins gave."""
    return {f"mnd/{MEASURES.load(name).name}" for name in config.analysis.metrics}


def upload(run_id: str, item: Path) -> None:
    """A file into the root of the run's artifacts, a folder under its name."""
    if item.is_dir():
        tracking.client().log_artifacts(run_id, str(item), artifact_path=item.name)
    else:
        tracking.client().log_artifact(run_id, str(item))


def upload_summary(run_id: str, folder: Path) -> None:
    """The summary of the plots into the root of the artifacts too, where MLflow compares the files of runs."""
    if (folder / SUMMARY).exists():
        upload(run_id, folder / SUMMARY)


def write_note(run_id: str, note: str) -> None:
    """What MLflow shows as the run's description, with its faces below the first paragraph.

    The address is relative to the page that shows it, so it holds on whichever server that is.
    """
    client = tracking.client()
    if OVERVIEW in [item.path for item in client.list_artifacts(run_id)]:  # of older versions' runs it is not
        first, _, rest = note.partition("\n\n")
        note = f"{first}\n\n![faces](get-artifact?path={OVERVIEW}&run_uuid={run_id})\n\n{rest}"
    client.set_tag(run_id, "mlflow.note.content", note)


def log_dataset(run_id: str, config: RunConfig, result: dict[str, Any]) -> None:
    """The image set as the run's MLflow dataset, by name and digest; the pictures themselves are not stored."""
    source: DatasetSource = CodeDatasetSource(tags={"data.name": config.data.name})
    if config.data.path:
        source = LocalArtifactDatasetSource(uri=config.data.path)
    entity = MetaDataset(source, name=config.data.name, digest=result["data_digest"])._to_mlflow_entity()
    tracking.client().log_inputs(run_id, datasets=[DatasetInput(entity, [InputTag("mlflow.data.context", "training")])])


@contextmanager
def system_metrics(run_id: str) -> Iterator[None]:
    """CPU, memory, disk and GPU load of the run, every 5 s, in the system metrics of its MLflow page."""
    monitor = SystemMetricsMonitor(run_id, sampling_interval=5, resume_logging=True, tracking_uri=uri())
    monitor.start()
    try:
        yield
    finally:
        monitor.finish()


def _step(run_id: str) -> int:
    """The step at which the run has its scores: 0, of a run recorded before that its last epoch. MLflow shows the
    value of the highest step."""
    history = tracking.client().get_metric_history(run_id, "mnd/radius_agreement")
    return max((metric.step for metric in history), default=0)


def renew_scores(
    run_id: str, metrics: dict[str, float], steps: dict[str, dict[int, float]], folder: Path, note: str
) -> None:
    """Records the scores of a finished run anew, and with them the files in `folder` and the description. The version
    comes last, so that a
    run whose renewal was cut off counts as measured by the old one."""
    client = tracking.client()
    stamp, step = int(time.time() * 1000), _step(run_id)
    recorded = client.get_run(run_id).data
    # What MLflow has of it, be it all, is renewed; also where other sweeps have adopted it.
    links = [link for tag, link in recorded.tags.items() if tag.startswith(tracking.ADOPTED_BY)]
    for renewed in (run_id, *filter(tracking.find_run, links)):
        log_metrics(renewed, metrics, steps, stamp, step, recorded.metrics.keys())
    for name in RENEWED:
        upload(run_id, folder / name)
    upload_summary(run_id, folder)
    write_note(run_id, note)
    client.set_tag(run_id, tracking.NUMBERS, "result.json")
    client.set_tag(run_id, tracking.METRICS, METRICS_VERSION)
