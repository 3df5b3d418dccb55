"""Other backends of Keras: the whole way of a sweep on JAX beside TensorFlow's, and what only JAX has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from metrics import score

pytestmark = pytest.mark.thorough

# What only JAX has, and what has to be the same on it: these files once more.
FILES = ("tests/cae/loops", "tests/cae/test_replicates.py", "tests/sweeps/pipeline/test_together.py")
# Imported by every process at its start: no TensorFlow, but in the face detector's own process.
NO_TENSORFLOW = """
import os, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == "tensorflow":
            raise ImportError("tensorflow was imported beside another backend")
if os.environ.get("KERAS_BACKEND") == "jax":
    sys.meta_path.insert(0, Absent())
"""
SWEEP = """
name: other
parameters:
  data.name: {value: synthetic}
  data.size: {value: 300}
  data.resolution: {value: 32}
  model.maps: {value: [8, 16]}
  model.latent_dim: {value: 8}
  training.epochs: {value: 3}
  training.batch_size: {value: 32}
  training.learning_rate: {value: 0.002}
  analysis.images_per_grid: {value: 8}
  analysis.contour_pairs: {value: 10}
  analysis.judged_faces: {value: 16}
  analysis.innermost_maps: {value: 1}
"""


@pytest.fixture(autouse=True)
def _jax() -> None:
    pytest.importorskip("jax", reason="needs JAX, which the test extra installs")


def run_on(backend: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"KERAS_BACKEND": backend} | more
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.slow(40)
def test_compiled_trainings_on_jax() -> None:
    done = run_on("jax", "-m", "pytest", "-q", "-p", "no:cacheprovider", *FILES)
    assert "skipped" not in done.stdout


@pytest.mark.slow(30)
def test_a_sweep_on_jax_is_one_on_tensorflow_without_it(
    tmp_path: Path, migrated_database: Path, shared_cache: Path
) -> None:
    """Other random weights and draws, so alike within what two seeds differ by; the detector sees in both."""
    (tmp_path / "sitecustomize.py").write_text(NO_TENSORFLOW)
    file, found = tmp_path / "other.yaml", {}
    file.write_text(SWEEP)
    for backend in ("tensorflow", "jax"):
        home = tmp_path / backend
        (home / "mlruns").mkdir(parents=True)
        shutil.copy(migrated_database, home / "mlruns" / "mlflow.db")
        more = {"CAE_HOME": str(home), "CAE_CACHE": str(shared_cache), "PYTHONPATH": str(tmp_path)}
        run_on(backend, "-m", "sweeps", "run", str(file), **more)
        (cell,) = json.loads(run_on(backend, "-m", "sweeps", "compare", str(file), "--json", **more).stdout)["cells"]
        found[backend] = cell["metrics"]
        pictures = tmp_path / f"{backend}.png"
        run_on(backend, "-m", "sweeps", "sample", str(file), "--best", "--count", "4", "--out", str(pictures), **more)
        assert pictures.exists()
    ours, theirs = found["jax"], found["tensorflow"]
    assert ours.keys() == theirs.keys()
    assert ours["faces/visible_real"] == theirs["faces/visible_real"] > 0.8
    assert ours["reconstruction/bce"] == pytest.approx(theirs["reconstruction/bce"], rel=0.05)
    assert ours["mnd/marginal_gaussianity"] == pytest.approx(theirs["mnd/marginal_gaussianity"], abs=0.03)
    # No other network before its training is taken for this one's.
    assert ours["control/untrained/off_origin_distance"] != theirs["control/untrained/off_origin_distance"]
    assert ours["control/projection/radius_agreement"] == theirs["control/projection/radius_agreement"]


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_same_weights_give_the_same_losses_latents_and_scores(tmp_path: Path, backend: str) -> None:
    pytest.importorskip(backend, reason=f"needs {backend}; it is no dependency")
    results = {}
    for name in ("tensorflow", backend):
        out = tmp_path / f"{name}.npz"
        run_on(name, "-m", "tests.end_to_end.same_weights", str(tmp_path / "weights.npz"), str(out))
        with np.load(out, allow_pickle=False) as found:
            results[name] = {key: found[key] for key in found.files}
    ours, theirs = results[backend], results["tensorflow"]
    spread = theirs["after"].std()
    assert ours["losses"] == pytest.approx(theirs["losses"], abs=2e-5)
    assert np.abs(ours["before"] - theirs["before"]).max() <= 1e-5 * spread
    assert np.abs(ours["after"] - theirs["after"]).max() <= 1e-2 * spread
    one, other = (score(values["after"], calibrate=False).values for values in (ours, theirs))
    for name in ("marginal_gaussianity", "radius_agreement", "contour_agreement", "off_origin_distance"):
        assert one[name] == pytest.approx(other[name], abs=0.005)
