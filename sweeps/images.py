"""`cae data`: prepare image sets and say what is prepared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from rich.table import Table

from cae.config import DataConfig
from cae.datasets import load, prepared
from sweeps.definition import SweepError, check_value
from sweeps.launch import prepare_one
from sweeps.view import console


def prepare_sets(names: tuple[str, ...], resolutions: tuple[int, ...], fields: dict[str, Any]) -> Iterator[str]:
    """Prepares every combination of names and resolutions; yields a line on each. Raises SweepError, DataError."""
    for name in names:
        for resolution in resolutions:
            data = _config({"name": name, "resolution": resolution, **fields})
            prepare_one(data, console(stderr=True))
            images = load(data)
            told = ", ".join(
                f"{key} {value}" for key, value in images.report.items() if isinstance(value, int) and value
            )
            yield f"{name} at {resolution} px: {len(images.images):,} images, digest {images.digest} ({told})"


def _config(fields: dict[str, Any]) -> DataConfig:
    try:
        return DataConfig(**{key: check_value(f"data.{key}", value) for key, value in fields.items()})
    except ValidationError as error:
        raise SweepError(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from None
    except ValueError as error:
        raise SweepError(str(error)) from None


def show_prepared() -> None:
    """Prints a table of the prepared sets in the cache."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("name", "pixels", "crop", "contrast", "images", "left out", "MB", "digest", "prepared"):
        table.add_column(column, no_wrap=True)
    for entry in prepared():
        size = f"{entry.bytes / 1e6:,.0f}"
        row = (entry.name, entry.resolution, entry.crop, entry.contrast, f"{entry.count:,}", entry.left_out, size)
        table.add_row(*map(str, row), entry.digest, entry.created)
    console().print(table if table.row_count else "nothing is prepared yet; `cae run` and `cae data prepare` do it")
