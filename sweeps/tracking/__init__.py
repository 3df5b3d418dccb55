"""Where runs are recorded: MLflow, which nothing outside this room knows.

`store` reads runs, `experiment` and `client` open the store; `recording`, `artifacts`, `views`, `deletion` and `server`
import MLflow itself, so they are imported by name where they are needed.
"""

from sweeps.tracking.client import answers, client, exists, find_run
from sweeps.tracking.experiment import check_place, experiment, misplaced, trash
from sweeps.tracking.numbers import with_all_metrics
from sweeps.tracking.store import (
    ATTEMPT,
    CELL,
    DIGEST,
    ERROR,
    HASH,
    HOST,
    LEASED,
    METRICS,
    NUMBERS,
    PRUNED,
    SWEEP,
    TRIAL,
    Record,
    attempts,
    close,
    latest,
    pages,
    record_of,
    recorded_value,
    records,
    tag_values,
)

__all__ = [
    "ATTEMPT",
    "CELL",
    "DIGEST",
    "ERROR",
    "HASH",
    "HOST",
    "LEASED",
    "METRICS",
    "NUMBERS",
    "PRUNED",
    "SWEEP",
    "TRIAL",
    "Record",
    "answers",
    "attempts",
    "check_place",
    "client",
    "close",
    "exists",
    "experiment",
    "find_run",
    "latest",
    "misplaced",
    "pages",
    "record_of",
    "recorded_value",
    "records",
    "tag_values",
    "trash",
    "with_all_metrics",
]
