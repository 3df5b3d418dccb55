"""What a mixture consists of: its parts and its digest, without an image of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace

from cae.config import DataConfig
from cae.datasets.files import digest
from cae.datasets.identity import settled
from cae.datasets.imageset import DataError
from cae.datasets.source import Source
from cae.datasets.sources import open_source


@dataclass(frozen=True)
class Part:
    """One source of a mixture under the name it has there, and its share of the images (all shares add up to 1)."""

    label: str
    share: float
    source: Source
    config: DataConfig


def parts(config: DataConfig, recorded: Collection[str] = ()) -> list[Part]:
    """The parts of a mixture; a second part of the same name is called NAME-2. Errors: DataError for a set twice.

    recorded: digests of runs on what may be this mixture.
    """
    found = _open(config)
    former = [replace(part, source=replace(part.source, digest=_former(part.source))) for part in found]
    if mixture_digest(config, former) in recorded:
        recorded = {part.source.digest for part in former}
    found = [replace(part, source=settled(part.source, recorded)) for part in found]
    _check_distinct(found)
    return found


def _former(source: Source) -> str:
    return source.former or source.digest


def _open(config: DataConfig) -> list[Part]:
    total = sum(part.weight for part in config.mixture)
    seen: Counter[str] = Counter()
    found: list[Part] = []
    for part in config.mixture:
        seen[part.name] += 1
        label = part.name if seen[part.name] == 1 else f"{part.name}-{seen[part.name]}"
        update = {"name": part.name, "path": part.path, "size": None, "mixture": ()}
        single = config.model_copy(update=update)
        found.append(Part(label, part.weight / total, open_source(single), single))
    return found


def _check_distinct(found: list[Part]) -> None:
    first: dict[str, str] = {}
    for part in found:
        other = first.setdefault(part.source.digest, part.label)
        if other != part.label:
            raise DataError(
                f"data.mixture: {other} and {part.label} are the same images; list them once, with a weight"
            )


def mixture_digest(config: DataConfig, found: list[Part]) -> str:
    """12 hex digits of the parts' content and shares, the size and the seed."""
    each = [f"{part.label}\0{part.source.digest}\0{part.share:.12g}" for part in found]
    return digest("mixture", [*each, str(config.size), str(config.seed)])
