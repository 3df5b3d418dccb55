"""Pictures of how normal a cloud of vectors is: each function draws on given axes or a given figure, and saves nothing.

They work with any `matplotlib.figure.Figure`, with no pyplot state. Where a measure raises DegenerateError
(`metrics.moments`), so does its picture. Blue is what was measured, vermilion and dotted what is normal.
"""

from __future__ import annotations

from metrics.plots.contour import LEVELS, draw_contour_pair, draw_contours
from metrics.plots.core import draw_core_profile
from metrics.plots.generated import draw_generated
from metrics.plots.linear import draw_correlations, draw_spectrum
from metrics.plots.marginal import draw_marginals
from metrics.plots.pursuit import draw_worst_direction
from metrics.plots.radial import draw_norms, draw_quantiles, draw_radii
from metrics.plots.style import DATA, FAINT, INK, MODEL, OTHER
from metrics.plots.summary import SIZE, draw_summary

__all__ = [
    "DATA",
    "FAINT",
    "INK",
    "LEVELS",
    "MODEL",
    "OTHER",
    "SIZE",
    "draw_contour_pair",
    "draw_contours",
    "draw_core_profile",
    "draw_correlations",
    "draw_generated",
    "draw_marginals",
    "draw_norms",
    "draw_quantiles",
    "draw_radii",
    "draw_spectrum",
    "draw_summary",
    "draw_worst_direction",
]
