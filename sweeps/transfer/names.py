"""Folders for runs, named by what tells them apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from cae.config import PLACES
from sweeps.spec.fields import FIELDS, SEED
from sweeps.spec.run_name import short_word
from sweeps.tracking import Record, recorded_value


def folder_names(records: Iterable[Record]) -> dict[str, str]:
    """Run id to a name such as "bn=true_z=256_seed=0": the fields in which these runs differ, the seed last.

    Runs that no field tells apart, on other images say, have a part of their hash in the name.
    """
    runs = list(records)
    fields = _differing(runs)
    names = {run.run_id: _name(run, fields) for run in runs}
    count = Counter(names.values())
    twice = {run.run_id: run.config_hash[:6] for run in runs if count[names[run.run_id]] > 1}
    return {run_id: f"{name}_{twice[run_id]}" if run_id in twice else name for run_id, name in names.items()}


def _differing(runs: Sequence[Record]) -> list[str]:
    """The fields in which the runs differ, in the order of RunConfig but the seed last; the seed where none does."""
    names = [name for name in FIELDS if name not in PLACES]
    differing = [name for name in names if len({recorded_value(run, name) for run in runs}) > 1]
    return [name for name in differing if name != SEED] + ([SEED] if SEED in differing or not differing else [])


def _name(run: Record, fields: Sequence[str]) -> str:
    words = [f"{short_word(name)}={recorded_value(run, name)}" for name in fields]
    return as_folder("_".join(words))


def as_folder(text: str) -> str:
    """The text without what has a meaning in paths or shells; never empty, and no folder above."""
    return re.sub(r"[^A-Za-z0-9=.\-_]+", "_", text).strip("._") or "run"
