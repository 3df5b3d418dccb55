"""The file of Inception's weights, which the user gives: looked at before anything is trained, without a network."""

from __future__ import annotations

import os
from pathlib import Path

import h5py

FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
# Of Keras' InceptionV3 without top: 94 convolutions with normalization.
ARRAYS, NUMBERS = 94 * 4, 21_802_784
REMEDY = f"give Keras' {FILE}, or null for none"


def weights_file(text: str) -> Path:
    """The file, with ~ and $VARIABLES expanded. Raises ValueError, one line, unless it holds InceptionV3's weights."""
    path = Path(os.path.expandvars(text)).expanduser()
    where = f"analysis.inception_weights: {path}"
    if not path.is_file():
        raise ValueError(f"{where} is no file; {REMEDY}")
    sizes: list[int] = []
    try:
        with h5py.File(path) as file:
            file.visititems(lambda _, found: sizes.append(found.size) if isinstance(found, h5py.Dataset) else None)
    except OSError:
        raise ValueError(f"{where} is no HDF5 file; {REMEDY}") from None
    if (len(sizes), sum(sizes)) != (ARRAYS, NUMBERS):
        held = f"{len(sizes)} arrays of {sum(sizes):,} numbers, not {ARRAYS} of {NUMBERS:,}"
        raise ValueError(f"{where} holds {held}; {REMEDY}")
    return path
