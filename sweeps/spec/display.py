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
# Groups whose metrics have the names of those of the training images.
LIKE_MND = {"mnd_test": "held-out", "gain": "gain of", "formation": "formation of"}


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
    """The metric as a column is headed, no two of a run alike: of training images without a word, else with one."""
    short = {name: head for head, name in HEADLINES.items()}
    group, _, name = metric.partition("/")
    if group == "control":
        control, _, name = name.partition("/")
        return f"{control} {_of_side(name)}"
    if group in LIKE_MND:
        return f"{LIKE_MND[group]} {_of_side(name)}"
    if group == "maps":  # maps/explained is not reconstruction/explained
        return metric
    return short.get(metric, name or metric)


def _of_side(name: str) -> str:
    return short_name(name if name.startswith("mnd_test/") else f"mnd/{name}")


def plural(number: int, what: str) -> str:
    """A number of things: "1 run", "2 runs"."""
    return f"{number} {what}{'s' if number != 1 else ''}"
