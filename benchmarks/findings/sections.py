"""Tables of docs/findings.md that answer one question each, beside those of a sweep's cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.findings.differences import Difference, corrected, pooled
from benchmarks.findings.markdown import NOT_YET, markdown, mean
from benchmarks.findings.results import AXES, HEADLINES, cells_of, chosen, removed, runs
from benchmarks.findings.scores import (
    ACTIVATION,
    DIRECTION,
    FOLLOWED,
    HELD_OUT,
    HOLLOW,
    KURTOSIS,
    MSE,
    SHELL,
    TRAINED_ON,
    explained_by_radius,
    network,
    normal,
)

TWO_DIMENSIONAL = ("marginals", "contours")
CORE = (50, 60, 70, 80, 90, 100)
# Sweeps in which nothing draws the latent vectors to a normal distribution, each network in one of them.
FREE = [name for name in AXES if name not in ("enforced", "attributes")]
BESIDE_THE_SHELL = {
    "tanh, batch norm": {"model_activation": "tanh", "model_batch_norm": True},
    "tanh": {"model_activation": "tanh", "model_batch_norm": False},
    "leaky ReLU, batch norm": {"model_activation": "leaky_relu", "model_batch_norm": True},
}
COMMON_RADIUS = {
    "spread of the squared radii, over a normal cloud's": "radius/spread",
    "excess kurtosis in single directions": "elliptical/kurtosis",
    "the same of all points at one distance": "elliptical/kurtosis_of_directions",
}
PROPERTIES = ("contrast", "detail", "brightness", "saturation", "border")
# Of hardly more vectors than they have components a normal cloud itself scores low, and one that is not may score more.
ENOUGH = 0.9


def law() -> str:
    """Of every activation without batch normalization: what is missing to a normal cloud, and what an elliptical one
    of the same radii lacks of it."""
    found = chosen("activation", model_batch_norm=False)
    if found.empty:
        return NOT_YET
    head = ["activation", *(f"{words}: trained, elliptical, normal" for words in TWO_DIMENSIONAL), "share explained"]
    head += ["excess kurtosis, and at one distance"]
    rows = [[str(name), *_beside_the_law(cell)] for (name,), cell in cells_of(found, [ACTIVATION])]
    return markdown(head, rows)


def _beside_the_law(cell: pd.DataFrame) -> Iterator[str]:
    names = [HEADLINES[words] for words in TWO_DIMENSIONAL]
    for name in names:
        beside = (f"mnd/{name}", f"control/elliptical/{name}", f"mnd/{name}_null")
        yield ", ".join(f"{cell[each].mean():.3f}" for each in beside)
    yield ", ".join(f"{explained_by_radius(cell, name):.2f}" for name in names)
    yield ", ".join(f"{cell[name].mean():z.3f}" for name in ("mnd/elliptical/kurtosis", KURTOSIS))


def directions() -> str:
    """How far the least normal direction is from normal: of networks, of the images, and by chance."""
    cells = dict(_networks_and_images())
    if not cells:
        return NOT_YET
    rows = [[words, *_least_normal(cell)] for words, cell in cells.items()]
    alone = runs("activation")[f"control/projection/{DIRECTION}"].mean()
    for words, value in (
        ("a random projection of the pixels", alone),
        ("a normal cloud", normal(DIRECTION, TRAINED_ON)),
    ):
        rows.append([words, "", "", f"{value:.3f}"])
    return markdown(["", "trained", "untrained", "images alone"], rows)


def _networks_and_images() -> Iterator[tuple[str, pd.DataFrame]]:
    for (name, on), cell in cells_of(runs("activation"), [ACTIVATION, "model.batch_norm"]):
        yield network(name, on), cell
    for kind, words in (("gaussian", "a normal population"), ("phase", "random phases")):
        if len(found := chosen("surrogates", data_surrogate=kind)):
            yield f"leaky_relu, {words}", found


def _least_normal(cell: pd.DataFrame) -> Iterator[str]:
    for of in ("mnd", "control/untrained", "control/pca"):
        values = cell[f"{of}/{DIRECTION}"]
        yield mean(values) if of != "control/pca" else f"{values.mean():.3f}"


def core() -> str:
    """Headlines of the innermost percents of the articles' network's latent vectors, and of a normal cloud's."""
    found = chosen("activation", model_activation="leaky_relu", model_batch_norm=False)
    if found.empty:
        return NOT_YET
    head = ["innermost", *(f"{words} (normal)" for words in HEADLINES)]
    return markdown(head, [[f"{share} %", *_of_core(found, share)] for share in CORE])


