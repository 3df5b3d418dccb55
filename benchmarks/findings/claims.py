"""The differences that docs/findings.md claims, all in one place, as they are corrected together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from benchmarks.findings.differences import Difference, between, corrected, from_zero
from benchmarks.findings.faces import NORMAL_KID, above_normal, plain_and_kl
from benchmarks.findings.results import REMOVED, chosen, removed, runs
from benchmarks.findings.scores import ACTIVATION, GAIN, HELD_OUT, HELD_OUT_GAIN, KURTOSIS, RADII, aucs, turned


@dataclass(frozen=True)
class Side:
    """Names of the metrics that say how normal the radii of some images are, and what training did to them."""

    radii: str
    gain: str


OF_MAPS = "share of a map's output that light and detail explain"
LESS_PHOTOGRAPHS = " less photographs"
POPULATION = f"a normal population{LESS_PHOTOGRAPHS}"
KL_KID = "KL divergence less nothing enforced: KID of normal draws"
TRAINING, TESTED = Side(RADII, GAIN), Side(HELD_OUT, HELD_OUT_GAIN)


def claimed() -> list[Difference]:
    """All that the published runs allow, with p-values corrected over them."""
    return [found for kind in by_kind().values() for found in kind]


def by_kind() -> dict[str, list[Difference]]:
    """The same by the section that tells them; corrected over all sections."""
    kinds = {name: kind(TRAINING) for name, kind in OF_RADII.items()} | {name: kind() for name, kind in OTHERS.items()}
    known = {name: [found for found in kind if found is not None] for name, kind in kinds.items()}
    all_of_them = iter(corrected([found for kind in known.values() for found in kind]))
    return {name: list(islice(all_of_them, len(kind))) for name, kind in known.items()}


def held_out() -> dict[str, Difference]:
    """Those of the radii by their words, of photographs that no network was trained on, where these are enough."""
    kinds = (kind(TESTED) for kind in OF_RADII.values())
    return {found.words: found for kind in kinds for found in kind if found is not None and np.isfinite(found.value)}


def _surrogates(side: Side) -> Iterator[Difference | None]:
    kinds = {"none": "photographs", "gaussian": "a normal population", "phase": "random phases"}
    for kind, words in kinds.items():
        if len(found := chosen("surrogates", data_surrogate=kind)):
            yield from_zero(f"{words}: trained less untrained", found[side.gain])
    photographs = chosen("surrogates", data_surrogate="none")
    for kind in ("gaussian", "phase"):
        if len(found := chosen("surrogates", data_surrogate=kind)):
            yield between(f"{kinds[kind]}{LESS_PHOTOGRAPHS}", photographs[side.radii], found[side.radii])


def _activations(side: Side) -> Iterator[Difference | None]:
    found = runs("activation")
    for name, cell in found.groupby(ACTIVATION, sort=False) if len(found) else ():
        without, having = (cell[cell["model.batch_norm"] == on] for on in (False, True))
        yield from_zero(f"{name}: trained less untrained", without[side.gain])
        yield between(f"{name}: with batch norm less without", without[side.radii], having[side.radii])


def _longer_trainings(side: Side) -> Iterator[Difference | None]:
    """The one network whose radii training raises, after more and more epochs."""
    for sweep, epochs in (("epochs", 48), ("long_training", 144)):
        if len(found := chosen(sweep, model_activation="tanh", model_batch_norm=True)):
            yield from_zero(f"tanh with batch norm, {epochs} epochs: trained less untrained", found[side.gain])


def _larger_pictures(side: Side) -> Iterator[Difference | None]:
    """The articles' resolution and epochs beside those of the other sweeps; then size and crop, all else alike."""
    for name in ("leaky_relu", "tanh"):
        without, having = (chosen("batch_norm", model_activation=name, model_batch_norm=on) for on in (False, True))
        if len(without) and len(having):
            yield from_zero(f"{name} at 96 px, 24 epochs: trained less untrained", without[side.gain])
            yield between(f"{name} at 96 px: with batch norm less without", without[side.radii], having[side.radii])
    plain = {"model_activation": "leaky_relu", "model_batch_norm": False}
    small, large = (chosen(sweep, **plain) for sweep in ("activation", "batch_norm"))
    if len(small) and len(large):
        yield between("96 px, 24 epochs less 64 px, 12", small[side.radii], large[side.radii])
    of: dict[str, Any] = {"data_resolution": 96, "data_crop": "center"}
    before = chosen("resolution", **of)
    changes: dict[str, dict[str, Any]] = {
        "128 px less 96": {"data_resolution": 128},
        "tight crop less wide": {"data_crop": "tight"},
    }
    for words, change in changes.items():
        if len(before) and len(found := chosen("resolution", **of | change)):
            yield between(f"{words}, 24 epochs", before[side.radii], found[side.radii])


