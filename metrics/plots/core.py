"""The headlines of the innermost points alone."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from metrics.core import Profile
from metrics.plots.style import DATA, INK, MODEL, SMALL, legend, quiet

# The value that every agreement would have were the cloud exactly normal; the axis shows it.
PERFECT = {"marginal_gaussianity": 1.0, "contour_agreement": 1.0, "radius_agreement": 1.0, "off_origin_distance": 0.0}


def draw_core_profile(profile: Profile, ax: Axes) -> None:
    """Each headline over the share of innermost points it is measured on (solid), and that of normal clouds (dotted).

    One strip for each headline, its axis from the value of a perfect normal cloud to the farthest one measured: what
    rises or falls to the right is the tail's doing. 6 x 5 inches suit it.
    """
    names = [name for name in PERFECT if name in profile.values]
    ax.set_axis_off()
    for row, name in enumerate(names):
        strip = ax.inset_axes((0, 1 - (row + 0.95) / len(names), 1, 0.65 / len(names)))
        _draw_strip(profile, name, strip, last=row == len(names) - 1)
    entries = {"latents": Line2D([], [], color=DATA, marker="o", markersize=3)}
    if profile.null is not None:
        entries["normal"] = Line2D([], [], color=MODEL, linestyle=":")
    legend(ax, list(entries.values()), list(entries))


def _draw_strip(profile: Profile, name: str, strip: Axes, last: bool) -> None:
    share = 100 * profile.shares
    drawn = [profile.values[name]]
    strip.plot(share, profile.values[name], "o-", color=DATA, markersize=3, linewidth=1.3)
    if profile.null is not None and name in profile.null:
        drawn.append(profile.null[name])
        strip.plot(share, profile.null[name], ":", color=MODEL, linewidth=1.5)
    every = np.append(np.concatenate(drawn), PERFECT[name])
    margin = 0.08 * max(np.ptp(every), 1e-3)
    strip.set_ylim(every.min() - margin, every.max() + margin)
    quiet(strip, "innermost points, %" if last else "", "")
    strip.tick_params(labelbottom=last)
    strip.locator_params(axis="y", nbins=3)
    strip.set_title(name.replace("_", " "), fontsize=SMALL, color=INK, loc="left", pad=2)
