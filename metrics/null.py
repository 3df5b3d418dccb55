"""What the measures say of clouds that are exactly normal."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from metrics.spread import sides, skewness

# 20 samples know their sd to 16 %, 5 to 35 %: fewer only where one sample takes seconds.
MOST, FEWEST, VALUES = 20, 5, 100_000_000


@dataclass(frozen=True)
class Null:
    """What each measure has in samples of a normal distribution, by the measure's name.

    mean, sd: over `replicates` samples. low, high: a third of the way from the mean down, and up, to where a sample is
    once in 741 times, as it would be 3 sds off if the measure were normally distributed.
    """

    replicates: int
    mean: dict[str, float]
    sd: dict[str, float]
    low: dict[str, float]
    high: dict[str, float]

    def replaced_by(self, other: Null) -> Null:
        """This one with the measures of another in the place of its own."""
        parts = ("mean", "sd", "low", "high")
        return Null(other.replicates, *(getattr(self, part) | getattr(other, part) for part in parts))


def replicates(n: int, d: int) -> int:
    """Samples of n points with d components in a null distribution: 20 up to 5 million values, then fewer."""
    return int(np.clip(VALUES // (n * d), FEWEST, MOST))


def null_distribution(
    n: int,
    d: int,
    key: dict[str, Any],
    measure: Callable[[np.ndarray, np.random.SeedSequence], dict[str, float]],
    tell: Callable[[int, int], None] = lambda done, total: None,
    count: int | None = None,
) -> Null:
    """The null distribution of everything that `measure` gives, from the cache or computed and put there.

    measure: (n, d) float32 points and a seed to values by name. key: what its values depend on beside n and d
    (version, settings), plain values. tell: called with the samples done and to do, where there is something to do.
    count: how many samples; `replicates` of them unless given.
    The samples are N(0, I), whatever S is: shift and scale of components change no measure, and a mean over components,
    pairs or blocks is the same for any S; its sd alone grows where components are alike (see `metrics.alikeness`). The
    seed is fixed: all clouds of a size are compared with the same numbers. A damaged or unwritable cache costs the time
    again.
    """
    count = count or replicates(n, d)
    path = _path({**key, "n": n, "d": d, "replicates": count})
    found = _read(path)
    if found is not None:
        return found
    rows = list(_samples(n, d, count, measure, tell))
    # A measure that one sample of them did not allow has no null.
    names = [name for name in rows[0] if all(name in row for row in rows)]
    table = np.array([[row[name] for name in names] for row in rows])
    mean, sd = table.mean(axis=0), table.std(axis=0, ddof=1)
    low, high = sides(sd, skewness(table), count)
    null = Null(count, *(dict(zip(names, values.tolist(), strict=True)) for values in (mean, sd, low, high)))
    _write(path, null, {**key, "n": n, "d": d})
    return null


def _samples(
    n: int,
    d: int,
    count: int,
    measure: Callable[[np.ndarray, np.random.SeedSequence], dict[str, float]],
    tell: Callable[[int, int], None],
) -> Iterator[dict[str, float]]:
    for number, seed in enumerate(np.random.SeedSequence([n, d]).spawn(count)):
        tell(number, count)
        drawn, measured = seed.spawn(2)
        yield measure(np.random.default_rng(drawn).standard_normal((n, d), dtype=np.float32), measured)


def cache_folder() -> Path:
    """Where null distributions are kept: `nulls` in $CAE_CACHE, else in `cae-mnd` of the user's cache folder."""
    return Path(os.environ.get("CAE_CACHE") or platformdirs.user_cache_path("cae-mnd")) / "nulls"


def _path(key: dict[str, Any]) -> Path:
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:12]
    return cache_folder() / f"n={key['n']}_d={key['d']}_{digest}.json"


def _read(path: Path) -> Null | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Null(content["replicates"], *(content[part] for part in ("mean", "sd", "low", "high")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, null: Null, key: dict[str, Any]) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(key | asdict(null), indent=1), encoding="utf-8")
        os.replace(unfinished, path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink()
