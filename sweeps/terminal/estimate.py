"""What is left of a sweep, how long that will take and how large it will be: one line."""

from __future__ import annotations

from sweeps.planning.estimate import Estimate
from sweeps.spec.display import plural
from sweeps.terminal.time_left import rounded

PROBE = "--probe times a training"


def told(found: Estimate) -> str:
    """ "estimate: 80 runs to do: about 3 h one after the other, 350 MB, as 5 finished runs of their size"."""
    if not found.todo:
        return "estimate: nothing is left to do"
    runs = f"estimate: {found.todo:,} run{'s' * (found.todo != 1)} to do"
    if found.seconds is None:
        return f"{runs}; no finished run is of their size: {PROBE}"
    of = f"of {found.known:,} of them " if found.known < found.todo else ""
    lack = f"; no finished run is of the size of the others: {PROBE}" if of else ""
    return f"{runs}: {of}{', '.join(filter(None, [_time(found), _room(found), _source(found)]))}{lack}"


def _time(found: Estimate) -> str:
    hours = (found.seconds or 0) / 3600
    # Three digits, of which the third is doubtful already.
    words = rounded(found.seconds or 0) if hours < 100 else f"{float(f'{hours:.3g}'):,.0f} h"
    return f"about {words}{'' if found.with_analysis else ' of training'} one after the other"


def _room(found: Estimate) -> str:
    if found.bytes is None:
        return ""
    for unit, size in (("TB", 1e12), ("GB", 1e9)):
        if found.bytes >= size:
            return f"{found.bytes / size:.1f} {unit}"
    return f"{max(found.bytes / 1e6, 1):.0f} MB"


def _source(found: Estimate) -> str:
    where = " of other sweeps" if found.elsewhere else ""
    finished = f"{plural(found.examples, 'finished run')}{where} of their size"
    if not found.probed:
        return f"as {finished}"
    rest = f"all else as {finished}" if found.with_analysis else "what comes after it is not in it"
    return f"training as timed here for the smallest and the largest network, {rest}"
