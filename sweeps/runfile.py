"""One MLflow run as plain values that lose nothing: what an archive holds of it beside its artifacts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Run
from pydantic import BaseModel, ConfigDict

from sweeps import tracking

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
        tags={name: value for name, value in run.data.tags.items() if name not in OWN_TAGS},
        metrics={name: [(m.value, m.timestamp, m.step) for m in points] for name, points in histories.items()},
        inputs=[
            Input(dataset=dict(entry.dataset), tags={tag.key: tag.value for tag in entry.tags})
            for entry in run.inputs.dataset_inputs
        ],
    )


def _histories(run: Run) -> dict[str, list[Metric]]:
    """Every point of every metric. A server is asked for each of some 300 names, which takes the way there and back."""
    client, names = tracking.client(), list(run.data.metrics)
    with ThreadPoolExecutor(REQUESTS) as pool:
        histories = pool.map(lambda name: client.get_metric_history(run.info.run_id, name), names)
        return dict(zip(names, histories, strict=True))