def _of_core(found: pd.DataFrame, share: int) -> Iterator[str]:
    for name in HEADLINES.values():
        own = f"mnd/core/{name}"
        yield f"{mean(found[f'{own}@{share}'])} ({found[f'{own}_null@{share}'].mean():.3f})"


def common_radius() -> str:
    """By the number of dimensions: how widely the squared radii spread, and what that leaves in single directions."""
    if runs("latent_dim").empty:
        return NOT_YET
    rows = []
    for (name, d), cell in cells_of(runs("latent_dim"), AXES["latent_dim"]):
        scores = (f"{cell[f'mnd/{kind}'].mean():z.2f}" for kind in COMMON_RADIUS.values())
        rows.append([f"{name}, {d}", *scores])
    return markdown(["", *COMMON_RADIUS], rows)


def shell(sweep: str) -> str:
    """When the shell appears: distances from the origin and radii of the same photographs, epoch by epoch."""
    cells = {words: chosen(sweep, **fields) for words, fields in BESIDE_THE_SHELL.items()}
    shown = {"distances from the origin": "origin/norm_agreement", "radii": HEADLINES["radii"]}
    return _by_epoch({words: found for words, found in cells.items() if len(found)}, shown)


def formation() -> str:
    """The headlines of the same photographs before the first step and after more and more epochs."""
    axes = AXES["epochs"]
    return _by_epoch({_told(axes, key): cell for key, cell in cells_of(runs("epochs"), axes)}, HEADLINES)


def _by_epoch(cells: Mapping[str, pd.DataFrame], shown: Mapping[str, str]) -> str:
    """Means over seeds. shown: words of each score and its name."""
    if not cells:
        return NOT_YET
    scored = next(iter(cells.values())).filter(regex="^formation/radius_agreement@")
    epochs = sorted(int(name.partition("@")[2]) for name in map(str, scored))
    rows = [
        [network, words, *(f"{found[f'formation/{name}@{epoch}'].mean():.3f}" for epoch in epochs)]
        for network, found in cells.items()
        for words, name in shown.items()
    ]
    return markdown(["network", "epochs:", *map(str, epochs)], rows)


def followed() -> str:
    """What a normal cloud scores of as few points as are followed epoch by epoch."""
    scores = ", ".join(f"{words} {normal(name, FOLLOWED):.3f}" for words, name in HEADLINES.items())
    return (
        f"Tables that go on epoch by epoch are of {FOLLOWED:,} of the training photographs, the same ones each time. A "
        f"normal cloud of as few scores: {scores}."
    )


def properties() -> str:
    """Which properties of a photograph its radius follows, with more and more of them taken away."""
    cells = removed()
    if not cells:
        return NOT_YET
    names = [f"mnd/radius/{name}" for name in (*(f"correlation_{each}" for each in PROPERTIES), "explained")]
    rows = [
        [words, *(f"{cell[name].mean():z.2f}" for name in names), f"{cell[KURTOSIS].abs().max():.3f}"]
        for words, cell in cells.items()
    ]
    return markdown(["", *PROPERTIES, "all explain", "kurtosis left, at most"], rows)


def _rank_correlation(*pair: np.ndarray, axis: int) -> np.ndarray:
    """Spearman's, along one axis, which SciPy's own does not do."""
    ranked = (stats.rankdata(each, axis=axis) for each in pair)
    return np.asarray(stats.pearsonr(*ranked, axis=axis).statistic)


