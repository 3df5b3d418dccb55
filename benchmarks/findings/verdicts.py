"""Each prediction of docs/findings.md beside what the runs say. A sweep without results has no verdict yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.findings import judges_of_images, judges_of_networks  # noqa: F401  which register their judges
from benchmarks.findings.judges import JUDGES
from benchmarks.findings.results import chosen, planned


@dataclass(frozen=True)
class Verdict:
    """measured: what it speaks of, in numbers. holds: None where runs are missing; done: how many there are."""

    prediction: str
    measured: str = ""
    holds: bool | None = None
    done: str = ""

    @property
    def word(self) -> str:
        return {None: self.done or "not run yet", True: "holds", False: "**failed**"}[self.holds]


def verdicts() -> Iterator[Verdict]:
    """Of every prediction, in their order."""
    for name, (sweep, judge) in sorted(JUDGES.items()):
        done, wanted = len(chosen(sweep)), planned(sweep)
        if done < wanted:
            yield Verdict(name, done=f"{done} of {wanted} runs so far" if done else "")
        else:
            yield Verdict(name, *judge())
