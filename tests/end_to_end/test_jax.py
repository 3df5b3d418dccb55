"""What only JAX has, and what has to be the same on it: these files once more with JAX as Keras' backend."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FILES = ("tests/cae/loops", "tests/cae/test_replicates.py", "tests/sweeps/pipeline/test_together.py")


@pytest.mark.slow(40)
@pytest.mark.thorough
def test_compiled_trainings_on_jax(request: pytest.FixtureRequest) -> None:
    pytest.importorskip("jax", reason="needs JAX, which the test extra installs")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *FILES]
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    done = subprocess.run(command, cwd=request.config.rootpath, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout
