"""Decoding, cutting and scaling a whole data set, on all cores."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import joblib
import numpy as np
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import BrokenProcessPool

from cae.datasets import cache
from cae.datasets.imageset import DataError
from cae.datasets.places import root
from cae.datasets.source import Bad, Producer, Progress, Source, View
from cae.names import file_name

CHUNK = 128
MAX_BAD_SHARE = 0.05
# A report of a million bad files helps nobody.
LISTED_BAD = 10_000


def key(source: Source, view: View) -> str:
    """The name of the cache folder for this source seen in this way."""
    return f"{file_name(source.name)}-{view.name}-{source.digest}"


def prepare(source: Source, view: View, progress: Progress | None) -> Path:
    """The cache folder with all usable images of the source, made now if it is not there.

    Errors: DataError where more than MAX_BAD_SHARE of the images cannot be used, or none can.
    """
    name = key(source, view)
    return cache.build(name, lambda folder: _write(folder, name, source, view, progress), progress)


def _write(folder: Path, name: str, source: Source, view: View, progress: Progress | None) -> dict[str, Any]:
    table, notes = source.table()
    bad = _fill(cache.allocate(folder, source.count, view.resolution), source, view, progress)
    files = [{"file": str(table["file"].iloc[row]), "reason": reason} for row, reason in sorted(bad.items())]
    report = vars(view) | {"name": source.name, "digest": source.digest, "found": source.count}
    report |= {"count": source.count - len(bad), "left_out": len(bad), "bad": files[:LISTED_BAD]} | notes
    _check(name, source, report)
    good = np.setdiff1d(np.arange(source.count), list(bad))
    if bad:
        _close_gaps(folder, good)
    table.iloc[good].reset_index(drop=True).assign(source=source.name).to_parquet(folder / cache.TABLE)
    return report


def _fill(file: Path, source: Source, view: View, progress: Progress | None) -> dict[int, str]:
    """Write every image into its row; row -> reason of those that cannot be used."""
    starts = range(0, source.count, CHUNK)
    workers = min(joblib.cpu_count(), len(starts))
    bad: dict[int, str] = {}
    done = 0
    for read, refused in _run(_tasks(file, source, view, starts), workers):
        bad |= refused
        done += read
        if progress:
            progress(done, source.count, f"preparing {source.name} at {view.resolution}x{view.resolution}")
    return bad


def _tasks(file: Path, source: Source, view: View, starts: range) -> Iterator[Any]:
    for start in starts:
        stop = min(start + CHUNK, source.count)
        yield joblib.delayed(write_rows)(file, start, source.produce(start, stop), view)


def _run(tasks: Iterator[Any], workers: int) -> Iterator[tuple[int, dict[int, str]]]:
    parallel = joblib.Parallel(
        n_jobs=workers,
        return_as="generator_unordered",
        pre_dispatch="3*n_jobs",
        max_nbytes=None,
        initializer=_begin_worker,
        initargs=(os.getpid(),),
    )
    try:
        yield from parallel(tasks)
    except BrokenProcessPool:
        raise DataError(
            "a process that prepared images was killed, most likely for want of memory; try again"
        ) from None
    finally:
        if workers > 1:  # idle workers would hold their memory for minutes while the training runs
            get_reusable_executor().shutdown(wait=True, kill_workers=True)


def _begin_worker(parent: int) -> None:
    """One thread for OpenCV, as every core has its process; and an end within a second of the parent's.

    After a kill -9 of its parent a worker would wait for its next task for ever.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    if os.getpid() != parent:
        cv2.setNumThreads(1)
        threading.Thread(target=watch, daemon=True).start()


def write_rows(file: Path, start: int, produce: Producer, view: View) -> tuple[int, dict[int, str]]:
    """Runs in a worker: the number of rows gone through from `start` on, and row -> reason of the unusable ones."""
    images = np.load(file, mmap_mode="r+", allow_pickle=False)
    bad: dict[int, str] = {}
    row = start
    for row, image in enumerate(produce(view), start):
        if isinstance(image, Bad):
            bad[row] = image.reason
        else:
            images[row] = image
    return row - start + 1, bad


def _close_gaps(folder: Path, good: np.ndarray) -> None:
    """Keep the good rows alone."""
    whole = (folder / cache.IMAGES).rename(folder / "whole.npy")
    images = np.load(whole, mmap_mode="r", allow_pickle=False)
    gather([(images, good)], folder)
    whole.unlink()


def gather(parts: list[tuple[np.ndarray, np.ndarray]], folder: Path, progress: Progress | None = None) -> None:
    """Write the images.npy that holds the given rows of each of several image arrays, one part after the other."""
    total = sum(len(rows) for _, rows in parts)
    target = np.load(cache.allocate(folder, total, parts[0][0].shape[1]), mmap_mode="r+", allow_pickle=False)
    place = 0
    for images, rows in parts:
        for start in range(0, len(rows), CHUNK):
            block = rows[start : start + CHUNK]
            target[place : place + len(block)] = images[block]
            place += len(block)
            if progress:
                progress(place, total, "choosing images")


def _check(name: str, source: Source, report: dict[str, Any]) -> None:
    bad, found = report["left_out"], report["found"]
    if bad <= MAX_BAD_SHARE * found and bad < found:
        return
    place = root() / f"{name}{cache.FAILED}"
    place.write_text(json.dumps(report, indent=2), encoding="utf-8")
    first = ", ".join(f"{file['file']} ({file['reason']})" for file in report["bad"][:3])
    raise DataError(
        f"{source.name}: {bad} of {found} images cannot be used ({first}, ...); "
        f"at most {MAX_BAD_SHARE:.0%} may be bad: mend or remove them; all are listed in {place}"
    )
