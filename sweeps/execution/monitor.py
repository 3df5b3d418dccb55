"""What a launch tells whoever watches it. The terminal draws it; a program may hand in its own, or nothing."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

from sweeps.execution.task import Outcome


class RunMonitor(Protocol):
    """The run that one worker is on."""

    def begin(self, number: int, label: str, config_hash: str) -> None:
        """The `number`th run of the launch starts."""

    def end(self, outcome: Outcome) -> None:
        """It ended."""


class Monitor(Protocol):
    """A launch. Entered while its workers are at work."""

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def expect(self, total: int, workers: int) -> None:
        """So many runs are to come (0: not known), side by side on so many workers."""

    def line(self) -> RunMonitor:
        """What one worker reports to."""

    def poll(self) -> None:
        """Called a few times a second: time to look at what the runs wrote into their folders."""

    def say(self, text: str, style: str | None = None) -> None:
        """Something the user should know. style: "yellow" for a warning."""


class Silent:
    """A monitor that shows nothing, for launches from Python. It is its own line."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def expect(self, total: int, workers: int) -> None:
        pass

    def line(self) -> Silent:
        return self

    def begin(self, number: int, label: str, config_hash: str) -> None:
        pass

    def end(self, outcome: Outcome) -> None:
        pass

    def poll(self) -> None:
        pass

    def say(self, text: str, style: str | None = None) -> None:
        pass
