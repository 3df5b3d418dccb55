"""A comparison for Python: its tables as pandas has them, and what a notebook shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

import pandas as pd

from sweeps.analysis import export
from sweeps.analysis.answer import answer, limitations
from sweeps.analysis.comparison import Comparison
from sweeps.analysis.tables import group_columns
from sweeps.planning.plan import SweepRun
from sweeps.report import page, publish

# Columns that a terminal of usual width shows, see `Column.need`.
SHOWN = 3


@dataclass(frozen=True, eq=False)
class Compared:
    """The finished runs of a sweep or of several, compared. runs: all of theirs."""

    comparison: Comparison
    runs: tuple[SweepRun, ...]

    @property
    def answer(self) -> str:
        """Which cell is best by the sweep's metric, by how much, and whether that is more than noise."""
        return answer(self.comparison)

    @property
    def limitations(self) -> list[str]:
        """What these runs cannot tell, a line each."""
        return limitations(self.comparison)

    @property
    def cells(self) -> pd.DataFrame:
        """A row for each cell, the best first: what varies, then NAME, NAME_sd, NAME_count and so on of each metric."""
        return export.groups_table(self.comparison).iloc[::-1].reset_index(drop=True)

    @property
    def effects(self) -> pd.DataFrame:
        """A row for each estimate of what a parameter does to a metric, with its effect's share and test."""
        return export.effects_table(self.comparison)

    def write_report(self, folder: Path | str, record: bool = True) -> Path:
        """Writes the report to mail, one HTML file, and the contact sheet beside it; gives the report's place.

        record: whether MLflow keeps them too. Raises SweepError, TrackingError.
        """
        page.write_report(self.comparison, self.runs, Path(folder))
        if record:
            publish.log_comparison(self.comparison, self.runs, Path(folder))
        return Path(folder) / page.REPORT

    def __repr__(self) -> str:
        return f"{self.answer}\n\n{self._shown().to_string(index=False)}"

    def _repr_html_(self) -> str:
        return f"<p><b>{escape(self.answer)}</b></p>{self._shown().to_html(index=False, border=0)}"

    def _shown(self) -> pd.DataFrame:
        """What `cae compare` prints of the cells where there is some room, the best first."""
        best_first = replace(self.comparison, groups=tuple(reversed(self.comparison.groups)))
        columns = [column for column in group_columns(best_first) if column.need <= SHOWN]
        return pd.DataFrame({column.head: [str(cell) for cell in column.cells] for column in columns})
