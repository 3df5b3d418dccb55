"""Predictions on networks and their training: activation, dimensions, maps, epochs, resolution."""

from __future__ import annotations

import pandas as pd

from benchmarks.findings.judges import judges
from benchmarks.findings.results import chosen
from benchmarks.findings.scores import (
    ACTIVATION,
    CONTOURS,
    DIMENSIONS,
    GAIN,
    HELD_OUT_GAIN,
    HOLLOW,
    MAPS,
    MARGINALS,
    NULL,
    RADII,
    SHELL,
    UNTRAINED,
    listed,
    means,
    spread,
)


@judges("activation")
def a1() -> tuple[str, bool]:
    gains = means(chosen("activation", model_batch_norm=False), ACTIVATION, GAIN)
    return f"gain: {listed(gains)}", int((gains > 0).sum()) < 2


@judges("activation")
def a2() -> tuple[str, bool]:
    found = chosen("activation", model_batch_norm=False)
    radii = means(found, ACTIVATION, RADII)
    gap = float((means(found, ACTIVATION, NULL) - radii).min())
    words = f"range of the radii {spread(radii):.3f}, smallest gap {gap:.3f}"
    return words, spread(radii) <= gap / 2


@judges("activation")
def a3() -> tuple[str, bool]:
    found = chosen("activation", model_batch_norm=False)
    ranges = [spread(means(found, ACTIVATION, metric)) for metric in (MARGINALS, CONTOURS)]
    return f"range of the marginals {ranges[0]:.4f}, of the contours {ranges[1]:.3f}", ranges[0] <= 0.01 and ranges[
        1
    ] <= 0.05


@judges("activation")
def b1() -> tuple[str, bool]:
    sweeps = {name: found for name in ("activation", "batch_norm") if len(found := chosen(name))}
    shells = {name: found.groupby([ACTIVATION, "model.batch_norm"])[SHELL].mean() for name, found in sweeps.items()}
    words = (f"smallest in {name}.yaml: {_named(values.sort_values()[:3])}" for name, values in shells.items())
    hollow = [{name for name, value in values.items() if value < HOLLOW} for values in shells.values()]
    return "; ".join(words), all(found == {("tanh", True)} for found in hollow)


def _named(shells: pd.Series) -> str:
    """Activation, with or without batch normalization, and value of each."""
    networks = zip(shells.index, shells, strict=True)
    return ", ".join(f"{name}{' with batch norm' if on else ''} {value:.2f}" for (name, on), value in networks)


@judges("activation")
def b2() -> tuple[str, bool]:
    without, having = (means(chosen("activation", model_batch_norm=on), ACTIVATION, RADII) for on in (False, True))
    change = having - without
    others = change.drop("tanh")
    return f"change: {listed(change)}", bool(change["tanh"] > 0 and (others.abs() > 0.05).sum() < 2)


@judges("latent_dim")
def c1() -> tuple[str, bool]:
    radii = means(chosen("latent_dim", data_name="celeba"), DIMENSIONS, RADII)
    return listed(radii), bool(radii[256] < radii[16])


@judges("latent_dim")
def c2() -> tuple[str, bool]:
    spreads = means(chosen("latent_dim", data_name="celeba"), DIMENSIONS, "mnd/radius/spread")
    return listed(spreads, 2), bool(spreads[512] >= 3 * spreads[8])


@judges("latent_dim")
def c3() -> tuple[str, bool]:
    adjusted = means(chosen("latent_dim", data_name="celeba"), DIMENSIONS, f"{MARGINALS}_adjusted")
    return listed(adjusted, 4), bool(adjusted[512] - adjusted[16] <= 0.01)


@judges("latent_dim")
def c4() -> tuple[str, bool]:
    faces, digits = (
        means(chosen("latent_dim", data_name=name), DIMENSIONS, f"{MARGINALS}_adjusted")
        for name in ("celeba", "digits")
    )
    lead = (faces - digits)[faces.index <= 256]
    return f"faces less digits: {listed(lead, 4)}", bool((lead > 0).all())


def formed(metric: str) -> pd.Series:
    """Mean over seeds after each number of epochs, of the articles' activation."""
    steps = chosen("epochs", model_activation="leaky_relu").filter(regex=rf"^formation/{metric}@")
    means = steps.mean()
    means.index = [int(name.partition("@")[2]) for name in means.index]
    return means.sort_index()


@judges("epochs")
def e1() -> tuple[str, bool]:
    radii = formed("radius_agreement")
    return listed(radii), bool((radii.drop(0) <= radii[0]).all())


