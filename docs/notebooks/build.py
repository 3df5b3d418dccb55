"""Runs a notebook that is kept as text: `python docs/notebooks/build.py tour`, or `make tour`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
# Of an execution, not of the notebook.
PASSING = ("execution", "papermill")


def executed(name: str, folder: Path, changed: Mapping[str, str] | None = None) -> nbformat.NotebookNode:
    """The notebook of NAME.py with the results of running it in `folder`; what libraries tell on stderr is left out.

    changed: text of its cells to what stands in its place. Raises nbclient's CellExecutionError.
    """
    text = (HERE / f"{name}.py").read_text(encoding="utf-8")
    for old, new in (changed or {}).items():
        if old not in text:
            raise ValueError(f"{name}.py has no {old!r} to be changed")
        text = text.replace(old, new)
    notebook = jupytext.reads(text, fmt="py:percent")
    NotebookClient(notebook, timeout=1200, resources={"metadata": {"path": str(folder)}}).execute()
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key not in PASSING}
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return notebook


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["CAE_HOME"] = scratch
        for name in sys.argv[1:]:
            nbformat.write(executed(name, Path(scratch)), HERE / f"{name}.ipynb")
