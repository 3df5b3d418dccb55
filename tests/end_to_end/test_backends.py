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
# Imported by every process at its start. Keras goes on without a TensorFlow that cannot be imported, so who asks for it
# is written down.
NO_TENSORFLOW = """
import importlib.machinery, os, sys, traceback
class Refused:
    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name == "tensorflow" else None
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        with open(os.environ["ASKED"], "a") as told:
            traceback.print_stack(file=told)
        raise ImportError("tensorflow was imported beside another backend")
if os.environ.get("KERAS_BACKEND") == "jax":
    sys.meta_path.insert(0, Refused())
"""


@pytest.fixture(autouse=True)
def _jax() -> None:
    pytest.importorskip("jax", reason="needs JAX, which the test extra installs")


def run_on(backend: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"KERAS_BACKEND": backend} | more
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.soak
def test_compiled_trainings_on_jax() -> None:
    done = run_on("jax", "-m", "pytest", "-q", "-p", "no:cacheprovider", *FILES)
    assert "skipped" not in done.stdout


@pytest.mark.slow(30)
def test_a_sweep_on_jax_is_one_on_tensorflow_without_it(
    tmp_path: Path, migrated_database: Path, shared_cache: Path, recorded_home: tuple[Path, Path]
) -> None:
    """Other random weights and draws, so alike within what two seeds differ by."""
    (tmp_path / "sitecustomize.py").write_text(NO_TENSORFLOW)
    home, file = tmp_path / "home", recorded_home[1]
    (home / "mlruns").mkdir(parents=True)
    shutil.copy(migrated_database, home / "mlruns" / "mlflow.db")
    more = {"CAE_HOME": str(home), "CAE_CACHE": str(shared_cache), "PYTHONPATH": str(tmp_path)}
    more["ASKED"] = str(tmp_path / "asked")
    settings = ["--set", "analysis.face_detector=true", "--set", "analysis.innermost_maps=1"]
    run_on("jax", "-m", "sweeps", "run", str(file), *settings, "--limit", "1", **more)
    pictures = tmp_path / "faces.png"
    run_on("jax", "-m", "sweeps", "sample", str(file), "--best", "--count", "4", "--out", str(pictures), **more)
    assert pictures.exists()
    assert not (tmp_path / "asked").exists(), (tmp_path / "asked").read_text()
    ours = _metrics(home, file, settings)
    theirs = _metrics(recorded_home[0], file, [])
    assert ours.keys() >= theirs.keys() | {"faces/visible_real"}
    assert ours["reconstruction/bce"] == pytest.approx(theirs["reconstruction/bce"], rel=0.1)
    assert ours["mnd/marginal_gaussianity"] == pytest.approx(theirs["mnd/marginal_gaussianity"], abs=0.05)
    # No other network before its training is taken for this one's; the pixels are the same.
    assert ours["control/untrained/off_origin_distance"] != theirs["control/untrained/off_origin_distance"]
    assert ours["control/projection/radius_agreement"] == theirs["control/projection/radius_agreement"]


def _metrics(home: Path, file: Path, settings: list[str]) -> dict[str, float]:
    """Of the first cell."""
    done = run_on("tensorflow", "-m", "sweeps", "status", str(file), "--json", *settings, CAE_HOME=str(home))
    return dict(json.loads(done.stdout)["cells"][0]["metrics"])


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
    assert ours["losses"] == pytest.approx(theirs["losses"], abs=2e-6)
    assert np.abs(ours["before"] - theirs["before"]).max() <= 1e-5 * spread
    assert np.abs(ours["after"] - theirs["after"]).max() <= 1e-3 * spread
    one, other = (score(values["after"], calibrate=False).values for values in (ours, theirs))
    for name in ("marginal_gaussianity", "radius_agreement", "contour_agreement", "off_origin_distance"):
        assert one[name] == pytest.approx(other[name], abs=5e-4)
