"""Something happens when a function is called: a death, an error, a note. The product itself stays as it is."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Killed(BaseException):
    """kill -9, as far as a test can be killed."""


@contextmanager
def on_call(function: Callable[..., Any], action: Callable[[FrameType], None]) -> Iterator[None]:
    """Calls `action` with the frame of each call of a Python function, before its first line. What it raises comes
    out of the function. In this process, also in threads that start meanwhile."""

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code is function.__code__:  # type: ignore[attr-defined]
            action(frame)

    sys.setprofile(profile)
    threading.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def die(_: FrameType) -> None:
    """The action of a process that is killed there."""
    raise Killed
