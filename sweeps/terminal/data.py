"""Prepare image sets once for all runs, and say what is prepared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import ValidationError
from rich.console import Console

from cae.config import DataConfig
from cae.datasets import load, prepared
from cae.datasets.report import summary
from sweeps.analysis.column import Column
from sweeps.errors import SweepError
from sweeps.spec.fields import check_value
from sweeps.terminal.progress import item_bar
from sweeps.terminal.runs import console
from sweeps.terminal.table import show_table


def prepare_all(sets: Iterable[DataConfig], out: Console) -> Iterator[str]:
    """Prepares each set that is not there yet, with a progress bar; yields a line on each. Raises DataError."""
    for data in dict.fromkeys(sets):
        with item_bar(out, "reading the list of images") as tell:
            images = load(data, progress=tell)
        yield f"{data.name} at {data.resolution} px: {summary(images.report)}; digest {images.digest}"


def prepare_and_tell(out: Console) -> Callable[[Iterable[DataConfig]], None]:
    """Prepares the sets it is called with and prints the line on each."""

    def prepare(sets: Iterable[DataConfig]) -> None:
        for line in prepare_all(sets, out):
            out.print(line, markup=False)

    return prepare


def named_sets(names: tuple[str, ...], resolutions: tuple[int, ...], fields: dict[str, Any]) -> list[DataConfig]:
    """Every combination of names and resolutions with these other fields. Raises SweepError."""
    return [_config({"name": name, "resolution": size, **fields}) for name in names for size in resolutions]


def _config(fields: dict[str, Any]) -> DataConfig:
    try:
        return DataConfig(**{key: check_value(f"data.{key}", value) for key, value in fields.items()})
    except ValidationError as error:
        raise SweepError(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from None
    except ValueError as error:
        raise SweepError(str(error)) from None


def show_prepared() -> None:
    """Prints a table of the prepared sets in the cache."""
    out, entries = console(), prepared()
    columns = [
        Column("name", [entry.name for entry in entries], right=False),
        Column("pixels", [str(entry.resolution) for entry in entries]),
        Column("crop", [entry.crop for entry in entries], right=False),
        Column("contrast", [entry.contrast for entry in entries], right=False),
        Column("background", [entry.background for entry in entries], need=2, right=False),
        Column("blur", [f"{entry.blur:g}" for entry in entries], need=2),
        Column("images", [f"{entry.count:,}" for entry in entries]),
        Column("left out", [str(entry.left_out) for entry in entries]),
        Column("MB", [f"{entry.bytes / 1e6:,.0f}" for entry in entries]),
        Column("digest", [entry.digest for entry in entries], need=1, right=False),
        Column("prepared", [entry.created for entry in entries], need=2, right=False),
    ]
    if not entries:
        return out.print("nothing is prepared yet; `cae run` and `cae data prepare` do it")
    return show_table(out, columns)
