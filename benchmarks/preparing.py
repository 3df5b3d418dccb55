"""Photographs to a prepared set, and synthetic faces."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.interleave import timed
from benchmarks.table import Row

# As many as CelebA has; the peer, which has no start and no end to pay for, does with fewer.
COUNT, PEERS_COUNT, DIFFERENT, ROUNDS = 202_599, 24_000, 3_000, 3
WIDTH, HEIGHT, QUALITY = 178, 218, 90


def rows() -> Iterable[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "photographs"
        size = write_photographs(folder)
        ours, pillow = [], []
        for turn in range(ROUNDS):
            ours.append(timed(partial(prepare, folder, Path(scratch) / f"cache-{turn}")))
            pillow.append(PEERS_COUNT / timed(partial(with_pillow, folder)))
            shutil.rmtree(Path(scratch) / f"cache-{turn}")
    seconds, peer = statistics.median(ours), statistics.median(pillow)
    rate = COUNT / seconds
    what = f"preparing JPEG of {WIDTH}x{HEIGHT}, {size / 1000:.1f} kB, to 96x96, whole call"
    yield Row(what, rate, "images/s", goal=6_000)
    yield Row(what, rate, "images/s", "Pillow in as many processes, kept nowhere", rate / peer)
    yield Row(f"{COUNT:,} of these", seconds, "s", goal=60, less=True)
    yield Row("synthetic faces, one core", synthetic(), "images/s", goal=400)


def write_photographs(folder: Path) -> float:
    """Writes COUNT JPEGs of rendered faces of CelebA's size, with a photograph's grain; their mean size in bytes.

    Only DIFFERENT of them are different, the others are links to them.
    """
    from cae.datasets.synthetic import draw_factors, render

    folder.mkdir()
    rng = np.random.default_rng(0)
    people = draw_factors(0, 200, seed=0, factors="gaussian")
    faces = [cv2.resize(face, (WIDTH, HEIGHT)) for face in render(people, 128)]
    for number in range(COUNT):
        path = folder / f"{number:06d}.jpg"
        if number >= DIFFERENT:
            path.hardlink_to(folder / f"{number % DIFFERENT:06d}.jpg")
            continue
        grain = rng.normal(0, 5, (HEIGHT // 2, WIDTH // 2, 1)).astype(np.float32)
        noisy = faces[number % len(faces)] + cv2.resize(grain, (WIDTH, HEIGHT))[..., None]
        cv2.imwrite(str(path), np.clip(noisy, 0, 255).astype(np.uint8)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return sum(path.stat().st_size for path in folder.iterdir()) / COUNT


def prepare(folder: Path, cache: Path) -> None:
    """Everything that a first `cae run` does: listing, digest, processes, decoding, writing, flushing to disk."""
    from cae import datasets
    from cae.config import DataConfig

    os.environ["CAE_CACHE"] = str(cache)
    datasets.prepare(DataConfig(name="folder", path=str(folder)))


def with_pillow(folder: Path) -> None:
    paths = sorted(folder.iterdir())[:PEERS_COUNT]
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(_pillow, paths, chunksize=128))


def _pillow(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        top = (HEIGHT - WIDTH) // 2
        square = picture.convert("RGB").crop((0, top, WIDTH, top + WIDTH))
        return np.asarray(square.resize((96, 96), Image.Resampling.BILINEAR))


def synthetic() -> float:
    from cae.datasets.synthetic import draw_factors, render

    cv2.setNumThreads(1)
    table = draw_factors(0, 400, seed=0, factors="gaussian")
    return len(table) / statistics.median(timed(partial(render, table, 96)) for _ in range(ROUNDS))
