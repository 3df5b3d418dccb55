"""The differences of radii that docs/findings.md speaks of, all in one place, as they are corrected together."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.findings.differences import Difference, between, corrected, from_zero
from benchmarks.findings.faces import NORMAL_KID, above_normal, plain_and_kl
from benchmarks.findings.results import REMOVED, chosen, removed, runs
from benchmarks.findings.verdicts import ACTIVATION, GAIN, RADII


def claimed() -> list[Difference]:
    """All that the published runs allow, with p-values corrected over them."""
    return corrected([found for found in _all() if found is not None])


def _all() -> Iterator[Difference | None]:
    yield from _surrogates()
    yield from _activations()
    yield from _larger_pictures()
    yield from _dimensions()
    yield from _shapes()
    yield from _populations()
    yield from _removed()
    yield from _enforced()
    yield from _faces()


def _surrogates() -> Iterator[Difference | None]:
    kinds = {"none": "photographs", "gaussian": "a normal population", "phase": "random phases"}
    for kind, words in kinds.items():
        if len(found := chosen("surrogates", data_surrogate=kind)):
            yield from_zero(f"{words}: trained less untrained", found[GAIN])
    photographs = chosen("surrogates", data_surrogate="none")
    for kind in ("gaussian", "phase"):
        if len(found := chosen("surrogates", data_surrogate=kind)):
            yield between(f"{kinds[kind]} less photographs", photographs[RADII], found[RADII])


def _activations() -> Iterator[Difference | None]:
    found = runs("activation")
    for name, cell in found.groupby(ACTIVATION, sort=False) if len(found) else ():
        without, having = (cell[cell["model.batch_norm"] == on] for on in (False, True))
        yield from_zero(f"{name}: trained less untrained", without[GAIN])
        yield between(f"{name}: with batch norm less without", without[RADII], having[RADII])


def _larger_pictures() -> Iterator[Difference | None]:
    """The articles' resolution and epochs beside those of the other sweeps; then size and crop, all else alike."""
    for name in ("leaky_relu", "tanh"):
        without, having = (chosen("batch_norm", model_activation=name, model_batch_norm=on) for on in (False, True))
        if len(without) and len(having):
            yield from_zero(f"{name} at 96 px, 24 epochs: trained less untrained", without[GAIN])
            yield between(f"{name} at 96 px: with batch norm less without", without[RADII], having[RADII])
    plain = {"model_activation": "leaky_relu", "model_batch_norm": False}
    small, large = (chosen(sweep, **plain) for sweep in ("activation", "batch_norm"))
    if len(small) and len(large):
        yield between("96 px, 24 epochs less 64 px, 12", small[RADII], large[RADII])
    of = {"data_resolution": 96, "data_crop": "center"}
    before = chosen("resolution", **of)
    for words, change in {
        "128 px less 96": {"data_resolution": 128},
        "tight crop less wide": {"data_crop": "tight"},
    }.items():
        if len(before) and len(found := chosen("resolution", **of | change)):
            yield between(f"{words}, 24 epochs", before[RADII], found[RADII])


def _dimensions() -> Iterator[Difference | None]:
    for name in ("celeba", "digits"):
        few, many = (chosen("latent_dim", data_name=name, model_latent_dim=d) for d in (16, 256))
        if len(few) and len(many):
            yield between(f"{name}: 256 latent dimensions less 16", few[RADII], many[RADII])


def _shapes() -> Iterator[Difference | None]:
    five, three = (chosen("maps", model_maps=maps) for maps in ("[32, 64, 128, 256, 256]", "[64, 128, 256]"))
    if len(five) and len(three):
        yield between("three layers less five, 256 innermost maps", five[RADII], three[RADII])


def _populations() -> Iterator[Difference | None]:
    celeba = chosen("dataset", data_name="celeba", data_contrast="as_is")
    equal = chosen("dataset", data_name="celeba", data_contrast="normalized")
    if len(celeba) and len(equal):
        yield between("CelebA at equal contrast less as it is", celeba[RADII], equal[RADII])
    for name, words in (("folder", "LFW"), ("mixture", "both mixed"), ("digits", "digits")):
        if len(celeba) and len(found := chosen("dataset", data_name=name)):
            yield between(f"{words} less CelebA", celeba[RADII], found[RADII])


def _removed() -> Iterator[Difference | None]:
    """What each takes away from photographs that are otherwise as they were, and all three together."""
    found = removed()
    for words, kind in {**{each: each for each in REMOVED}, "all three": ", ".join(REMOVED)}.items():
        if "as they are" in found and kind in found:
            before, after = found["as they are"], found[kind]
            yield between(f"{words} less photographs as they are", before[RADII], after[RADII])


def _enforced() -> Iterator[Difference | None]:
    """The plain network beside the penalty that changes its cloud most."""
    plain, enforced = plain_and_kl()
    if len(plain) and len(enforced):
        yield between("KL divergence less nothing enforced", plain[RADII], enforced[RADII])
        yield between("the same, KID of normal draws", plain[NORMAL_KID], enforced[NORMAL_KID])


def _faces() -> Iterator[Difference | None]:
    found = chosen("generators", model_latent_dim=256)
    for name in ("gmm", "elliptical", "flow", "independent") if len(found) else ():
        yield from_zero(f"KID of draws by {name} less that of normal draws", above_normal(found, name))
