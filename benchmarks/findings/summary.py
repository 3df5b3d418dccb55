"""What the study says so far, for a reader who knows only the articles: sentences with the published numbers."""

from __future__ import annotations

import pandas as pd

from benchmarks.findings.claims import KL_KID, POPULATION, claimed
from benchmarks.findings.differences import Difference
from benchmarks.findings.faces import NORMAL, NORMAL_KID, plain_and_kl
from benchmarks.findings.results import AXES, HEADLINES, chosen, removed, runs
from benchmarks.findings.scores import (
    ACTIVATION,
    DIMENSIONS,
    DIRECTION,
    EXPLAINED,
    HELD_OUT,
    NULL,
    RADII,
    TRAINED_ON,
    UNTRAINED,
    mean_auc,
    normal,
)
from benchmarks.findings.sections import moved, shells

CONTROLS = {"a random projection of the pixels": "projection", "their principal components": "pca"}


def summary() -> str:
    """A numbered list."""
    says = (
        _in_two_dimensions,
        _in_all,
        _dimensions,
        _no_core,
        _training,
        _held_out,
        _larger_pictures,
        _law,
        _population,
        _taken_away,
        _attributes,
        _faces,
    )
    return "\n".join(f"{number}. {say()}" for number, say in enumerate(says, 1))


def _in_two_dimensions() -> str:
    marginals, contours = (_range(f"mnd/{HEADLINES[name]}") for name in ("marginals", "contours"))
    nulls = [runs("activation")[f"mnd/{HEADLINES[name]}_null"].mean() for name in ("marginals", "contours")]
    return (
        f"**One and two components at a time the claim holds, nearly.** Marginals score {marginals} where a normal "
        "cloud scores "
        f"{nulls[0]:.3f}, contours {contours} where it scores {nulls[1]:.3f}, of seven activations."
    )


def _in_all() -> str:
    null, held_out = (runs("activation")[name].mean() for name in (NULL, f"{HELD_OUT}_null"))
    return (
        f"**In all dimensions at once it does not.** The distances from the center score {_range(RADII)}, a normal "
        "cloud's "
        f"{null:.3f}; those of held-out photographs {_range(HELD_OUT)}, of as few a normal "
        f"cloud's {held_out:.3f}. Some photographs lie much farther out than others."
    )


def _dimensions() -> str:
    radii = chosen("latent_dim", data_name="celeba").groupby(DIMENSIONS)[RADII].mean()
    told = ", ".join(f"{radii[d]:.3f} with {d:,}" for d in (8, 64, 1024))
    return (
        f"**More dimensions do not help.** The radii score {told} latent dimensions. A sum of many would be normal if "
        "they were independent; but one radius is common to all."
    )


def _no_core() -> str:
    found = chosen("activation", model_activation="leaky_relu", model_batch_norm=False)
    own, null = (found[f"mnd/core/radius_agreement{end}@50"].mean() for end in ("", "_null"))
    return (
        f"**There is no normal core either.** The radii of the innermost half score {own:.3f}, those of a normal "
        "cloud's "
        f"innermost half {null:.3f}."
    )


def _training() -> str:
    found = runs("activation")
    controls = {words: found[f"control/{name}/radius_agreement"].mean() for words, name in CONTROLS.items()}
    beside = ", ".join(f"{words} {value:.3f}" for words, value in controls.items())
    networks = moved(HEADLINES["radii"])
    return (
        f"**Training does not make the radii normal.** Before the first step the same networks score "
        f"{_range(UNTRAINED)}; without any network, {beside}. Of {len(networks)} networks, training lowered the radii "
        f"of {_lowered(networks)}, told from noise, and raised those of {_raised(networks)}. Clouds that are a shell "
        f"around the origin: {shells()}. Of what marginals and contours of the articles' network lack before training, "
        f"it makes up for {_made_up()} at 96 pixels and 24 epochs."
    )


def _made_up() -> str:
    found = chosen("batch_norm", model_activation="leaky_relu", model_batch_norm=False)
    shares = []
    for name in (HEADLINES["marginals"], HEADLINES["contours"]):
        own, before, null = (
            found[of].mean() for of in (f"mnd/{name}", f"control/untrained/{name}", f"mnd/{name}_null")
        )
        shares.append(f"{(own - before) / (null - before):.0%}")
    return " and ".join(shares)


def _held_out() -> str:
    networks = moved(HELD_OUT)
    return (
        "**Photographs that no network was trained on say the same.** Of the "
        f"{len(networks)} networks of which these are enough, training lowered their radii of {_lowered(networks)}, "
        f"told from noise, and raised those of {_raised(networks)}."
    )


def _lowered(networks: list[Difference]) -> int:
    return sum(each.is_told and each.value < 0 for each in networks)


def _raised(networks: list[Difference]) -> str:
    risen = [each for each in networks if each.is_told and each.value > 0]
    by = "; ".join(f"{each.words} by {each.value:.3f}" for each in risen)
    return f"{len(risen)} ({by})" if risen else "none"


