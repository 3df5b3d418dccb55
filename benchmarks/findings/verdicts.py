"""Each prediction of docs/findings.md beside what the runs say. A sweep without results has no verdict yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from benchmarks.findings.results import HEADLINES, chosen, planned, runs

RADII, CONTOURS, MARGINALS = "mnd/radius_agreement", "mnd/contour_agreement", "mnd/marginal_gaussianity"
UNTRAINED, PIXELS = "control/untrained/radius_agreement", "control/pca/radius_agreement"
GAIN, NULL, SHELL = "gain/radius_agreement", f"{RADII}_null", "mnd/origin/norm_spread"
KURTOSIS = "mnd/elliptical/kurtosis_of_directions"
HELD_OUT = "mnd_test/radius_agreement"
HELD_OUT_GAIN = f"gain/{HELD_OUT}"
ACTIVATION, DIMENSIONS, MAPS = "model.activation", "model.latent_dim", "model.maps"
# As the predictions say it: below, a cloud is a shell around the origin.
HOLLOW = 0.5


@dataclass(frozen=True)
class Verdict:
    """measured: what it speaks of, in numbers. holds: None where runs are missing; done: how many there are."""

    prediction: str
    measured: str = ""
    holds: bool | None = None
    done: str = ""

    @property
    def word(self) -> str:
        return {None: self.done or "not run yet", True: "holds", False: "**failed**"}[self.holds]


Judge = Callable[[], tuple[str, bool]]


def means(found: pd.DataFrame, by: str, metric: str) -> pd.Series:
    """Mean over seeds of each value of a field, in the order of the file."""
    return found.groupby(by, sort=False)[metric].mean()


def listed(values: pd.Series, digits: int = 3) -> str:
    """Name and value of each, in words."""
    return ", ".join(f"{name} {value:.{digits}f}" for name, value in values.items())


def spread(values: pd.Series) -> float:
    return float(values.max() - values.min())


def a1() -> tuple[str, bool]:
    gains = means(chosen("activation", model_batch_norm=False), ACTIVATION, GAIN)
    return f"gain: {listed(gains)}", int((gains > 0).sum()) < 2


def a2() -> tuple[str, bool]:
    found = chosen("activation", model_batch_norm=False)
    radii = means(found, ACTIVATION, RADII)
    gap = float((means(found, ACTIVATION, NULL) - radii).min())
    words = f"range of the radii {spread(radii):.3f}, smallest gap {gap:.3f}"
    return words, spread(radii) <= gap / 2


def a3() -> tuple[str, bool]:
    found = chosen("activation", model_batch_norm=False)
    ranges = [spread(means(found, ACTIVATION, metric)) for metric in (MARGINALS, CONTOURS)]
    return f"range of the marginals {ranges[0]:.4f}, of the contours {ranges[1]:.3f}", ranges[0] <= 0.01 and ranges[
        1
    ] <= 0.05


def b1() -> tuple[str, bool]:
    sweeps = {name: found for name in ("activation", "batch_norm") if len(found := runs(name))}
    shells = {name: found.groupby([ACTIVATION, "model.batch_norm"])[SHELL].mean() for name, found in sweeps.items()}
    words = (f"smallest in {name}.yaml: {_named(values.sort_values()[:3])}" for name, values in shells.items())
    hollow = [{name for name, value in values.items() if value < HOLLOW} for values in shells.values()]
    return "; ".join(words), all(found == {("tanh", True)} for found in hollow)


def _named(shells: pd.Series) -> str:
    """Activation, with or without batch normalization, and value of each."""
    return ", ".join(f"{name[0]}{' with batch norm' if name[1] else ''} {value:.2f}" for name, value in shells.items())


def b2() -> tuple[str, bool]:
    without, having = (means(chosen("activation", model_batch_norm=on), ACTIVATION, RADII) for on in (False, True))
    change = having - without
    others = change.drop("tanh")
    return f"change: {listed(change)}", bool(change["tanh"] > 0 and (others.abs() > 0.05).sum() < 2)


def c1() -> tuple[str, bool]:
    radii = means(chosen("latent_dim", data_name="celeba"), DIMENSIONS, RADII)
    return listed(radii), bool(radii[256] < radii[16])


def c2() -> tuple[str, bool]:
    spreads = means(chosen("latent_dim", data_name="celeba"), DIMENSIONS, "mnd/radius/spread")
    return listed(spreads, 2), bool(spreads[512] >= 3 * spreads[8])


def c3() -> tuple[str, bool]:
    adjusted = means(chosen("latent_dim", data_name="celeba"), DIMENSIONS, f"{MARGINALS}_adjusted")
    return listed(adjusted, 4), bool(adjusted[512] - adjusted[16] <= 0.01)


def c4() -> tuple[str, bool]:
    faces, digits = (
        means(chosen("latent_dim", data_name=name), DIMENSIONS, f"{MARGINALS}_adjusted")
        for name in ("celeba", "digits")
    )
    lead = (faces - digits)[faces.index <= 256]
    return f"faces less digits: {listed(lead, 4)}", bool((lead > 0).all())


def surrogate(kind: str) -> float:
    return float(chosen("surrogates", data_surrogate=kind)[RADII].mean())


def d1() -> tuple[str, bool]:
    normal, photographs = surrogate("gaussian"), surrogate("none")
    return f"normal population {normal:.3f}, photographs {photographs:.3f}", normal > 0.75 and photographs < 0.65


def d2() -> tuple[str, bool]:
    phases, photographs = surrogate("phase"), surrogate("none")
    return f"random phases {phases:.3f}, photographs {photographs:.3f}", abs(phases - photographs) <= 0.1


def d3() -> tuple[str, bool]:
    celeba = chosen("dataset", data_name="celeba")
    radii, gap = means(celeba, "data.contrast", RADII), means(celeba, "data.contrast", f"{RADII}_gap")
    rise = radii["normalized"] - radii["as_is"]
    words = f"{listed(radii)}; rise {rise:+.3f}, a quarter of the gap {gap['as_is'] / 4:.3f}"
    return words, bool(0 < rise < gap["as_is"] / 4)


def d4() -> tuple[str, bool]:
    found = runs("dataset")
    radii = means(found[found["data.contrast"] == "as_is"], "data.name", RADII)
    both = radii[["celeba", "folder"]]
    near = spread(both) <= 0.1
    return listed(radii[["celeba", "folder", "mixture"]]), bool(near and radii["mixture"] <= both.max())


def d5() -> tuple[str, bool]:
    radii = means(chosen("dataset", data_name="synthetic"), "data.factors", RADII)
    return listed(radii), spread(radii) <= 0.1


def formed(metric: str) -> pd.Series:
    """Mean over seeds after each number of epochs, of the articles' activation."""
    steps = chosen("epochs", model_activation="leaky_relu").filter(regex=rf"^formation/{metric}@")
    means = steps.mean()
    means.index = [int(name.partition("@")[2]) for name in means.index]
    return means.sort_index()


