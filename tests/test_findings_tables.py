"""The tables of docs/findings.md, of made-up runs with known answers: each number under its head, of its networks."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.findings import attributes, claims, faces, reproduction, results, scores, sections, summary, tables
from sweeps.pipeline import formation

D, ACT = scores.DIMENSIONS, scores.ACTIVATION


def read(table: str) -> list[dict[str, str]]:
    """Its rows, each as head to cell; of two heads alike the last."""
    head, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.replace("\xa0", " ").splitlines()
    )
    return [dict(zip(head, row, strict=True)) for row in rows]


def publish(monkeypatch: pytest.MonkeyPatch, **sweeps: list[dict[str, object]]) -> None:
    """Makes these the published runs."""
    made = {name: pd.DataFrame(rows) for name, rows in sweeps.items()}
    for module in (results, sections, faces, tables):
        monkeypatch.setattr(module, "runs", lambda name: made.get(name, pd.DataFrame()))


def test_each_score_of_a_network_stands_under_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {f"{of}{name}": 0.5 for name in results.HEADLINES.values() for of in ("mnd/", "control/untrained/")}
    own |= {f"mnd/{name}_null": 0.9 for name in results.HEADLINES.values()} | {scores.PIXELS: 0.6}
    held_out = {"mnd_test/radius_agreement": 0.7, "mnd_test/radius_agreement_null": 0.8}
    own |= held_out | {"control/untrained/mnd_test/radius_agreement": 0.75}
    own |= {scores.SHELL: 0.3, scores.MSE: 0.0123, scores.PIXEL_MSE: 0.0044}
    row = {ACT: "tanh", "model.batch_norm": True} | own
    publish(monkeypatch, epochs=[row])
    (found,) = read(tables.cells("epochs"))
    assert found["pixels"] == "0.600"
    assert found["radii held out"] == "0.700 (0.750, 0.800)"
    assert found["MSE"] == "0.0123 (0.0044)"
    assert found["remark"] == "shell, 0.30"


def test_a_common_radius_is_told_by_images_and_dimensions(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("mnd/radius/spread", "mnd/elliptical/kurtosis", "mnd/elliptical/kurtosis_of_directions")
    rows = [
        {"data.name": name, D: d} | dict(zip(names, (spread, d / 100, -0.004), strict=True))
        for name, d, spread in (("celeba", 8, 1.0), ("celeba", 8, 2.0), ("celeba", 64, 3.0), ("digits", 8, 4.0))
    ]
    publish(monkeypatch, latent_dim=rows)
    found = [list(row.values()) for row in read(sections.common_radius())]
    assert found == [
        ["celeba, 8", "1.50", "0.08", "0.00"],
        ["celeba, 64", "3.00", "0.64", "0.00"],
        ["digits, 8", "4.00", "0.08", "0.00"],
    ]


def test_what_forms_is_told_epoch_by_epoch_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs as numbers: 16 comes after 2."""
    curves = {
        f"formation/{name}@{epoch}": place + epoch / 100
        for place, name in enumerate(results.HEADLINES.values())
        for epoch in (16, 0, 2)
    }
    publish(monkeypatch, epochs=[{ACT: "tanh", "model.batch_norm": True} | curves])
    marginals, contours, radii = read(sections.formation())
    assert marginals == {
        "network": "tanh, with batch_norm",
        "epochs:": "marginals",
        "0": "0.000",
        "2": "0.020",
        "16": "0.160",
    }
    assert list(marginals)[2:] == ["0", "2", "16"]
    assert (contours["16"], radii["16"]) == ("1.160", "2.160")


