"""What a run found, in words and with its numbers, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cae.config import DataConfig, RunConfig
from sweeps.pipeline.generator_table import is_compared, markdown, verdict
from sweeps.spec.display import readable
from sweeps.spec.remarks import has_learned, remarks, training_words

# How far a score may fall short of its null, an MND of the same n and d, to be called this.
WORDS = ((0.03, "come close to"), (0.1, "differ visibly from"), (2.0, "are far from"))
# What chance alone makes: so few sds of the null, or of a score without one, so small a gap.
SAME, SAME_SDS, SAME_GAP = "cannot be told from", 3.0, 0.01
# What each headline looks at.
LOOKED = {
    "marginal_gaussianity": "one component at a time",
    "contour_agreement": "two at a time",
    "radius_agreement": "in all dimensions at once",
}


def describe(config: RunConfig, result: dict[str, Any]) -> str:
    """Markdown: what was found in one sentence, a paragraph of its own; the data and network; then each headline beside
    what an MND of that size gives."""
    metrics, images, rows = result["metrics"], result["images"], result.get("generators", [])
    model, settings = config.model, config.training
    norm = "with" if model.batch_norm else "without"
    lines = [
        *([f"**{said}**", ""] if (said := conclusion(metrics)) else []),
        f"**{config.data.name}**{changes(config.data)} at {config.data.resolution} px "
        f"({images['train']:,} training images, {images['held_out']:,} held out); "
        f"{readable(list(model.maps))} maps, {model.activation}, {norm} batch norm, "
        f"{model.latent_dim} latent dimensions{enforced(config)}; {settings.loss}, {epochs(config, result)}, "
        f"{settings.precision}, seed {settings.seed}.",
        "",
        "The latent vectors of the training images against a multivariate normal distribution (MND) of the same "
        "number of points and dimensions:",
        "",
        headline(metrics, "marginal_gaussianity", "One component at a time, they {} an MND"),
        headline(metrics, "contour_agreement", "Two at a time, their contours {} the ellipses of an MND"),
        headline(metrics, "radius_agreement", "In all dimensions at once, their distances from the center {} an MND's"),
        training(metrics),
        origin(metrics),
        tails(metrics),
        least_normal(metrics),
        core(metrics),
        near_duplicates(metrics),
        follows(metrics),
        groups(metrics),
        None if is_compared(rows) else visible(metrics),
        f"- Held-out reconstruction: BCE {metrics['reconstruction/bce']:.4f}, MSE {metrics['reconstruction/mse']:.5f}, "
        f"SSIM {metrics['reconstruction/ssim']:.3f}{explained(metrics)}.",
    ]
    lines += [f"- **{said[:1].upper()}{said[1:]}.**" for said in remarks(metrics)]
    lines.append(f"- Data: {images['report']}, digest `{result['data_digest']}`.")
    lines += left_out(result["omitted"])
    if is_compared(rows):
        lines += ["", f"{verdict(rows)} Intervals of 95 %.", "", *markdown(rows)]
    return "\n".join(line for line in lines if line is not None)


def changes(data: DataConfig) -> str:
    """What became of the images beside cutting and scaling, between commas; empty where nothing did."""
    made = (
        "of equal contrast" if data.contrast == "normalized" else "",
        "background masked" if data.background == "masked" else "",
        f"blurred by {data.blur:g} px" if data.blur else "",
        f"{data.surrogate} surrogates" if data.surrogate != "none" else "",
    )
    words = ", ".join(filter(None, made))
    return f", {words}," if words else ""


def enforced(config: RunConfig) -> str:
    """What draws the latent vectors to N(0, I); empty where nothing does."""
    name, weight = config.model.enforced
    words = "" if name == "none" else f", drawn to N(0, I) by {name} of weight {weight:g}"
    return words + (f", latent L2 of weight {config.model.latent_l2:g}" if config.model.latent_l2 else "")


def epochs(config: RunConfig, result: dict[str, Any]) -> str:
    """How many epochs, and whose weights were kept where patience ended the training or took it back."""
    planned = config.training.epochs
    found = result.get("epochs", {"trained": planned, "kept": planned})
    if found["kept"] == planned:
        return f"{planned} epochs"
    return f"{found['trained']} of {planned} epochs, the weights of epoch {found['kept']}"


def explained(metrics: dict[str, float]) -> str:
    """What of the held-out images' variance about the mean image is reconstructed, and by as many principal components;
    empty in older runs."""
    share, mean_image = metrics.get("reconstruction/explained"), metrics.get("reconstruction/mse_mean_image")
    if share is None:
        return ""
    words, linear = f"; of the variance about the mean image {100 * share:.0f} % is reconstructed", ""
    if mean_image and "reconstruction/mse_pca" in metrics:
        linear = f", by as many principal components {100 * (1 - metrics['reconstruction/mse_pca'] / mean_image):.0f} %"
    return words + linear


def conclusion(metrics: dict[str, float]) -> str | None:
    """One sentence: how near the latent vectors come to an MND of that size, the network before its training beside
    them, and the faults that no headline sees; or why that says nothing. None where no headline was measured."""
    if not has_learned(metrics):
        return f"Nothing to conclude: {remarks(metrics)[0]}."
    seen: dict[str, list[str]] = {}
    for name, place in LOOKED.items():
        if words := distance_words(metrics, name):
            seen.setdefault(words, []).append(place)
    if not seen:
        return None
    (first, places), *others = seen.items()
    parts = [f"{listed(places)} the latent vectors {first} an MND"]
    parts += [f"{listed(places)} they {words} it" for words, places in others]
    said = ", ".join(parts)
    faults = "".join(f" {fault[0].upper()}{fault[1:]}." for fault in remarks(metrics))
    return f"{said[0].upper()}{said[1:]}{_beside_untrained(metrics)}.{faults}"


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([*([", ".join(words[:-1])] if words[1:] else []), words[-1]])


def _beside_untrained(metrics: dict[str, float]) -> str:
    own, before = metrics.get("mnd/radius_agreement"), metrics.get("control/untrained/radius_agreement")
    if own is None or before is None:
        return ""
    first, last = f"{before:.3f}", f"{own:.3f}"
    if first == last:
        return f"; training left the radii where they were ({last})"
    return f"; training moved the radii {'nearer to' if own > before else 'farther from'} it ({first} to {last})"


def distance_words(metrics: dict[str, float], name: str) -> str | None:
    """How far a score falls short of its null, None where the score was left out."""
    value, null = metrics.get(f"mnd/{name}"), metrics.get(f"mnd/{name}_null")
    if value is None or null is None:
        return None
    gap, sds = null - value, metrics.get(f"mnd/{name}_gap_sds")
    same = gap < SAME_GAP if sds is None else abs(sds) < SAME_SDS
    return SAME if same else next(word for limit, word in WORDS if gap < limit)


def headline(metrics: dict[str, float], name: str, sentence: str) -> str | None:
    """One line on a score and its null, None where the score was left out."""
    words = distance_words(metrics, name)
    if words is None:
        return None
    value, null = metrics[f"mnd/{name}"], metrics[f"mnd/{name}_null"]
    test = metrics.get(f"mnd_test/{name}")
    test_null = metrics.get(f"mnd_test/{name}_null")
    held_out = "" if test is None or test_null is None else f"; held out {test:.3f}, MND {test_null:.3f}"
    return f"- {sentence.format(words)} (`{name}` {value:.3f}, MND {null:.3f}{held_out})."


def origin(metrics: dict[str, float]) -> str | None:
    """One line on where the center lies."""
    distance = metrics.get("mnd/off_origin_distance")
    if distance is None:
        return None
    return f"- The center lies {distance:.2f} times the cloud's own size away from the origin (`off_origin_distance`)."


def core(metrics: dict[str, float]) -> str | None:
    """How many points lie outside of a normal cloud through most of them, and how normal the others are."""
    names = [f"mnd/robust/{name}" for name in ("outlier_share", "marginal_gaussianity", "radius_agreement")]
    if any(name not in metrics for name in names):
        return None
    share, marginals, radii = (metrics[name] for name in names)
    return (
        f"- A normal cloud through most of the points leaves {100 * share:.1f} % of them out (0.1 % of an MND). "
        f"The others by themselves: `marginal_gaussianity` {marginals:.3f}, `radius_agreement` {radii:.3f}."
    )


def near_duplicates(metrics: dict[str, float]) -> str | None:
    """One line where more points than in an MND have a near neighbour, else None."""
    share, sds = (metrics.get(f"mnd/neighbours/near_duplicates{end}") for end in ("", "_gap_sds"))
    if share is None or sds is None or sds > -SAME_SDS:
        return None
    return (
        f"- {100 * share:.1f} % of the points have another one within a third of the distance that is usual in an MND: "
        "images that are there twice or nearly, or a core much denser than an MND's."
    )


def tails(metrics: dict[str, float]) -> str | None:
    """One line on heavy tails and whether a common radius makes them, None where there are none to speak of."""
    before, after = metrics.get("mnd/elliptical/kurtosis"), metrics.get("mnd/elliptical/kurtosis_of_directions")
    if before is None or after is None or before < 0.1:
        return None
    verdict = "a common radius makes them" if abs(after) < before / 5 else "more than a common radius makes them"
    return (
        f"- Heavy tails: {verdict} (excess kurtosis of the whitened components {before:.2f}, "
        f"{after:z.2f} with every vector at the same radius)."
    )


def least_normal(metrics: dict[str, float]) -> str | None:
    """One line on the direction that is least normal, None where chance explains it: what no mean over components
    shows."""
    own, gap = metrics.get("mnd/pursuit/ks"), metrics.get("mnd/pursuit/ks_gap_sds")
    if own is None or gap is None or gap > -3:
        return None
    others = {"untrained": "control/untrained/pursuit/ks", "pixels": "control/pca/pursuit/ks"}
    beside = ", ".join(f"{words} {metrics[name]:.3f}" for words, name in others.items() if name in metrics)
    return (
        "- The direction that is least normal: its Kolmogorov-Smirnov distance to a normal distribution is "
        f"{own:.3f}, {-gap:.0f} sds from normal clouds{f' ({beside})' if beside else ''}."
    )


def training(metrics: dict[str, float]) -> str | None:
    """One line on what training did to the headlines, beside what the pixels alone have; None without controls."""
    words = {"marginal_gaussianity": "marginals", "contour_agreement": "contours", "radius_agreement": "radii"}
    named = {f"mnd/{name}": word for name, word in words.items()}
    named["mnd_test/radius_agreement"] = "radii of held-out images"
    told = [said for name, word in named.items() if (said := training_words(name, word, metrics)) is not None]
    if not told:
        return None
    return f"- What did training do? {'. '.join(said[:1].upper() + said[1:] for said in told)}."


def follows(metrics: dict[str, float]) -> str | None:
    """One line on what the radius has to do with properties of the image."""
    start = "mnd/radius/correlation_"
    found = {name.removeprefix(start): value for name, value in metrics.items() if name.startswith(start)}
    if not found:
        return None
    each = ", ".join(f"{name} {value:z.2f}" for name, value in sorted(found.items(), key=lambda item: -abs(item[1])))
    share, rest = metrics.get("mnd/radius/explained"), metrics.get("mnd/radius/agreement_of_rest")
    part = 100 * max(share or 0.0, 0.0)
    together = "" if share is None else f"; together they explain {part:.0f} % of the log radius' variance"
    left = "" if rest is None else f", and without it the radii agree to {rest:.3f}"
    return f"- The radius follows (rank correlation): {each}{together}{left}."


def groups(metrics: dict[str, float]) -> str | None:
    """One line on whether groups of images are more normal than the whole."""
    within, everybody = metrics.get("mnd/groups/radius_agreement"), metrics.get("mnd/groups/radius_agreement_all")
    if within is None or everybody is None:
        return None
    return (
        f"- Within groups of images that share an attribute the radii agree to {within:.3f} on average, "
        f"within as many images at random to {everybody:.3f}."
    )


def visible(metrics: dict[str, float]) -> str | None:
    """One line on the pictures in which a detector finds a face, None where it was not asked."""
    start = "faces/visible_"
    shares = {name.removeprefix(start): value for name, value in metrics.items() if name.startswith(start)}
    if not shares:
        return None
    return f"- Visible faces: {', '.join(f'{name} {100 * share:.0f} %' for name, share in shares.items())}."


def left_out(omitted: dict[str, str]) -> list[str]:
    """One line for each metric that could not be computed; groups too small to be compared share one."""
    small = [name for name in omitted if name.startswith("mnd/groups/") and name.endswith("/normality")]
    lines = [f"- Left out: {name}: {reason}" for name, reason in omitted.items() if name not in small]
    names = ", ".join(name.split("/")[2] for name in small)
    return [*lines, f"- Left out: normality of groups that are too small to compare: {names}"] if small else lines
