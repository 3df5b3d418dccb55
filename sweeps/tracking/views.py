"""What MLflow's pages show of a sweep at first sight: views that the experiment keeps, and links that open them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from cae.config import SAMPLING
from cae.names import file_name
from metrics.catalog import HEADLINES
from sweeps import tracking, workspace
from sweeps.errors import TrackingError
from sweeps.spec.fields import SEED
from sweeps.spec.goals import MSE
from sweeps.spec.grid import count, varied_fields
from sweeps.spec.space import space
from sweeps.spec.sweep import Sweep
from sweeps.tracking.errors import store_errors
from sweeps.tracking.experiment import set_tag

State = dict[str, Any]

# MLflow lists the experiment's tags of this prefix under "Views".
VIEW = "mlflow.sharedViewState."
# For MLflow's versions that look here for what an experiment is; 3.17 asks the link instead.
KIND = {"mlflow.experimentKind": "custom_model_development"}
RUN_NAME = "attributes.`Run Name`"
# Runs that MLflow reads at once, and of which its image chart shows these many: the last ones of the table.
PAGE, PICTURED = 100, 10
# Of a sweep file. MLflow takes 20,000 characters of description.
MOST = 15_000
NORMALITY = [f"mnd/{name}" for name in HEADLINES]
# Those that have a null, a normal cloud of the same n and d; the strictest first.
CALIBRATED = [name for name in reversed(NORMALITY) if not name.endswith("off_origin_distance")]
NULLS, GAPS = ([f"{name}_{part}" for name in CALIBRATED] for part in ("null", "gap"))
# What an untrained network and the pixels alone score.
BESIDE = [f"control/{control}/{name}" for control in ("untrained", "projection") for name in HEADLINES]
FORMED = ["formation/reconstruction", "formation/mnd"]
NAMES = {"headlines": "Headlines", "charts": "Charts and faces", "means": "Means over seeds"}
PICTURES = (
    f"The charts show the faces of the {PICTURED} best runs, as many as MLflow puts side by side; "
    "`cae faces FILE --out faces` fetches those of all, in full size."
)
FINISHED = f"attributes.status = 'FINISHED' and tags.`{tracking.HASH}` != ''"


@dataclass(frozen=True)
class Link:
    """A page of a sweep: what it is called and where it is, as the part of the address from `#` on."""

    name: str
    address: str


def links(sweep: Sweep, experiment_id: str) -> list[Link]:
    """The pages of the sweep's experiment whose views are published: tables of runs and of cells, and charts."""
    runs = f"#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey="
    return [
        Link("Headlines of every run", f"{runs}headlines"),
        Link("Charts and faces of every run", f"{runs}charts&compareRunsMode=CHART"),
        *([Link("Means over seeds", f"{runs}means")] if has_replicates(sweep) else []),
    ]


def has_replicates(sweep: Sweep) -> bool:
    """Whether cells have several runs, so that their means say more than each of them."""
    return len(sweep.seeds) > 1


def publish(sweep: Sweep) -> str:
    """The id of the sweep's experiment, created if need be, with its views and description renewed."""
    experiment_id = tracking.experiment(sweep.name, describe(sweep))
    publish_views(sweep)
    return experiment_id


def publish_views(sweep: Sweep) -> None:
    """Renews the views that the sweep's experiment keeps; its description stays as it is."""
    mlflow_client = tracking.client()
    with store_errors(workspace.uri()):
        found = mlflow_client.get_experiment_by_name(sweep.name)
        if found is None:
            raise TrackingError(f"{workspace.uri()} has no experiment {sweep.name}")
        experiment_id = found.experiment_id
        wanted = KIND | views(sweep)
        for key, value in wanted.items():
            set_tag(mlflow_client, experiment_id, key, value)
        for key in (f"{VIEW}{name}" for name in NAMES):
            if key not in wanted and key in found.tags:
                mlflow_client.delete_experiment_tag(experiment_id, key)


