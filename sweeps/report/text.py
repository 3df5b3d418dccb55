"""What a report says in words: what was varied and fixed, on which images, and how to do it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from cae.config import PLACES, RunConfig, flatten
from sweeps import tracking
from sweeps.analysis.comparison import Comparison
from sweeps.planning.plan import SweepRun
from sweeps.report.representatives import Representative, seed_words
from sweeps.spec.display import plural, readable, short_name
from sweeps.spec.fields import SEED
from sweeps.spec.goals import MSE
from sweeps.spec.sweep_file import overrides

# Tags of runs that say what they were made with.
MADE_WITH = {"cae-mnd": "cae.version", "scores": tracking.METRICS, "git commit": "git.commit"}
# Of a commit these are enough.
SHOWN = 12


def questions(comparison: Comparison) -> list[str]:
    """What the sweep asks; of several, what each does."""
    asked = [sweep.description or "No question is written in the sweep file." for sweep in comparison.sweeps]
    if not comparison.others:
        return asked
    return [f"{sweep.name}: {question}" for sweep, question in zip(comparison.sweeps, asked, strict=True)]


def counts(comparison: Comparison) -> str:
    """How much there is: cells, runs, seeds."""
    runs = _runs(comparison)
    seeds = sorted({run.config.training.seed for run in runs})
    return (
        f"{plural(len(comparison.groups), 'cell')}, {plural(len(runs), 'finished run')}, "
        f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
    )


def _runs(comparison: Comparison) -> list[SweepRun]:
    return [run for group in comparison.groups for run in group.runs]


def ranking(comparison: Comparison) -> str:
    """By what the cells are ranked, and what the star stands for."""
    goals = " and ".join(f"{metric.name} ({metric.goal})" for metric in comparison.ranking)
    asked = dict.fromkeys([*(metric.name for metric in comparison.ranking), MSE])
    return f"Ranked by {goals}. * beaten by no other in {' and '.join(map(short_name, asked))} alike."


def varied(comparison: Comparison) -> list[tuple[str, str]]:
    """Every field in which the cells differ, with its values in the finished runs."""
    names = comparison.groups[0].values
    levels = {name: dict.fromkeys(group.values[name] or "-" for group in comparison.groups) for name in names}
    return [(name, ", ".join(sorted(found, key=as_number))) for name, found in levels.items()]


def as_number(text: str) -> tuple[float, str]:
    """By this, levels stand in their order: numbers by size, then words."""
    try:
        return float(text), text
    except ValueError:
        return float("inf"), text


def fixed(comparison: Comparison) -> list[tuple[str, str]]:
    """Every field that all runs have in common and that is not at its default. Where files lie does not count."""
    flat = [flatten(run.config) for run in _runs(comparison)]
    default = flatten(RunConfig())
    same = {name: value for name, value in flat[0].items() if all(other[name] == value for other in flat)}
    skipped = {*PLACES, SEED, *comparison.groups[0].values}
    return [(name, readable(value)) for name, value in same.items() if name not in skipped and value != default[name]]


def data_sets(comparison: Comparison, results: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    """What each data set is called, and its images, as far as its run recorded them.

    results: `result.json` by `data_key`, empty where a run has none.
    """
    first = {data_key(run): run for run in _runs(comparison)}
    return [
        (
            f"{run.config.data.name} at {run.config.data.resolution} px",
            f"{_images(results.get(key, {}))}digest {run.data_digest}",
        )
        for key, run in first.items()
    ]


def data_key(run: SweepRun) -> str:
    """What tells the image set of a run from others: the digest, and the surrogates that were made of it."""
    return f"{run.data_digest}-{run.config.data.surrogate}"


def _images(result: Mapping[str, Any]) -> str:
    images = result.get("images")
    if images is None:
        return ""
    return f"{images['train']:,} training images, {images['held_out']:,} held out ({images['report']}); "


def sheet_words(shown: Sequence[Representative], rows: int) -> str:
    """What all rows of the contact sheet have in common, and which cells are not on it."""
    words = f"The same people and the same draws in every row; {seed_words([cell.run for cell in shown[:rows]])}"
    left = len(shown) - rows
    return f"{words}; the best {rows} of {len(shown)} cells" if left else words


def reproduce(comparison: Comparison, results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """commands: to do it again. made_with: name to the versions that the runs recorded."""
    words = ["".join(f" --set {shlex.quote(text)}" for text in overrides(sweep)) for sweep in comparison.sweeps]
    files = [shlex.quote(sweep.file.name) for sweep in comparison.sweeps]
    # Of several each is compared as it was last run.
    fixed_too = "" if comparison.others else words[0]
    return {
        "commands": [f"cae run {file}{more}" for file, more in zip(files, words, strict=True)]
        + [f"cae compare {' '.join(files)}{fixed_too}"],
        "made_with": _made_with(comparison, results),
    }


def _made_with(comparison: Comparison, results: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    ids = {run.run_id for run in _runs(comparison)}
    recorded = [record for sweep in comparison.sweeps for record in tracking.records(sweep.name).values()]
    records = [record for record in recorded if record.run_id in ids]
    found = {name: {r.tags[tag][:SHOWN] for r in records if tag in r.tags} for name, tag in MADE_WITH.items()}
    for result in results.values():
        for name, version in result.get("versions", {}).items():
            found.setdefault(name, set()).add(version)
    return [(name, ", ".join(sorted(versions))) for name, versions in found.items() if versions]
