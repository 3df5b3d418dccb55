"""Imports point one way, and what must be quick does not import what is slow."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_tensorflow_stands_in_layers_alone() -> None:
    assert [p.name for p in sorted(Path("cae").rglob("*.py")) if "tensorflow" in imported(p)] == ["layers.py"]


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (["--help"], {"tensorflow", "keras", "mlflow", "optuna", "pandas", "numpy", "matplotlib"}),
        (["plan", "--schema"], {"tensorflow", "keras", "mlflow", "optuna", "matplotlib"}),
        (["plan", "experiments/quickstart.yaml"], {"tensorflow", "keras", "mlflow", "optuna", "matplotlib"}),
        (["plan", "experiments/search.yaml"], {"tensorflow", "keras", "mlflow", "matplotlib"}),
        (["status", "experiments/quickstart.yaml"], {"tensorflow", "keras", "mlflow", "optuna", "matplotlib"}),
        (["clean", "experiments/quickstart.yaml"], {"tensorflow", "keras", "mlflow", "matplotlib"}),
    ],
)
def test_quick_commands_import_nothing_slow(arguments: list[str], forbidden: set[str]) -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom sweeps.cli import main\n"
        f"result = CliRunner().invoke(main, {arguments!r})\n"
        "assert result.exit_code == 0, result.output\n"
        f"print(sorted({forbidden!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
