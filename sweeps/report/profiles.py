"""Core and tail: the headlines of the innermost points alone, as a picture and in words."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metrics.plots import INK
from metrics.plots.style import TEXT, decimals, quiet
from sweeps.analysis.comparison import Comparison
from sweeps.report.embed import name
from sweeps.report.figures import WIDTH, legend, style_of
from sweeps.spec.display import short_name

# Percent of the innermost points to value.
Curve = Mapping[int, float]


def draw_profiles(
    comparison: Comparison, curves: Mapping[str, Mapping[str, Curve]], null: Mapping[str, Curve]
) -> Figure:
    """The headlines of the innermost points alone, a line a cell.

    curves: cell_hash to headline to curve. null: the same of normal clouds, of one cell.
    """
    headlines = list(dict.fromkeys(headline for found in curves.values() for headline in found))
    figure = Figure(figsize=(WIDTH, 2.9 * -(-len(headlines) // 2) + 0.6))
    figure.set_layout_engine("constrained")
    panels = figure.subplots(-(-len(headlines) // 2), 2, squeeze=False).ravel()
    for ax, headline in zip(panels, headlines, strict=False):
        for group in comparison.groups:
            curve = curves.get(group.cell_hash, {}).get(headline, {})
            _draw_curve(ax, curve, group.label, **style_of(comparison, group))
        _draw_curve(ax, null.get(headline, {}), "normal cloud", color=INK, linestyle=":", linewidth=1.6, zorder=4)
        quiet(ax, "innermost points, %", "")
        ax.set_title(headline.replace("_", " "), fontsize=TEXT, color=INK, loc="left")
    for ax in panels[len(headlines) :]:
        ax.set_axis_off()
    legend(figure, comparison, Line2D([], [], color=INK, linestyle=":", label="normal cloud (best cell's size)"))
    return figure


def _draw_curve(ax: Axes, curve: Curve, label: str, **style: object) -> None:
    (line,) = ax.plot(list(curve), list(curve.values()), **style)  # type: ignore[arg-type]
    if curve:
        ends = f"{curve[min(curve)]:.3f} of the innermost {min(curve)} %, {curve[max(curve)]:.3f} of {max(curve)} %"
        name(line, f"{label} · {ends}")


def profile_words(label: str, curves: Mapping[str, Curve], null: Mapping[str, Curve]) -> str:
    """What the curves of one cell show against normal clouds; empty where there are none to compare with."""
    agreements = [headline for headline in curves if headline in null and not headline.startswith("off_origin")]
    if not agreements:
        return ""
    share = min(min(curves[headline]) for headline in agreements)
    parts = [_below(headline, curves[headline], null[headline], share) for headline in agreements]
    where = f"over all points and over the innermost {share} % alone"
    return f"How far {label} lies below a normal cloud, {where}: {', '.join(parts)}."


def _below(headline: str, curve: Curve, null: Curve, share: int) -> str:
    known = [at for at in (max(curve), share) if at in curve and at in null]
    gaps = " and ".join(decimals(null[at] - curve[at], 3) for at in known)
    return f"{short_name(f'mnd/{headline}')} {gaps}"
