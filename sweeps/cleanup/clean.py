"""Puts the record in order after a kill, and removes the files that no run will use again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from sweeps import tracking, workspace
from sweeps.cleanup.activity import Activity, activity, describe_run
from sweeps.cleanup.leftovers import finished_keys, remove_work, size, trial_keys, unfinished_files
from sweeps.execution.launches import alive
from sweeps.execution.orphans import PROCESS_DEAD
from sweeps.search.study import take_over
from sweeps.tracking import Record

HOST_DEAD = "its machine is dead, said cae clean --host; the next cae run goes on from what this machine has of it"


def clean(sweep: str, storage: str | None = None, host: str | None = None, dry_run: bool = False) -> Iterator[str]:
    """Closes runs whose process is gone, removes what is of no use any more, and says each in a line.

    What a later `cae run` could use stays, and so does what is worked on now. host: a machine that the user knows to be
    dead. dry_run: only says it. Raises SweepError for a host on which nothing runs, TrackingError.
    """
    runs = tracking.attempts(sweep)
    before = activity(sweep, runs, storage)
    now = before.without(host)
    yield from _close(now.orphans, host, dry_run)
    if not dry_run:
        alive(sweep, storage)  # takes away the tags of launches that died
        take_over([trial for trial in now.lost if trial in before.remote], storage)
    for trial in now.lost:
        yield f"trial {trial.number} of the search: its process is gone; the next cae run takes it over"
    yield from _remove(sweep, tracking.latest(runs), now, storage, dry_run)
    for run in now.working:
        yield f"left alone: {describe_run(run)}: a process works on it"
    for run in now.away:
        yield f"left alone: {describe_run(run)}: if that machine is dead, --host {shlex.quote(run.host)} closes it"


def _close(orphans: Sequence[Record], host: str | None, dry_run: bool) -> Iterator[str]:
    for run in orphans:
        vouched = run.host == host
        if not dry_run:
            tracking.close(run.run_id, "KILLED", HOST_DEAD if vouched else PROCESS_DEAD)
        gone = "that machine is dead" if vouched else "its process is gone"
        yield f"{_word('closed', dry_run)}: {describe_run(run)}: {gone}"


def _remove(sweep: str, records: dict[str, Record], now: Activity, storage: str | None, dry_run: bool) -> Iterator[str]:
    finished = finished_keys(sweep, records.values())
    running = {trial.number for trial in (*now.busy, *now.remote, *now.lost)}
    locks = [key for key, number in trial_keys(sweep).items() if number not in running]
    for key in [*finished, *locks]:
        line = f"{_word('removed', dry_run)}: {_told_work(key)}"
        if dry_run or remove_work(key, storage):
            yield line
    # A process of another machine may be about to move such a file into place.
    for path in [] if now.working or now.away else unfinished_files(sweep, records.keys() - finished):
        if not dry_run:
            path.unlink(missing_ok=True)
        yield f"{_word('removed', dry_run)}: {path}: half a file of a process that is gone"


def _told_work(key: str) -> str:
    folder = workspace.work_folder(key)
    if folder.exists():
        return f"{folder}: files of a finished run, {size(folder) / 1e6:.1f} MB"
    return f"{folder}.lock: of what is finished"


def _word(done: str, dry_run: bool) -> str:
    return f"would be {done}" if dry_run else done
