"""What the commands report in one line instead of a traceback."""

from __future__ import annotations


class SweepError(ValueError):
    """A sweep file that cannot be run. Each line of the message names file, key, value and remedy."""


class TrackingError(RuntimeError):
    """The record of runs cannot be reached or written; the message says where it is looked for."""


class Stopped(KeyboardInterrupt):
    """A launch that ended as after Ctrl-C although nobody pressed it, and can go on as after that; the message says
    why."""


def cause(error: BaseException) -> str:
    """One line on what is behind an error: the driver's or the system's words, without those wrapped around them."""
    origin: BaseException = getattr(error, "orig", None) or error
    below: BaseException | None = origin
    while below is not None:
        if isinstance(below, OSError):
            origin = below
        below = below.__cause__ or below.__context__
    return (str(origin).splitlines() or [type(origin).__name__])[0]
