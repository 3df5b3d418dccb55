"""What a run's latent vectors say about attributes: scores on held-out images, and sheets of faces with and without."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cae import faces
from cae.attributes import KINDS, Directions, aucs, directions, edit, mean_vector, parse
from cae.datasets import ImageSet
from sweeps.pipeline.latents import LatentSplit

STRENGTHS = (-2.0, -1.0, 0.0, 1.0, 2.0)
CANDIDATES, PEOPLE = 200, 4
OVERVIEW_ROWS = 12
RECIPES = (
    "Male & Eyeglasses - Male & !Eyeglasses + !Male & !Eyeglasses = !Male & Eyeglasses",
    "!Male & Smiling - !Male & !Smiling + Male & !Smiling = Male & Smiling",
    "!Male & Blond_Hair - !Male & Black_Hair + Male & Black_Hair = Male & Blond_Hair",
)
LADDER = "0 = as it is, 1 = the way from a typical face without to a typical one with"
KNOWN = {1: "with", 0: "without", -1: "not known"}

Decode = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class AttributeScores:
    """omitted: name to the reason for what is left out.

    table: the rows of metrics.groups, with the AUC of each kind of direction on the held-out side. metrics:
    `attributes/shift_NAME`, `attributes/overlap_NAME` and `attributes/auc_NAME`, the discriminant's, held out.
    """

    table: pd.DataFrame
    metrics: dict[str, float]
    omitted: dict[str, str]


@dataclass(frozen=True, eq=False)
class People:
    """Held-out images uint8 (p, h, w, 3), their latent vectors (p, d), and name to (p,) of 1, 0 and -1, not known.

    titles: see `LatentSplit`.
    """

    images: np.ndarray
    vectors: np.ndarray
    attributes: dict[str, np.ndarray]
    titles: dict[str, str]


# --- scores ------------------------------------------------------------------------------------------------------


def score_attributes(sides: Mapping[str, LatentSplit], groups: pd.DataFrame) -> AttributeScores:
    """How well the directions of the training side tell the held-out side. groups: those of the training side."""
    train, test = sides["train"], sides["test"]
    found, reasons = directions(train.vectors, train.attributes)
    judged, more = aucs(found, test.vectors, test.attributes)
    # metrics.groups judges on half of the training side: vectors held out, but of images that the network has seen.
    told = {"overlap": groups["overlap"]} | {f"auc_{kind}": groups["name"].map(judged[kind]) for kind in KINDS}
    rest = groups.drop(columns="overlap").rename(columns={"auc": "auc_training"})
    table = pd.concat([rest[["name", "share", "shift"]], pd.DataFrame(told), rest.iloc[:, 3:]], axis=1)
    if train.titles:
        table.insert(1, "title", [train.titles.get(name, name) for name in table["name"]])
    omitted = {f"attributes/{name}": reason for name, reason in reasons.items()}
    omitted |= {f"attributes/auc_{name}": reason for name, reason in more.items()}
    return AttributeScores(table, _metrics(table), omitted)


def _metrics(table: pd.DataFrame) -> dict[str, float]:
    """What the table knows of each attribute; the row of all images has none of it."""
    columns = {"shift": "shift", "overlap": "overlap", "auc": "auc_discriminant"}
    return {
        f"attributes/{word}_{name}": float(value)
        for word, column in columns.items()
        for name, value in zip(table["name"], table[column], strict=True)
        if pd.notna(value)
    }


# --- faces -------------------------------------------------------------------------------------------------------


def choose_people(test: LatentSplit, images: ImageSet) -> People:
    """Four held-out people, the same ones in every run of a data set: images and attributes alone choose them.

    Of 200 rows at even distances the quarter nearest to their mean image is left, which are faces seen from the front;
    the nearest comes first, then always who differs in most attributes from those chosen.
    """
    rows = np.unique(np.linspace(0, len(images.test) - 1, CANDIDATES).astype(int))
    pixels = images.images[images.test[rows]].reshape(len(rows), -1).astype(np.float32)
    nearest = np.argsort(((pixels - pixels.mean(axis=0)) ** 2).sum(axis=1), kind="stable")
    rows = rows[nearest[: max(PEOPLE, len(rows) // 4)]]
    labels = np.stack([values[rows] for values in test.attributes.values()], axis=1)
    chosen = [0]
    while len(chosen) < min(PEOPLE, len(rows)):
        differing = (labels[:, None] != labels[chosen]).sum(axis=2).min(axis=1)
        differing[chosen] = -1
        chosen.append(int(np.argmax(differing)))
    who = rows[chosen]
    attributes = {name: values[who] for name, values in test.attributes.items()}
    return People(images.images[images.test[who]], test.vectors[who], attributes, test.titles)


def attribute_sheet(found: Directions, name: str, people: People, decode: Decode, title: str) -> np.ndarray:
    """Each person in two rows: moved by the mean difference, and with the other attributes held fixed."""
    k = found.names.index(name)
    ladders = np.stack([edit(people.vectors, d[k], STRENGTHS) for d in (found.mean_difference, found.adjusted)], axis=1)
    has = [KNOWN[int(value)] for value in people.attributes[name]]
    labels = [label for word in has for label in (f"{word}  ·  mean difference", "others held fixed")]
    rows, originals = ladders.reshape(-1, *ladders.shape[2:]), people.images.repeat(2, axis=0)
    return _ladders(rows, originals, labels, decode, people.titles.get(name, name), title)


def overview(found: Directions, told: Mapping[str, float], people: People, decode: Decode, title: str) -> np.ndarray:
    """The attributes that are told best, a row each, on the first of the people. told: name to AUC."""
    names = told_best(found, told)
    ladders = np.concatenate(
        [edit(people.vectors[:1], found.mean_difference[found.names.index(name)], STRENGTHS) for name in names]
    )
    originals = people.images[:1].repeat(len(names), axis=0)
    labels = [people.titles.get(name, name) for name in names]
    return _ladders(ladders, originals, labels, decode, "attributes", title)


def told_best(found: Directions, told: Mapping[str, float]) -> list[str]:
    """The names of at most OVERVIEW_ROWS attributes, the best first; of any, where none could be judged."""
    return (sorted(told, key=lambda name: -told[name]) or list(found.names))[:OVERVIEW_ROWS]


def _ladders(
    ladders: np.ndarray, originals: np.ndarray, labels: list[str], decode: Decode, name: str, title: str
) -> np.ndarray:
    """Rows of an original and its vectors (rows, s, d) decoded."""
    rows, steps, d = ladders.shape
    pictures = decode(ladders.reshape(-1, d)).reshape(rows, steps, *originals.shape[1:])
    tiles = np.concatenate([originals[:, None], pictures], axis=1).reshape(-1, *originals.shape[1:])
    captions = ["original", *(f"{s:+g}".replace("-", "−") if s else "0" for s in STRENGTHS)] * rows
    return faces.grid(tiles, name, f"{title}  ·  {LADDER}", columns=steps + 1, labels=labels, captions=captions)


def arithmetic_sheet(
    train: LatentSplit, decode: Decode, title: str, recipes: Sequence[str] = RECIPES
) -> tuple[np.ndarray | None, dict[str, str]]:
    """A row for each recipe: means of its groups, their sum, and the mean of the group that should come out.

    None where no recipe can be done, and the reasons for those that cannot.
    """
    rows: list[np.ndarray] = []
    captions: list[str] = []
    omitted: dict[str, str] = {}
    for recipe in recipes:
        try:
            vectors, names = arithmetic(recipe, train)
        except ValueError as reason:
            omitted[f"faces/arithmetic/{recipe}"] = str(reason)
        else:
            rows.append(vectors)
            captions += names
    if not rows:
        return None, omitted
    pictures = decode(np.concatenate(rows)).repeat(2, axis=1).repeat(2, axis=2)
    words = f"{title}  ·  faces of mean latent vectors (! = without), their sum, and the mean of the group it should be"
    return faces.grid(pictures, "arithmetic", words, columns=len(rows[0]), captions=captions), omitted


def arithmetic(recipe: str, train: LatentSplit) -> tuple[np.ndarray, list[str]]:
    """float32 (terms + 2, d): means of the groups of a recipe, their sum, the mean of the expected group; and captions.

    Raises ValueError for an attribute that is not known, or a group of too few.
    """
    parsed = parse(recipe)
    signs = [sign for sign, _ in parsed.terms]
    groups = [*(group for _, group in parsed.terms), parsed.expected]
    titled = {title: train.attributes[name] for name, title in train.titles.items()}
    *parts, real = [mean_vector(group, train.vectors, train.attributes | titled) for group in groups]
    total = np.asarray(signs) @ np.stack(parts)
    captions = [f"{'+' if sign > 0 else '−'} {group}" for sign, group in parsed.terms]
    return np.stack([*parts, total, real]).astype(np.float32), [*captions, "= sum", f"real {parsed.expected}"]
