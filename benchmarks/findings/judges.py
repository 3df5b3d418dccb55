"""How predictions are judged: each by a function of its name, of the runs of a sweep."""

from __future__ import annotations

from collections.abc import Callable

# What was measured, in words, and whether the prediction holds.
Judge = Callable[[], tuple[str, bool]]
JUDGES: dict[str, tuple[str, Judge]] = {}


def judges(sweep: str) -> Callable[[Judge], Judge]:
    """Makes a function the judge of the prediction that has its name; it judges when this sweep is done."""

    def register(judge: Judge) -> Judge:
        JUDGES[judge.__name__.upper()] = (sweep, judge)
        return judge

    return register
