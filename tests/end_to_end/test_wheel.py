"""The wheel: installed away from the repository, with the packages that are here, it does what the clone does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from tests.conftest import TINY_SWEEP

pytestmark = [pytest.mark.thorough, pytest.mark.slow(seconds=45)]
PACKAGES = ("cae", "metrics", "sweeps")
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def done(*command: str | Path, folder: Path) -> str:
    """What a command prints that is run in a folder, without the repository on its path."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, in which no older build lies."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in (*PACKAGES, "experiments"):
        shutil.copytree(name, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(name, source)
    done(*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", built, ".", folder=source)
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`bin` of an environment with the wheel; all other packages are those of this one, so nothing is downloaded."""
    environment = tmp_path_factory.mktemp("environment")
    done(sys.executable, "-m", "venv", "--without-pip", environment, folder=environment)
    python = environment / "bin" / "python"
    own = Path(done(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=environment).strip())
    # Of a folder that is named so, no .pth file is read: the clone that this environment has installed stays out.
    (own / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    done(*PIP, "--python", python, "install", "--no-deps", "--no-index", wheel, folder=environment)
    return python.parent


def test_it_has_every_file_of_the_packages(wheel: Path) -> None:
    files = {path for name in PACKAGES for path in Path(name).rglob("*") if path.is_file()}
    names = {path.as_posix() for path in files if "__pycache__" not in path.parts}
    # The experiments are a link in the clone, and files in the wheel.
    experiments = {f"sweeps/{path.as_posix()}" for path in Path("experiments").glob("*.*")}
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == names | experiments


def test_it_works_away_from_the_repository(programs: Path, database: Path, tmp_path: Path) -> None:
    cae, lab = programs / "cae", tmp_path / "lab"
    assert done(programs / "python", "-m", "cae", "--version", folder=tmp_path).startswith(
        f"cae-mnd {metadata.version('cae-mnd')} (keras"
    )
    where = done(programs / "python", "-c", "import sweeps; print(sweeps.__file__)", folder=tmp_path)
    assert Path(where).is_relative_to(programs.parent)
    assert "cae run experiments/quickstart.yaml" in done(cae, "init", lab, folder=tmp_path)
    assert "8 cells: 8 new" in done(cae, "plan", "experiments/quickstart.yaml", folder=lab)
    (lab / "tiny.yaml").write_text(TINY_SWEEP, encoding="utf-8")
    done(cae, "run", "tiny.yaml", "--limit", "1", folder=lab)
    compared = json.loads(done(cae, "compare", "tiny.yaml", "--json", "--out", "report", folder=lab))
    assert [cell["state"] for cell in compared["cells"]] == ["finished", "new"]
    assert "<title>" in (lab / "report" / "report.html").read_text(encoding="utf-8")
