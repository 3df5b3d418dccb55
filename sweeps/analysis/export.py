"""A comparison as plain values and as tables for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from sweeps.analysis.answer import answer, limitations
from sweeps.analysis.cells import Cell
from sweeps.analysis.comparison import Comparison
from sweeps.analysis.effects import Effects
from sweeps.planning.plan import SweepRun, as_json


def comparison_json(comparison: Comparison, cells: Sequence[SweepRun]) -> dict[str, Any]:
    """The form that `cae compare --json` prints: that of plan and status, with what the comparison adds."""
    return {
        **as_json(comparison.sweep, list(cells)),
        "sweep": comparison.name,
        "answer": answer(comparison),
        "ranking": [metric.model_dump() for metric in comparison.ranking],
        "groups": [_group(group) for group in comparison.groups],
        "lead": None if comparison.lead is None else asdict(comparison.lead),
        "effects": [asdict(found) for found in comparison.effects],
        "importance": comparison.importance,
        "untold": limitations(comparison),
    }


def _group(group: Cell) -> dict[str, Any]:
    return {
        "cell_hash": group.cell_hash,
        "rank": group.rank,
        "pareto": group.is_pareto,
        "keeps": group.keeps,
        "remarks": list(group.remarks),
        "values": group.values,
        "run_ids": [cell.run_id for cell in group.runs],
        "metrics": {name: asdict(summary) for name, summary in group.summaries.items()},
    }


def groups_table(comparison: Comparison) -> pd.DataFrame:
    """One row per cell from worst to best: what varies, then for each metric NAME, NAME_sd, NAME_count and so on."""
    rows = []
    for group in comparison.groups:
        row: dict[str, Any] = {"rank": group.rank, "pareto": group.is_pareto, "cell_hash": group.cell_hash}
        row |= group.values
        for name, summary in group.summaries.items():
            parts = asdict(summary)
            row |= {name: parts.pop("mean")} | {f"{name}_{part}": value for part, value in parts.items()}
        rows.append(row)
    return pd.DataFrame(rows)


def effects_table(comparison: Comparison) -> pd.DataFrame:
    """One row per estimate, with its effect's share and test; an effect without estimates has one row."""
    return pd.DataFrame([row for found in comparison.effects for row in _rows(found)])


def _rows(found: Effects) -> list[dict[str, Any]]:
    rows = []
    for effect in found.effects:
        shared = asdict(effect)
        estimates = shared.pop("estimates") or [{}]
        shared["parameters"] = " × ".join(" & ".join(names) for names in effect.parameters)
        rows += [{"metric": found.metric, **estimate, **shared} for estimate in estimates]
    return rows


def write_csv(comparison: Comparison, path: Path) -> list[Path]:
    """Writes the cells to `path` and the effects beside it, to NAME_effects.csv; returns the files written."""
    beside = path.with_name(f"{path.stem}_effects{path.suffix}")
    tables = {path: groups_table(comparison), beside: effects_table(comparison)}
    written = [place for place, table in tables.items() if len(table)]
    for place in written:
        tables[place].to_csv(place, index=False)
    return written
