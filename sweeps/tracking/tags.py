"""Names of the tags by which runs are found again."""

from __future__ import annotations

from typing import Any

SWEEP, HASH, CELL, ATTEMPT, HOST = "sweep.name", "sweep.config_hash", "sweep.cell_hash", "sweep.attempt", "host"
# Why a run did not finish; the version of the scores it was measured with.
ERROR, METRICS = "sweep.error", "metrics.version"
# Of the images that a run was trained on.
DIGEST = "data.digest"
# Set where the run's process holds a lease in a database that machines share.
LEASED = "sweep.lease"
# Of a search: what Optuna chose for the run, as JSON; when and why it was stopped early.
TRIAL, PRUNED = "sweep.trial", "sweep.pruned"


def tag_values(values: dict[str, Any]) -> dict[str, str]:
    """The values as MLflow stores tags: text of at most 8,000 characters, without those that are None."""
    return {name: str(value)[:8000] for name, value in values.items() if value is not None}
