"""docs/findings.md says what experiments/results has, and its statistics are right where the answer is known."""

from __future__ import annotations

import json
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import stats
from statsmodels import api as sm

from benchmarks.document import PLACE
from benchmarks.findings import (
    claims,
    differences,
    document,
    faces,
    figures,
    judges_of_networks,
    results,
    scores,
    verdicts,
)

TEXT = document.DOCUMENT.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_published_results() -> None:
    assert document.renewed(TEXT) == TEXT, "make findings"


@pytest.mark.parametrize("name", figures.published())
def test_the_figures_are_drawn_from_them(name: str) -> None:
    with Image.open(figures.place(name)) as picture:
        assert picture.info["Source"] == figures.digest(), "make findings"
    assert f"pictures/{figures.place(name).name}" in TEXT


def test_no_number_of_the_text_is_of_runs_that_are_past() -> None:
    """Each of two or three decimals stands in a table as well, but those that predictions name as bounds."""
    text = re.sub(r"## Predictions\n.*?(?=## What became)", "", TEXT, flags=re.DOTALL)
    tables = "".join(found[0] for found in PLACE.finditer(text))
    told, shown = (
        {abs(float(number)) for number in re.findall(r"(?<![\w.])\d?\.\d{2,3}(?![\d\w])", each)}
        for each in (PLACE.sub("", text), tables)
    )
    assert len(told) > 30
    assert told <= shown | {round(number, 2) for number in shown}


def test_every_prediction_has_a_judge() -> None:
    assert re.findall(r"^\| ([A-Z]\d) \| [^|]*\. \|", TEXT, re.MULTILINE) == sorted(verdicts.JUDGES)


def test_each_sweep_that_a_prediction_names_is_the_one_that_judges_it() -> None:
    for name, (sweep, _) in verdicts.JUDGES.items():
        (row,) = re.findall(rf"^\| {name} \| [^|]*\. \|.*$", TEXT, re.MULTILINE)
        assert f"`{sweep}.yaml`" in row