def _dimensions(side: Side) -> Iterator[Difference | None]:
    for name in ("celeba", "digits"):
        few, many = (chosen("latent_dim", data_name=name, model_latent_dim=d) for d in (16, 256))
        if len(few) and len(many):
            yield between(f"{name}: 256 latent dimensions less 16", few[side.radii], many[side.radii])


def _shapes(side: Side) -> Iterator[Difference | None]:
    five, three = (chosen("maps", model_maps=maps) for maps in ("[32, 64, 128, 256, 256]", "[64, 128, 256]"))
    if len(five) and len(three):
        yield between("three layers less five, 256 innermost maps", five[side.radii], three[side.radii])


def _populations(side: Side) -> Iterator[Difference | None]:
    celeba = chosen("dataset", data_name="celeba", data_contrast="as_is")
    equal = chosen("dataset", data_name="celeba", data_contrast="normalized")
    if len(celeba) and len(equal):
        yield between("CelebA at equal contrast less as it is", celeba[side.radii], equal[side.radii])
    for name, words in (("folder", "LFW"), ("mixture", "both mixed"), ("digits", "digits")):
        if len(celeba) and len(found := chosen("dataset", data_name=name)):
            yield between(f"{words} less CelebA", celeba[side.radii], found[side.radii])


def _removed(side: Side) -> Iterator[Difference | None]:
    """What each takes away from photographs that are otherwise as they were, and all three together."""
    found = removed()
    for words, kind in {**{each: each for each in REMOVED}, "all three": ", ".join(REMOVED)}.items():
        if "as they are" in found and kind in found:
            before, after = found["as they are"], found[kind]
            yield between(f"{words} less photographs as they are", before[side.radii], after[side.radii])


def _enforced(side: Side) -> Iterator[Difference | None]:
    """The plain network beside the penalty that changes its cloud most."""
    plain, enforced = plain_and_kl()
    if len(plain) and len(enforced):
        yield between("KL divergence less nothing enforced", plain[side.radii], enforced[side.radii])


def _law() -> Iterator[Difference | None]:
    found = chosen("activation", model_activation="leaky_relu", model_batch_norm=False)
    if len(found):
        yield from_zero("excess kurtosis in all directions", found["mnd/elliptical/kurtosis"])
        yield from_zero("the same at one distance from the center", found[KURTOSIS])


def _core() -> Iterator[Difference | None]:
    """Whether the innermost half is nearer to the innermost half of a normal cloud than the whole is to the whole."""
    found = chosen("activation", model_activation="leaky_relu", model_batch_norm=False)
    if len(found):
        name = "mnd/core/radius_agreement"
        half, whole = (found[f"{name}@{share}"] - found[f"{name}_null@{share}"] for share in (50, 100))
        yield from_zero("radii beside a normal cloud's: innermost half less the whole", half - whole)


def _attributes() -> Iterator[Difference | None]:
    """Of the means over all attributes; from photographs that no network was trained on."""
    found, groups = chosen("attributes", model_latent_dim=256), runs("activation")
    if len(found):
        trained, untrained, pixels = (aucs(found, of) for of in ("", "control/untrained/", "control/pca/"))
        yield from_zero("mean AUC of the attributes: trained less untrained", trained - untrained)
        yield from_zero("the same less principal components", trained - pixels)
        yield from_zero(f"{OF_MAPS}: trained less untrained", turned(found))
    for words, longer in {
        "leaky_relu, 48 epochs": chosen("epochs", model_activation="leaky_relu"),
        "tanh with batch norm, 144 epochs": runs("long_training"),
    }.items():
        if len(longer):
            gain = aucs(longer) - aucs(longer, "control/untrained/")
            yield from_zero(f"mean AUC of the attributes, {words}: trained less untrained", gain)
            yield from_zero(f"{OF_MAPS}, {words}: trained less untrained", turned(longer))
    if len(groups):
        own, random = (groups[f"mnd/groups/radius_agreement{end}"] for end in ("", "_all"))
        yield from_zero("radii of groups less those of as many at random", own - random)


def _faces() -> Iterator[Difference | None]:
    plain, enforced = plain_and_kl()
    if len(plain) and len(enforced):
        yield between(KL_KID, plain[NORMAL_KID], enforced[NORMAL_KID])
    found = chosen("generators", model_latent_dim=256)
    for name in ("gmm", "elliptical", "flow", "independent") if len(found) else ():
        yield from_zero(f"KID of draws by {name} less that of normal draws", above_normal(found, name))


# By the section that tells them.
OF_RADII: dict[str, Callable[[Side], Iterator[Difference | None]]] = {
    "surrogates": _surrogates,
    "activation": _activations,
    "longer_trainings": _longer_trainings,
    "larger_pictures": _larger_pictures,
    "dimensions": _dimensions,
    "shapes": _shapes,
    "populations": _populations,
    "removed": _removed,
    "enforced": _enforced,
}
OTHERS: dict[str, Callable[[], Iterator[Difference | None]]] = {
    "law": _law,
    "core": _core,
    "attributes": _attributes,
    "faces": _faces,
}
