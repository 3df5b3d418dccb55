"""Which way of a metric is better."""

from __future__ import annotations

import re
from typing import Literal

from metrics.catalog import METRICS
from sweeps.errors import SweepError

MSE = "reconstruction/mse"
Goal = Literal["minimize", "maximize"]
# Metrics of other origin than the scores of a cloud.
OTHERS: dict[str, Goal] = {
    r"reconstruction/(mse|bce|mse_pca)": "minimize",
    r"reconstruction/(ssim|explained)": "maximize",
    r"training/(held_out_)?loss": "minimize",
    r"faces/(visible|precision|recall|coverage)_\w+": "maximize",
    r"faces/(kid|decoded_kid|inception_kid|inception_fid)_\w+": "minimize",
}


def goal_of(metric: str) -> Goal:
    """What a sweep would want of the metric. Raises SweepError where its name does not tell."""
    # A gain is better where the score is: training has moved it that way.
    score = re.fullmatch(r"(?:mnd|mnd_test|(?:gain|control/[a-z]+)(?:/mnd_test)?)/(.+?)(_adjusted|_gap)?", metric)
    others = (goal for pattern, goal in OTHERS.items() if re.fullmatch(pattern, metric))
    found = _goal_of_score(score[1], score[2]) if score else next(others, None)
    if found is None:
        raise SweepError(
            f"--metric: which way {metric} is better is not known; "
            f"write metric: {{name: {metric}, goal: minimize}} (or maximize) into the sweep file"
        )
    return found


def _goal_of_score(name: str, part: str | None) -> Goal | None:
    """Agreement is to be high, and its gap low; a distance is to be low. Where normal lies in between, neither."""
    row = next((row for row in METRICS if row.name == name), None)
    if row is None or row.goal is None:
        return None
    if row.goal == "maximize":
        return "minimize" if part == "_gap" else "maximize"
    return None if part else "minimize"
