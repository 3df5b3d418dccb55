"""Define a sweep, plan it, run it, record it, compare it.

from sweeps import compare, faces, run

run("experiments/quickstart.yaml")
compare("experiments/quickstart.yaml").cells
faces("experiments/quickstart.yaml", "faces")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sweeps.compared import Compared
    from sweeps.errors import SweepError, TrackingError
    from sweeps.public import (
        clean,
        compare,
        delete,
        explore,
        export,
        faces,
        import_archive,
        load,
        plan,
        rescore,
        run,
        sample,
        stop,
    )
    from sweeps.spec.sweep import Sweep

__all__ = [
    "Compared",
    "Sweep",
    "SweepError",
    "TrackingError",
    "clean",
    "compare",
    "delete",
    "explore",
    "export",
    "faces",
    "import_archive",
    "load",
    "plan",
    "rescore",
    "run",
    "sample",
    "stop",
]

_HOMES = {
    "Compared": "sweeps.compared",
    "Sweep": "sweeps.spec.sweep",
    "SweepError": "sweeps.errors",
    "TrackingError": "sweeps.errors",
}


def __getattr__(name: str) -> Any:
    """Each public name when it is first asked for: commands import what they need alone."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "sweeps.public")), name)
