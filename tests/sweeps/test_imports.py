"""What must be quick does not import what is slow. Who may import whom is held by import-linter (make lint)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sweeps.spec import sweep_file
from tests.sweeps.fakes import record_runs

# What trains, decodes, measures and draws.
TRAINING = {"tensorflow", "keras", "cv2", "joblib", "scipy.special", "scipy.stats", "sklearn", "matplotlib"}
# What reads records elsewhere than in `mlruns`, and writes them.
RECORDS = {"mlflow", "sqlalchemy"}
TABLES = {"numpy", "pandas", "scipy"}


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (["--help"], TRAINING | RECORDS | TABLES | {"optuna", "pydantic", "rich"}),
        (["--version"], TRAINING | RECORDS | TABLES | {"optuna", "pydantic", "rich"}),
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
def test_reading_records_imports_nothing_slow(command: str, database: Path) -> None:
    file = Path("experiments/quickstart.yaml")
    record_runs(sweep_file.load(file), lambda cell: {"mnd/radius_agreement": 0.9})
    assert imported_by([command, str(file)], TRAINING | RECORDS | TABLES | {"optuna", "requests"}) == "[]"


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
