"""One MLflow run as plain values that lose nothing: what an archive holds of it beside its artifacts."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run, RunTag
from pydantic import BaseModel, ConfigDict

from sweeps import tracking, workspace
from sweeps.tracking.errors import store_errors
from sweeps.tracking.record import OF_ONE_SWEEP

# On an imported run: the id it was recorded under first; and the same while it is being imported.
IMPORTED, IMPORTING = "sweep.imported", "sweep.importing"
OWN_TAGS = {IMPORTED, IMPORTING}
REQUESTS = 4


class Input(BaseModel):
    """A dataset that the run used, and what MLflow was told of its use."""

    dataset: dict[str, str | None]
    tags: dict[str, str]


class RunFile(BaseModel):
    """A closed run. start, end: milliseconds since 1970. metrics: name to every (value, milliseconds, step)."""

    # As MLflow has them: NaN, and infinities as the largest numbers.
    model_config = ConfigDict(ser_json_inf_nan="constants")

    run_id: str
    name: str
    user: str
    status: Literal["FINISHED", "FAILED", "KILLED"]
    start: int
    end: int | None
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, list[tuple[float, int, int]]]
    inputs: list[Input]

    def points(self) -> list[Metric]:
        """Every point of every metric as MLflow logs it."""
        return [Metric(name, *point) for name, points in self.metrics.items() for point in points]

    def datasets(self) -> list[DatasetInput]:
        return [
            DatasetInput(Dataset(**entry.dataset), [InputTag(key, value) for key, value in entry.tags.items()])
            for entry in self.inputs
        ]


def original_id(run: Run) -> str:
    """The id under which the run was recorded first, on whichever machine."""
    return str(run.data.tags.get(IMPORTED, run.info.run_id))


def read(run: Run) -> RunFile:
    """What the store has of a closed run."""
    info, histories = run.info, _histories(run)
    return RunFile(
        run_id=original_id(run),
        name=info.run_name,
        user=info.user_id,
        status=info.status,
        start=info.start_time,
        end=info.end_time,
        params=dict(run.data.params),
        tags={name: value for name, value in run.data.tags.items() if _travels(name)},
        metrics={name: [(m.value, m.timestamp, m.step) for m in points] for name, points in histories.items()},
        inputs=[
            Input(dataset=dict(entry.dataset), tags={tag.key: tag.value for tag in entry.tags})
            for entry in run.inputs.dataset_inputs
        ],
    )


def _travels(tag: str) -> bool:
    return tag not in OWN_TAGS and not tag.startswith(tracking.ADOPTED_BY)


def read_whole(run: Run) -> RunFile:
    """The same, and of a run that was adopted what its original has, as if it had been trained in this sweep."""
    original = original_of(run)
    if original is run:
        return read(run)
    found, own = read(original), read(run)
    kept = {key: value for key, value in own.tags.items() if key in OF_ONE_SWEEP and key != tracking.ADOPTED}
    tags = {key: value for key, value in found.tags.items() if key not in OF_ONE_SWEEP} | kept
    return found.model_copy(update={"run_id": own.run_id, "name": own.name, "tags": tags})


def original_of(run: Run) -> Run:
    """The run whose artifacts are shown of this one: itself, unless another sweep has trained it."""
    adopted = run.info.status == "FINISHED" and run.data.tags.get(tracking.ADOPTED)
    return (tracking.find_run(adopted) if adopted else None) or run


def _histories(run: Run) -> dict[str, list[Metric]]:
    """Every point of every metric. A server is asked for each of some 300 names, which takes the way there and back."""
    client, names = tracking.client(), list(run.data.metrics)
    with ThreadPoolExecutor(REQUESTS) as pool:
        histories = pool.map(lambda name: client.get_metric_history(run.info.run_id, name), names)
        return dict(zip(names, histories, strict=True))


def recorded(sweep: str) -> list[Run]:
    """Every run of a sweep that MLflow has, attempts that failed and the summary included, in order of their start."""
    if not tracking.exists():
        return []
    with store_errors(workspace.uri()):
        client = tracking.client()
        found = client.get_experiment_by_name(sweep)
        return list(tracking.pages(client, found.experiment_id)) if found else []


# What MLflow takes in one call.
PARAMS, METRICS = 100, 1000


def write(run: RunFile, experiment_id: str, files: Path, begun: str | None) -> None:
    """Records the run as it was, with the artifacts in the folder `files`. begun: the run of an import that was cut
    off, to be gone on with. Raises TrackingError."""
    with store_errors(workspace.uri()):
        run_id = begun or _create(run, experiment_id)
        log(run, run_id)
        if files.is_dir():
            tracking.client().log_artifacts(run_id, str(files))
        _close(run, run_id)


def _create(run: RunFile, experiment_id: str) -> str:
    # Without its other tags it is no run of the sweep yet, to whoever looks before it is whole.
    tags = {"mlflow.user": run.user, IMPORTING: run.run_id}
    created = tracking.client().create_run(experiment_id, start_time=run.start, tags=tags, run_name=run.name)
    return str(created.info.run_id)


def log(run: RunFile, run_id: str) -> None:
    """Parameters, metrics and inputs; MLflow keeps what it has once, however often it is told."""
    client = tracking.client()
    params = [Param(name, value) for name, value in run.params.items()]
    for start in range(0, len(params), PARAMS):
        client.log_batch(run_id, params=params[start : start + PARAMS])
    points = run.points()
    for start in range(0, len(points), METRICS):
        client.log_batch(run_id, metrics=points[start : start + METRICS])
    if run.inputs:
        client.log_inputs(run_id, datasets=run.datasets())


def _close(run: RunFile, run_id: str) -> None:
    """The last steps, in an order in which no half of a run can be taken for the whole."""
    client = tracking.client()
    client.set_terminated(run_id, status=run.status, end_time=run.end)
    # The picture in the run's description is one of its own artifacts.
    tags = {name: re.sub(r"run_uuid=[0-9a-f]{32}", f"run_uuid={run_id}", value) for name, value in run.tags.items()}
    client.log_batch(run_id, tags=[RunTag(name, value) for name, value in (tags | {IMPORTED: run.run_id}).items()])
    client.delete_tag(run_id, IMPORTING)
