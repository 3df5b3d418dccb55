"""Where runs are recorded: MLflow, which nothing outside this room knows.

`store` says what is recorded of a sweep; `reading` finds it, without importing MLflow where it can. `experiment` and
`client` open MLflow's store to write. `recording`, `artifacts`, `views`, `deletion` and `server` import MLflow itself,
so they are imported by name where they are needed.
"""

from sweeps.tracking.client import answers, client, exists, find_run, pages
from sweeps.tracking.experiment import check_place, experiment, misplaced
from sweeps.tracking.numbers import with_all_metrics
from sweeps.tracking.reading import examples, stored_bytes
from sweeps.tracking.record import (
    ADOPTED,
    ADOPTED_BY,
    ADOPTED_FROM,
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
    latest,
    recorded_value,
    sweep_of,
    tag_values,
)
from sweeps.tracking.store import attempts, close, others, record_of, records, trash
from sweeps.tracking.sweep_tags import remove_sweep_tag, set_sweep_tag, sweep_tags

__all__ = [
    "ADOPTED",
    "ADOPTED_BY",
    "ADOPTED_FROM",
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
    "examples",
    "exists",
    "experiment",
    "find_run",
    "latest",
    "misplaced",
    "others",
    "pages",
    "record_of",
    "recorded_value",
    "records",
    "remove_sweep_tag",
    "set_sweep_tag",
    "stored_bytes",
    "sweep_of",
    "sweep_tags",
    "tag_values",
    "trash",
    "with_all_metrics",
]
