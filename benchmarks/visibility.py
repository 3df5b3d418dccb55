"""Seconds that a face detector takes for 64 pictures: python -m benchmarks.visibility

mtcnn called with one picture at a time, as its documentation does, and `metrics.visibility.visible`, alternately, on
128 synthetic faces and on 128 pictures of noise smoothed to blobs; whether both see the same.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.ndimage import gaussian_filter

from cae.datasets.synthetic import draw_factors, render
from metrics.visibility import THRESHOLD, visible

COUNT, ROUNDS = 128, 3


def blobs() -> np.ndarray:
    """uint8 (COUNT, 96, 96, 3): noise as smooth as a decoder's failures, which raises many candidates."""
    noise = np.random.default_rng(0).standard_normal((COUNT, 96, 96, 3))
    smooth = gaussian_filter(noise, (0, 4, 4, 0))
    return np.clip(128 + 60 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def singly(images: np.ndarray) -> np.ndarray:
    """The same confidences by one call for each picture."""
    return np.concatenate([visible(image[None]) for image in images])


def timed(work: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> tuple[float, np.ndarray]:
    """Seconds for 64 pictures, and the confidences."""
    start = time.perf_counter()
    found = work(images)
    return (time.perf_counter() - start) * 64 / len(images), found


def main() -> None:
    start = time.perf_counter()
    visible(blobs()[:1])
    table = Table(
        "pictures", "s, one a call", "s, in batches", "share seen", "seen by one way only", "largest difference"
    )
    table.title = f"seconds for 64 pictures; loading and first call {time.perf_counter() - start:.1f} s"
    people = draw_factors(0, COUNT, seed=0, factors="gaussian")
    for name, images in {"synthetic faces": render(people, 96), "blobs": blobs()}.items():
        rounds = [(timed(singly, images), timed(visible, images)) for _ in range(ROUNDS)]
        seconds = (f"{statistics.median(r[way][0] for r in rounds):.2f}" for way in (0, 1))
        one, many = rounds[0][0][1], rounds[0][1][1]
        differently = np.count_nonzero((one > THRESHOLD) != (many > THRESHOLD))
        share = f"{np.mean(many > THRESHOLD):.3f}"
        table.add_row(name, *seconds, share, str(differently), f"{np.abs(one - many).max():.4f}")
    Console().print(table)


if __name__ == "__main__":
    main()
