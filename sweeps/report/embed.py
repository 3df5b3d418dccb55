"""Pictures inside a page: figures as SVG in the page's own ink, readable in the dark as well; others as WebP."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from PIL import Image

from metrics.plots import INK

QUALITY = 90
# Begins the id of what says its name when a pointer comes near.
NAMED = "named:"
# A color that nothing else has, to stand for that of the page.
PAPER = "#fefefd"
# Text stays text: it can be searched, and takes half the bytes of outlines.
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "sans-serif"],
}
_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}


def name(artist: Artist, words: str) -> None:
    """Lets a part of a figure say these words. What stands before the first " · " is the same for parts of the same
    thing, which are marked together."""
    artist.set_gid(NAMED + words)


def as_svg(figure: Figure, name: str, label: str) -> Markup:
    """The figure as an <svg> element that fits the width it is given.

    name: letters that no other figure of the page has. label: what is read out to those who do not see it.
    """
    stream = io.StringIO()
    with rc_context({**_SETTINGS, "svg.hashsalt": name}):
        figure.savefig(stream, format="svg", transparent=True, metadata=_NO_METADATA)
    text = stream.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor").replace(PAPER, "var(--paper)")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)
    text = re.sub(rf"<g id=([\"']){NAMED}(.*?)\1>", r'<g class="named"><title>\2</title>', text)
    # Ids hold for the whole page.
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    text = re.sub(r' width="[^"]*pt"| height="[^"]*pt"', "", text, count=2)
    return Markup(text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1))  # noqa: S704 - matplotlib escapes


def as_image(picture: Image.Image, label: str) -> Markup:
    """The picture as an <img> element that holds its own content."""
    stream = io.BytesIO()
    picture.save(stream, format="webp", quality=QUALITY, method=4)
    content = base64.b64encode(stream.getvalue()).decode()
    tag = Markup('<img alt="{}" width="{}" height="{}" src="data:image/webp;base64,{}">')
    return tag.format(label, picture.width, picture.height, content)
