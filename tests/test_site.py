"""The documentation site: what it is built from, and that it builds."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cae
import metrics
import sweeps

# What a browser fetches by itself: scripts, pictures and styles, and what these ask for.
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*?\bsrc="([^"]*)|<link\b[^>]*?\bhref="([^"]*)|url\(["']?([^"')]*)"""
)


@pytest.mark.parametrize("package", [cae, metrics, sweeps], ids=lambda package: package.__name__)
def test_the_reference_has_what_a_package_offers(package: object) -> None:
    name = package.__name__
    shown = re.findall(r"^::: ([\w.]+)$", Path(f"pages/reference/{name}.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(path.rpartition(".")[2] for path in shown) == sorted(package.__all__)
    for path in shown:
        module, _, attribute = path.rpartition(".")
        assert getattr(importlib.import_module(module), attribute) is getattr(package, attribute), path


@pytest.mark.thorough
@pytest.mark.slow(seconds=10)
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="needs mkdocs: pip install 'cae-mnd[docs]'")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    texts = [path.read_text(encoding="utf-8") for kind in ("html", "css") for path in tmp_path.rglob(f"*.{kind}")]
    fetched = {"".join(found) for text in texts for found in FETCHED.findall(text)}
    assert {"site.css"} <= {address.rpartition("/")[2] for address in fetched}
    assert [address for address in fetched if re.match(r"\w*:?//", address)] == []