@pytest.mark.parametrize(("sign", "told"), [(1, "0.98"), (-1, "-0.98")])
def test_losses_are_ranked_over_networks_not_runs(sign: int, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: 1 - 6 * 2 / (8 * 63), of means over seeds of which two are in the wrong order. A network of both
    sweeps counts once."""
    names = ("cell_hash", "reconstruction/mse", scores.RADII)
    runs = [
        dict(zip(names, (place, place + x, sign * rank + y), strict=True))
        for place, rank in enumerate((1, 0, 2, 3, 4, 5, 6, 7))
        for x, y in ((-0.5, 3.0), (0.5, -3.0))
    ]
    publish(monkeypatch, activation=runs[:10], maps=runs[8:])
    assert f"over 8 networks: {told} (95 % interval" in sections.losses()


KIDS = {"real": 0.0, "reconstruction": 0.5, "mnd": 0.6, "pca": 0.7, "flow": 0.56}


def drawn(of: dict[str, object], **kids: float) -> list[dict[str, object]]:
    """Two networks, the KIDs of the second a tenth higher; coverage is half of KID, diversity double."""
    found = KIDS | kids
    return [
        of
        | {f"faces/kid_{name}": kid * higher for name, kid in found.items()}
        | {f"faces/coverage_{name}": kid / 2 for name, kid in found.items()}
        | {f"faces/diversity_{name}": kid * 2 for name, kid in found.items()}
        for higher in (1.0, 1.1)
    ]


def test_ways_to_draw_are_told_best_first_beside_what_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the most dimensions."""
    publish(monkeypatch, generators=[*drawn({D: 64}, flow=0.9), *drawn({D: 256})])
    found = read(faces.generators())
    assert [row["faces of"] for row in found] == ["real", "reconstruction", "flow", "mnd", "pca"]
    flow, mnd = found[2], found[3]
    assert flow["KID, d = 256"] == "0.588 ± 0.040"
    assert flow["KID, d = 64"] == "0.945 ± 0.064"
    assert flow["above `mnd` (95 % interval)"].startswith("+0.315"), "of 64 dimensions"
    assert mnd["above `mnd` (95 % interval)"] == ""
    assert (flow["coverage, d = 256"], flow["diversity, d = 256"]) == ("0.28", "1.12")


def test_a_penalty_is_told_with_what_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    none, kl = (
        {"model.regularizer": name, "model.regularizer_weight": 1.0, "mnd/off_origin_distance": away}
        | {"mnd/pca/effective_dimension": filled, "faces/visible_mnd": 0.9, "faces/visible_independent": 0.5}
        | {"faces/visible_uniform": 0.1}
        for name, away, filled in (("none", 0.5, 7.0), ("kl", 0.2, 80.0))
    )
    publish(monkeypatch, enforced=[*drawn(none), *drawn(kl, mnd=0.5)])
    plain, enforced = read(faces.penalties())
    assert (plain["penalty"], plain["weight"]) == ("none", "1.0")
    assert (plain["center off the origin"], plain["effective dimension"]) == ("0.50", "7")
    assert (plain["KID, reconstructions"], plain["KID, mnd"]) == ("0.525 ± 0.035", "0.630 ± 0.042")
    assert plain["visible faces: mnd, independent, uniform"] == "0.90, 0.50, 0.10"
    assert (plain["best way to draw"], enforced["best way to draw"]) == ("flow", "mnd")
    assert enforced["effective dimension"] == "80"


def test_networks_are_counted_once_and_told_by_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tanh with batch norm is a shell in the mean over seeds; another sweep has it as well, and one that is none."""

    def seeds(cell: str, spread: float, gain: float) -> list[dict[str, object]]:
        gains = {f"gain/{name}": gain for name in results.HEADLINES.values()}
        return [
            {"cell_hash": cell, ACT: "tanh", "model.batch_norm": cell == "shell", scores.SHELL: spread + shift}
            | {name: value + shift / 100 for name, value in gains.items()}
            for shift in (-0.1, 0.0, 0.1)
        ]

    hollow, filled = seeds("shell", 0.45, 0.1), seeds("filled", 0.7, -0.2)
    publish(monkeypatch, activation=[*hollow, *filled], epochs=hollow)
    assert sections.shells() == 1
    told = {each.words: each.value for each in sections.moved("radius_agreement")}
    assert told == pytest.approx(
        {"activation.yaml, tanh, with batch_norm": 0.1, "activation.yaml, tanh, without batch_norm": -0.2}
    )


@pytest.mark.parametrize(("null", "networks"), [(0.92, 1), (0.76, 0)])
def test_held_out_radii_count_where_they_are_enough(
    null: float, networks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"cell_hash": "a", ACT: "tanh", "model.batch_norm": False, f"{scores.HELD_OUT}_null": null}
        | {f"gain/{name}": gain for name in (*results.HEADLINES.values(), scores.HELD_OUT)}
        for gain in (-0.11, -0.1, -0.09)
    ]
    publish(monkeypatch, activation=rows)
    radii, held_out = read(sections.gains())[2:4]
    assert (radii["networks, three seeds each"], radii["lowers"]) == ("1", "1")
    assert (held_out["networks, three seeds each"], held_out["lowers"]) == (str(networks), str(networks))


def test_dominant_components_stand_by_rank_beside_the_articles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a run that has them; theirs are led by number 151, 1.5 off the origin and 4.125 wide."""
    bare = {"model.regularizer": "none"}
    table = {f"components/{name}@{rank}": rank / 10 for name in ("mean", "half_width") for rank in results.RANKS}
    publish(monkeypatch, enforced=[bare, bare | table])
    first, second, *_, last = read(reproduction.dominant())
    assert first == {"rank": "1", "articles": "1.50, 4.12", "here, 64 px, 12 epochs": "0.10, 0.10"}
    assert second["articles"] == "2.25, 2.25"
    assert last == {"rank": "256", "articles": "", "here, 64 px, 12 epochs": "25.60, 25.60"}


def test_what_the_radius_follows_is_told_by_what_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    as_it_is = {"data.contrast": "as_is", "data.background": "kept", "data.blur": 0.0}
    rows = [
        {
            f"mnd/radius/correlation_{name}": value + shift
            for name, value in zip(sections.PROPERTIES, values, strict=True)
        }
        | {"mnd/radius/explained": 0.6 + shift, sections.KURTOSIS: shift - 0.02}
        | as_it_is
        | removed
        for removed, values in (({}, (0.5, 0.4, 0.3, 0.2, -0.1)), ({"data.contrast": "normalized"}, (0, 0.7, 0, 0, 0)))
        for shift in (-0.01, 0.01)
    ]
    publish(monkeypatch, radius=rows)
    whole, equal = read(sections.properties())
    assert list(whole.values()) == ["as they are", "0.50", "0.40", "0.30", "0.20", "-0.10", "0.60", "0.030"]
    assert (equal[""], equal["contrast"], equal["detail"]) == ("equal contrast", "0.00", "0.70")


def test_the_least_normal_direction_stands_beside_that_of_images_and_of_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    of = ("mnd", "control/untrained", "control/pca", "control/projection")
    odd = dict(zip((f"{each}/{scores.DIRECTION}" for each in of), (0.2, 0.1, 0.3, 0.05), strict=True))
    row = {ACT: "tanh", "model.batch_norm": True} | odd
    normal = {ACT: "leaky_relu", "data.surrogate": "gaussian"} | odd | {f"mnd/{scores.DIRECTION}": 0.25}
    publish(monkeypatch, activation=[row], surrogates=[normal])
    networks = {each.pop(""): list(each.values()) for each in read(sections.directions())}
    assert networks["tanh, batch normalization"] == ["0.200", "0.100", "0.300"]
    assert networks["leaky_relu, a normal population"] == ["0.250", "0.100", "0.300"]
    assert networks["a random projection of the pixels"] == ["", "", "0.050"]
    # As the null table has it of 5,400 points with 256 components.
    assert networks["a normal cloud"] == ["", "", "0.017"]


def test_as_few_points_are_told_of_as_are_followed() -> None:
    """Of a normal cloud the null table has .955 in its radii."""
    assert scores.FOLLOWED == formation.POINTS
    assert sections.followed().endswith("radii 0.955.")


def test_how_much_training_makes_up_for_is_a_share_of_what_was_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    row: dict[str, object] = {ACT: "leaky_relu", "model.batch_norm": False}
    for name, own, before, null in (("marginals", 0.97, 0.96, 1.0), ("contours", 0.8, 0.9, 1.0)):
        metric = results.HEADLINES[name]
        row |= {f"mnd/{metric}": own, f"control/untrained/{metric}": before, f"mnd/{metric}_null": null}
    publish(monkeypatch, batch_norm=[row])
    assert summary._made_up() == "25% and -100%"


def test_the_summary_counts_what_held_out_photographs_say(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"cell_hash": name, ACT: name, "model.batch_norm": False, f"{scores.HELD_OUT}_null": 0.92}
        | {f"gain/{scores.HELD_OUT}": gain + shift}
        for name, gain in (("relu", -0.1), ("elu", -0.2), ("tanh", 0.3), ("selu", 0.001))
        for shift in (-0.01, 0.0, 0.01)
    ]
    publish(monkeypatch, activation=rows)
    told = summary._held_out()
    assert "Of the 4 networks of which these are enough, training lowered their radii of 2," in told
    assert told.endswith("raised those of 1 (activation.yaml, tanh, without batch_norm by 0.300).")


