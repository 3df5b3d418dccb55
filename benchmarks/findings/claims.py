"""The differences of radii that docs/findings.md speaks of, all in one place, as they are corrected together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.findings.differences import Difference, between, corrected, from_zero
from benchmarks.findings.faces import NORMAL_KID, above_normal, plain_and_kl
from benchmarks.findings.results import REMOVED, chosen, removed, runs
from benchmarks.findings.verdicts import ACTIVATION, GAIN, HELD_OUT_GAIN, RADII


@dataclass(frozen=True)
class Side:
    """Names of the metrics that say how normal the radii of some images are, and what training did to them."""

    radii: str
    gain: str


TRAINING, HELD_OUT = Side(RADII, GAIN), Side("mnd_test/radius_agreement", HELD_OUT_GAIN)


def claimed() -> list[Difference]:
    """All that the published runs allow, with p-values corrected over them."""
    return corrected([found for found in (*_of_radii(TRAINING), *_of_faces()) if found is not None])


def held_out() -> dict[str, Difference]:
    """Those of the radii by their words, of photographs that no network was trained on, where these are enough."""
    return {found.words: found for found in _of_radii(HELD_OUT) if found is not None and np.isfinite(found.value)}


def _of_radii(side: Side) -> Iterator[Difference | None]:
    for kind in (_surrogates, _activations, _larger_pictures, _dimensions, _shapes, _populations, _removed, _enforced):
        yield from kind(side)


def _surrogates(side: Side) -> Iterator[Difference | None]:
    kinds = {"none": "photographs", "gaussian": "a normal population", "phase": "random phases"}
    for kind, words in kinds.items():
        if len(found := chosen("surrogates", data_surrogate=kind)):
            yield from_zero(f"{words}: trained less untrained", found[side.gain])
    photographs = chosen("surrogates", data_surrogate="none")
    for kind in ("gaussian", "phase"):
        if len(found := chosen("surrogates", data_surrogate=kind)):
            yield between(f"{kinds[kind]} less photographs", photographs[side.radii], found[side.radii])


def _activations(side: Side) -> Iterator[Difference | None]:
    found = runs("activation")
    for name, cell in found.groupby(ACTIVATION, sort=False) if len(found) else ():
        without, having = (cell[cell["model.batch_norm"] == on] for on in (False, True))
        yield from_zero(f"{name}: trained less untrained", without[side.gain])
        yield between(f"{name}: with batch norm less without", without[side.radii], having[side.radii])


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
    of = {"data_resolution": 96, "data_crop": "center"}
    before = chosen("resolution", **of)
    for words, change in {
        "128 px less 96": {"data_resolution": 128},
        "tight crop less wide": {"data_crop": "tight"},
    }.items():
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


def _of_faces() -> Iterator[Difference | None]:
    plain, enforced = plain_and_kl()
    if len(plain) and len(enforced):
        yield between(
            "KL divergence less nothing enforced: KID of normal draws", plain[NORMAL_KID], enforced[NORMAL_KID]
        )
    found = chosen("generators", model_latent_dim=256)
    for name in ("gmm", "elliptical", "flow", "independent") if len(found) else ():
        yield from_zero(f"KID of draws by {name} less that of normal draws", above_normal(found, name))
