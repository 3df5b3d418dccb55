"""Timing: contenders in processes of their own, all alive together, in windows taken in turn; and a single call."""

from __future__ import annotations

import importlib
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from typing import Any

# What a contender is: a function that does some work and returns how much, for example images.
Work = Callable[[], int]


@contextmanager
def contender(module: str, make: str, *arguments: Any, warm_up: int = 5) -> Iterator[Connection]:
    """A process that has called `make(*arguments)` of a module, and the result `warm_up` times; ended afterwards."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, module, make, arguments, warm_up), daemon=True)
    process.start()
    theirs.close()
    try:
        _answer(ours)
        yield ours
    finally:
        process.kill()
        process.join()


def rates(makers: dict[str, tuple[Any, ...]], seconds: float, rounds: int) -> dict[str, list[float]]:
    """Work per second of each contender, in each of `rounds` windows of `seconds`, taken in turn.

    makers: name to the arguments of `contender`.
    """
    with ExitStack() as stack:
        connections = {name: stack.enter_context(contender(*maker)) for name, maker in makers.items()}
        found: dict[str, list[float]] = {name: [] for name in makers}
        for _ in range(rounds):
            for name, connection in connections.items():
                found[name] += together([connection], seconds)
    return found


def together(connections: list[Connection], seconds: float) -> list[float]:
    """Work per second of contenders that work at the same time."""
    for connection in connections:
        connection.send(seconds)
    return [_answer(connection) for connection in connections]


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def once(module: str, function: str, *arguments: Any) -> Any:
    """What a function of a module returns, called in a fresh process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_call, module, function, arguments).result()


def _call(module: str, function: str, arguments: tuple[Any, ...]) -> Any:
    return getattr(importlib.import_module(module), function)(*arguments)


def medians(found: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in found.items()}


def _answer(connection: Connection) -> Any:
    found = connection.recv()
    if isinstance(found, BaseException):
        raise found
    return found


def _serve(connection: Connection, module: str, make: str, arguments: tuple[Any, ...], warm_up: int) -> None:
    try:
        work: Work = getattr(importlib.import_module(module), make)(*arguments)
        for _ in range(warm_up):
            work()
        connection.send(None)
        while True:
            connection.send(_rate(work, connection.recv()))
    except EOFError:
        return
    except Exception as error:
        connection.send(RuntimeError(f"{module}.{make}{arguments}: {type(error).__name__}: {error}"))


def _rate(work: Work, seconds: float) -> float:
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        done += work()
    return done / (time.perf_counter() - start)
