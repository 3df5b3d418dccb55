from __future__ import annotations

import subprocess
import sys

FORBIDDEN = ["tensorflow", "keras", "torch", "mlflow", "optuna", "click", "rich", "cae", "sweeps"]

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
import metrics
for module in pkgutil.walk_packages(metrics.__path__, "metrics."):
    importlib.import_module(module.name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def imported(code: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_no_module_of_metrics_loads_a_framework_or_its_neighbours() -> None:
    names = imported(IMPORT_EVERYTHING)
    assert {"metrics", "numpy", "scipy"} <= names
    assert not names & set(FORBIDDEN)


def test_scoring_needs_no_plotting_library() -> None:
    names = imported("import sys; from metrics import score; print(*{n.partition('.')[0] for n in sys.modules})")
    assert "numpy" in names
    assert "matplotlib" not in names


def test_pictures_need_no_pyplot_state() -> None:
    names = imported("import sys, metrics.plots; print(*sys.modules)")
    assert "matplotlib.figure" in names
    assert "matplotlib.pyplot" not in names
