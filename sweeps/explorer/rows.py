"""Which runs a page shows: a row of faces each, best first, and those whose latent spaces can be explored."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cae.config import RunConfig
from metrics.catalog import HEADLINES
from sweeps.analysis.comparison import CONTROLS, Comparison, control_of
from sweeps.files import read_json
from sweeps.finished.lookup import SWEEP_FILES, find_run
from sweeps.report.figures import marked
from sweeps.report.representatives import chosen_runs
from sweeps.spec.display import short_name
from sweeps.spec.remarks import remarks
from sweeps.tracking.artifacts import fetch

OFF_ORIGIN = "mnd/off_origin_distance"
NORMALITY = [f"mnd/{name}" for name in HEADLINES]


@dataclass(frozen=True, eq=False)
class Row:
    """A run, what it is called, and its place among the cells of its sweep, None where there is none."""

    run_id: str
    label: str
    rank: int | None
    config: RunConfig
    metrics: Mapping[str, float]

    def told(self) -> dict[str, Any]:
        """Words and numbers as plain values."""
        return {
            "id": self.run_id,
            "label": self.label,
            "rank": self.rank,
            "resolution": self.config.data.resolution,
            "remarks": remarks(self.metrics),
            "headlines": [_headline(self.metrics, name) for name in NORMALITY if name in self.metrics],
        }


def _headline(metrics: Mapping[str, float], name: str) -> dict[str, Any]:
    """A headline beside what a normal cloud, the untrained network and the pixels alone score, where known."""
    beside = {"null": f"{name}_null"} | {control: control_of(control, name) for control in CONTROLS}
    known = {word: metrics.get(other) for word, other in beside.items()}
    if name == OFF_ORIGIN:  # that of a normal cloud with the same center and covariance is the same
        known["null"] = None
    return {"name": short_name(name), "value": metrics[name]} | known


@dataclass(frozen=True, eq=False)
class Asked:
    """What a page is to show. rows: of its gallery. explored: ids of those whose latent space can be looked through.

    sweep: its name, None of runs alone.
    """

    title: str
    rows: list[Row]
    explored: list[str]
    sweep: str | None


def split(targets: Sequence[str]) -> tuple[Path | None, list[str]]:
    """The sweep file among what was given, which stands first, and the runs."""
    first = Path(targets[0])
    is_file = first.suffix in SWEEP_FILES or first.exists()
    return (first, list(targets[1:])) if is_file else (None, list(targets))


def asked(comparison: Comparison | None, runs: Sequence[str]) -> Asked:
    """Of a sweep a run of each cell, best first, and the latent spaces of the best and the worst; or those of `runs`,
    by id or hash, which join the gallery. Raises SweepError for a run that is not there."""
    ids = list(dict.fromkeys(find_run(text)[0] for text in runs))
    if comparison is None:
        rows = [_row(run_id) for run_id in ids]
        return Asked(rows[0].label if len(rows) == 1 else "Runs side by side", rows, ids, None)
    rows = _cells(comparison)
    known = {row.run_id for row in rows}
    rows += [_row(run_id) for run_id in ids if run_id not in known]
    return Asked(comparison.sweep.name, rows, ids or _extremes(comparison), comparison.sweep.name)


def _cells(comparison: Comparison) -> list[Row]:
    """A run of each cell, the best cell first, those that could not be ranked last."""
    groups = list(reversed(comparison.groups))
    return [
        Row(str(run.run_id), group.label, group.rank, run.config, run.metrics)
        for group, run in zip(groups, chosen_runs(groups), strict=True)
    ]


def _extremes(comparison: Comparison) -> list[str]:
    """The ids of the runs that stand for the best and the worst cell."""
    groups = list(reversed(comparison.groups))
    by_cell = {group.cell_hash: str(run.run_id) for group, run in zip(groups, chosen_runs(groups), strict=True)}
    ends = marked(comparison.groups)
    return [by_cell[ends[name].cell_hash] for name in ("best", "worst") if name in ends] or list(by_cell.values())[:1]


def _row(run_id: str) -> Row:
    run_id, name, sweep = find_run(run_id)
    with tempfile.TemporaryDirectory(prefix="cae-explore-") as scratch:
        config, result = (read_json(fetch(run_id, file, Path(scratch))) for file in ("config.json", "result.json"))
    return Row(run_id, f"{sweep}  ·  {name}", None, RunConfig.model_validate(config), result["metrics"])
