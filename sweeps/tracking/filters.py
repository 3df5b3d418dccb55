"""Which runs of all sweeps are asked for, in the words of MLflow's search: it knows no list of a tag's values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from sweeps.tracking.record import DIGEST, HASH

FINISHED = "attributes.status = 'FINISHED'"
# Values in one question.
MOST = 500


def parts(values: Collection[str]) -> Iterator[list[str]]:
    """The values, so many at a time as one question holds."""
    left = iter(values)
    while part := list(islice(left, MOST)):
        yield part


def by_id(ids: Sequence[str]) -> str:
    """Finished runs of these ids, at most MOST."""
    listed = ", ".join(f"'{run_id}'" for run_id in ids)
    return f"{FINISHED} and attributes.run_id IN ({listed})"


def on_images(digest: str, hashes: Collection[str]) -> str:
    """Finished runs on the images of this digest; of several hashes nothing can be asked, of one just that."""
    one = f" and tags.`{HASH}` = '{next(iter(hashes))}'" if len(hashes) == 1 else ""
    return f"{FINISHED} and tags.`{DIGEST}` = '{digest}'{one}"
