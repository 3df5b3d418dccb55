"""How long and how large a sweep will be, from what finished runs took."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from mlflow.entities import Metric

from cae.config import RunConfig, from_flat
from sweeps import api, tracking
from sweeps.cli import main
from sweeps.planning import probe
from sweeps.planning.estimate import Estimate, estimate
from sweeps.spec.sweep import Sweep
from sweeps.terminal.estimate import told
from sweeps.tracking.recording import open_run, tags

FIXED = {"data.name": "digits", "data.resolution": 32, "model.maps": [4, 8], "training.epochs": 3}
# 3 epochs of 10 s and 6 s of all else.
TOOK = {"seconds/train": 30.0, "seconds/score": 4.0, "seconds/draw": 2.0}


def sweep_of(name: str = "s", method: str = "grid", fixed: dict[str, Any] = FIXED, **keys: Any) -> Sweep:
    parameters = {field: {"value": value} for field, value in fixed.items()} | keys.pop("parameters", {})
    return Sweep.model_validate({"name": name, "method": method, "parameters": parameters, **keys})


def finish(sweep: str, number: int = 0, metrics: dict[str, float] = TOOK, kilobytes: int = 5, **fields: Any) -> None:
    """A finished run. number: its seed."""
    config = from_flat(
        FIXED | {"training.seed": number} | {key.replace("__", "."): value for key, value in fields.items()}
    )
    (cell,) = api.cells(sweep_of(sweep, fixed={}, parameters=_listed(config), seeds=[number]))
    hashes = str(cell.config_hash), str(cell.cell_hash), "digest"
    run = open_run(tracking.experiment(sweep, "?"), "run", tags(config, sweep, *hashes, 1), config, None)
    client = tracking.client()
    client.log_batch(run, metrics=[Metric(name, value, 0, 0) for name, value in metrics.items()])
    client.log_text(run, "x" * 1000 * kilobytes, "scores/table.csv")
    client.set_terminated(run, status="FINISHED")


def _listed(config: RunConfig) -> dict[str, Any]:
    flat = {f"data.{k}": v for k, v in config.data.model_dump(mode="json", exclude_defaults=True).items()}
    flat |= {f"model.{k}": v for k, v in config.model.model_dump(mode="json", exclude_defaults=True).items()}
    flat["training.epochs"] = config.training.epochs
    return {name: {"value": value} for name, value in flat.items()}


def of(sweep: Sweep) -> Estimate:
    return estimate(sweep, api.cells(sweep))


def test_a_store_without_runs_knows_nothing_and_says_what_helps() -> None:
    found = of(sweep_of(seeds=[0, 1]))
    assert found == Estimate(runs=2, todo=2)
    assert told(found) == "estimate: 2 runs to do; no finished run is of their size: --probe times a training"


def test_finished_runs_of_the_sweep_tell_of_those_that_are_left(database: Path) -> None:
    finish("s", 0)
    finish("s", 1, TOOK | {"seconds/train": 60.0})
    finish("other", 0, TOOK | {"seconds/train": 9000.0})
    found = of(sweep_of(seeds=[0, 1, 2, 3]))
    assert (found.runs, found.todo, found.known, found.examples, found.elsewhere) == (4, 2, 2, 2, False)
    assert found.seconds == pytest.approx(2 * (45 + 6))
    assert found.bytes == 2 * 5000


def test_epochs_stretch_the_training_alone_and_other_sweeps_tell_where_there_is_none(database: Path) -> None:
    finish("other")
    found = of(sweep_of(fixed=FIXED | {"training.epochs": 30}))
    assert found.seconds == pytest.approx(300 + 6)
    assert found.elsewhere
    assert told(found).endswith(" 1 MB, as 1 finished run of other sweeps of their size")


@pytest.mark.parametrize("field", ["data.resolution", "model.maps", "model.blocks", "data.size"])
def test_of_another_size_nothing_is_told(database: Path, field: str) -> None:
    finish("s")
    other = {"data.resolution": 64, "model.maps": [8, 16], "model.blocks": 2, "data.size": 100}[field]
    found = of(sweep_of(fixed=FIXED | {field: other}))
    assert found == Estimate(runs=1, todo=1)
    both = of(
        sweep_of(
            parameters={field: {"values": [FIXED.get(field), other] if field in FIXED else [_default(field), other]}},
            seeds=[5],
        )
    )
    assert (both.todo, both.known) == (2, 1)
    assert told(both).endswith("; no finished run is of the size of the others: --probe times a training")


def _default(field: str) -> Any:
    section, name = field.split(".")
    return getattr(getattr(RunConfig(), section), name)


def test_a_finished_sweep_has_nothing_left(database: Path) -> None:
    finish("s")
    assert told(of(sweep_of())) == "estimate: nothing is left to do"


def test_runs_that_say_no_seconds_tell_nothing(database: Path) -> None:
    finish("s", metrics={"mnd/radius_agreement": 0.9})
    assert of(sweep_of(seeds=[0, 1])).seconds is None


def test_a_billion_runs_are_counted_along_their_axes(database: Path) -> None:
    """One after the other they would not be counted today."""
    for seed in range(3):
        finish("s", seed)
    many = {
        "training.learning_rate": {"values": [number / 1e4 for number in range(1, 501)]},
        "training.batch_size": {"values": list(range(1, 101))},
        "model.negative_slope": {"values": [number / 100 for number in range(100)]},
        "training.epochs": {"values": [3, 6]},
    }
    sweep = sweep_of(
        parameters=many, seeds=list(range(100)), exclude=[{"training.epochs": 6, "training.batch_size": 1}]
    )
    found = estimate(sweep, None)
    three, six = 500 * 100 * 100 * 100, 500 * 100 * 100 * 99
    assert (found.runs, found.todo) == (three + six, three + six - 3)
    assert found.seconds == pytest.approx((three - 3) * 36 + six * 66)


def test_of_a_search_the_middle_of_its_ranges_is_told(database: Path) -> None:
    finish("other")
    searched = {"training.epochs": {"min": 2, "max": 4}, "training.learning_rate": {"min": 1e-4, "max": 1e-2}}
    sweep = sweep_of(
        method="random",
        run_cap=10,
        parameters=searched,
        fixed={k: v for k, v in FIXED.items() if k != "training.epochs"},
    )
    found = of(sweep)
    assert (found.runs, found.todo) == (10, 10)
    assert found.seconds == pytest.approx(10 * 36)


def test_a_probe_lies_between_the_smallest_and_the_largest_network(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, ...]] = []

    def seconds(config: RunConfig) -> float:
        asked.append(config.model.maps)
        return probe.work(config) / 1e9

    monkeypatch.setattr(probe, "seconds_per_image", seconds)
    maps = [[4, 8], [8, 16], [2, 2]]
    sweep = sweep_of(parameters={"model.maps": {"values": maps}})
    found = estimate(sweep, api.cells(sweep), probe.timed)
    assert sorted(asked) == [(2, 2), (8, 16)]
    work = sum(probe.work(from_flat(FIXED | {"model.maps": each})) for each in maps)
    assert found.seconds == pytest.approx(3 * 1797 * 0.9 * work / 1e9)
    assert told(found).endswith(
        "of training one after the other, training as timed here for the smallest and the largest network, "
        "what comes after it is not in it"
    )
    finish("s", 9)
    assert estimate(sweep, api.cells(sweep), probe.timed).seconds == pytest.approx(found.seconds + 3 * 6)


def test_a_real_probe_takes_some_time_an_image() -> None:
    assert 0 < probe.seconds_per_image(from_flat(FIXED | {"data.resolution": 16, "training.batch_size": 4})) < 10


def test_the_plan_ends_with_it_and_has_it_as_json(database: Path, tiny_sweep: Path) -> None:
    runner = CliRunner()
    assert (
        runner.invoke(main, ["plan", str(tiny_sweep)]).stdout.splitlines()[-1].startswith("estimate: 2 runs to do; no ")
    )
    content = json.loads(runner.invoke(main, ["plan", str(tiny_sweep), "--json"]).stdout)
    assert set(content) == {"sweep", "cells", "estimate"}
    assert content["estimate"] == Estimate(runs=2, todo=2).as_json()
    assert "estimate" not in json.loads(runner.invoke(main, ["status", str(tiny_sweep), "--json"]).stdout)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            Estimate(2, 2, 2, 5400.0, 3.5e9, 4, False, False, True),
            "to do: about 1 h 30 min one after the other, 3.5 GB, as 4 ",
        ),
        (Estimate(9, 5, 3, 3.6e8, None, 1, True, False, True), "5 runs to do: of 3 of them about 100,000 h one after"),
        (Estimate(1, 1, 1, 30.0, 2e13, 1, False, True, True), "20.0 TB, training as timed here"),
    ],
)
def test_in_words(found: Estimate, words: str) -> None:
    assert words in told(found)
