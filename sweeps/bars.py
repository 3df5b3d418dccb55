"""Bars for what takes long on a terminal; elsewhere nothing but the lines that tell what was done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Item = TypeVar("Item")


@contextmanager
def byte_bar(out: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """A function that shows how many bytes of how many are done."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def item_bar(out: Console, first: str) -> Iterator[Callable[[int, int, str], None]]:
    """A function that shows how many of how many are done, and of what; `first` until it is called."""
    with _items(out) as bar:
        task = bar.add_task(first, total=None)
        yield lambda done, total, what: bar.update(task, completed=done, total=total, description=what)


def shown(out: Console, what: str, items: Iterable[Item], total: int) -> Iterator[Item]:
    """The items as they come, under a bar on a terminal."""
    with _items(out) as bar:
        yield from bar.track(items, total=total, description=what)


def _items(out: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=out, transient=True, disable=not out.is_terminal)
