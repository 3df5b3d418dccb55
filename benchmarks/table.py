"""One table of everything that was measured, on the screen and in `benchmarks/results.json`."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.table import Table

from metrics.moments import cores
from sweeps.terminal.runs import console

RESULTS = Path(__file__).with_name("results.json")
PACKAGES = ("tensorflow", "keras", "torch", "pythae", "numpy", "scipy", "opencv-python-headless", "mlflow")


@dataclass(frozen=True)
class Row:
    """One measured number and what it should be.

    ratio: of the value to `peer`'s, measured in the same run; above 1 is better. goal: the least ratio or, where there
    is no peer, the least value, or with `less` the largest.
    """

    what: str
    value: float
    unit: str
    peer: str = ""
    ratio: float | None = None
    goal: float | None = None
    less: bool = False

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        found = self.value if self.ratio is None else self.ratio
        return found <= self.goal if self.less else found >= self.goal


HEADS = ("what", "measured", "against", "times as good", "goal", "met")
FIELDS = [field.name for field in fields(Row)]


def show(rows: Iterable[Row]) -> None:
    table = Table(*HEADS)
    for row in rows:
        table.add_row(*cells(row))
    console().print(table)


def cells(row: Row) -> tuple[str, ...]:
    """A row as words under HEADS."""
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    goal = "" if row.goal is None else f"{'at most' if row.less else 'at least'} {row.goal:,g}"
    met = "" if row.met is None else ("yes" if row.met else "no")
    return row.what, f"{_short(row.value)} {row.unit}".strip(), row.peer, ratio, goal, met


def markdown(section: str) -> str:
    """A section of the results as a table for documents."""
    rows = [Row(**{key: row[key] for key in FIELDS}) for row in _known(RESULTS)[section]["rows"]]
    lines = [HEADS, ("---",) * len(HEADS), *map(cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"


def write(section: str, rows: list[Row], results: Path = RESULTS) -> None:
    """Renews one section of the results; the others stay, each with its own machine and versions."""
    known = _known(results)
    measured = [asdict(row) | {"met": row.met} for row in rows]
    known[section] = {"date": date.today().isoformat(), "machine": machine(), "rows": measured}
    results.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def _known(results: Path) -> dict[str, Any]:
    return dict(json.loads(results.read_text(encoding="utf-8"))) if results.exists() else {}


def machine() -> dict[str, Any]:
    """The processor, its cores and the parts of it that count here, and the versions of what was measured."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    found = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    known = ("avx512f", "avx512_bf16", "amx_bf16")
    return {
        "cpu": found.get("model name", platform.processor() or platform.machine()),
        "instructions": [name for name in known if name in found.get("flags", "").split()],
        "cores": cores(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
