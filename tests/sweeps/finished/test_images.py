"""The images of a finished run, as they are compared with those that it recorded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cae.config import from_flat
from cae.datasets import DataError
from cae.datasets.sources import open_source
from sweeps.finished.lookup import FinishedRun


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(20):
        Image.fromarray(np.full((16, 16, 3), number, np.uint8)).save(folder / f"{number}.bmp")
    return folder


@pytest.mark.parametrize("kind", ["digest", "former"])
def test_images_are_known_by_their_content_and_by_what_older_versions_recorded(
    pictures: Path, tmp_path: Path, kind: str
) -> None:
    config = from_flat({"data.name": "folder", "data.path": str(pictures), "data.resolution": 32, "model.maps": [8]})
    recorded = getattr(open_source(config.data), kind)
    (tmp_path / "config.json").write_text(config.model_dump_json())
    (tmp_path / "result.json").write_text(json.dumps({"data_digest": recorded}))
    run = FinishedRun("id", "name", "sweep", tmp_path)
    assert run.images().digest == recorded
    Image.fromarray(np.full((16, 16, 3), 99, np.uint8)).save(pictures / "0.bmp")
    with pytest.raises(DataError, match="not the images of this run"):
        run.images()
