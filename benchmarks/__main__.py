"""Everything that was promised, measured: python -m benchmarks [SECTION ...]

Prints one table, renews `benchmarks/results.json` and the tables in the documents. Peers come with
`pip install 'cae-mnd[bench]'`; about 30 minutes on two cores, which should have nothing else to do.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from rich.console import Console

from benchmarks import document, table

SECTIONS = (
    "training",
    "equal_work",
    "penalties",
    "encoding",
    "preparing",
    "sweeping",
    "footprint",
    "overhead",
    "scoring",
)


def main() -> None:
    wanted = sys.argv[1:] or SECTIONS
    unknown = sorted(set(wanted) - set(SECTIONS))
    if unknown:
        sys.exit(f"{', '.join(unknown)}: unknown; there are {', '.join(SECTIONS)}")
    sections = {name: partial(_rows, name) for name in wanted}
    rows, failed = measure(sections, table.RESULTS)
    table.show(rows)
    document.renew()
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}; the peers come with pip install 'cae-mnd[bench]'")


def _rows(section: str) -> Iterable[table.Row]:
    rows: Iterable[table.Row] = importlib.import_module(f"benchmarks.{section}").rows()
    return rows


def measure(
    sections: Mapping[str, Callable[[], Iterable[table.Row]]], results: Path
) -> tuple[list[table.Row], list[str]]:
    """All rows, each section written to `results` as it comes; and the sections that failed."""
    out, rows, failed = Console(stderr=True), [], []
    for section, measured in sections.items():
        out.print(f"measuring: {section}")
        try:
            found = list(measured())
        except Exception as error:  # the other sections' minutes are not lost
            out.print(f"{section}: {type(error).__name__}: {error}", markup=False)
            failed.append(section)
            continue
        table.write(section, found, results)
        rows += found
    return rows, failed


if __name__ == "__main__":
    main()