@pytest.mark.parametrize("file", sorted(results.FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_results_tell_no_places(file: Path) -> None:
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        assert cell["parameters"]["data.path"] is None
        assert all(part["path"] is None for part in cell["parameters"]["data.mixture"])


def test_what_is_published_has_how_its_scores_formed(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sweeps.analysis.export import comparison_json
    from sweeps.compared import Compared
    from sweeps.public import compare

    compared: Compared = compare(finished)
    (tmp_path / "said.json").write_text(json.dumps(comparison_json(compared.comparison, compared.runs)))
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    results.FOLDER.mkdir()
    place = results.publish(tmp_path / "said.json")
    assert place == results.FOLDER / "tiny.json"
    results.runs.cache_clear()
    found = results.runs("tiny")
    results.runs.cache_clear()
    content = json.loads(place.read_text(encoding="utf-8"))
    kept = [cell | {"config_hash": "other"} for cell in content["cells"][:1]]
    place.write_text(json.dumps(content | {"cells": kept}))
    results.publish(tmp_path / "said.json")
    assert len(json.loads(place.read_text(encoding="utf-8"))["cells"]) == 3
    assert list(found["model.activation"]) == ["relu", "tanh"]
    assert {f"formation/radius_agreement@{epoch}" for epoch in (0, 1, 2)} <= set(found.columns)
    size = np.hypot(*(found.filter(regex=f"^components/{name}@").to_numpy() for name in ("mean", "half_width")))
    assert size.shape == (2, found["model.latent_dim"].iloc[0])
    assert (np.diff(size) <= 0).all(), "the widest and farthest first"


# --- differences -------------------------------------------------------------------------------------------------


def test_a_difference_has_the_interval_of_welch() -> None:
    """Two samples of R's `sleep`: t.test(extra ~ group) gives -3.3654832 to 0.2054832 and p = 0.07939."""
    first = pd.Series([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    second = pd.Series([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    found = differences.between("", second, first)
    assert found is not None
    np.testing.assert_allclose([found.low, found.high, found.p], [-3.3654832, 0.2054832, 0.07939], atol=1e-5)


def test_a_mean_has_the_interval_of_student() -> None:
    values = pd.Series([0.1, 0.2, 0.4])
    found = differences.from_zero("", values)
    assert found is not None
    half = stats.t.ppf(0.975, 2) * values.std(ddof=1) / np.sqrt(3)
    np.testing.assert_allclose([found.low, found.high], [values.mean() - half, values.mean() + half])


def test_one_run_has_no_interval() -> None:
    one, two = pd.Series([0.1]), pd.Series([0.1, 0.3])
    assert differences.between("", one, two) is differences.from_zero("", one) is None


def test_a_spread_is_pooled_as_in_an_analysis_of_variance() -> None:
    """Of one group it is the t test of one sample, of several that of statsmodels' regression on their names."""
    rng = np.random.default_rng(0)
    groups = {name: pd.Series(rng.normal(mean, 1, n)) for name, mean, n in (("a", 0, 3), ("b", 2, 4), ("c", -1, 3))}
    (alone,) = differences.pooled({"a": groups["a"]})
    test = stats.ttest_1samp(groups["a"], 0)
    assert alone.p == pytest.approx(test.pvalue)
    assert (alone.low, alone.high) == pytest.approx(tuple(test.confidence_interval(0.95)))
    names = np.repeat(list(groups), [len(values) for values in groups.values()])
    fit = sm.OLS(np.concatenate(list(groups.values())), pd.get_dummies(names).astype(float)).fit()
    found = differences.pooled(groups)
    assert [each.value for each in found] == pytest.approx(list(fit.params))
    assert [each.p for each in found] == pytest.approx(list(fit.pvalues))
    assert [each.high for each in found] == pytest.approx(list(fit.conf_int()[1]))


def test_of_single_runs_no_spread_is_known() -> None:
    assert differences.pooled({"a": pd.Series([1.0])}) == []


def test_p_values_are_corrected_over_all() -> None:
    """By hand: 3 * .01, max(.03, 2 * .02), max(.04, .04)."""
    claimed = [differences.Difference("", 0, 0, 0, p) for p in (0.04, 0.01, 0.02)]
    np.testing.assert_allclose([found.p_holm for found in differences.corrected(claimed)], [0.04, 0.03, 0.04])
    assert differences.corrected([]) == []


# --- faces ----------------------------------------------------------------------------------------------------------


def drawn(**kids: float) -> pd.DataFrame:
    """Three networks, KIDs a tenth apart from one to the next."""
    return pd.DataFrame([{f"faces/kid_{name}": kid + shift for name, kid in kids.items()} for shift in (0, 0.1, 0.2)])


def test_ways_to_draw_are_ranked_without_what_is_not_drawn() -> None:
    found = drawn(real=0.0, reconstruction=0.1, pca=0.5, mnd=0.4, uniform=2.0).assign(**{"faces/kid_flow": np.nan})
    assert faces.ranked(found) == ["mnd", "pca", "uniform"]


def test_a_way_to_draw_is_compared_within_each_network() -> None:
    np.testing.assert_allclose(faces.above_normal(drawn(mnd=0.4, pca=0.5), "pca"), 0.1)


# --- verdicts on made-up runs with known answers --------------------------------------------------------------------


def activations(**radii: float) -> pd.DataFrame:
    """Runs of every activation, radii .6 with and without batch norm but those given."""
    names = ("leaky_relu", "relu", "elu", "selu", "gelu", "tanh", "linear")
    rows = [
        {scores.ACTIVATION: name, "model.batch_norm": on, scores.SHELL: 0.3 if on and name == "tanh" else 1.0}
        | {scores.RADII: radii.get(f"{name}_{on}", 0.6), scores.GAIN: -0.1, scores.NULL: 0.99}
        for name in names
        for on in (False, True)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("radii", "holds"),
    [
        ({"tanh_True": 0.7}, {"A2": True, "B1": True, "B2": True}),
        ({"tanh_True": 0.5}, {"A2": True, "B1": True, "B2": False}),
        ({"tanh_True": 0.7, "relu_False": 0.8}, {"A2": False, "B2": True}),
        ({"tanh_True": 0.7, "relu_True": 0.7, "elu_True": 0.7}, {"A2": True, "B2": False}),
    ],
)
def test_verdicts(radii: dict[str, float], holds: dict[str, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    made = activations(**radii)
    monkeypatch.setattr(results, "runs", lambda name: made if name == "activation" else pd.DataFrame())
    assert {name: verdicts.JUDGES[name][1]()[1] for name in holds} == holds


D, ACT = scores.DIMENSIONS, scores.ACTIVATION
RUNS = {
    "surrogates": [{"data.surrogate": kind} for kind in ("none", "gaussian", "phase")],
    "latent_dim": [
        {"data.name": name, scores.DIMENSIONS: d} for name in ("celeba", "digits") for d in (8, 16, 256, 512)
    ],
    "dataset": [
        *({"data.name": "synthetic", "data.factors": kind} for kind in ("gaussian", "uniform", "bimodal")),
        *({"data.name": name} for name in ("celeba", "folder", "mixture", "digits")),
        {"data.name": "celeba", "data.contrast": "normalized"},
    ],
    "epochs": [
        {scores.ACTIVATION: name, "model.batch_norm": on}
        for name, on in (("leaky_relu", False), ("tanh", False), ("tanh", True))
    ],
    "long_training": [{scores.ACTIVATION: "tanh", "model.batch_norm": True}],
    "maps": [{scores.MAPS: maps} for maps in ("[16]", "[32]")],
    "attributes": [{D: d} for d in (64, 256)],
    "batch_norm": [
        {scores.ACTIVATION: name, "model.batch_norm": on} for name in ("leaky_relu", "tanh") for on in (False, True)
    ],
    "resolution": [
        {"data.resolution": pixels, "data.crop": crop} for pixels in (96, 128) for crop in ("center", "tight")
    ],
    "radius": [
        {"data.contrast": contrast, "data.background": background, "data.blur": blur}
        for contrast in ("as_is", "normalized")
        for background in ("kept", "masked")
        for blur in (0.0, 2.0)
    ],
    "activation": [
        {scores.ACTIVATION: name, "model.batch_norm": on}
        for name in ("relu", "leaky_relu", "tanh")
        for on in (False, True)
    ],
}
SAME = {
    "data.contrast": "as_is",
    "data.factors": "gaussian",
    scores.RADII: 0.6,
    scores.GAIN: -0.1,
    scores.HELD_OUT_GAIN: -0.1,
    scores.NULL: 0.99,
    scores.SHELL: 1.0,
    f"{scores.RADII}_gap": 0.39,
    "mnd/radius/spread": 3.0,
    scores.MARGINALS: 0.98,
    scores.CONTOURS: 0.9,
    f"{scores.MARGINALS}_adjusted": 0.98,
    scores.UNTRAINED: 0.65,
    "control/pca/radius_agreement": 0.6,
    f"{scores.MARGINALS}_null": 0.99,
    f"{scores.CONTOURS}_null": 0.95,
    "control/elliptical/marginal_gaussianity": 0.983,
    "control/elliptical/contour_agreement": 0.92,
    "mnd/groups/radius_agreement": 0.6,
    "mnd/groups/radius_agreement_all": 0.6,
    "mnd/elliptical/kurtosis": 0.6,
    scores.KURTOSIS: 0.0,
    **{f"mnd/core/radius_agreement@{share}": 0.6 for share in (50, 100)},
    **{f"mnd/core/radius_agreement_null@{share}": 0.98 for share in (50, 100)},
    **{f"{of}attributes/auc_Smiling": 0.8 for of in ("", "control/untrained/", "control/pca/")},
    "maps/explained": 0.8,
    "control/untrained/maps/explained": 0.8,
    **{f"formation/{name}_agreement@{epoch}": 0.6 for name in ("radius", "contour") for epoch in (0, 1, 16, 48)},
    "formation/origin/norm_agreement@16": 0.8,
}


@pytest.mark.parametrize("name", figures.FIGURES)
def test_every_figure_is_drawn_also_of_sweeps_that_are_not_published_yet(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {
        sweep: pd.DataFrame([SAME | {"data.name": "celeba"} | run for run in fields]) for sweep, fields in RUNS.items()
    }
    monkeypatch.setattr(results, "runs", lambda sweep: made.get(sweep, pd.DataFrame()))
    monkeypatch.setattr(figures, "runs", results.runs)
    figure, ax = plt.subplots()
    figures.FIGURES[name].draw(ax)
    assert ax.has_data()
    assert ax.get_legend() is not None
    plt.close(figure)


def judged(name: str, changes: list[tuple[dict[str, object], dict[str, float]]], patch: pytest.MonkeyPatch) -> bool:
    """What the judge says of runs that are all alike, but for metrics of those with some values."""
    sweep, judge = verdicts.JUDGES[name]
    found = pd.DataFrame([SAME | {"data.name": "celeba"} | fields for fields in RUNS[sweep]])
    for fields, metrics in changes:
        chosen = np.logical_and.reduce(
            [found[field] == value for field, value in fields.items()] or [[True] * len(found)]
        )
        for metric, value in metrics.items():
            found.loc[chosen, metric] = value
    others = {name: pd.DataFrame([SAME | fields for fields in RUNS[name]]) for name in ("activation", "batch_norm")}
    published = others | {sweep: found}
    patch.setattr(results, "runs", lambda asked: published.get(asked, pd.DataFrame()))
    return judge()[1]


R, ADJUSTED, SPREAD = scores.RADII, f"{scores.MARGINALS}_adjusted", "mnd/radius/spread"
GROUPS, HALF = "mnd/groups/radius_agreement", "mnd/core/radius_agreement@50"
AUC = "attributes/auc_Smiling"
FORMED = "formation/{}_agreement@{}"
AWAY, FOLLOWED = "formation/origin/norm_agreement@16", "formation/radius_agreement@16"


@pytest.mark.parametrize(
    ("name", "holding", "failing"),
    [
        ("A1", [({ACT: "relu"}, {scores.GAIN: 0.1})], [({}, {scores.GAIN: 0.1})]),
        ("A3", [({ACT: "relu"}, {scores.CONTOURS: 0.94})], [({ACT: "relu"}, {scores.CONTOURS: 0.96})]),
        ("A3", [({ACT: "relu"}, {scores.MARGINALS: 0.985})], [({ACT: "relu"}, {scores.MARGINALS: 0.995})]),
        ("C1", [({D: 256}, {R: 0.5})], [({D: 256}, {R: 0.7})]),
        ("C2", [({D: 512}, {SPREAD: 9.0})], [({D: 512}, {SPREAD: 8.9})]),
        ("C3", [({D: 512}, {ADJUSTED: 0.985})], [({D: 512}, {ADJUSTED: 0.995})]),
        ("C4", [({"data.name": "digits"}, {ADJUSTED: 0.97})], [({"data.name": "digits", D: 8}, {ADJUSTED: 0.99})]),
        ("D1", [({"data.surrogate": "gaussian"}, {R: 0.8})], [({"data.surrogate": "gaussian"}, {R: 0.7})]),
        ("D1", [({"data.surrogate": "gaussian"}, {R: 0.8})], [({}, {R: 0.8})]),
        ("D2", [({"data.surrogate": "phase"}, {R: 0.69})], [({"data.surrogate": "phase"}, {R: 0.75})]),
        ("D3", [({"data.contrast": "normalized"}, {R: 0.65})], [({"data.contrast": "normalized"}, {R: 0.72})]),
        ("D3", [({"data.contrast": "normalized"}, {R: 0.65})], [({"data.contrast": "normalized"}, {R: 0.59})]),
        ("D4", [({"data.name": "folder"}, {R: 0.65})], [({"data.name": "folder"}, {R: 0.75})]),
        ("D4", [({"data.name": "mixture"}, {R: 0.55})], [({"data.name": "mixture"}, {R: 0.65})]),
        ("D5", [({"data.factors": "bimodal"}, {R: 0.69})], [({"data.factors": "bimodal"}, {R: 0.75})]),
        ("E1", [({}, {FORMED.format("radius", 48): 0.5})], [({}, {FORMED.format("radius", 48): 0.7})]),
        (
            "E2",
            [({}, {FORMED.format("contour", 1): 0.5, FORMED.format("contour", 48): 0.7})],
            [({}, {FORMED.format("contour", 48): 0.7})],
        ),
        ("F1", [({scores.MAPS: "[16]"}, {R: 0.69})], [({scores.MAPS: "[16]"}, {R: 0.75})]),
        ("F2", [], [({scores.MAPS: "[16]"}, {scores.GAIN: 0.01})]),
        ("G1", [({"data.blur": 2.0}, {R: 0.64})], [({"data.blur": 2.0}, {R: 0.66})]),
        ("G1", [({"data.background": "masked"}, {R: 0.7})], [({"data.blur": 2.0}, {scores.UNTRAINED: 0.59})]),
        ("G2", [({"data.background": "masked"}, {R: 0.7})], [({"data.background": "masked"}, {R: 0.75})]),
        ("G2", [({"data.background": "masked"}, {R: 0.7})], [({"data.contrast": "normalized"}, {R: 0.7})]),
        ("G3", [({"data.blur": 2.0, "data.contrast": "normalized"}, {R: 0.79})], [({"data.blur": 2.0}, {R: 0.8})]),
        ("G4", [], [({}, {"control/elliptical/contour_agreement": 0.93})]),
        ("G4", [], [({}, {"control/elliptical/marginal_gaussianity": 0.986})]),
        ("H1", [({ACT: "tanh"}, {GROUPS: 0.65})], [({}, {GROUPS: 0.64})]),
        ("H2", [({D: 256}, {AUC: 0.82})], [({D: 256}, {AUC: 0.9})]),
        ("H3", [({D: 256}, {AUC: 0.83})], [({}, {})]),
        ("I1", [({"model.batch_norm": True}, {HALF: 0.8})], [({ACT: "tanh"}, {HALF: 0.76})]),
        ("J1", [({}, {"maps/explained": 0.5})], [({D: 256}, {"maps/explained": 0.75})]),
        ("K1", [({"model.batch_norm": True}, {scores.GAIN: 0.1})], [({ACT: "tanh"}, {scores.GAIN: 0.1})]),
        ("K2", [({ACT: "tanh"}, {R: 0.8})], [({ACT: "leaky_relu"}, {R: 0.71})]),
        ("K2", [({}, {R: 0.69})], [({}, {scores.UNTRAINED: 0.5})]),
        ("K3", [({"data.crop": "tight"}, {R: 0.69})], [({"data.crop": "tight", "data.resolution": 128}, {R: 0.71})]),
        ("L1", [({}, {scores.SHELL: 0.6})], [({"model.batch_norm": True}, {scores.SHELL: 0.45})]),
        ("L2", [({}, {R: 0.59, scores.GAIN: 0.01})], [({}, {R: 0.61, scores.GAIN: 0.01})]),
        ("L2", [({}, {R: 0.59, scores.GAIN: 0.01})], [({"model.batch_norm": True}, {R: 0.59})]),
        ("L3", [({}, {AWAY: 0.76, FOLLOWED: 0.62})], [({}, {AWAY: 0.78})]),
        ("L3", [({}, {AWAY: 0.7})], [({}, {AWAY: 0.7, FOLLOWED: 0.64})]),
        ("N1", [({}, {scores.GAIN: 0.019})], [({}, {scores.GAIN: 0.021})]),
        ("N2", [({}, {scores.SHELL: 0.76})], [({}, {scores.SHELL: 0.74})]),
        ("N3", [({}, {scores.HELD_OUT_GAIN: 0.015})], [({}, {scores.HELD_OUT_GAIN: 0.017})]),
        ("M1", [({ACT: "relu"}, {scores.HELD_OUT_GAIN: 0.1})], [({}, {scores.HELD_OUT_GAIN: 0.1})]),
    ],
)
def test_each_judge_tells_what_holds_from_what_fails(
    name: str,
    holding: list[tuple[dict[str, object], dict[str, float]]],
    failing: list[tuple[dict[str, object], dict[str, float]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert judged(name, holding, monkeypatch)
    assert not judged(name, failing, monkeypatch)


BATCH_NORM, TESTED = "model.batch_norm", scores.HELD_OUT


@pytest.mark.filterwarnings("ignore:Precision loss")  # of seeds that are all alike
@pytest.mark.parametrize(
    ("sweep", "raised", "moved"),
    [
        ("activation", {ACT: "relu", BATCH_NORM: True}, {"relu: with batch norm less without": 0.2}),
        ("activation", {ACT: "relu", BATCH_NORM: False}, {"relu: with batch norm less without": -0.2}),
        ("batch_norm", {ACT: "tanh", BATCH_NORM: True}, {"tanh at 96 px: with batch norm less without": 0.2}),
        (
            "batch_norm",
            {ACT: "leaky_relu", BATCH_NORM: False},
            {"leaky_relu at 96 px: with batch norm less without": -0.2, "96 px, 24 epochs less 64 px, 12": 0.2},
        ),
        ("resolution", {"data.resolution": 128, "data.crop": "center"}, {"128 px less 96, 24 epochs": 0.2}),
        ("resolution", {"data.resolution": 96, "data.crop": "tight"}, {"tight crop less wide, 24 epochs": 0.2}),
        ("resolution", {"data.resolution": 128, "data.crop": "tight"}, {}),
        ("latent_dim", {"data.name": "digits", D: 16}, {"digits: 256 latent dimensions less 16": -0.2}),
        ("dataset", {"data.name": "folder"}, {"LFW less CelebA": 0.2}),
        ("surrogates", {"data.surrogate": "gaussian"}, {"a normal population less photographs": 0.2}),
    ],
)
def test_a_claim_is_of_the_networks_that_it_names(
    sweep: str, raised: dict[str, object], moved: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Networks of two seeds, all alike; then the radii of one are raised by .2, of held-out photographs by .1."""
    found = {
        name: pd.DataFrame(
            [
                SAME
                | {"data.name": "celeba", R: radii, scores.GAIN: radii - 0.7}
                | {TESTED: radii, scores.HELD_OUT_GAIN: radii - 0.75}
                | fields
                for radii in (0.6, 0.61)
                for fields in rows
            ]
        )
        for name, rows in RUNS.items()
    }
    monkeypatch.setattr(results, "runs", lambda asked: found.get(asked, pd.DataFrame()))
    monkeypatch.setattr(claims, "runs", results.runs)
    before, tested = ({each.words: each.value for each in of} for of in (claims.claimed(), claims.held_out().values()))
    assert {round(before[words] - value, 9) for words, value in tested.items()} == {0, 0.05}
    chosen = np.logical_and.reduce([found[sweep][field] == value for field, value in raised.items()])
    found[sweep].loc[chosen, [R, TESTED]] += [0.2, 0.1]
    for of, was, share in ((claims.claimed(), before, 1), (claims.held_out().values(), tested, 0.5)):
        changes = {each.words: round(each.value - was[each.words], 9) for each in of}
        assert {words: change for words, change in changes.items() if change} == {
            words: round(share * change, 9) for words, change in moved.items()
        }


@pytest.mark.filterwarnings("ignore:Precision loss")  # of seeds that are all alike
@pytest.mark.parametrize(
    ("sweep", "metrics", "words"),
    [
        (
            "activation",
            {"mnd/core/radius_agreement@50": 0.7},
            "radii beside a normal cloud's: innermost half less the whole",
        ),
        ("activation", {"mnd/elliptical/kurtosis": 0.7}, "excess kurtosis in all directions"),
        ("activation", {GROUPS: 0.7}, "radii of groups less those of as many at random"),
        (
            "attributes",
            {"control/untrained/attributes/auc_Smiling": 0.7},
            "mean AUC of the attributes: trained less untrained",
        ),
        ("attributes", {"control/pca/attributes/auc_Smiling": 0.7}, "the same less principal components"),
    ],
)
def test_what_is_claimed_of_other_scores(
    sweep: str, metrics: dict[str, float], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Networks of two seeds, all alike but for a tenth that is added, or taken from what is subtracted."""
    found = {
        name: pd.DataFrame([SAME | {"data.name": "celeba", TESTED: 0.7} | fields for fields in (*rows, *rows)])
        for name, rows in RUNS.items()
    }
    monkeypatch.setattr(results, "runs", lambda asked: found.get(asked, pd.DataFrame()))
    monkeypatch.setattr(claims, "runs", results.runs)
    before = {each.words: each.value for each in claims.claimed()}
    found[sweep] = found[sweep].assign(**metrics)
    after = {each.words: each.value for each in claims.claimed()}
    assert {each: round(after[each] - before[each], 9) for each in before if after[each] != before[each]} == {
        words: 0.1
    }


@pytest.mark.parametrize(("gains", "holds"), [((0.1, 0.1), True), ((0.1, -0.1), False), ((-0.1, 0.1), False)])
def test_held_out_radii_have_to_rise_at_both_sizes(
    gains: tuple[float, float], holds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {
        sweep: pd.DataFrame([{ACT: "tanh", BATCH_NORM: True, scores.HELD_OUT_GAIN: gain}])
        for sweep, gain in zip(("activation", "batch_norm"), gains, strict=True)
    }
    monkeypatch.setattr(results, "runs", found.get)
    assert judges_of_networks.m2()[1] == holds


@pytest.mark.parametrize(
    ("hollow", "holds"),
    [([("tanh", True)], True), ([], False), ([("tanh", True), ("leaky_relu", True)], False)],
)
def test_the_shell_has_to_come_back_at_96_pixels(
    hollow: list[tuple[str, bool]], holds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    larger = pd.DataFrame(RUNS["batch_norm"])
    larger[scores.SHELL] = [0.3 if pair in hollow else 1.0 for pair in zip(*larger.to_numpy().T, strict=True)]
    monkeypatch.setattr(results, "runs", {"activation": activations(), "batch_norm": larger}.get)
    measured, found = judges_of_networks.b1()
    assert found == holds
    told = measured.partition("batch_norm.yaml: ")[2]
    assert ("tanh with batch norm 0.30" in told) == (("tanh", True) in hollow)


def test_a_sweep_without_results_has_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "runs", lambda name: pd.DataFrame())
    assert {(verdict.holds, verdict.word) for verdict in verdicts.verdicts()} == {(None, "not run yet")}


def test_a_sweep_of_which_runs_are_missing_has_none_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "runs", lambda name: activations() if name == "activation" else pd.DataFrame())
    words = [verdict.word for verdict in verdicts.verdicts() if verdict.prediction == "A1"]
    assert words == ["14 of 42 runs so far"]
