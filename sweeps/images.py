"""Prepare image sets once for all runs, and say what is prepared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cae.config import DataConfig
from cae.datasets import load, prepared
from cae.datasets.report import summary
from sweeps.definition import SweepError, check_value
from sweeps.view import console


def prepare_all(sets: Iterable[DataConfig], out: Console) -> Iterator[str]:
    """Prepares each set that is not there yet, with a progress bar; yields a line on each. Raises DataError."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    for data in dict.fromkeys(sets):
        with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
            images = load(data, progress=_shown(bar))
        yield f"{data.name} at {data.resolution} px: {summary(images.report)}; digest {images.digest}"


def _shown(bar: Progress) -> Callable[[int, int, str], None]:
    task = bar.add_task("reading the list of images", total=None)
    return lambda done, total, what: bar.update(task, completed=done, total=total, description=what)


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
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("name", "pixels", "crop", "contrast", "images", "left out", "MB", "digest", "prepared"):
        table.add_column(column, no_wrap=True)
    for entry in prepared():
        size = f"{entry.bytes / 1e6:,.0f}"
        row = (entry.name, entry.resolution, entry.crop, entry.contrast, f"{entry.count:,}", entry.left_out, size)
        table.add_row(*map(str, row), entry.digest, entry.created)
    console().print(table if table.row_count else "nothing is prepared yet; `cae run` and `cae data prepare` do it")
