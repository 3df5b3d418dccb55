"""What each parameter does to a metric: effects with intervals, shares of variance, tests corrected for their number.

Noise is what differs between seeds of the same cell, nothing else: without replicates there are no intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy import special, stats
from statsmodels.regression.linear_model import OLS, RegressionResults
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.oneway import confint_noncentrality

from sweeps.analysis.design import Contrast, Design, design_of

LEVEL, POWER = 0.05, 0.8
# Where statsmodels' search for a noncentrality ends.
MOST_NONCENTRAL = 1e4
# Relative to the values: smaller differences between seeds are rounding.
ROUNDING = 1e-12
SAME = "all runs have the same value"


@dataclass(frozen=True)
class Observation:
    """One run's value of a metric. levels: what its cell has of every parameter."""

    levels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Estimate:
    """One number of an effect in the metric's own unit, and its 95 % interval, None without replicates."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Effect:
    """What one parameter (or several that cannot be told apart) does, or two of them beyond their sum.

    parameters: the groups of full names; empty for what all effects together leave between the cells.
    share: of the variance between all runs. partial_share: of the variance that no other effect has, with its interval
    partial_low to partial_high. p_value: of the F test; p_holm: corrected for all effects on all metrics.
    detectable: the smallest difference of two levels found with 80 % probability at the corrected level.
    None: not without replicates; detectable also for interactions.
    """

    name: str
    parameters: tuple[tuple[str, ...], ...]
    estimates: tuple[Estimate, ...]
    df: int
    share: float
    partial_share: float | None = None
    partial_low: float | None = None
    partial_high: float | None = None
    p_value: float | None = None
    p_holm: float | None = None
    detectable: float | None = None

    @property
    def is_told(self) -> bool:
        return self.p_holm is not None and self.p_holm < LEVEL


@dataclass(frozen=True)
class Effects:
    """Everything known of one metric. noise: sd between seeds of the same cell, with its degrees of freedom.

    noise_share: of the variance between all runs. left_out: interactions that cannot be told, with the reason.
    reason: why there are no intervals, empty where there are.
    """

    metric: str
    runs: int
    effects: tuple[Effect, ...]
    left_out: dict[str, str]
    noise: float | None
    noise_df: int
    noise_share: float
    reason: str = ""


def effects(metrics: Mapping[str, Sequence[Observation]]) -> list[Effects]:
    """The effects on each metric. p-values are corrected by Holm's method over all effects on all metrics.

    metrics: by name, the runs that measured it.
    """
    fits = [_fit(name, runs) for name, runs in metrics.items() if runs]
    tests = sum(len(fit.design.contrasts) for fit in fits if not fit.reason)
    return _corrected([_effects(fit, tests) for fit in fits])


@dataclass(frozen=True, eq=False)
class _Fit:
    metric: str
    design: Design
    result: RegressionResults
    total: float
    reason: str


def _fit(metric: str, runs: Sequence[Observation]) -> _Fit:
    """The means of the cells by least squares, whose residuals are the noise between seeds."""
    keys = [tuple(run.levels.items()) for run in runs]
    cells = list(dict.fromkeys(keys))
    values = np.array([run.value for run in runs])
    columns = np.array([[key == cell for cell in cells] for key in keys], dtype=float)
    result = OLS(values, columns).fit()
    total = float(((values - values.mean()) ** 2).sum())
    return _Fit(metric, _design(tuple(cells)), result, total, _reason(result, values))


@lru_cache(maxsize=8)
def _design(cells: tuple[tuple[tuple[str, str], ...], ...]) -> Design:
    """Most metrics of a sweep are measured in the same cells; a design of 144 cells takes a second."""
    return design_of([dict(cell) for cell in cells])


def _reason(result: RegressionResults, values: np.ndarray) -> str:
    rounding = ROUNDING * np.abs(values).max()
    if np.ptp(values) <= rounding:
        return SAME
    if result.df_resid == 0:
        return "no cell has two finished runs, so nothing tells an effect from noise; give at least 2 seeds"
    if np.sqrt(result.scale) <= rounding:
        return "all seeds of a cell give the same value, so they are no replicates"
    return ""


def _effects(fit: _Fit, tests: int) -> Effects:
    known = not fit.reason
    found = [_effect(fit, contrast, tests) for contrast in fit.design.contrasts if fit.reason != SAME]
    return Effects(
        metric=fit.metric,
        runs=int(fit.result.nobs),
        effects=tuple(found),
        left_out=fit.design.left_out,
        noise=float(np.sqrt(fit.result.scale)) if known else None,
        noise_df=int(fit.result.df_resid) if known else 0,
        noise_share=float(fit.result.ssr / fit.total) if known else 0.0,
        reason=fit.reason,
    )


def _effect(fit: _Fit, contrast: Contrast, tests: int) -> Effect:
    squares = _sum_of_squares(fit.result, contrast.tested)
    effect = Effect(
        name=contrast.name,
        parameters=tuple(factor.names for factor in contrast.factors),
        estimates=_estimates(fit, contrast),
        df=len(contrast.tested),
        share=squares / fit.total,
    )
    if fit.reason:
        return effect
    test = fit.result.f_test(contrast.tested)
    low, high = _partial_interval(float(test.fvalue), effect.df, fit.result)
    return replace(
        effect,
        partial_share=float(squares / (squares + fit.result.ssr)),
        partial_low=low,
        partial_high=high,
        p_value=float(test.pvalue),
        detectable=_detectable(fit.result, contrast.pairs, tests),
    )


def _sum_of_squares(result: RegressionResults, tested: np.ndarray) -> float:
    """What the residuals would gain if the effect were none."""
    value = tested @ result.params
    return float(value @ np.linalg.solve(tested @ result.normalized_cov_params @ tested.T, value))


def _estimates(fit: _Fit, contrast: Contrast) -> tuple[Estimate, ...]:
    if not len(contrast.estimated):
        return ()
    values = contrast.estimated @ fit.result.params
    if fit.reason:
        return tuple(Estimate(label, float(value)) for label, value in zip(contrast.labels, values, strict=True))
    bounds = fit.result.t_test(contrast.estimated).conf_int(LEVEL)
    rows = zip(contrast.labels, values, bounds, strict=True)
    return tuple(Estimate(label, float(value), float(low), float(high)) for label, value, (low, high) in rows)


def _partial_interval(f_value: float, df: int, result: RegressionResults) -> tuple[float, float]:
    """95 % interval of the partial share, by that of the noncentrality (Steiger 2004, Psychological Methods 9, 164)."""
    low, high = confint_noncentrality(f_value, (df, result.df_resid), alpha=LEVEL)
    return float(low / (low + result.nobs)), float(high / (high + result.nobs)) if high < MOST_NONCENTRAL else 1.0


def _detectable(result: RegressionResults, pairs: np.ndarray, tests: int) -> float | None:
    """The smallest difference found with probability POWER at LEVEL / tests, by the worst known pair of levels."""
    if not len(pairs):
        return None
    critical = stats.t.isf(LEVEL / tests / 2, result.df_resid)
    noncentral = special.nctdtrinc(result.df_resid, 1 - POWER, critical)
    return float(noncentral * result.t_test(pairs).sd.max())


def _corrected(metrics: Sequence[Effects]) -> list[Effects]:
    """Holm's method keeps the probability of any false finding below LEVEL however the tests hang together."""
    values = [e.p_value for metric in metrics for e in metric.effects if e.p_value is not None]
    if not values:
        return list(metrics)
    corrected = iter(multipletests(values, LEVEL, method="holm")[1])
    return [
        replace(
            metric,
            effects=tuple(
                e if e.p_value is None else replace(e, p_holm=float(next(corrected))) for e in metric.effects
            ),
        )
        for metric in metrics
    ]


def half_width(noise: float, df: int, counts: Sequence[int], comparisons: int) -> float:
    """Half of the 95 % interval of a difference between two cells' means, all `comparisons` of them together.

    counts: the runs of either cell. By Bonferroni, so that it holds for cells picked because they came out first.
    """
    error = noise * np.sqrt(sum(1 / count for count in counts))
    return float(stats.t.isf(LEVEL / comparisons / 2, df) * error)
