from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cae.config import flatten, from_flat
from sweeps.errors import SweepError
from sweeps.spec.sweep import Metric
from sweeps.tracking import Record
from sweeps.tracking.recording import parameters
from sweeps.transfer.filters import SIGNS, best, keeping, parse_where

METRICS = {"mnd/radius_agreement", "reconstruction/mse"}


def record(run_id: str = "a", metrics: dict[str, float] | None = None, **fields: object) -> Record:
    """A run as it is recorded: `model_latent_dim=8` is a field of its configuration."""
    config = from_flat({name.replace("_", ".", 1): value for name, value in fields.items()})
    tags = {"data.path": str(config.data.path)} if config.data.path else {}
    return Record(run_id, "", run_id, "FINISHED", 1, "", metrics or {}, parameters(config), tags)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("model.batch_norm = true", True),
        ("model.batch_norm=True", True),
        ("model.batch_norm != true", False),
        ("model.latent_dim = 64", True),
        ("model.latent_dim >= 64", True),
        ("model.latent_dim > 64", False),
        ("model.latent_dim < 100", True),  # as numbers: as text "64" comes after "100"
        ("model.activation = tanh", True),
        ("model.activation != relu", True),
        ("model.maps = [8, 16]", True),
        ("model.maps != [16, 8]", True),
        ("training.learning_rate <= 1e-3", True),
        ("training.learning_rate = 0.00012345678", True),
        ("training.epochs = 24", True),  # a default
        ("data.path = /images", True),
        ("data.size = null", True),
        ("data.size > 5", False),
        ("data.size != 5", True),
        ("reconstruction/mse < 0.01", True),
        ("reconstruction/mse >= 0.01", False),
        ("mnd/radius_agreement > 0", False),  # not measured
        ("mnd/radius_agreement != 0.5", False),
    ],
)
def test_a_condition_on_a_field_or_a_metric(text: str, holds: bool) -> None:
    run = record(
        metrics={"reconstruction/mse": 0.005},
        model_batch_norm=True,
        model_latent_dim=64,
        model_activation="tanh",
        model_maps=[8, 16],
        training_learning_rate=0.00012345678,
        data_path="/images",
    )
    assert parse_where(text, METRICS).holds(run) is holds


def test_a_run_that_is_older_than_a_field_has_its_default() -> None:
    run = record()
    del run.params["model.kl_weight"]
    assert parse_where("model.kl_weight = 0", METRICS).holds(run)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("batch_norm = true", "did you mean model.batch_norm?"),
        ("model.batchnorm = true", "did you mean model.batch_norm?"),
        ("mnd/radius_agrement > 0.5", "did you mean mnd/radius_agreement?"),
        ("model.batch_norm", "write it as NAME SIGN VALUE"),
        ("= true", "write it as NAME SIGN VALUE"),
        ("model.batch_norm =", "write it as NAME SIGN VALUE"),
        ("model.batch_norm = maybe", "model.batch_norm: 'maybe' does not fit"),
        ("model.latent_dim = 12.5", "model.latent_dim: 12.5 does not fit"),
        ("model.activation < relu", "compare it by = or !="),
        ("model.batch_norm > true", "compare it by = or !="),
        ("model.maps = [8", "not valid YAML"),
        ("reconstruction/mse < small", "'small' is no number"),
    ],
)
def test_what_is_no_condition_is_one_clear_line(text: str, words: str) -> None:
    with pytest.raises(SweepError) as caught:
        parse_where(text, METRICS)
    assert str(caught.value).startswith(f'--where "{text}": ')
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.sampled_from(list(SIGNS)), st.integers(2, 300), st.integers(2, 300), st.sampled_from(["", " ", "  "]))
def test_signs_mean_what_they_mean_in_python(sign: str, have: int, bound: int, space: str) -> None:
    text = f"model.latent_dim{space}{sign}{space}{bound}"
    assert parse_where(text, ()).holds(record(model_latent_dim=have)) is SIGNS[sign](have, bound)


def test_all_conditions_must_hold() -> None:
    runs = [record(f"{z}{bn}", model_latent_dim=z, model_batch_norm=bn) for z in (8, 16) for bn in (True, False)]
    conditions = [parse_where(text, ()) for text in ("model.latent_dim = 8", "model.batch_norm = false")]
    assert keeping(runs, conditions) == [runs[1]]
    assert keeping(runs, []) == runs


@pytest.mark.parametrize(("goal", "expected"), [("maximize", ["b", "c"]), ("minimize", ["a", "c"])])
def test_the_best_come_first_in_the_direction_of_the_goal(goal: str, expected: list[str]) -> None:
    values = {"a": 0.1, "b": 0.9, "c": 0.5, "nan": float("nan")}
    runs = [record(name, {"m": value}) for name, value in values.items()] + [record("without")]
    chosen = best(runs, Metric(name="m", goal=goal), 2)  # type: ignore[arg-type]
    assert {run.run_id for run in chosen} == set(expected)
    assert chosen[0].run_id == expected[0]


def test_what_reconstructs_nothing_comes_last() -> None:
    values = {"gray": (0.9, 0.01), "face": (0.5, 0.8), "older": (0.4, None)}
    runs = [
        record(name, {"m": value} | ({} if share is None else {"reconstruction/explained": share}))
        for name, (value, share) in values.items()
    ]
    assert [run.run_id for run in best(runs, Metric(name="m", goal="maximize"), 3)] == ["face", "older", "gray"]


def test_a_metric_that_no_run_measures_is_one_clear_line() -> None:
    with pytest.raises(SweepError, match=r"--top 3: none of the runs measures mnd/radius; did you mean mnd/radii\?"):
        best([record(metrics={"mnd/radii": 1.0})], Metric(name="mnd/radius"), 3)


def test_every_field_can_be_asked_for_as_it_is_recorded() -> None:
    run = record()
    for name, value in flatten(from_flat({})).items():
        if not isinstance(value, list):
            assert parse_where(f"{name} = {'null' if value is None else value}", ()).holds(run), name
