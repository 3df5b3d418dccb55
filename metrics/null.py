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

from metrics.moments import Moments

# 20 samples know their sd to 16 %, 5 to 35 %: fewer only where one sample takes seconds.
MOST, FEWEST, VALUES = 20, 5, 100_000_000


@dataclass(frozen=True)
class Null:
    """Mean and sd of each measure over `replicates` samples of a normal distribution, by the measure's name."""

    replicates: int
    mean: dict[str, float]
    sd: dict[str, float]


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
    pairs or blocks is the same for any S; its sd alone grows where components are alike (see `alikeness`). The seed is
    fixed: all clouds of a size are compared with the same numbers. A damaged or unwritable cache costs the time again.
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
    mean, sd = table.mean(axis=0).tolist(), table.std(axis=0, ddof=1).tolist()
    null = Null(count, dict(zip(names, mean, strict=True)), dict(zip(names, sd, strict=True)))
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


def alikeness(moments: Moments, order: int) -> float:
    """How much more a mean over components varies than over independent ones: sqrt(sum |r|^k / d), 1 and up.

    k: the order of the correlation of two components' statistics, each of them 1 for the component itself. With mean
    and sd taken out, the leading Hermite polynomial is the third, so that it is 6 for every squared or absolute
    deviation, an upper bound as higher polynomials take part; 4 for the mean excess kurtosis, exactly for many points
    (Mehler's formula). For 256 latent components of CelebA (60 samples of N(0, I) and of N(m, S), n = 5,400) the sd of
    excess kurtosis rose by 2.1 (k = 4: 1.85), of absolute skewness by 1.4 (k = 6: 1.43), of the KS distance by 1.06,
    and that of the contour agreement, which gets no factor, by 1.06. In 8 components made of two factors (150 samples,
    n = 500; k = 4: 1.78, k = 6: 1.58) they rose by 1.6, 1.6, 1.1 and, for contours as for blocks of 2, 1.4.
    Raises DegenerateError for constant components.
    """
    return float(np.sqrt((np.abs(moments.correlation) ** order).sum() / moments.d))


def cache_folder() -> Path:
    """Where null distributions are kept: `nulls` in $CAE_CACHE, else in `cae-mnd` of the user's cache folder."""
    return Path(os.environ.get("CAE_CACHE") or platformdirs.user_cache_path("cae-mnd")) / "nulls"


def _path(key: dict[str, Any]) -> Path:
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:12]
    return cache_folder() / f"n={key['n']}_d={key['d']}_{digest}.json"


def _read(path: Path) -> Null | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Null(content["replicates"], content["mean"], content["sd"])
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
