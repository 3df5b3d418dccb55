"""What a run tells while it goes on, and what may stop it: the user, a search, another machine."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sweeps.execution.task import StopRule
from sweeps.files import write_json

# Set when this process shall end with the epoch that it is in; a run that is past its training is finished.
stop_after_epoch = threading.Event()


class Interrupted(BaseException):
    """The process was asked to stop; like KeyboardInterrupt no error handler may swallow it."""


class Lost(BaseException):
    """Another machine works on the run now: nothing more may be recorded of it here."""


class Pruned(Exception):
    """The search has better use for the time; the message says after which epoch it was stopped."""


class RunCallbacks:
    """Writes a run's progress for others to read, logs its epochs, and stops it where that is wanted.

    log: brings the record of its epochs up to date. is_lost: whether another machine has taken the run over.
    """

    def __init__(
        self,
        folder: Path,
        epochs: int,
        log: Callable[[], None],
        stop_rule: StopRule | None = None,
        is_lost: Callable[[], bool] = lambda: False,
    ) -> None:
        self._folder, self._log, self._stop_rule, self._is_lost = folder, log, stop_rule, is_lost
        self._state: dict[str, Any] = {"started": time.time(), "epochs": epochs}
        self._last_epoch: int | None = None

    def _tell(self, **values: Any) -> None:
        if self._is_lost():
            raise Lost
        self._state.update(values)
        write_json(self._folder / "progress.json", self._state)

    def on_step(self, step: str, part: str = "") -> None:
        """A step begins, or a part of it."""
        since = self._state["since"] if step == self._state.get("step") else time.time()
        self._tell(step=step, part=part, since=since)

    def on_progress(self, p: Any) -> None:
        if stop_after_epoch.is_set():
            self._last_epoch = self._last_epoch or p.epoch
            if p.epoch > self._last_epoch:  # the checkpoint of the last one is written by now
                raise Interrupted
        if "trained_since" not in self._state:
            self._state |= {"trained_since": time.time(), "first_epoch": p.epoch}
        self._tell(epoch=p.epoch, done=p.done, total=p.total, loss=p.loss, speed=p.images_per_second)

    def on_epoch(self, epoch: Any) -> None:
        if stop_after_epoch.is_set():
            self._last_epoch = epoch.epoch
        losses = {"held_out_loss": epoch.held_out_loss, "last_loss": epoch.loss}
        self._tell(finished_epochs=epoch.epoch, epoch_ended=time.time(), **losses)
        try:
            self._log()
        except Exception as error:  # the files have it; it is logged when the run is recorded
            print(f"epoch {epoch.epoch} could not be logged yet: {error}", file=sys.stderr)
        if self._stop_rule is not None:
            _stop_if_poor(self._stop_rule, epoch)


def _stop_if_poor(rule: StopRule, epoch: Any) -> None:
    """Raises Pruned. A storage that is down stops no training."""
    try:
        poor = rule.poor(epoch.epoch, getattr(epoch, rule.loss))
    except Exception as error:
        print(f"epoch {epoch.epoch} could not be judged: {error}", file=sys.stderr)
        return
    if poor:
        raise Pruned(f"after epoch {epoch.epoch} of {rule.epochs}: others had a better {rule.loss} by then")