def e1() -> tuple[str, bool]:
    radii = formed("radius_agreement")
    return listed(radii), bool((radii.drop(0) <= radii[0]).all())


def e2() -> tuple[str, bool]:
    contours = formed("contour_agreement")
    return listed(contours), bool(contours[1] < contours[0] < contours[48])


def f1() -> tuple[str, bool]:
    found = runs("maps")
    ranges = [spread(means(found, MAPS, metric)) for metric in (RADII, UNTRAINED)]
    return f"range {ranges[0]:.3f}, untrained {ranges[1]:.3f}", max(ranges) <= 0.1


def f2() -> tuple[str, bool]:
    gains = means(runs("maps"), MAPS, GAIN)
    return f"gain: {listed(gains)}", bool((gains <= 0).all())


def without(contrast: str = "as_is", background: str = "kept", blur: float = 0.0) -> pd.Series:
    """Means over seeds of photographs from which this is taken away."""
    found = chosen("radius", data_contrast=contrast, data_background=background, data_blur=blur)
    return found[[RADII, UNTRAINED, NULL]].mean()


def g1() -> tuple[str, bool]:
    moved = without(blur=2.0) - without()
    words = f"trained {moved[RADII]:+.3f}, untrained {moved[UNTRAINED]:+.3f}"
    return words, bool((moved[[RADII, UNTRAINED]].abs() < 0.05).all())


