"""Everything that was promised, measured: python -m benchmarks [SECTION ...]

Prints one table, renews `benchmarks/results.json` and the tables in the documents. Peers come with
`pip install 'cae-mnd[bench]'`; about 30 minutes on two cores, which should have nothing else to do.
"""

from __future__ import annotations

import importlib
import sys

from rich.console import Console

from benchmarks import document, table

SECTIONS = ("training", "equal_work", "encoding", "preparing", "sweeping", "footprint", "overhead", "scoring")


def main() -> None:
    wanted = sys.argv[1:] or SECTIONS
    unknown = sorted(set(wanted) - set(SECTIONS))
    if unknown:
        sys.exit(f"{', '.join(unknown)}: unknown; there are {', '.join(SECTIONS)}")
    out, rows, failed = Console(stderr=True), [], []
    for section in wanted:
        out.print(f"measuring: {section}")
        try:
            found = list(importlib.import_module(f"benchmarks.{section}").rows())
        except Exception as error:  # the other sections' minutes are not lost
            out.print(f"{section}: {type(error).__name__}: {error}", markup=False)
            failed.append(section)
            continue
        table.write(section, found)
        rows += found
    table.show(rows)
    document.renew()
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}; the peers come with pip install 'cae-mnd[bench]'")


if __name__ == "__main__":
    main()
