"""What may end a run before its time."""

from __future__ import annotations

import threading

# Set when this process shall end with the epoch that it is in; a run that is past its training is finished.
stop_after_epoch = threading.Event()


class Interrupted(BaseException):
    """The process was asked to stop; like KeyboardInterrupt no error handler may swallow it."""


class Lost(BaseException):
    """Another machine works on the run now: nothing more may be recorded of it here."""


class Pruned(Exception):
    """The search has better use for the time; the message says after which epoch it was stopped."""
