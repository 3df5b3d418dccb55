"""Faces of a trained autoencoder on labelled sheets: the same people and the same draws in every run, to compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial

import numpy as np

from cae import faces, maps, neighbours, paths, sampling
from cae.attributes import aucs
from cae.registries import GENERATORS
from sweeps.errors import SweepError
from sweeps.pipeline import attributes
from sweeps.pipeline.reactions import SURVEYED
from sweeps.pipeline.trained_model import TrainedModel

ANGLES = (0.0, 0.25, 0.5, 0.75)
SIGMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)
STEPS, PEOPLE, PLANES = 9, 6, 3
# Of the noise that the patterns of innermost maps grow from.
MAPS_SEED = 0


@dataclass(frozen=True, eq=False)
class Sheet:
    """picture: uint8 (height, width, 3), labelled. pictures: uint8 (k, h, w, 3), some of it for a preview, if any.

    points: float32 (n, d), the latent vectors behind it, if there are any. omitted: name to reason for missing parts.
    """

    picture: np.ndarray
    pictures: np.ndarray | None = None
    points: np.ndarray | None = None
    omitted: dict[str, str] = field(default_factory=dict)

    def _repr_png_(self) -> bytes:
        """What a notebook shows."""
        return faces.png(self.picture)


@dataclass(frozen=True)
class Choice:
    """What of a sheet can be chosen. count: of generated faces, or of maps. skip: draws passed over.

    components: of a plane. attribute: its name. recipe: a sum of groups, as `cae.attributes.parse` reads it.
    """

    count: int = 32
    skip: int = 0
    components: tuple[int, int] | None = None
    attribute: str | None = None
    recipe: str | None = None


def generated(method: str, trained: TrainedModel, choice: Choice) -> Sheet:
    """Faces of random latent vectors, made by one of the methods of `cae.sampling`."""
    points = sampling.sample(method, trained.cloud, trained.draws(choice.count, choice.skip), trained.config.analysis)
    pictures = trained.decode(points)
    words = f"{trained.title}  ·  {sampling.explain(method, trained.cloud, trained.config.analysis)}"
    return Sheet(faces.grid(pictures, method, words), pictures, points)


def reconstruction(trained: TrainedModel, choice: Choice) -> Sheet:
    """Held-out photographs over what the autoencoder makes of them."""
    rows = trained.held_out(choice.count)
    images = trained.photographs("reconstruction")
    originals = images.images[images.test[rows]]
    points = trained.means(originals)
    copies = trained.decode(points)
    words = f"{trained.title}  ·  the same held-out images in every run"
    picture = faces.pairs(originals, copies, "reconstruction", words)
    return Sheet(picture, np.concatenate([originals[:4], copies[:4]]), points)


def center(trained: TrainedModel, choice: Choice) -> Sheet:
    """The face of the center beside that of the origin, and how far apart they are."""
    center, spread = trained.cloud.mean, float(np.linalg.norm(trained.cloud.sd))
    points = np.stack([center, np.zeros_like(center)]).astype(np.float32)
    pictures = trained.decode(points)
    away = f"{np.linalg.norm(center) / spread:.2f} sizes of the cloud away" if spread else "no cloud around it"
    words = f"{trained.title}  ·  decoded: the mean of all training vectors, and the point 0, {away}"
    return Sheet(faces.grid(pictures, "center", words, captions=["center", "origin"]), pictures, points)


def path(trained: TrainedModel, choice: Choice) -> Sheet:
    """From the origin to the center, and lines through the center in planes of two components, turned in steps."""
    cloud, sigmas = trained.cloud, np.linspace(-4, 4, STEPS)
    planes = [choice.components] if choice.components else paths.dominant_planes(cloud, PLANES)
    rows, labels = [paths.origin_to_center(cloud, STEPS)], ["origin to center"]
    for i, j in planes:
        rows += list(paths.through_center(cloud, i, j, np.pi * np.array(ANGLES), sigmas[-1], STEPS))
        labels += [f"{i} · {j}   {180 * angle:3.0f}°" for angle in ANGLES]
    points = np.concatenate(rows)
    captions = [f"{share:.2f}" for share in np.linspace(0, 1, STEPS)] + [_sigma(s) for s in sigmas] * (len(rows) - 1)
    pictures = trained.decode(points)
    words = f"{trained.title}  ·  lines through the center in planes of two components, all others as in the center"
    picture = faces.grid(pictures, "path", words, columns=STEPS, labels=labels, captions=captions)
    return Sheet(picture, pictures[:STEPS], points.astype(np.float32))


def _sigma(s: float) -> str:
    return f"{s:+g} σ".replace("-", "−") if s else "center"


def ladder(trained: TrainedModel, choice: Choice) -> Sheet:
    """The same directions of the normal distribution, farther and farther from the center."""
    points = paths.ladder(trained.cloud, trained.draws(PEOPLE, choice.skip), SIGMAS)
    pictures = trained.decode(points)
    words = f"{trained.title}  ·  center + s x the same draws of N(0, covariance); 1 σ is as far as the data"
    captions = [f"{s:g} σ" for s in SIGMAS] * len(points)
    flat = pictures.reshape(-1, *pictures.shape[2:])
    picture = faces.grid(flat, "ladder", words, columns=len(SIGMAS), captions=captions)
    return Sheet(picture, pictures[:2, ::2].reshape(-1, *pictures.shape[2:])[:8], points.reshape(-1, points.shape[-1]))


def slerp(trained: TrainedModel, choice: Choice) -> Sheet:
    """From one held-out image to another, along an arc around the center."""
    rows = trained.held_out(2 * PEOPLE)
    rows = rows[: len(rows) // 2 * 2]
    vectors = trained.sides["test"].vectors[rows].reshape(len(rows) // 2, 2, -1)
    points = np.stack([paths.slerp(a, b, STEPS - 2, trained.cloud.mean) for a, b in vectors])
    pictures, originals = trained.decode(points), trained.originals(rows)
    captions = ["", *[f"{share:.2f}" for share in np.linspace(0, 1, STEPS - 2)], ""]
    if originals is None:
        columns, captions = pictures, captions[1:-1]
    else:
        ends = originals.reshape(-1, 2, *originals.shape[1:])
        columns = np.concatenate([ends[:, :1], pictures, ends[:, 1:]], axis=1)
        captions[0] = captions[-1] = "original"
    flat = columns.reshape(-1, *columns.shape[2:])
    words = f"{trained.title}  ·  between two held-out images, on an arc around the center"
    picture = faces.grid(flat, "slerp", words, columns=columns.shape[1], captions=captions * len(vectors))
    return Sheet(picture, flat[:8], points.reshape(-1, points.shape[-1]).astype(np.float32))


def nearest(trained: TrainedModel, choice: Choice) -> Sheet:
    """Generated faces beside the training images whose latent vectors lie nearest to theirs."""
    points = sampling.sample("mnd", trained.cloud, trained.draws(PEOPLE, choice.skip), trained.config.analysis)
    train = trained.sides["train"].vectors
    indices, distances = neighbours.nearest(train, points, min(STEPS - 1, len(train)))
    made = trained.decode(points)
    if trained.images is None:
        found, source = trained.decode(train[indices]), "reconstructions of the nearest"
    else:
        found, source = trained.images.images[trained.images.train[indices]], "the nearest"
    columns = np.concatenate([made[:, None], found], axis=1)
    captions = [text for row in distances for text in ("generated", *(f"{value:.2f}" for value in row))]
    flat = columns.reshape(-1, *columns.shape[2:])
    words = f"{trained.title}  ·  mnd faces, {source} training images, distance in sd per component"
    picture = faces.grid(flat, "neighbours", words, columns=columns.shape[1], captions=captions)
    return Sheet(picture, flat[:8], points)


def overview(trained: TrainedModel, choice: Choice) -> Sheet:
    """The attributes that are told best, added to one face and removed from it."""
    found, test = trained.directions[0], trained.sides["test"]
    if not found.names:
        raise SweepError("attributes: the images of this run have none that enough of them have and lack")
    told = aucs(found, test.vectors, test.attributes)[0]["discriminant"]
    picture = attributes.overview(found, told, trained.people, trained.decode, trained.title)
    best = [found.names.index(name) for name in attributes.told_best(found, told)]
    added = trained.people.vectors[:1] + found.mean_difference[best]
    return Sheet(picture, trained.decode(added[:8]))


def attribute(trained: TrainedModel, choice: Choice) -> Sheet:
    """One attribute, added to the same people and removed from them."""
    found, reasons = trained.directions
    titled = {title: name for name, title in trained.sides["train"].titles.items()}
    wanted = titled.get(str(choice.attribute), str(choice.attribute))
    if wanted not in found.names:
        reason = reasons.get(wanted, f"there are {', '.join(found.names) or 'none'}")
        raise SweepError(f"--attribute {choice.attribute}: {reason}")
    return Sheet(attributes.attribute_sheet(found, wanted, trained.people, trained.decode, trained.title))


def arithmetic(trained: TrainedModel, choice: Choice) -> Sheet:
    """Sums of the mean vectors of groups, beside the mean of the group that should come out."""
    train, recipes = trained.sides["train"], (choice.recipe,) if choice.recipe else attributes.RECIPES
    picture, reasons = attributes.arithmetic_sheet(train, trained.decode, trained.title, recipes)
    if picture is None:
        raise SweepError("; ".join(reasons.values()))
    possible = [recipe for recipe in recipes if f"faces/arithmetic/{recipe}" not in reasons]
    shown = np.concatenate([attributes.arithmetic(recipe, train)[0][:4] for recipe in possible])
    return Sheet(picture, trained.decode(shown), omitted=reasons)


def innermost(trained: TrainedModel, choice: Choice) -> Sheet:
    """What the maps of the last encoder convolution react to. Seconds for each map."""
    images = trained.photographs("maps")
    some = images.train[:SURVEYED]
    found = maps.survey(trained.encoder, images.images, some, np.random.default_rng(MAPS_SEED), choice.count)
    return Sheet(maps.draw(found, images.images, "innermost maps"), found.patterns.pictures)


SHEETS: dict[str, Callable[[TrainedModel, Choice], Sheet]] = {
    **{method: partial(generated, method) for method in GENERATORS.builtin},
    "reconstruction": reconstruction,
    "center": center,
    "path": path,
    "ladder": ladder,
    "slerp": slerp,
    "neighbours": nearest,
    "attributes": overview,
    "attribute": attribute,
    "arithmetic": arithmetic,
    "maps": innermost,
}


def sheet_of(name: str) -> Callable[[TrainedModel, Choice], Sheet]:
    """What draws the sheet of this name: one of SHEETS, or the generator of a plug-in. Raises SweepError."""
    if name in SHEETS:
        return SHEETS[name]
    try:
        return partial(generated, GENERATORS.check(name))
    except ValueError:
        near = get_close_matches(name, SHEETS, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise SweepError(f"--method {name}: unknown; {hint}there are {', '.join(SHEETS)}") from None
