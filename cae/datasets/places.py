"""Where prepared images, and what is known of photographs, are kept."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

# Raised when the same source and view would be prepared into other bytes, so that old folders are left alone.
FORMAT = 1


def root() -> Path:
    """The cache's folder: $CAE_CACHE, else `cae-mnd` in the user's cache folder. It need not exist."""
    given = os.environ.get("CAE_CACHE")
    base = Path(given).expanduser().absolute() if given else user_cache_path("cae-mnd", appauthor=False)
    return base / f"v{FORMAT}"


def keep(file: Path, text: str, *, anew: bool = True) -> None:
    """Write a file of the cache, whole or not at all; a cache that cannot be written does without it.

    anew: replaces what is there; else the first writer's stays.
    """
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        with FileLock(f"{file}.lock"):
            if anew or not file.exists():
                os.replace(unfinished, file)
    except OSError:
        pass
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
