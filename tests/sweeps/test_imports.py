"""Imports point one way, and what must be quick does not import what is slow."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps import sweepfile
from tests.sweeps.fakes import record_runs

FORBIDDEN = {
    "cae": {"mlflow", "optuna", "click", "rich", "sweeps", "metrics"},
    "metrics": {"mlflow", "optuna", "click", "rich", "sweeps", "cae", "tensorflow", "keras"},
}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_packages_know_only_what_lies_below_them(package: str) -> None:
    files = sorted(Path(package).rglob("*.py"))
    assert files
    for path in files:
        assert not imported(path) & FORBIDDEN[package], path


def test_tensorflow_stands_where_keras_lacks_a_kernel_alone() -> None:
    found = [path.name for path in sorted(Path("cae").rglob("*.py")) if "tensorflow" in imported(path)]
    assert found == ["layers.py", "optimizer.py"]


# What trains, decodes, measures and draws.
TRAINING = {"tensorflow", "keras", "cv2", "joblib", "scipy.special", "scipy.stats", "sklearn", "matplotlib"}
# What reads records: only where there are some.
RECORDS = {"mlflow", "sqlalchemy"}
TABLES = {"numpy", "pandas", "scipy"}


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (["--help"], TRAINING | RECORDS | TABLES | {"optuna", "pydantic", "rich"}),
        (["plan", "--schema"], TRAINING | RECORDS | TABLES | {"optuna"}),
        (["plan", "experiments/quickstart.yaml"], TRAINING | RECORDS | TABLES | {"optuna"}),
        (["plan", "experiments/search.yaml"], TRAINING | {"mlflow", "pandas"}),
        (["status", "experiments/quickstart.yaml"], TRAINING | RECORDS | TABLES | {"optuna"}),
        (["clean", "experiments/quickstart.yaml"], TRAINING | {"mlflow", "pandas"}),
    ],
)
def test_quick_commands_import_nothing_slow(arguments: list[str], forbidden: set[str]) -> None:
    assert imported_by(arguments, forbidden) == "[]"


@pytest.mark.parametrize("command", ["plan", "status"])
def test_reading_records_imports_mlflow_and_nothing_else_that_is_slow(command: str, database: Path) -> None:
    file = Path("experiments/quickstart.yaml")
    record_runs(sweepfile.load(file), file, lambda cell: {"mnd/radius_agreement": 0.9})
    assert imported_by([command, str(file)], TRAINING | {"mlflow", "optuna"}) == "['mlflow']"


def imported_by(arguments: list[str], watched: set[str]) -> str:
    """Those of the watched modules that a command imports in a process of its own, as a sorted list is printed."""
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom sweeps.cli import main\n"
        f"result = CliRunner().invoke(main, {arguments!r})\n"
        "assert result.exit_code == 0, result.output\n"
        f"print(sorted({watched!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()
