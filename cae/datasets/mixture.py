"""Several data sets mixed by weight, and the choice of some images of one: sets gathered from prepared sets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cae.config import DataConfig
from cae.datasets import cache, preparing
from cae.datasets.imageset import DataError
from cae.datasets.parts import Part, mixture_digest, parts
from cae.datasets.source import Progress, View
from cae.datasets.sources import view
from cae.datasets.splits import CHOICE, choose, generator

MIXTURE = 3


def counts(shares: list[float], available: list[int], size: int | None) -> list[int]:
    """Images of each part: `size` in all, by largest remainder; None: as many as the shares allow without repeating."""
    total = min(n / share for n, share in zip(available, shares, strict=True)) if size is None else size
    exact = np.array(shares) * total
    whole = np.floor(exact + 1e-9).astype(np.int64)
    if size is not None:
        most = np.argsort(whole - exact, kind="stable")
        whole[most[: size - int(whole.sum())]] += 1
    return [int(n) for n in whole]


def prepare(config: DataConfig, progress: Progress | None, recorded: Collection[str] = ()) -> tuple[Path, str]:
    """The cache folder and the digest of a mixture: its parts one after the other, `source` names each image's part."""
    found = parts(config, recorded)
    look = View(config.resolution, config.crop, config.contrast, config.background, config.blur)
    mixed = mixture_digest(config, found)
    key = f"mixture-{look.name}-{mixed}"

    def write(folder: Path) -> dict[str, Any]:
        report = asdict(look) | {"name": "mixture", "digest": mixed}
        return report | _mix(found, folders, config, folder, progress)

    folders = [preparing.prepare(part.source, view(part.source, part.config), progress) for part in found]
    return cache.build(key, write, progress), mixed


def _mix(
    found: list[Part], folders: list[Path], config: DataConfig, folder: Path, progress: Progress | None
) -> dict[str, Any]:
    read = [cache.read(prepared) for prepared in folders]
    available = [len(images) for images, _, _ in read]
    wanted = counts([part.share for part in found], available, config.size)
    _check_enough(found, available, wanted)
    rng = generator(config.seed, MIXTURE)
    rows = [choose(n, k, rng) for n, k in zip(available, wanted, strict=True)]
    preparing.gather([(images, chosen) for (images, _, _), chosen in zip(read, rows, strict=True)], folder, progress)
    tables = [
        table.iloc[chosen].assign(source=part.label)
        for part, (_, table, _), chosen in zip(found, read, rows, strict=True)
    ]
    _concatenate(tables).to_parquet(folder / cache.TABLE)
    listed = [
        {"source": part.label, "digest": part.source.digest, "share": part.share, "count": k, "available": n}
        for part, k, n in zip(found, wanted, available, strict=True)
    ]
    return {"count": sum(wanted), "left_out": sum(report["left_out"] for _, _, report in read), "parts": listed}


def _concatenate(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """One table of all columns; whole numbers that a part lacks become nullable whole numbers, labels text."""
    names = pd.unique(np.concatenate([table.columns.to_numpy(object) for table in tables]))
    ready = [_nullable(table, [n for n in names if any(n not in other for other in tables)]) for table in tables]
    return pd.concat(ready, ignore_index=True)[list(names)]


def _nullable(table: pd.DataFrame, incomplete: list[str]) -> pd.DataFrame:
    whole = {n: str(table[n].dtype).capitalize() for n in incomplete if n in table and table[n].dtype.kind == "i"}
    text = {"label": "string"} if "label" in table else {}
    return table.astype(whole | text)


def _check_enough(found: list[Part], available: list[int], wanted: list[int]) -> None:
    for part, n, k in zip(found, available, wanted, strict=True):
        if not 0 < k <= n:
            raise DataError(
                f"data.mixture: {part.label} has {n} images and its weight asks for {k}; "
                "change the weights or data.size"
            )


def select(folder: Path, config: DataConfig, progress: Progress | None) -> Path:
    """The cache folder of `size` images chosen with `seed` from a prepared set; the set itself where all are asked for.

    Copied once, so that all runs share one memory map and none holds the choice in its own memory.
    """
    images, table, report = cache.read(folder)
    if config.size is None or config.size == len(images):
        return folder
    if config.size > len(images):
        raise DataError(f"data.size: {config.size} images are asked for and {config.name} has {len(images)}")
    rows = choose(len(images), config.size, generator(config.seed, CHOICE))

    def write(chosen: Path) -> dict[str, Any]:
        preparing.gather([(images, rows)], chosen, progress)
        table.iloc[rows].reset_index(drop=True).to_parquet(chosen / cache.TABLE)
        return report | {"count": len(rows), "chosen_from": len(images), "seed": config.seed}

    return cache.build(f"{folder.name}-size{config.size}-seed{config.seed}", write, progress)