def g2() -> tuple[str, bool]:
    plain = without()
    masked, equal = (each[RADII] - plain[RADII] for each in (without(background="masked"), without("normalized")))
    third = (plain[NULL] - plain[RADII]) / 3
    words = f"background {masked:+.3f}, contrast {equal:+.3f}; a third of the gap {third:.3f}"
    return words, bool(third > masked > equal)


def g3() -> tuple[str, bool]:
    before, after = (each[NULL] - each[RADII] for each in (without(), without("normalized", "masked", 2.0)))
    return f"gap {before:.3f}, of all three {after:.3f}", bool(after > before / 2)


def explained_by_radius(found: pd.DataFrame, name: str) -> float:
    """Of what a headline lacks to a normal cloud's, the share that an elliptical cloud of the same radii lacks too."""
    null = found[f"mnd/{name}_null"].mean()
    return float((null - found[f"control/elliptical/{name}"].mean()) / (null - found[f"mnd/{name}"].mean()))


def g4() -> tuple[str, bool]:
    found = chosen("activation", model_activation="leaky_relu", model_batch_norm=False)
    shares = {words: explained_by_radius(found, HEADLINES[words]) for words in ("marginals", "contours")}
    return f"share that the radius explains: {listed(pd.Series(shares), 2)}", min(shares.values()) >= 0.5


def h1() -> tuple[str, bool]:
    found = runs("activation")
    lead = (found["mnd/groups/radius_agreement"] - found["mnd/groups/radius_agreement_all"]).mean()
    return f"groups {lead:+.3f}", bool(lead < 0.03)


def aucs(found: pd.DataFrame, of: str = "") -> pd.Series:
    """Of each run the mean over attributes of how well each is told from its latent vectors, or from a control's."""
    return found.filter(regex=rf"^{of}attributes/auc_").mean(axis=1)


def mean_auc(found: pd.DataFrame, of: str = "") -> float:
    """The mean of these over runs."""
    return float(aucs(found, of).mean())


def h2() -> tuple[str, bool]:
    found = chosen("attributes", model_latent_dim=256)
    trained, pixels = mean_auc(found), mean_auc(found, "control/pca/")
    return f"trained {trained:.3f}, principal components {pixels:.3f}", abs(trained - pixels) <= 0.03


def h3() -> tuple[str, bool]:
    found = chosen("attributes", model_latent_dim=256)
    trained, untrained = mean_auc(found), mean_auc(found, "control/untrained/")
    return f"trained {trained:.3f}, untrained {untrained:.3f}", trained - untrained >= 0.02


def i1() -> tuple[str, bool]:
    half = means(chosen("activation", model_batch_norm=False), ACTIVATION, "mnd/core/radius_agreement@50")
    return f"innermost half: {listed(half)}", bool((half < 0.75).all())


def j1() -> tuple[str, bool]:
    found = chosen("attributes", model_latent_dim=256)
    after, before = (float(found[f"{of}maps/explained"].mean()) for of in ("", "control/untrained/"))
    return f"trained {after:.3f}, untrained {before:.3f}", before - after >= 0.1


def k1() -> tuple[str, bool]:
    gains = means(chosen("batch_norm", model_batch_norm=False), ACTIVATION, GAIN)
    return f"gain: {listed(gains)}", bool((gains <= 0).all())


def k2() -> tuple[str, bool]:
    small, large = (
        chosen(sweep, model_activation="leaky_relu", model_batch_norm=False)[[RADII, UNTRAINED]].mean()
        for sweep in ("activation", "batch_norm")
    )
    words = (
        f"radii {small[RADII]:.3f} and {large[RADII]:.3f}, untrained {small[UNTRAINED]:.3f} and {large[UNTRAINED]:.3f}"
    )
    return words, bool(((large - small).abs() <= 0.1).all())