def _larger_pictures() -> str:
    found = chosen("batch_norm", model_activation="leaky_relu", model_batch_norm=False)
    cells = runs("resolution").groupby(AXES["resolution"])[[RADII, UNTRAINED]].mean()
    trained, untrained = (f"{cells[of].min():.3f} to {cells[of].max():.3f}" for of in (RADII, UNTRAINED))
    return (
        "**Larger pictures and more epochs say the same.** At 96 pixels and 24 epochs the radii of the articles' "
        f"network score {found[RADII].mean():.3f}, before training {found[UNTRAINED].mean():.3f}; at 96 and 128 "
        f"pixels, of wide and tight crops, {trained}, before training {untrained}."
    )


def _law() -> str:
    found = runs("activation")
    before, after = (found[f"mnd/elliptical/{name}"] for name in ("kurtosis", "kurtosis_of_directions"))
    odd, early, pixels = (found[f"{of}/{DIRECTION}"] for of in ("mnd", "control/untrained", "control/pca"))
    return (
        "**What it is, mostly: a normal cloud whose size varies from point to point** (an elliptical law). The excess "
        f"kurtosis of its components, {before.mean():.2f} in the mean, is gone once all points are at one distance "
        f"from the center (at most {after.abs().max():.3f} in any run of seven activations). But a search finds a "
        f"direction that is far from normal in every network: KS distances of {odd.min():.3f} to {odd.max():.3f}, "
        f"before training {early.min():.3f} to {early.max():.3f}, of the pixels' principal components "
        f"{pixels.mean():.3f}, of a normal cloud {normal(DIRECTION, TRAINED_ON):.3f}."
    )


def _population() -> str:
    cells = {kind: chosen("surrogates", data_surrogate=kind) for kind in ("gaussian", "none")}
    drawn, real = ({name: cell[name].mean() for name in (UNTRAINED, RADII)} for cell in cells.values())
    populations = runs("dataset")[lambda found: found["data.contrast"] == "as_is"]
    others = populations.groupby(["data.name", "data.factors"])[RADII].mean().drop("celeba")
    return (
        "**It comes with the images, and training would make most of it without them.** Images of an exactly normal "
        f"population score {drawn[UNTRAINED]:.3f} before training, photographs {real[UNTRAINED]:.3f}; after it "
        f"{drawn[RADII]:.3f} and {real[RADII]:.3f}, a difference that is {_told_from_noise(POPULATION)}. Other people, "
        f"drawn faces and digits score {others.min():.3f} to {others.max():.3f}."
    )


def _taken_away() -> str:
    means = pd.Series({words: cell[RADII].mean() for words, cell in removed().items()})
    others = means.drop("as they are")
    return (
        "**Taking away contrast, background or detail makes no normal cloud.** With equal contrast, without "
        f"background, without detail, and all combinations, the radii score {others.min():.3f} to {others.max():.3f}; "
        f"as the photographs are, {means['as they are']:.3f}."
    )


def _attributes() -> str:
    found = chosen("attributes", model_latent_dim=256)
    trained, untrained, pixels = (mean_auc(found, of) for of in ("", "control/untrained/", "control/pca/"))
    after, before = (runs("long_training")[f"{of}{EXPLAINED}"].mean() for of in ("", "control/untrained/"))
    longer, longest = mean_auc(chosen("epochs", model_activation="leaky_relu")), mean_auc(runs("long_training"))
    return (
        "**Training hardly sorts faces by what they have.** A discriminant tells 40 attributes with a mean AUC of "
        f"{trained:.3f}, of {untrained:.3f} from the untrained network, of {pixels:.3f} from principal components; "
        f"after 48 epochs of {longer:.3f}, after 144 of tanh with batch normalization of {longest:.3f}. What "
        "the innermost maps of that last network say turns away from light and detail: they explain "
        f"{after:.2f} of it, {before:.2f} before training."
    )


def _faces() -> str:
    plain, kl = plain_and_kl()
    found = chosen("generators", model_latent_dim=256)
    drawn, real = (found[f"faces/kid_{name}"].mean() for name in (NORMAL, "reconstruction"))
    independent = found["faces/kid_independent"].mean()
    kids = runs("enforced").groupby(AXES["enforced"])[NORMAL_KID].mean()
    best = kids.groupby(level="model.regularizer").min().idxmin()
    return (
        "**New faces do not need it.** Drawn from a normal distribution of the cloud's mean and covariance they are "
        f"nearly as far from photographs (KID {drawn:.2f}) as reconstructions are ({real:.2f}), without the "
        f"correlations much farther ({independent:.2f}). A Kullback-Leibler divergence that brings the radii from "
        f"{plain[RADII].mean():.3f} to {kl[RADII].mean():.3f} brings KID from {plain[NORMAL_KID].mean():.2f} to "
        f"{kl[NORMAL_KID].mean():.2f} ({_told_from_noise(KL_KID)}); of {len(kids)} penalties and weights KID "
        f"is least with `{best}`."
    )


def _told_from_noise(words: str) -> str:
    """Of a difference that is claimed."""
    is_told = next(each.is_told for each in claimed() if each.words == words)
    return f"{'' if is_told else 'not '}told from noise"


def _range(metric: str) -> str:
    """Of the means over seeds of all fourteen networks of the activations."""
    means: pd.Series = runs("activation").groupby([ACTIVATION, "model.batch_norm"])[metric].mean()
    return f"{means.min():.3f} to {means.max():.3f}"
