"""How good the faces of each generator are, beside real images and their reconstructions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cae import quality, sampling
from cae.names import file_name
from metrics.visibility import visible, visible_share
from sweeps.pipeline import realism
from sweeps.pipeline.trained_model import TrainedModel

# Points of each method in the plot of where they lie.
PLOTTED = 512
MEASURES = ("visible", "confidence", "reencoding", "nearest", "diversity")
Row = dict[str, object]


@dataclass(frozen=True, eq=False)
class Judged:
    """metrics: full name to number. table: a row for real images, reconstructions and each method. omitted: reasons."""

    metrics: dict[str, float]
    table: pd.DataFrame
    omitted: dict[str, str] = field(default_factory=dict)

    def rows(self) -> list[Row]:
        """The table's rows as plain values, each without what it has no value of."""
        return [{str(k): v for k, v in row.items() if v == v} for row in self.table.to_dict("records")]


def face_quality(trained: TrainedModel, tell: Callable[[str], None] = lambda part: None) -> Judged:
    """What each method's faces are worth; metrics `faces/MEASURE_METHOD`, as many faces as `analysis.judged_faces`.

    visible: share in which a detector finds a face, beside its mean confidence. Distances are root mean squares over
    components in sd: reencoding, from a latent vector to that of its picture; nearest, to the nearest training vector.
    diversity: how much the pictures differ, over how much real ones do. The measures of `pipeline.realism` compare the
    pictures with other held-out photographs. The rows `real` (its pictures are photographs) and `reconstruction` are
    the scale to read the others by. Needs the run's photographs. tell: called with what is judged.
    """
    count, analysis = trained.config.analysis.judged_faces, trained.config.analysis
    rows = trained.held_out(count)
    originals = trained.originals(rows)
    assert originals is not None
    scale, missing = quality.spread(originals), _missing_detector(trained, originals)
    means = trained.means(originals)
    groups = {
        "real": (trained.sides["test"].vectors[rows], originals),
        "reconstruction": (means, trained.decode(means)),
    }
    for method in analysis.sampling:
        tell(f"drawing {method}")
        points = sampling.sample(method, trained.cloud, trained.draws(count), analysis)
        groups[file_name(method)] = (points, trained.decode(points))
    alone = []
    for name, (points, decoded) in groups.items():
        tell(name)
        alone.append(_row(name, points, decoded, trained, scale, not missing))
    tell("beside photographs")
    seen = alone[0].get("visible")
    pictures = {name: pictures for name, (_, pictures) in groups.items()}
    beside = realism.realism(trained, pictures, None if seen is None else float(str(seen)))
    found = [row | beside.columns.get(str(row["method"]), {}) for row in alone]
    return Judged(_metrics(found), pd.DataFrame(found), beside.omitted | missing)


def _missing_detector(trained: TrainedModel, originals: np.ndarray) -> dict[str, str]:
    """Why no faces can be looked for, if so: where TensorFlow or mtcnn is not installed."""
    if not trained.config.analysis.face_detector:
        return {}
    try:
        visible(originals[:1])
    except ImportError as error:
        return {"faces/visible": str(error)}
    return {}


def _row(
    name: str, points: np.ndarray, pictures: np.ndarray, trained: TrainedModel, scale: float, can_detect: bool
) -> Row:
    own = quality.judge(points, pictures, trained.means, trained.sides["train"].vectors, scale)
    row: Row = {"method": name, "faces": len(pictures)}
    if trained.config.analysis.face_detector and can_detect:
        seen = visible_share(visible(pictures))
        row |= {
            "visible": seen.share,
            "confidence": seen.confidence,
            "visible_low": seen.low,
            "visible_high": seen.high,
        }
    # A photograph is no decoded point.
    reencoding = {} if name == "real" else {"reencoding": own.reencoding_error}
    return row | reencoding | {"nearest": own.nearest_distance, "diversity": own.diversity}


def _metrics(found: list[Row]) -> dict[str, float]:
    return {
        f"faces/{measure}_{row['method']}": float(value)  # type: ignore[arg-type]
        for row in found
        for measure, value in row.items()
        if measure in (*MEASURES, *realism.MEASURES)
    }


def plotted(trained: TrainedModel) -> dict[str, np.ndarray]:
    """Method to points (PLOTTED, d), for the plot of where each method's points lie."""
    draws = trained.draws(PLOTTED)
    analysis = trained.config.analysis
    return {method: sampling.sample(method, trained.cloud, draws, analysis) for method in analysis.sampling}