def test_differences_are_counted_with_what_held_out_photographs_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ReLU they say the same, of ELU nothing that is told; a made-up network has a spread of a thousandth."""
    rows = [
        {"cell_hash": name, ACT: name, "model.batch_norm": False, scores.RADII: 0.6, scores.HELD_OUT: 0.7}
        | {scores.GAIN: -0.1 + shift, scores.HELD_OUT_GAIN: gain + (shift if name == "relu" else 50 * shift)}
        for name, gain in (("relu", -0.1), ("elu", -0.01))
        for shift in (-0.001, 0.0, 0.001)
    ]
    made = pd.DataFrame(rows)
    monkeypatch.setattr(claims, "OF_RADII", {"activation": claims._activations})
    monkeypatch.setattr(claims, "OTHERS", {})
    monkeypatch.setattr(claims, "runs", lambda name: made)
    assert tables.counted() == (
        "2 differences are claimed, of which 2 are told from noise. Of 2 of these held-out photographs are enough; "
        "of 1 the interval is on the same side of 0 there."
    )


def test_what_is_told_after_more_epochs_is_in_their_order_and_empty_where_it_was_not_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = {
        f"{of}attributes/auc_a": value for of, value in (("", 0.8), ("control/untrained/", 0.7), ("control/pca/", 0.9))
    }
    row = {ACT: "tanh", "model.batch_norm": True, "data.resolution": 64} | told
    short, long = row | {"training.epochs": 12}, row | {"training.epochs": 144, "maps/explained": 0.4}
    publish(monkeypatch, long_training=[long], activation=[short, short | {ACT: "relu"}])
    found = [list(each.values()) for each in read(attributes.longer())]
    assert [each[:3] for each in found] == [
        ["tanh, batch normalization", "64", "12"],
        ["tanh, batch normalization", "64", "144"],
    ]
    assert [each[3:6] for each in found] == [["0.800", "0.700", "0.900"]] * 2
    assert [each[6] for each in found] == ["", "0.400"]
