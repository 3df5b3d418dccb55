"""The page: runs gathered, and written as one file."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import cae.layers  # noqa: F401  registers what saved models are made of
from cae.datasets import DataError, ImageSet
from cae.model import load_network
from cae.operations import UnknownOperationError
from cae.plugins import PluginError
from sweeps.errors import SweepError
from sweeps.explorer import payload
from sweeps.explorer.network import portable
from sweeps.explorer.photographs import sprite
from sweeps.explorer.points import points
from sweeps.explorer.rows import Asked, Row
from sweeps.explorer.tiles import strips
from sweeps.files import atomic_write, read_json
from sweeps.finished.lookup import FinishedRun, fetched
from sweeps.pipeline.latents import load_latents
from sweeps.report.contact_sheet import files_of
from sweeps.report.page import REPORT
from sweeps.report.representatives import fetch_pictures
from sweeps.spec.display import plural

MOST_POINTS = 5_000
# Of all principal scores of a run: 2.6 MB, so that a page of 256 components stays a mail attachment.
MOST_VALUES = 1_300_000
SCRIPTS = "data network space faces state map pointing panels controls strips person gallery main"
LIBRARIES = ("tf-core.es2017.min.js", "tf-backend-wasm.es2017.min.js", "fflate.js")
RUNTIME = "tfjs-backend-wasm-simd.wasm"
ABOUT = {
    False: "Everything is in this file, and all faces were made by the autoencoders: no photograph is in it.",
    True: "Everything is in this file, photographs of people as well: mind their licence before you pass it on.",
}


@dataclass(frozen=True, eq=False)
class _Space:
    """A run's latent space. told: plain values. arrays: as text. images: where photographs are to be shown."""

    told: dict[str, Any]
    arrays: str
    shown: np.ndarray
    images: ImageSet | None


def write_page(asked: Asked, out: Path, most: int = MOST_POINTS, photographs: bool = False) -> list[str]:
    """Writes the page, and gives what it had to leave out, a line each.

    most: so many vectors of each latent space are shown, fewer of many components. photographs: whether they, too, go
    into the page. A report that lies beside it is linked. Raises SweepError, TrackingError.
    """
    rows = asked.rows
    places = [next(place for place, row in enumerate(rows) if row.run_id == run_id) for run_id in asked.explored]
    most = min([most, *(MOST_VALUES // rows[place].config.model.latent_dim for place in places)])
    spaces = [_space(rows[place], place, most, photographs) for place in places]
    content = {
        "title": asked.title,
        "subtitle": _subtitle(rows, spaces),
        "about": ABOUT[photographs],
        "made": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        "has_report": (out.parent / REPORT).exists(),
        "rows": [row.told() | _faces(row, photographs) for row in rows],
        "spaces": [space.told for space in spaces],
        "photographs": _photographs(spaces),
    }
    _write(_rendered(content, [space.arrays for space in spaces]), out)
    return [f"{rows[space.told['row']].label}: {reason}" for space in spaces for reason in space.told["omitted"]]


def _subtitle(rows: Sequence[Row], spaces: Sequence[_Space]) -> str:
    shown = max((len(space.shown) for space in spaces), default=0)
    words = [plural(len(rows), "run"), f"{plural(len(spaces), 'latent space')} of up to {shown:,} vectors"]
    return "  ·  ".join(words[: 2 if spaces else 1])


def _write(text: str, out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(out) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SweepError(f"--out {out}: cannot be written: {error.strerror}") from None


def _rendered(content: Mapping[str, Any], arrays: Sequence[str]) -> str:
    environment = Environment(
        loader=PackageLoader("sweeps.explorer", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    folder = files("sweeps.explorer")
    libraries = [(folder / "vendor" / name).read_text(encoding="utf-8") for name in LIBRARIES]
    scripts = [(folder / "assets" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS.split()]
    return environment.get_template("explore.html.j2").render(
        title=content["title"],
        style=Markup((folder / "assets" / "style.css").read_text(encoding="utf-8")),  # noqa: S704 - ours
        libraries=[Markup(_unmapped(text)) for text in libraries],  # noqa: S704 - the vendor's
        script=Markup("\n".join(scripts)),  # noqa: S704 - ours
        runtime=payload.base64_of((folder / "vendor" / RUNTIME).read_bytes()),
        page=payload.script_json(content),
        arrays=arrays,
    )


def _unmapped(script: str) -> str:
    """Without its last line, which names a file for debuggers that is not there."""
    return script.partition("//# sourceMappingURL")[0]


# --- of one run ------------------------------------------------------------------------------------------------------


def _faces(row: Row, photographs: bool) -> dict[str, Any]:
    """The strips of a run's faces, and how many are in each."""
    with tempfile.TemporaryDirectory(prefix="cae-explore-") as scratch:
        found = strips(row.config, fetch_pictures(row.run_id, files_of(row.config), Path(scratch)), photographs)
    return {
        "strips": {column: payload.webp(strip) for column, strip in found.items()},
        "counts": {column: strip.shape[1] // strip.shape[0] for column, strip in found.items()},
    }


def _space(row: Row, place: int, most: int, photographs: bool) -> _Space:
    with fetched(row.run_id) as run:
        told, arrays = points(load_latents(run.folder / "latents" / "latents.npz"), most)
        network, weights, lacking = _network(run)
        images, absent = _images(run) if photographs else (None, "")
        digest = read_json(run.folder / "result.json")["data_digest"]
    where, text = payload.packed(arrays | weights)
    own = {"row": place, "set": digest, "network": network, "arrays": where, "omitted": [*lacking, *absent]}
    return _Space(told | own, text, arrays["images"], images)


def _network(run: FinishedRun) -> tuple[list[dict[str, Any]], dict[str, np.ndarray], list[str]]:
    """The decoder, or none and the reason."""
    try:
        return *portable(load_network(run.folder / "model" / "decoder.keras", run.config())), []
    except (UnknownOperationError, PluginError) as error:
        return [], {}, [f"its decoder cannot run in a browser, so it shows no new faces: {error}"]


def _images(run: FinishedRun) -> tuple[ImageSet | None, list[str]]:
    """The run's images, or none and the reason."""
    try:
        return run.images(), []
    except DataError as error:
        return None, [f"without photographs: {error}"]


def _photographs(spaces: Sequence[_Space]) -> dict[str, Any]:
    """Data set to the photographs of all vectors shown of it."""
    sets = {space.told["set"]: space.images for space in spaces if space.images is not None}
    numbers = {digest: [space.shown for space in spaces if space.told["set"] == digest] for digest in sets}
    return {digest: sprite(images, np.concatenate(numbers[digest])) for digest, images in sets.items()}
