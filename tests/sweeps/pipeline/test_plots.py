from __future__ import annotations

from pathlib import Path

import numpy as np

from metrics import score
from sweeps.pipeline.plots import PLOTS, draw_plots


def test_a_constant_component_leaves_out_plots_with_a_reason(tmp_path: Path) -> None:
    cloud = np.random.default_rng(0).normal(size=(500, 4)).astype(np.float32)
    assert draw_plots(cloud, score(cloud, calibrate=False), tmp_path / "normal", "title") == {}
    assert {path.stem for path in (tmp_path / "normal").iterdir()} == set(PLOTS)
    cloud[:, 2] = 1.5
    omitted = draw_plots(cloud, score(cloud, calibrate=False), tmp_path / "plots", "title")
    drawn = {path.stem for path in (tmp_path / "plots").iterdir()}
    assert {f"plots/{name}" for name in PLOTS} - {f"plots/{name}" for name in drawn} == set(omitted)
    for name in ("quantiles", "core", "worst_direction"):
        assert "constant components: 2" in omitted[f"plots/{name}"]
    assert "summary" in drawn
