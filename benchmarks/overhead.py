"""What the framework costs per cell beyond training and measuring: python -m benchmarks overhead

A hundred cells whose training only pretends (benchmarks.standin), one warm worker, everything else real: queue, locks,
MLflow run, metrics, uploads. Once with the files of a real run of the quickstart's size, once with hardly any.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.table import Row

CELLS = 100
SWEEP = """
name: overhead
parameters:
  data.name: {value: digits}
  data.resolution: {value: 32}
  model.maps: {value: [8, 16]}
  model.latent_dim: {value: 64}
  training.epochs: {value: 2}
"""


def real_run(home: Path) -> Path:
    """The folder of a real run, computed but not recorded, so that all its files are still there."""
    from cae.config import from_flat
    from cae.datasets import data_digest
    from sweeps.pipeline.compute import compute

    class Silent:
        def on_step(self, step: str, part: str = "") -> None: ...

        def on_progress(self, p: object) -> None: ...

        def on_epoch(self, epoch: object) -> None: ...

    values = {"data.name": "digits", "data.resolution": 32, "model.maps": [8, 16], "model.latent_dim": 64}
    config = from_flat(values | {"training.epochs": 2})
    folder = home / "template"
    folder.mkdir()
    compute(config, folder, "template", Silent(), data_digest(config.data))
    return folder


def seconds_per_cell(home: Path, template: Path | None, cells: int = CELLS) -> float:
    """From the first cell's end to the last one's: the worker is warm by then."""
    file = home / "overhead.yaml"
    file.write_text(f"{SWEEP}seeds: {list(range(cells))}\n")
    variables = {"CAE_HOME": str(home / ("full" if template else "bare"))}
    if template is not None:
        variables["STANDIN_TEMPLATE"] = str(template)
    command = [sys.executable, "-m", "benchmarks.standin", "run", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | variables) as process:  # noqa: S603
        assert process.stdout is not None
        ends = [time.perf_counter() for line in process.stdout if "finished after" in line]
    assert len(ends) == cells
    return (ends[-1] - ends[0]) / (cells - 1)


def rows() -> Iterable[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        template = real_run(home)
        files = [path for path in template.rglob("*") if path.is_file() and "checkpoints" not in path.parts]
        size = sum(path.stat().st_size for path in files) / 1e6
        what = f"a cell beyond its training, {len(files)} files, {size:.1f} MB"
        yield Row(what, seconds_per_cell(home, template), "s", goal=0.5, less=True)
        yield Row("a cell beyond its training, hardly any files", seconds_per_cell(home, None), "s")