@judges("epochs")
def e2() -> tuple[str, bool]:
    contours = formed("contour_agreement")
    return listed(contours), bool(contours[1] < contours[0] < contours[48])


@judges("maps")
def f1() -> tuple[str, bool]:
    found = chosen("maps")
    ranges = [spread(means(found, MAPS, metric)) for metric in (RADII, UNTRAINED)]
    return f"range {ranges[0]:.3f}, untrained {ranges[1]:.3f}", max(ranges) <= 0.1


@judges("maps")
def f2() -> tuple[str, bool]:
    gains = means(chosen("maps"), MAPS, GAIN)
    return f"gain: {listed(gains)}", bool((gains <= 0).all())


@judges("batch_norm")
def k1() -> tuple[str, bool]:
    gains = means(chosen("batch_norm", model_batch_norm=False), ACTIVATION, GAIN)
    return f"gain: {listed(gains)}", bool((gains <= 0).all())


@judges("batch_norm")
def k2() -> tuple[str, bool]:
    small, large = (
        chosen(sweep, model_activation="leaky_relu", model_batch_norm=False)[[RADII, UNTRAINED]].mean()
        for sweep in ("activation", "batch_norm")
    )
    words = (
        f"radii {small[RADII]:.3f} and {large[RADII]:.3f}, untrained {small[UNTRAINED]:.3f} and {large[UNTRAINED]:.3f}"
    )
    return words, bool(((large - small).abs() <= 0.1).all())


@judges("resolution")
def k3() -> tuple[str, bool]:
    radii = chosen("resolution").groupby(["data.resolution", "data.crop"], sort=False)[RADII].mean()
    words = ", ".join(
        f"{pixels} px {crop} {value:.3f}" for (pixels, crop), value in zip(radii.index, radii, strict=True)
    )
    return words, spread(radii) <= 0.1


def tanh_normalized(sweep: str) -> pd.Series:
    """Means over seeds of tanh with batch normalization, which is a shell after 12 epochs at 64 pixels."""
    return chosen(sweep, model_activation="tanh", model_batch_norm=True).mean(numeric_only=True)


@judges("epochs")
def l1() -> tuple[str, bool]:
    spread = float(tanh_normalized("epochs")[SHELL])
    return f"{spread:.2f}", spread > HOLLOW


@judges("epochs")
def l2() -> tuple[str, bool]:
    long, short = tanh_normalized("epochs"), tanh_normalized("activation")
    words = f"radii {long[RADII]:.3f}, after 12 epochs {short[RADII]:.3f}; gain {long[GAIN]:+.3f}"
    return words, bool(long[RADII] < short[RADII] and long[GAIN] > 0)


@judges("epochs")
def l3() -> tuple[str, bool]:
    small, large = tanh_normalized("epochs"), tanh_normalized("batch_norm")
    radii, distances = (f"formation/{name}@16" for name in ("radius_agreement", "origin/norm_agreement"))
    words = (
        f"{words} {small[name]:.3f} and {large[name]:.3f}"
        for words, name in (("radii", radii), ("distances from the origin", distances))
    )
    return ", ".join(words), bool(
        abs(small[radii] - large[radii]) <= 0.03 and large[distances] - small[distances] >= 0.03
    )


@judges("activation")
def m1() -> tuple[str, bool]:
    gains = means(chosen("activation", model_batch_norm=False), ACTIVATION, HELD_OUT_GAIN)
    return f"gain: {listed(gains)}", int((gains > 0).sum()) < 2


@judges("activation")
def m2() -> tuple[str, bool]:
    small, large = (float(tanh_normalized(sweep)[HELD_OUT_GAIN]) for sweep in ("activation", "batch_norm"))
    return f"gain at 64 px {small:+.3f}, at 96 px {large:+.3f}", min(small, large) > 0


@judges("long_training")
def n1() -> tuple[str, bool]:
    long = tanh_normalized("long_training")
    return f"gain {long[GAIN]:+.3f}", float(long[GAIN]) <= 0.02


@judges("long_training")
def n2() -> tuple[str, bool]:
    spread = float(tanh_normalized("long_training")[SHELL])
    return f"{spread:.2f}", spread > 0.75


@judges("long_training")
def n3() -> tuple[str, bool]:
    gain = float(tanh_normalized("long_training")[HELD_OUT_GAIN])
    return f"gain {gain:+.3f}", gain <= 0.016
