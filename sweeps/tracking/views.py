"""What MLflow's pages show of a sweep at first sight: views that the experiment keeps, and links that open them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cae.config import SAMPLING
from cae.names import file_name
from metrics.catalog import HEADLINES
from sweeps import tracking, workspace
from sweeps.errors import TrackingError
from sweeps.spec.fields import SEED
from sweeps.spec.goals import MSE
from sweeps.spec.grid import varied_fields
from sweeps.spec.space import space
from sweeps.spec.sweep import Sweep
from sweeps.tracking.errors import store_errors

State = dict[str, Any]

# MLflow lists the experiment's tags of this prefix under "Views".
VIEW = "mlflow.sharedViewState."
# For MLflow's versions that look here for what an experiment is; 3.17 asks the link instead.
KIND = {"mlflow.experimentKind": "custom_model_development"}
RUN_NAME = "attributes.`Run Name`"
# Of a sweep file. MLflow takes 20,000 characters of description.
MOST = 15_000
NORMALITY = [f"mnd/{name}" for name in HEADLINES]
# Those that have a null, a normal cloud of the same n and d.
NULLS = [f"{name}_null" for name in NORMALITY if not name.endswith("off_origin_distance")]
# What an untrained network and the pixels alone score.
BESIDE = [f"control/{control}/{name}" for control in ("untrained", "projection") for name in HEADLINES]
FORMED = ["formation/reconstruction", "formation/mnd"]
FINISHED = f"attributes.status = 'FINISHED' and tags.`{tracking.HASH}` != ''"


@dataclass(frozen=True)
class Link:
    """A page of a sweep: what it is called and where it is, as the part of the address from `#` on."""

    name: str
    address: str


def links(experiment_id: str) -> list[Link]:
    """The pages of an experiment whose views are published: tables of runs and of cells, and charts."""
    runs = f"#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey="
    return [
        Link("Headlines of every run", f"{runs}headlines"),
        Link("Charts and faces of every run", f"{runs}headlines&compareRunsMode=CHART"),
        Link("Means over seeds", f"{runs}means"),
    ]


def publish(sweep: Sweep, file: Path) -> str:
    """The id of the sweep's experiment, created if need be, with its views and description renewed."""
    experiment_id = tracking.experiment(sweep.name, describe(sweep, file))
    publish_views(sweep, file)
    return experiment_id


def publish_views(sweep: Sweep, file: Path) -> None:
    """Renews the views that the sweep's experiment keeps; its description stays as it is."""
    mlflow_client = tracking.client()
    with store_errors(workspace.uri()):
        found = mlflow_client.get_experiment_by_name(sweep.name)
        if found is None:
            raise TrackingError(f"{workspace.uri()} has no experiment {sweep.name}")
        experiment_id = found.experiment_id
        for key, value in (KIND | views(sweep, file)).items():
            mlflow_client.set_experiment_tag(experiment_id, key, value)


def describe(sweep: Sweep, file: Path) -> str:
    """Markdown for the experiment's page: the question, links to its views, and the file that asks it."""
    # Which experiment they are of is put in where it is known, in `tracking.experiment`.
    listed = " · ".join(f"[{link.name}]({link.address})" for link in links("0"))
    text = file.read_text(encoding="utf-8").strip()
    shown = text if len(text) <= MOST else f"{text[:MOST]}\n..."
    return f"{sweep.description[:4000]}\n\n{listed}\n\n```yaml\n{shown}\n```\n"


def views(sweep: Sweep, file: Path) -> dict[str, str]:
    """Tag to value of the views that MLflow offers for the sweep."""
    fields = space(sweep).fields if sweep.is_search else varied_fields(sweep, file)
    every, cells = headlines(sweep, fields), means(sweep, fields)
    named = {"headlines": ("Headlines", every), "means": ("Means over seeds", cells)}
    # MLflow lists the newest first.
    return {
        f"{VIEW}{key}": json.dumps({"name": name, "createdAt": len(named) - place, "state": json.dumps(state)})
        for place, (key, (name, state)) in enumerate(named.items())
    }


