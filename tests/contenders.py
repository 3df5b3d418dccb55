"""Contenders for `benchmarks.interleave`, in a module that a process imports in no time."""

from __future__ import annotations

from collections.abc import Callable


def make_counter(amount: int) -> Callable[[], int]:
    return lambda: amount


def make_nothing() -> Callable[[], int]:
    raise FileNotFoundError("no data")
