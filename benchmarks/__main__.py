"""Everything that was promised, measured: python -m benchmarks [SECTION ...]

Prints one table and renews `benchmarks/results.json`. Peers come with `pip install 'cae-mnd[bench]'`; about 25
minutes on two cores, which should have nothing else to do.
"""

from __future__ import annotations

import importlib
import sys

from rich.console import Console

from benchmarks import table

SECTIONS = ("training", "equal_work", "encoding", "preparing", "sweeping", "footprint", "overhead", "scoring")


def main() -> None:
    wanted = sys.argv[1:] or SECTIONS
    unknown = sorted(set(wanted) - set(SECTIONS))
    if unknown:
        sys.exit(f"{', '.join(unknown)}: unknown; there are {', '.join(SECTIONS)}")
    out, rows = Console(stderr=True), []
    for section in wanted:
        out.print(f"measuring: {section}")
        found = list(importlib.import_module(f"benchmarks.{section}").rows())
        table.write(section, found)
        rows += found
    table.show(rows)


if __name__ == "__main__":
    main()