def k3() -> tuple[str, bool]:
    radii = runs("resolution").groupby(["data.resolution", "data.crop"], sort=False)[RADII].mean()
    words = ", ".join(f"{pixels} px {crop} {value:.3f}" for (pixels, crop), value in radii.items())
    return words, spread(radii) <= 0.1


def tanh_normalized(sweep: str) -> pd.Series:
    """Means over seeds of tanh with batch normalization, which is a shell after 12 epochs at 64 pixels."""
    return chosen(sweep, model_activation="tanh", model_batch_norm=True).mean(numeric_only=True)


def l1() -> tuple[str, bool]:
    spread = float(tanh_normalized("epochs")[SHELL])
    return f"{spread:.2f}", spread > HOLLOW


def l2() -> tuple[str, bool]:
    long, short = tanh_normalized("epochs"), tanh_normalized("activation")
    words = f"radii {long[RADII]:.3f}, after 12 epochs {short[RADII]:.3f}; gain {long[GAIN]:+.3f}"
    return words, bool(long[RADII] < short[RADII] and long[GAIN] > 0)


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


def m1() -> tuple[str, bool]:
    gains = means(chosen("activation", model_batch_norm=False), ACTIVATION, HELD_OUT_GAIN)
    return f"gain: {listed(gains)}", int((gains > 0).sum()) < 2


def m2() -> tuple[str, bool]:
    small, large = (float(tanh_normalized(sweep)[HELD_OUT_GAIN]) for sweep in ("activation", "batch_norm"))
    return f"gain at 64 px {small:+.3f}, at 96 px {large:+.3f}", min(small, large) > 0


def n1() -> tuple[str, bool]:
    long = tanh_normalized("long_training")
    return f"gain {long[GAIN]:+.3f}", float(long[GAIN]) <= 0.02


def n2() -> tuple[str, bool]:
    spread = float(tanh_normalized("long_training")[SHELL])
    return f"{spread:.2f}", spread > 0.75


def n3() -> tuple[str, bool]:
    gain = float(tanh_normalized("long_training")[HELD_OUT_GAIN])
    return f"gain {gain:+.3f}", gain <= 0.016


JUDGES: dict[str, tuple[str, Judge]] = {
    **{name: ("activation", judge) for name, judge in (("A1", a1), ("A2", a2), ("A3", a3), ("B1", b1), ("B2", b2))},
    **{name: ("latent_dim", judge) for name, judge in (("C1", c1), ("C2", c2), ("C3", c3), ("C4", c4))},
    **{name: ("surrogates", judge) for name, judge in (("D1", d1), ("D2", d2))},
    **{name: ("dataset", judge) for name, judge in (("D3", d3), ("D4", d4), ("D5", d5))},
    **{name: ("epochs", judge) for name, judge in (("E1", e1), ("E2", e2))},
    **{name: ("maps", judge) for name, judge in (("F1", f1), ("F2", f2))},
    **{name: ("radius", judge) for name, judge in (("G1", g1), ("G2", g2), ("G3", g3))},
    **{name: ("activation", judge) for name, judge in (("G4", g4), ("H1", h1))},
    **{name: ("attributes", judge) for name, judge in (("H2", h2), ("H3", h3))},
    "I1": ("activation", i1),
    "J1": ("attributes", j1),
    "K1": ("batch_norm", k1),
    "K2": ("batch_norm", k2),
    "K3": ("resolution", k3),
    **{name: ("epochs", judge) for name, judge in (("L1", l1), ("L2", l2), ("L3", l3))},
    **{name: ("activation", judge) for name, judge in (("M1", m1), ("M2", m2))},
    **{name: ("long_training", judge) for name, judge in (("N1", n1), ("N2", n2), ("N3", n3))},
}


def verdicts() -> Iterator[Verdict]:
    """Of every prediction, in their order."""
    for name, (sweep, judge) in JUDGES.items():
        done, wanted = len(runs(sweep)), planned(sweep)
        if done < wanted:
            yield Verdict(name, done=f"{done} of {wanted} runs so far" if done else "")
        else:
            yield Verdict(name, *judge())
