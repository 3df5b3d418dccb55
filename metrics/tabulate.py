"""Makes the table of null distributions: `python -m metrics.tabulate FOLDER`, over an hour of two cores, resumable.

Each node is a file of the values of its samples; from all of them `metrics/nulls.npz` is written. Nodes that the table
of the same version has already are kept as they are: another size or dimension costs itself alone.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from metrics import battery
from metrics.cloud import Settings, cloud_of
from metrics.moments import moments, one_blas_thread
from metrics.null_table import LEAST_RATIO, TABLE
from metrics.scores import VERSION
from metrics.spread import skewness

SIZES = (125, 250, 500, 1_000, 2_000, 4_000, 10_000, 20_000, 60_000, 200_000)
# 5 and 10 beside the powers: of blocks of so many components there are few in clouds that are hardly wider.
DIMENSIONS = (2, 4, 5, 8, 10, 16, 32, 64, 128, 256, 512, 1_024)
# Single nodes: where half of the points, the smallest core, are just enough; and where contours bend.
NARROW = ((150, 64), (300, 128), (600, 256), (1_200, 512))
BENT = ((1_400, 16),)
# At most so many values; beyond, laws for many points hold.
MOST_VALUES = 21_000_000
MOST_SAMPLES, FEWEST_SAMPLES, SAMPLED_VALUES = 64, 8, 20_000_000
# Of small clouds, which cost little: the largest of many views is skewed, and 64 samples know its sd to 17 % alone.
SMALL, OF_SMALL = 40_000, 192


def nodes() -> list[tuple[int, int]]:
    """(n, d) of every node, the cheap ones first."""
    every = [(n, d) for n in SIZES for d in DIMENSIONS if n >= LEAST_RATIO * d and n * d <= MOST_VALUES]
    return sorted([*every, *NARROW, *BENT], key=lambda node: node[0] * node[1] ** 1.5)


def samples(n: int, d: int) -> int:
    most = OF_SMALL if n * d <= SMALL else MOST_SAMPLES
    return int(np.clip(SAMPLED_VALUES // (n * d), FEWEST_SAMPLES, most))


def measure(node: tuple[int, int], folder: Path) -> None:
    """Writes the values of one node's samples, unless they are there."""
    n, d = node
    path = folder / f"{VERSION}-{n}-{d}.npz"
    if path.exists():
        return
    rows = []
    with one_blas_thread():
        for seed in np.random.SeedSequence([n, d, 1]).spawn(samples(n, d)):
            drawn, measured = seed.spawn(2)
            points = np.random.default_rng(drawn).standard_normal((n, d), dtype=np.float32)
            rows.append(battery.shape(cloud_of(points, moments(points), Settings(), measured))[0])
    names = [name for name in rows[0] if all(name in row for row in rows)]
    values = np.array([[row[name] for name in names] for row in rows])
    unfinished = folder / f".{path.name}"
    np.savez(unfinished, names=np.array(names), values=values)
    os.replace(unfinished, path)
    print(f"{n} x {d}: {len(rows)} samples", flush=True)


# Measure to mean, sd and skewness over the samples of a node, and how many these are.
Node = dict[str, tuple[float, float, float, int]]


def summary(path: Path) -> Node:
    """That of a node's file."""
    with np.load(path) as stored:
        names, values = stored["names"].tolist(), stored["values"]
    mean, sd, skew = values.mean(axis=0).tolist(), values.std(axis=0, ddof=1).tolist(), skewness(values).tolist()
    return {name: (*parts, len(values)) for name, *parts in zip(names, mean, sd, skew, strict=True)}


def shipped() -> dict[tuple[int, int], Node]:
    """The same of every node of the table of this version."""
    try:
        with np.load(TABLE, allow_pickle=False) as stored:
            content = {key: stored[key] for key in stored.files}
    except OSError:
        return {}
    if str(content["version"]) != VERSION:
        return {}
    names = content["names"].tolist()
    lists = (content[part].tolist() for part in ("nodes", "samples", "mean", "sd", "skewness"))
    return {
        (n, d): {name: (*of, count) for name, *of in zip(names, *parts, strict=True) if np.isfinite(of[0])}
        for (n, d), count, *parts in zip(*lists, strict=True)
    }


def collect(folder: Path) -> None:
    """Writes the table of all nodes that are there: mean, sd, skewness and samples of each measure, NaN for none."""
    known = shipped()
    for n, d in nodes():
        path = folder / f"{VERSION}-{n}-{d}.npz"
        if (n, d) not in known and path.exists():
            known[n, d] = summary(path)
    content = {node: known[node] for node in nodes() if node in known}
    names = sorted({name for row in content.values() for name in row})
    table = np.full((3, len(content), len(names)), np.nan)
    for row, values in enumerate(content.values()):
        for name, (*parts, _) in values.items():
            table[:, row, names.index(name)] = parts
    np.savez_compressed(
        TABLE,
        version=np.array(VERSION),
        nodes=np.array(list(content)),
        names=np.array(names),
        samples=np.array([next(iter(values.values()))[-1] for values in content.values()]),
        mean=table[0],
        sd=table[1].astype(np.float32),
        skewness=table[2].astype(np.float32),
    )


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    missing = [node for node in nodes() if node not in shipped()]
    with ProcessPoolExecutor(min(2, len(os.sched_getaffinity(0)))) as pool:
        list(pool.map(measure, missing, [folder] * len(missing)))
    collect(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
