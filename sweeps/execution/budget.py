"""What a launch may use up before it ends by itself: failures and hours."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sweeps.execution.task import Outcome

# How a run that is given up has ended: by an error, or with its process once too often.
GIVEN_UP = ("failed", "died", "killed")


@dataclass(frozen=True)
class Reason:
    """Why a launch ends before all is done. interrupts: whether that is an interruption, or a failure."""

    words: str
    interrupts: bool = True


@dataclass
class Budget:
    """Of one launch. max_failures, max_hours: None without a limit."""

    max_failures: int | None
    max_hours: float | None
    failures: int = 0
    began: float = 0.0

    def begin(self) -> None:
        """Its hours are counted from now on."""
        self.began = time.monotonic()

    def ended(self, outcome: Outcome) -> Reason | None:
        """A run ended and is not tried again: why the launch ends with it, None where it goes on."""
        self.failures += outcome.state in GIVEN_UP
        if self.max_failures is None or self.failures < self.max_failures:
            return None
        failed = "1 run failed" if self.failures == 1 else f"{self.failures} runs failed"
        return Reason(f"{failed}, the sweep file's max_failures", interrupts=False)

    def hours_over(self) -> Reason | None:
        """Why the launch ends now, None where it has time left."""
        if self.max_hours is None or time.monotonic() - self.began < 3600 * self.max_hours:
            return None
        return Reason(f"the sweep file's max_hours, {self.max_hours:g}, are over")
