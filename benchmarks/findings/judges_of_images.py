"""Predictions on images and what is known of them: populations, what is taken away, attributes, the core."""

from __future__ import annotations

import pandas as pd

from benchmarks.findings.judges import judges
from benchmarks.findings.results import HEADLINES, chosen
from benchmarks.findings.scores import (
    ACTIVATION,
    EXPLAINED,
    NULL,
    RADII,
    UNTRAINED,
    explained_by_radius,
    listed,
    mean_auc,
    means,
    spread,
)


def surrogate(kind: str) -> float:
    return float(chosen("surrogates", data_surrogate=kind)[RADII].mean())


@judges("surrogates")
def d1() -> tuple[str, bool]:
    normal, photographs = surrogate("gaussian"), surrogate("none")
    return f"normal population {normal:.3f}, photographs {photographs:.3f}", normal > 0.75 and photographs < 0.65


@judges("surrogates")
def d2() -> tuple[str, bool]:
    phases, photographs = surrogate("phase"), surrogate("none")
    return f"random phases {phases:.3f}, photographs {photographs:.3f}", abs(phases - photographs) <= 0.1


@judges("dataset")
def d3() -> tuple[str, bool]:
    celeba = chosen("dataset", data_name="celeba")
    radii, gap = means(celeba, "data.contrast", RADII), means(celeba, "data.contrast", f"{RADII}_gap")
    rise = radii["normalized"] - radii["as_is"]
    words = f"{listed(radii)}; rise {rise:+.3f}, a quarter of the gap {gap['as_is'] / 4:.3f}"
    return words, bool(0 < rise < gap["as_is"] / 4)


@judges("dataset")
def d4() -> tuple[str, bool]:
    found = chosen("dataset")
    radii = means(found[found["data.contrast"] == "as_is"], "data.name", RADII)
    both = radii[["celeba", "folder"]]
    near = spread(both) <= 0.1
    return listed(radii[["celeba", "folder", "mixture"]]), bool(near and radii["mixture"] <= both.max())


@judges("dataset")
def d5() -> tuple[str, bool]:
    radii = means(chosen("dataset", data_name="synthetic"), "data.factors", RADII)
    return listed(radii), spread(radii) <= 0.1


def without(contrast: str = "as_is", background: str = "kept", blur: float = 0.0) -> pd.Series:
    """Means over seeds of photographs from which this is taken away."""
    found = chosen("radius", data_contrast=contrast, data_background=background, data_blur=blur)
    return found[[RADII, UNTRAINED, NULL]].mean()


@judges("radius")
def g1() -> tuple[str, bool]:
    moved = without(blur=2.0) - without()
    words = f"trained {moved[RADII]:+.3f}, untrained {moved[UNTRAINED]:+.3f}"
    return words, bool((moved[[RADII, UNTRAINED]].abs() < 0.05).all())


@judges("radius")
def g2() -> tuple[str, bool]:
    plain = without()
    masked, equal = (each[RADII] - plain[RADII] for each in (without(background="masked"), without("normalized")))
    third = (plain[NULL] - plain[RADII]) / 3
    words = f"background {masked:+.3f}, contrast {equal:+.3f}; a third of the gap {third:.3f}"
    return words, bool(third > masked > equal)


@judges("radius")
def g3() -> tuple[str, bool]:
    before, after = (each[NULL] - each[RADII] for each in (without(), without("normalized", "masked", 2.0)))
    return f"gap {before:.3f}, of all three {after:.3f}", bool(after > before / 2)


@judges("activation")
def g4() -> tuple[str, bool]:
    found = chosen("activation", model_activation="leaky_relu", model_batch_norm=False)
    shares = {words: explained_by_radius(found, HEADLINES[words]) for words in ("marginals", "contours")}
    return f"share that the radius explains: {listed(pd.Series(shares), 2)}", min(shares.values()) >= 0.5


@judges("activation")
def h1() -> tuple[str, bool]:
    found = chosen("activation")
    lead = (found["mnd/groups/radius_agreement"] - found["mnd/groups/radius_agreement_all"]).mean()
    return f"groups {lead:+.3f}", bool(lead < 0.03)


@judges("attributes")
def h2() -> tuple[str, bool]:
    found = chosen("attributes", model_latent_dim=256)
    trained, pixels = mean_auc(found), mean_auc(found, "control/pca/")
    return f"trained {trained:.3f}, principal components {pixels:.3f}", abs(trained - pixels) <= 0.03


@judges("attributes")
def h3() -> tuple[str, bool]:
    found = chosen("attributes", model_latent_dim=256)
    trained, untrained = mean_auc(found), mean_auc(found, "control/untrained/")
    return f"trained {trained:.3f}, untrained {untrained:.3f}", trained - untrained >= 0.02


@judges("activation")
def i1() -> tuple[str, bool]:
    half = means(chosen("activation", model_batch_norm=False), ACTIVATION, "mnd/core/radius_agreement@50")
    return f"innermost half: {listed(half)}", bool((half < 0.75).all())


@judges("attributes")
def j1() -> tuple[str, bool]:
    found = chosen("attributes", model_latent_dim=256)
    after, before = (float(found[f"{of}{EXPLAINED}"].mean()) for of in ("", "control/untrained/"))
    return f"trained {after:.3f}, untrained {before:.3f}", before - after >= 0.1
