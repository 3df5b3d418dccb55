"""How normal is a cloud of vectors? `score(latents)` answers in named numbers, with NumPy and SciPy alone."""

from __future__ import annotations

from metrics.measure import Measure
from metrics.moments import Sample
from metrics.scores import METRICS, VERSION, Metric, Scores, score

__all__ = ["METRICS", "VERSION", "Measure", "Metric", "Sample", "Scores", "score"]
