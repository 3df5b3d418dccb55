"""Names that data and plug-ins give, as file systems and metrics take them."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Bytes. A file system takes 255 and MLflow's keys 250 characters, of which prefix and suffix need some.
LONGEST, LONGEST_KEY = 200, 250
ALLOWED = r"\w.\-: /"


def is_safe(name: str, longest: int = LONGEST) -> bool:
    """Whether it can stay as it is: letters, digits and _ - . : / and blanks, and no way out of a folder."""
    inside = all(part not in ("", ".", "..") for part in name.split("/"))
    return inside and re.fullmatch(f"[{ALLOWED}]+", name) is not None and len(name.encode()) <= longest


def safe_names(names: Iterable[str], longest: int = LONGEST) -> dict[str, str]:
    """Each name to one that is safe, in their order: no two the same, and itself where it is safe.

    "Age>30 (%)" becomes Age_30, and Age_30_2 where that is taken; "../../escaped" becomes escaped.
    """
    every = list(names)
    found = {name: name for name in every if is_safe(name, longest)}
    taken = set(found)
    for name in every:
        if name not in found:
            found[name] = _free(_cleaned(name, longest), taken)
            taken.add(found[name])
    return {name: found[name] for name in every}


def file_name(name: str) -> str:
    """The name of a data set or generator as a part of file names and of MLflow's keys for images, which take ASCII."""
    return re.sub(r"[^A-Za-z0-9_.\- ]+", "_", name.replace(":", ".")).lstrip(".") or "unnamed"


def _cleaned(name: str, longest: int) -> str:
    parts = (part.strip(" _.") for part in re.sub(f"[^{ALLOWED}]+", "_", name.replace("\n", " ")).split("/"))
    whole = "/".join(part for part in parts if part)
    return whole.encode()[: longest - len("_999")].decode(errors="ignore") or "unnamed"


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
