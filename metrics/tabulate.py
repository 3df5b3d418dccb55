"""Makes the table of null distributions: `python -m metrics.tabulate FOLDER`, over an hour of two cores, resumable.

Each node is a file of the values of its samples; from all of them `metrics/nulls.npz` is written.
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
from metrics.null_table import TABLE
from metrics.scores import VERSION
from metrics.spread import skewness

SIZES = (125, 250, 500, 1_000, 2_000, 4_000, 10_000, 20_000, 60_000, 200_000)
DIMENSIONS = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024)
# At least so many points for each component, at most so many values; beyond, laws for many points hold.
LEAST_RATIO, MOST_VALUES = 3, 21_000_000
MOST_SAMPLES, FEWEST_SAMPLES, SAMPLED_VALUES = 64, 8, 20_000_000


def nodes() -> list[tuple[int, int]]:
    """(n, d) of every node, the cheap ones first."""
    every = [(n, d) for n in SIZES for d in DIMENSIONS if n >= LEAST_RATIO * d and n * d <= MOST_VALUES]
    return sorted(every, key=lambda node: node[0] * node[1] ** 1.5)


def samples(n: int, d: int) -> int:
    return int(np.clip(SAMPLED_VALUES // (n * d), FEWEST_SAMPLES, MOST_SAMPLES))


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


def collect(folder: Path) -> None:
    """Writes the table of all nodes that are there: mean, sd, skewness and samples of each measure, NaN for none."""
    found = {node: folder / f"{VERSION}-{node[0]}-{node[1]}.npz" for node in nodes()}
    contents = {}
    for node, path in found.items():
        if path.exists():
            with np.load(path) as stored:
                contents[node] = dict(zip(stored["names"].tolist(), stored["values"].T, strict=True))
    names = sorted({name for content in contents.values() for name in content})
    table = np.full((3, len(contents), len(names)), np.nan)
    counts = np.array([len(next(iter(content.values()))) for content in contents.values()])
    for row, content in enumerate(contents.values()):
        for column, name in enumerate(names):
            if name in content:
                values = content[name][:, None]
                table[:, row, column] = values.mean(), values.std(ddof=1), skewness(values)[0]
    np.savez_compressed(
        TABLE,
        version=np.array(VERSION),
        nodes=np.array(list(contents)),
        names=np.array(names),
        samples=counts,
        mean=table[0],
        sd=table[1].astype(np.float32),
        skewness=table[2].astype(np.float32),
    )


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(measure, nodes(), [folder] * len(nodes())))
    collect(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
