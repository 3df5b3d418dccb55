"""Differences that the findings claim, with intervals that need no equal spreads, and p-values corrected over all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

LEVEL = 0.05


@dataclass(frozen=True)
class Difference:
    """A difference of means over seeds and its 95 % interval. p: of a t test; p_holm: by Holm over all claimed."""

    words: str
    value: float
    low: float
    high: float
    p: float
    p_holm: float | None = None

    @property
    def is_told(self) -> bool:
        return self.p_holm is not None and self.p_holm < LEVEL

    def told(self) -> str:
        return f"{self.value:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


def between(words: str, first: pd.Series, second: pd.Series) -> Difference | None:
    """Mean of the second less that of the first, by Welch's test; None with fewer than two runs of either."""
    if min(len(first), len(second)) < 2:
        return None
    test = stats.ttest_ind(second, first, equal_var=False)
    interval = test.confidence_interval(1 - LEVEL)
    return Difference(words, float(second.mean() - first.mean()), interval.low, interval.high, float(test.pvalue))


def from_zero(words: str, values: pd.Series) -> Difference | None:
    """The mean of differences within networks, such as trained less untrained; None with fewer than two."""
    if len(values) < 2:
        return None
    test = stats.ttest_1samp(values, 0)
    interval = test.confidence_interval(1 - LEVEL)
    return Difference(words, float(values.mean()), interval.low, interval.high, float(test.pvalue))


def pooled(groups: Mapping[str, pd.Series]) -> list[Difference]:
    """The mean of each group of differences within networks, by the spread within groups, pooled over all of them.

    As in an analysis of variance: three runs each know little of their spread, forty times three a lot, if it is alike.
    """
    sizes = np.array([len(values) for values in groups.values()])
    freedom = int((sizes - 1).sum())
    if freedom < 1:
        return []
    squares = sum(float(((values - values.mean()) ** 2).sum()) for values in groups.values())
    errors = np.sqrt(squares / freedom / sizes)
    means = np.array([float(values.mean()) for values in groups.values()])
    margins = stats.t.ppf(1 - LEVEL / 2, freedom) * errors
    ps = 2 * stats.t.sf(np.abs(means) / errors, freedom)
    rows = zip(groups, means, margins, ps, strict=True)
    return [Difference(words, float(m), float(m - w), float(m + w), float(p)) for words, m, w, p in rows]


def corrected(claimed: Sequence[Difference]) -> list[Difference]:
    """The same with p-values by Holm's method over all of them."""
    if not claimed:
        return []
    holm = multipletests(np.array([each.p for each in claimed]), method="holm")[1]
    return [replace(each, p_holm=float(p)) for each, p in zip(claimed, holm, strict=True)]
