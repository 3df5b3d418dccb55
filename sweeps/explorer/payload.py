"""Arrays and values as text inside a page."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup
from PIL import Image

from sweeps.files import json_text

ALIGNED = 8
QUALITY = 82


def script_json(content: Any) -> Markup:
    """JSON that can stand inside a <script> element; numbers that are none as null."""
    return Markup(json_text(content).replace("<", "\\u003c"))  # noqa: S704 - nothing can end the element


def packed(arrays: Mapping[str, np.ndarray]) -> tuple[dict[str, Any], str]:
    """Where each array stands, name to (type, shape, offset in bytes), and all of them, little endian, as base64."""
    places: dict[str, Any] = {}
    parts: list[bytes] = []
    offset = 0
    for name, array in arrays.items():
        raw = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        raw += bytes(-len(raw) % ALIGNED)
        places[name] = [array.dtype.str[1:], list(array.shape), offset]
        parts.append(raw)
        offset += len(raw)
    return places, base64_of(b"".join(parts))


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def webp(picture: np.ndarray, quality: int = QUALITY) -> str:
    """uint8 (h, w, 3) as the address of an image that holds its own content."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="webp", quality=quality, method=4)
    return f"data:image/webp;base64,{base64_of(stream.getvalue())}"
