"""MLflow's variables in the environment, and those that are set here unless the user has."""

from __future__ import annotations

import os

# No usage statistics leave the machine unless the user says so.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
# MLflow would print a link to each run that a server closes, in the middle of what we print.
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
# A server that is down is asked again later, with the results on disk; MLflow's own seven retries hold a training up
# for four minutes, these three for 13 s.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")


def setting(name: str) -> str:
    """The variable MLFLOW_`name`, "" where it is not set."""
    return os.environ.get(f"MLFLOW_{name}", "")


def is_on(name: str) -> bool:
    """Whether the variable says something else than no."""
    return setting(name).lower() not in ("", "0", "false")
