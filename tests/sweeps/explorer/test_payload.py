from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from sweeps.explorer.payload import packed, script_json, webp


def test_arrays_are_found_where_they_are_said_to_be() -> None:
    arrays = {
        "halves": np.arange(3, dtype=np.float16),
        "floats": np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3),
        "bytes": np.array([[1, 255]], np.uint8),
        "none": np.empty((0, 4), np.int8),
        "big": np.arange(4, dtype=">i4"),
        "turned": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    }
    places, text = packed(arrays)
    raw = base64.b64decode(text)
    for name, array in arrays.items():
        kind, shape, offset = places[name]
        assert offset % 8 == 0
        found = np.frombuffer(raw, f"<{kind}", int(np.prod(shape)), offset).reshape(shape)
        assert (found == array).all()


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!-- <script>", "a & b", "ü \u2028"])
def test_no_text_ends_the_element_that_holds_it(text: str) -> None:
    written = script_json({"label": text, "value": float("nan")})
    assert "<" not in written
    assert json.loads(written) == {"label": text, "value": None}


def test_a_picture_is_held_by_its_address() -> None:
    picture = np.full((8, 24, 3), (200, 30, 60), np.uint8)
    head, content = webp(picture).split(",")
    assert head == "data:image/webp;base64"
    found = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))), dtype=int)
    assert found.shape == picture.shape
    assert abs(found - picture).max() < 8
