"""Latent vectors from files of any tool."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def read_array(path: Path, key: str | None = None) -> np.ndarray:
    """The array of a .npy file as a read-only memory map, or one array of an .npz file by its name.

    Raises ValueError, one line, for a file that is missing, no such file, or has no array of that name. Pickled content
    is not loaded.
    """
    try:
        content = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{path}: not a .npy or .npz file of plain numbers ({_first_line(error)})") from None
    if isinstance(content, np.ndarray):
        if key is not None:
            raise ValueError(f"{path}: --key {key} is for .npz files; this one holds a single array")
        return content
    with content as archive:
        return _member(path, archive, key)


def _member(path: Path, archive: np.lib.npyio.NpzFile, key: str | None) -> np.ndarray:
    names = ", ".join(archive.files)
    if key is None and len(archive.files) != 1:
        raise ValueError(f"{path}: holds {names}; say which with --key")
    name = archive.files[0] if key is None else key
    if name not in archive.files:
        raise ValueError(f"{path}: no array {name}; there are {names}")
    try:
        return np.asarray(archive[name])
    except ValueError as error:
        raise ValueError(f"{path}: {name} is not an array of plain numbers ({_first_line(error)})") from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
