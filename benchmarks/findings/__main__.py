"""python -m benchmarks.findings [COMPARISON.json ...]

Renews the tables and figures of docs/findings.md, after publishing what `cae compare --json` printed into these files.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.findings import document, figures, results

for name in sys.argv[1:]:
    print(f"published {results.publish(Path(name))}")
document.DOCUMENT.write_text(document.renewed(document.DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
figures.draw()
