"""What a family of measures says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from metrics.cloud import Cloud, Settings

# Names that are computed together, and how.
Part = tuple[tuple[str, ...], Callable[[Cloud], Sequence[float]]]


# Over components, the order of their correlation; over pairs or blocks of the cloud, the name of these.
Alike = int | Literal["pairs", "few_pairs", "correlated_pairs", "blocks_2", "blocks_5", "blocks_10"]


@dataclass(frozen=True)
class Metric:
    """One row of the table of metrics; `name` is the key in `Scores.values`.

    In names K stands for a level in sd, P for a percentage of points, R for an absolute correlation, NAME for a
    covariate. calibrated: whether normal clouds of the same n and d tell what to expect (NAME_null and so on). goal:
    which way is better, None where normal lies in between. alike: of a mean over components, the order in which
    correlated ones make it vary more; of one over pairs or blocks, which ones (`metrics.alikeness`). resolution: of a
    share that is 0 in normal clouds, what no deviation counts for less than.
    """

    name: str
    range: str
    direction: str
    sees: str
    cannot_see: str
    calibrated: bool = True
    goal: Literal["maximize", "minimize"] | None = None
    alike: Alike | None = None
    resolution: float = 0.0


@dataclass(frozen=True)
class Family:
    """Measures that belong together.

    name: by which `score` is asked for some families alone.
    shape: of the settings, what a normal cloud calibrates. place: what tells where the cloud lies and how its
    components correlate, whatever its shape. alike: as `Metric.alike`, of names that a row has a placeholder for.
    """

    name: str
    metrics: tuple[Metric, ...]
    shape: Callable[[Settings], tuple[Part, ...]] = lambda settings: ()
    place: tuple[Part, ...] = ()
    alike: Mapping[str, Alike] = field(default_factory=dict)
