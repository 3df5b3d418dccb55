"""How a person reads the fields of runs."""

from __future__ import annotations

from typing import Any

from cae.config import PLACES, RunConfig, flatten, irrelevant

HEADLINES = {
    "marginals": "mnd/marginal_gaussianity",
    "contours": "mnd/contour_agreement",
    "radii": "mnd/radius_agreement",
    "off-origin": "mnd/off_origin_distance",
    "MSE": "reconstruction/mse",
}


def varied(configs: list[RunConfig]) -> list[str]:
    """The fields in which these runs differ, in the order of RunConfig; where files lie does not count."""
    flat = [flatten(config) for config in configs]
    return [name for name in flat[0] if name not in PLACES and any(f[name] != flat[0][name] for f in flat)]


def shown_values(config: RunConfig, names: list[str]) -> dict[str, str]:
    """These fields as a person reads them; empty where a field has no meaning for this run."""
    values, ignored = flatten(config), irrelevant(config)
    return {name: "" if name in ignored else readable(values[name]) for name in names}


def readable(value: Any) -> str:
    """A value in few characters: [64, 64, 128] -> 64-64-128, true, 0.0005, a mixture as its parts' names."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return "-".join(readable(item) for item in value)
    if isinstance(value, dict):
        return f"{value['name']}:{readable(value['weight'])}"
    return "default" if value is None else str(value)


def short_name(metric: str) -> str:
    """The metric as a column is headed."""
    short = {name: head for head, name in HEADLINES.items()}
    return short.get(metric, metric.partition("/")[2] or metric)


def plural(number: int, what: str) -> str:
    """A number of things: "1 run", "2 runs"."""
    return f"{number} {what}{'s' if number != 1 else ''}"
