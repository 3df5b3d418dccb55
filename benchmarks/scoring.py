"""The scores' speed and memory, and that of the obvious ways to the same numbers, in one run.

Ours and a peer are timed alternately; the ratio is that of the medians. Whole scores run in a process of their own:
without null distribution and intervals, with the null computed, with it from the cache. `python -m benchmarks.scoring`
adds 170,000 x 1,600, which leaves the null out, as that takes five times as long again, and adds the intervals instead.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import psutil
from scipy import stats

from benchmarks.interleave import timed
from benchmarks.table import Row, show
from metrics import score
from metrics.contours import contour_agreement, random_pairs
from metrics.intervals import standard_errors
from metrics.marginals import anderson_darling, ks_distances, marginals
from metrics.moments import mahalanobis_squared, moments
from metrics.multivariate import henze_zirkler

SIZES = ((5_000, 64), (15_000, 256), (170_000, 256))
LARGE = (170_000, 1_600)
ROUNDS = 5


def like_latents(n: int, d: int) -> np.ndarray:
    """float32 (n, d): correlated, off the origin, of varying radius, as latent vectors are."""
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((max(d // 8, 1), d)).astype(np.float32)
    points = rng.standard_normal((n, d), dtype=np.float32)
    for start in range(0, n, 10_000):
        rows = slice(start, start + 10_000)
        shared = rng.standard_normal((len(points[rows]), len(factors)), dtype=np.float32)
        points[rows] += shared @ factors / np.sqrt(len(factors), dtype=np.float32)
        points[rows] *= np.exp(0.2 * rng.standard_normal((len(points[rows]), 1), dtype=np.float32))
    points += 0.3
    return points


# --- piece by piece ----------------------------------------------------------------------------------------------


def comparisons() -> list[tuple[str, str, Callable[[], object], Callable[[], object]]]:
    """What, peer, ours and the peer's, all on the same 15,000 x 256 points."""
    import pingouin
    from sklearn.covariance import EmpiricalCovariance

    points = like_latents(15_000, 256)
    own, few, block = moments(points), points[:2_000], points[:1_000, :10].astype(np.float64)
    rescaled = (points - own.mean) / own.sd
    covariance = EmpiricalCovariance().fit(points)
    pair = rescaled[:, :2].T
    grid = np.stack(np.meshgrid(*[np.linspace(-4, 4, 160)] * 2)).reshape(2, -1)
    return [
        (
            "10 measures of 256 marginals of 15,000 points",
            "scipy.stats.kstest, skew and kurtosis, column by column",
            lambda: marginals(points, own),
            lambda: [(stats.kstest(c, "norm"), stats.skew(c), stats.kurtosis(c)) for c in rescaled.T],
        ),
        (
            "KS distance of 256 marginals of 15,000 points",
            "scipy.stats.kstest, column by column",
            lambda: ks_distances(points, own),
            lambda: [stats.kstest(c, "norm").statistic for c in rescaled.T],
        ),
        (
            "Anderson-Darling of 256 marginals of 2,000 points",
            "scipy.stats.anderson, column by column",
            lambda: anderson_darling(few),
            lambda: [stats.anderson(c, "norm", method="interpolate") for c in few.T],
        ),
        (
            "Mahalanobis distances of 15,000 x 256",
            "sklearn.covariance.EmpiricalCovariance",
            lambda: mahalanobis_squared(points, own),
            lambda: covariance.mahalanobis(points),
        ),
        (
            "Henze-Zirkler, 1,000 points in 10 components",
            "pingouin.multivariate_normality",
            lambda: henze_zirkler(block),
            lambda: pingouin.multivariate_normality(block),
        ),
        (
            "density contours of one pair of 15,000 points",
            "scipy.stats.gaussian_kde on a grid of 160 x 160",
            lambda: contour_agreement(points, own, np.array([[0, 1]]), (1.0, 2.0, 3.0)),
            lambda: stats.gaussian_kde(pair)(grid),
        ),
    ]


def compare(what: str, peer: str, ours: Callable[[], object], theirs: Callable[[], object]) -> Row:
    """Milliseconds, the median of ROUNDS alternate timings, after one of each that does not count."""
    ours()
    theirs()
    rounds = [(timed(ours), timed(theirs)) for _ in range(ROUNDS)]
    seconds, peer_seconds = (statistics.median(times) for times in zip(*rounds, strict=True))
    return Row(what, 1000 * seconds, "ms", peer, peer_seconds / seconds)


# --- the whole score ---------------------------------------------------------------------------------------------


def whole(n: int, d: int) -> dict[str, float]:
    """Seconds and memory beyond the input of `score` in a fresh process, with a cache of its own."""
    code = f"from benchmarks.scoring import measure_whole; measure_whole({n}, {d})"
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"CAE_CACHE": cache}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)  # noqa: S603
    return dict(json.loads(done.stdout))


def measure_whole(n: int, d: int) -> None:
    """Prints what `whole` returns. The memory is that of a score alone; a null takes a sample as large as the input."""
    points = like_latents(n, d)
    score(points[: 4 * d + 100, : min(d, 8)], calibrate=False)  # imports and pools
    with peak_megabytes() as beyond:
        alone = timed(lambda: score(points, calibrate=False))
    found = {"n": n, "d": d, "no_null": alone, "megabytes_beyond_input": max(beyond)}
    if (n, d) == LARGE:
        found["cached"] = alone + timed(lambda: intervals(points))
    else:
        found["first"] = timed(lambda: score(points))
        found["cached"] = timed(lambda: score(points))
    print(json.dumps(found))


def intervals(points: np.ndarray) -> dict[str, float]:
    """What `score` adds where the null comes from the cache; reading that takes no time."""
    rng, own = np.random.default_rng(0), moments(points)
    pairs = random_pairs(own.d, 200, rng)
    return standard_errors(points, own, mahalanobis_squared(points, own), pairs, (1.0, 1.5, 2.0, 2.5, 3.0), rng)


@contextmanager
def peak_megabytes() -> Iterator[list[float]]:
    """Megabytes of memory beyond those at the start, taken every 10 ms; the largest counts."""
    process, taken, done = psutil.Process(), [0.0], threading.Event()
    before = process.memory_info().rss

    def watch() -> None:
        while not done.wait(0.01):
            taken.append((process.memory_info().rss - before) / 2**20)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield taken
    finally:
        done.set()
        watcher.join()


# --- rows --------------------------------------------------------------------------------------------------------


def rows() -> Iterable[Row]:
    for entry in comparisons():
        yield compare(*entry)
    for size in SIZES:
        yield from whole_rows(*size)


def whole_rows(n: int, d: int) -> Iterable[Row]:
    names = {"no_null": "no null", "cached": "null from the cache", "first": "first time of a size"}
    found = whole(n, d)
    for name, what in names.items():
        if name in found:
            yield Row(f"score of {n:,} x {d:,}, {what}", found[name], "s")
    yield Row(f"score of {n:,} x {d:,}, memory beyond the input", found["megabytes_beyond_input"], "MB")


if __name__ == "__main__":
    show(whole_rows(*LARGE))
