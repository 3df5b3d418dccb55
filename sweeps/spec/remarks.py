"""What is to be said of a run or a cell beside its scores: faults that no score of normality shows, and what training
did."""

from __future__ import annotations

from collections.abc import Mapping

EXPLAINED, SPREAD = "reconstruction/explained", "mnd/origin/norm_spread"
# A network that rebuilds less of what sets images apart has learned the mean image and little else.
LEAST_EXPLAINED = 0.1
# Squared distances from the origin that vary by less than half of what those of a normal cloud do.
SHELL = 0.5
# Steps between stored numbers, in sd, that move the marginals by a fifth of that. A run that does not say them stored
# float16, whose steps reach 0.008 to 0.016 sd so many times its own size away from the origin.
ROUNDING, COARSE = "latents/rounding", 0.01
DISTANCE, FAR = "mnd/off_origin_distance", 16
REMARKED = (EXPLAINED, SPREAD, ROUNDING, DISTANCE)


def has_learned(metrics: Mapping[str, float]) -> bool:
    """Whether enough of the held-out images is reconstructed for scores to mean anything; of older runs, yes."""
    return metrics.get(EXPLAINED, 1.0) >= LEAST_EXPLAINED


def remarks(metrics: Mapping[str, float]) -> list[str]:
    """Each in a few words; empty where there is nothing to say."""
    found = []
    explained, spread = metrics.get(EXPLAINED, 1.0), metrics.get(SPREAD, 1.0)
    if explained < 0:
        found.append("reconstructions worse than the mean image: trained too short, or diverged")
    elif explained < LEAST_EXPLAINED:
        found.append(f"reconstructs next to nothing: {100 * explained:.0f} % of what the mean image leaves")
    if spread < SHELL:
        found.append(
            f"a shell around the origin: squared distances from it vary {spread:.2f} times as much as a normal cloud's"
        )
    if metrics.get(ROUNDING, 0.0) > COARSE or (ROUNDING not in metrics and metrics.get(DISTANCE, 0.0) > FAR):
        found.append(
            "rounded latent vectors: in steps too coarse for their spread, which lowers the scores; "
            "where they are stored as float16, only training again mends it"
        )
    return found


def training_words(metric: str, word: str, metrics: Mapping[str, float]) -> str | None:
    """ "training moved radii from .635 to .600; the pixels alone have .605", of a metric under `mnd/` or `mnd_test/`;
    None where controls are not known."""
    name = metric.removeprefix("mnd/")
    own, before = metrics.get(metric), metrics.get(f"control/untrained/{name}")
    if own is None or before is None:
        return None
    pixels = metrics.get(f"control/projection/{name}")
    alone = "" if pixels is None else f"; the pixels alone have {pixels:.3f}"
    first, last = f"{before:.3f}", f"{own:.3f}"
    did = f"left {word} at {last}" if first == last else f"moved {word} from {first} to {last}"
    return f"training {did}{alone}"