def headlines(sweep: Sweep, fields: list[str]) -> State:
    """The finished runs, the best by the sweep's metric first: headlines, then what an MND has, then what varies."""
    metrics = _metrics(sweep)
    columns = [f"metrics.`{name}`" for name in [*metrics, *NULLS, *BESIDE]] + [f"params.`{name}`" for name in fields]
    first = sweep.metric[0]
    order = {"orderByKey": f"metrics.`{first.name}`", "orderByAsc": first.goal == "minimize"}
    widths = {RUN_NAME: 140 + 85 * len(fields)} | dict.fromkeys(columns[: len(metrics) + len(NULLS) + len(BESIDE)], 170)
    shown = {"selectedColumns": columns, "columnOrder": [RUN_NAME, *columns], "columnWidths": widths}
    return order | shown | {"searchFilter": FINISHED, "runsHiddenMode": "SHOW_ALL"} | charts(sweep, _settings(fields))


def means(sweep: Sweep, fields: list[str]) -> State:
    """The same, with runs that only the seed tells apart as one group. Its name tells what varies, then the cell."""
    named = [{"mode": "param", "groupByData": name} for name in _settings(fields)]
    keys = [*named, {"mode": "tag", "groupByData": tracking.CELL}]
    # MLflow draws no parallel coordinates of groups: it has no mean of words.
    drawn = headlines(sweep, fields) | charts(sweep, [])
    return drawn | {"groupBy": {"aggregateFunction": "average", "groupByKeys": keys}}


def _settings(fields: list[str]) -> list[str]:
    """What varies but the seed."""
    return [name for name in fields if name != SEED]


def _metrics(sweep: Sweep) -> list[str]:
    """What ranks the runs, the headlines, and what a good autoencoder needs beside them."""
    return list(dict.fromkeys([*(metric.name for metric in sweep.metric), *NORMALITY, MSE]))


def _sheets(sweep: Sweep) -> list[str]:
    """The face grids to show: reconstructions, and those of every generator that some run lists."""
    parameter = sweep.parameters.get("analysis.sampling")
    listed = parameter.choices if parameter else [SAMPLING]
    listed = listed + [cell["analysis.sampling"] for cell in sweep.include if "analysis.sampling" in cell]
    return list(dict.fromkeys(["reconstruction", *(file_name(name) for names in listed for name in names)]))


def charts(sweep: Sweep, fields: list[str]) -> State:
    """Sections of charts above those that MLflow makes by itself, one for each prefix of the metrics' names."""
    metrics = _metrics(sweep)
    # MLflow colors the lines by the last axis: what ranks the runs.
    axes = {"selectedParams": fields, "selectedMetrics": [*metrics[1:], metrics[0]], "showAllRuns": True}
    across = [_card("PARALLEL", "overview", **axes)]
    bars = [_card("BAR", "headlines", metricKey=name) for name in metrics]
    trade = _card("SCATTER", "headlines", xaxis=_axis(MSE), yaxis=_axis("mnd/radius_agreement"))
    keys = [f"faces/{name}" for name in _sheets(sweep)]
    grids = _card("IMAGE", "grids", imageKeys=keys, step=0, showRunParams=False, displayName="One column a run")
    learned = _card("IMAGE", "learning", imageKeys=FORMED, step=0, showRunParams=False, displayName="By epoch")
    cards = [*(across if fields else []), trade, *bars, grids, learned]
    sections = [_section("headlines", "Headlines", 3), _section("grids", "Face grids", 1, height=900)]
    sections.append(_section("learning", "Faces being learned: move the step", 1, height=600))
    sections = [_section("overview", "What varies, and the headlines", 1), *sections] if fields else sections
    numbered = [card | {"uuid": f"sweep-{number}"} for number, card in enumerate(cards)]
    return {"compareRunCharts": numbered, "compareRunSections": sections, "isAccordionReordered": True}


def _card(kind: str, section: str, **content: Any) -> State:
    known = {"type": kind, "metricSectionId": section, "deleted": False, "isGenerated": False}
    return known | {"runsCountToCompare": 100} | content


def _axis(metric: str) -> State:
    return {"key": metric, "type": "METRIC"}


def _section(key: str, name: str, columns: int, height: int = 360) -> State:
    kept = {"display": True, "isReordered": True, "deleted": False, "isGenerated": False}
    return {"uuid": key, "name": name, "columns": columns, "cardHeight": height} | kept