def describe(sweep: Sweep) -> str:
    """Markdown for the experiment's page: the question, links to its views, and the file that asks it."""
    # Which experiment they are of is put in where it is known, in `tracking.experiment`.
    listed = " · ".join(f"[{link.name}]({link.address})" for link in links(sweep, "0"))
    text = sweep.text.strip()
    shown = text if len(text) <= MOST else f"{text[:MOST]}\n..."
    return f"{sweep.description[:4000]}\n\n{listed}\n\n{PICTURES}\n\n```yaml\n{shown}\n```\n"


def text_in(description: str) -> str | None:
    """The sweep file that a description of `describe` holds; None where it has none, or only its beginning."""
    _, mark, rest = description.partition("\n\n```yaml\n")
    text, end, _ = rest.rpartition("\n```")
    return text if mark and end and not text.endswith("\n...") else None


def views(sweep: Sweep) -> dict[str, str]:
    """Tag to value of the views that MLflow offers for the sweep."""
    fields = space(sweep).fields if sweep.is_search else varied_fields(sweep)
    states = {"headlines": headlines(sweep, fields), "charts": charts_first(sweep, fields)}
    if has_replicates(sweep):
        states["means"] = means(sweep, fields)
    # MLflow lists the newest first.
    return {
        f"{VIEW}{key}": json.dumps({"name": NAMES[key], "createdAt": len(NAMES) - place, "state": json.dumps(state)})
        for place, (key, state) in enumerate(states.items())
    }


def headlines(sweep: Sweep, fields: list[str]) -> State:
    """The finished runs, the best by the sweep's metric first: what varies, the metric, how far the headlines fall
    short of an MND's, then what is read beside these."""
    first = sweep.metric[0]
    order = {"orderByKey": f"metrics.`{first.name}`", "orderByAsc": first.goal == "minimize"}
    settings = [f"params.`{name}`" for name in _settings(fields)]
    gaps, others = _metric_columns(GAPS), _metric_columns([*_metrics(sweep)[1:], *NULLS, *BESIDE])
    columns = [*settings, f"metrics.`{first.name}`", *gaps, *others, *([f"params.`{SEED}`"] if SEED in fields else [])]
    # As wide as their heads in a window of 1440 pixels, which ends behind the third gap where two settings vary.
    widths = dict.fromkeys(columns, 160) | dict.fromkeys(settings, 95) | dict.fromkeys(gaps, 185) | {RUN_NAME: 150}
    shown = {"selectedColumns": columns, "columnOrder": [RUN_NAME, *columns], "columnWidths": widths}
    return order | shown | {"searchFilter": FINISHED, "runsHiddenMode": "SHOW_ALL"} | charts(sweep, _settings(fields))


def charts_first(sweep: Sweep, fields: list[str]) -> State:
    """The same for the page of charts. Its image chart shows the table's runs from the last one up, so the best come
    last; of more than MLflow reads at once the best come first, and none but those whose faces are shown."""
    state = headlines(sweep, fields)
    if _most(sweep) > PAGE:
        return state | {"runsHiddenMode": f"FIRST_{PICTURED}_RUNS"}
    return state | {"orderByAsc": not state["orderByAsc"]}


def _most(sweep: Sweep) -> int:
    """How many runs the sweep can come to."""
    return (sweep.run_cap or 0) if sweep.is_search else count(sweep)


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
    return list(dict.fromkeys([*(metric.name for metric in sweep.metric), *sweep.metrics, *NORMALITY, MSE]))


def _metric_columns(names: list[str]) -> list[str]:
    return [f"metrics.`{name}`" for name in names]


def _sheets(sweep: Sweep) -> list[str]:
    """The face grids to show: reconstructions, and those of every generator that some run lists."""
    parameter = sweep.parameters.get("analysis.sampling")
    listed = [*(parameter.choices if parameter else ()), *([SAMPLING] if parameter is None or parameter.when else ())]
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
    cards = [*(across if fields else []), grids, trade, *bars, learned]
    sections = [_section("grids", "Face grids", 1, height=160 + 150 * len(keys)), _section("headlines", "Headlines", 3)]
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
