"""What the names of a folder's images say for its split: given sides, and persons."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cae.datasets.files import parent

SIDES = {"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "test": 2, "testing": 2}
# Labeled Faces in the Wild: Given_Family_0001.jpg.
LFW = re.compile(r"(.+)_\d{4}\.\w+")


def partition(names: Iterable[str]) -> list[int | None]:
    """0 (train), 1 (validation) or 2 (test) by the uppermost folder of each; None elsewhere."""
    return [SIDES.get(name.partition("/")[0].lower()) if "/" in name else None for name in names]


def identity(names: Iterable[str]) -> list[str] | None:
    """The person of each: by the names of LFW where these are more than the folders, else by folder; None without.

    train/, val/ and test/ are no persons: what lies in equal folders below them is one.
    """
    every = list(names)
    folders = [_label(name) for name in every]
    people = [match[1] if (match := LFW.fullmatch(name.rpartition("/")[2])) else "" for name in every]
    if all(people) and len(set(people)) > len(set(folders)):
        return people
    return folders if len(set(folders)) > 1 else None


def missing(names: list[str]) -> dict[str, str]:
    """Column that a split may need -> why these names do not give it."""
    found: dict[str, str] = {}
    sides = set(partition(names)) - {None}
    if 0 not in sides or len(sides) == 1:
        found["partition"] = "put the images into folders train and val, valid, validation or test"
    if identity(names) is None:
        found["identity"] = "put each person's images into a folder, or name them as LFW does, Given_Family_0001.jpg"
    return found


def _label(name: str) -> str:
    folder = parent(name)
    top, _, below = folder.partition("/")
    return below if top.lower() in SIDES else folder
