"""The notebooks run, and what is shown of them is what their text says."""

from __future__ import annotations

from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path("docs/notebooks")
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
jupytext = pytest.importorskip("jupytext", reason="needs jupytext: pip install 'cae-mnd[test]'")


def build() -> ModuleType:
    spec = util.spec_from_file_location("build", FOLDER / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_is_a_tour() -> None:
    assert "tour" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shown_is_what_the_text_says(name: str) -> None:
    text, shown = (jupytext.read(FOLDER / f"{name}.{suffix}") for suffix in ("py", "ipynb"))
    assert [(cell.cell_type, cell.source) for cell in shown.cells] == [
        (cell.cell_type, cell.source) for cell in text.cells
    ]
    assert all(cell.outputs for cell in shown.cells if cell.cell_type == "code")


# Fewer images and epochs than are shown: what is asked here is whether every cell runs and gives what it gave.
SMALLER = {
    "1_500": "200",
    "epochs=8": "epochs=1",
    '"training.epochs": {"value": 8}': '"training.epochs": {"value": 1}',
}


@pytest.mark.thorough
@pytest.mark.slow(seconds=60)
@pytest.mark.parametrize("name", NAMES)
def test_it_runs(name: str, tmp_path: Path, database: Path) -> None:
    run = build().executed(name, tmp_path, SMALLER)
    shown = jupytext.read(FOLDER / f"{name}.ipynb")
    for cell, before in zip(run.cells, shown.cells, strict=True):
        kinds = [[sorted(output.get("data", {})) for output in one.get("outputs", [])] for one in (cell, before)]
        assert kinds[0] == kinds[1], cell.source