def losses() -> str:
    """Whether networks that reconstruct worse are less normal: over all shapes and activations of one resolution."""
    if runs("maps").empty:
        return NOT_YET
    columns = [MSE, f"mnd/{HEADLINES['radii']}"]
    means = [runs(sweep).groupby(["cell_hash"])[columns].mean() for sweep in ("activation", "maps")]
    networks = pd.concat(means).groupby("cell_hash").first()
    found = stats.bootstrap(
        tuple(networks[name] for name in columns),
        _rank_correlation,
        paired=True,
        rng=np.random.default_rng(0),
    )
    own = stats.spearmanr(networks).statistic
    low, high = found.confidence_interval
    return (
        f"Rank correlation of the radii with the squared error of reconstruction, over {len(networks)} networks: "
        f"{own:.2f} (95 % interval {low:.2f} to {high:.2f}, bootstrap over networks)."
    )


def gains() -> str:
    """How many cells training moved to or from a normal cloud, told from noise, by headline and of radii of held-out
    photographs; each told rise by name."""
    counts, risen = [], []
    for words, name in (HEADLINES | {"radii held out": HELD_OUT}).items():
        networks = moved(name)
        told = [each for each in networks if each.is_told]
        up = [each for each in told if each.value > 0]
        counts.append(
            [words, str(len(networks)), str(len(up)), str(len(told) - len(up)), str(len(networks) - len(told))]
        )
        risen += [f"{words}: {each.words} {each.told()}" for each in sorted(up, key=lambda each: -each.value)]
    head = ["headline", "networks, three seeds each", "training raises", "lowers", "not told from noise"]
    return "\n".join([markdown(head, counts), "", *(f"- {line}" for line in risen)]).rstrip()


def moved(headline: str) -> list[Difference]:
    """What training did to a headline of every published network with at least three seeds; corrected over all."""
    return corrected(list(_moved(headline)))


def _moved(name: str) -> Iterator[Difference]:
    """Of every published network with at least three seeds, once where several sweeps have it; by sweep."""
    seen: set[str] = set()
    for sweep in FREE:
        cells = [(key, cell) for key, cell in cells_of(runs(sweep), AXES[sweep]) if _has_gained(cell, name)]
        fresh = [(key, cell) for key, cell in cells if cell["cell_hash"].iloc[0] not in seen]
        seen |= {cell["cell_hash"].iloc[0] for _, cell in cells}
        yield from pooled({f"{sweep}.yaml, {_told(AXES[sweep], key)}": cell[f"gain/{name}"] for key, cell in fresh})


def _has_gained(cell: pd.DataFrame, name: str) -> bool:
    """Whether what training did to this headline is known of three seeds, and of vectors enough."""
    if len(cell) < 3 or f"gain/{name}" not in cell:
        return False
    return name != HELD_OUT or bool(cell[f"{name}_null"].mean() > ENOUGH)


def shells() -> int:
    """How many of these networks have a shell around the origin for a cloud, in the mean over seeds."""
    spreads = [runs(sweep).groupby("cell_hash")[SHELL].mean() for sweep in FREE if len(runs(sweep))]
    return int((pd.concat(spreads).groupby("cell_hash").first() < HOLLOW).sum())


def _told(axes: Sequence[str], key: tuple[object, ...]) -> str:
    """ "tanh, with batch_norm", "celeba, as_is": the values, but of a switch its name."""
    return ", ".join(_value(axis, part) for axis, part in zip(axes, key, strict=True) if part != "")


def _value(axis: str, part: object) -> str:
    return f"{'with' if part else 'without'} {axis.partition('.')[2]}" if isinstance(part, bool) else str(part)


BLOCKS: dict[str, Callable[[], str]] = {
    "law": law,
    "core": core,
    "directions": directions,
    "common_radius": common_radius,
    "shell": partial(shell, "activation"),
    "shell_96": partial(shell, "batch_norm"),
    "shell_48": partial(shell, "epochs"),
    "shell_144": partial(shell, "long_training"),
    "formation": formation,
    "followed": followed,
    "gains": gains,
    "properties": properties,
    "losses": losses,
}
