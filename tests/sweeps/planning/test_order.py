"""In which order a launch begins the runs of a grid."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps import api
from sweeps.files import write_json
from sweeps.planning.order import in_order
from sweeps.planning.plan import SweepRun
from sweeps.spec.sweep import Sweep
from sweeps.workspace import work_folder
from tests.sweeps.fakes import cell_of

RATES = (1e-4, 1e-3, 1e-2)


def sweep_of(order: str, seeds: list[int], **more: Any) -> Sweep:
    parameters = {"data.name": {"value": "digits"}, "training.learning_rate": {"values": list(RATES)}}
    return Sweep.model_validate({"name": "s", "order": order, "seeds": seeds, "parameters": parameters, **more})


def runs_of(sweep: Sweep) -> list[SweepRun]:
    return [cell_of(None, learning_rate=rate, seed=seed) for rate in RATES for seed in sweep.seeds]


def told(runs: list[SweepRun]) -> list[tuple[float, int]]:
    return [(run.config.training.learning_rate, run.config.training.seed) for run in runs]


def test_each_seed_has_all_cells_before_the_next_in_the_order_of_the_file() -> None:
    sweep = sweep_of("seeds_last", [7, 3])
    assert told(in_order(sweep, runs_of(sweep))) == [(rate, seed) for seed in (7, 3) for rate in RATES]


@given(
    order=st.sampled_from(["file", "shuffled", "seeds_last"]),
    seeds=st.sets(st.integers(0, 99), min_size=1),
    data=st.data(),
)
def test_any_order_has_every_run_once_and_of_a_part_the_same_order(
    order: str, seeds: set[int], data: st.DataObject
) -> None:
    """So a launch that goes on begins what is left as the first one would have."""
    sweep = sweep_of(order, sorted(seeds))
    runs = runs_of(sweep)
    whole = told(in_order(sweep, runs))
    assert sorted(whole) == sorted(told(runs))
    left = data.draw(st.lists(st.booleans(), min_size=len(runs), max_size=len(runs)))
    part = [run for run, stays in zip(runs, left, strict=True) if stays]
    assert told(in_order(sweep, part)) == [run for run in whole if run in told(part)]


def test_the_first_seed_fixes_the_shuffled_order() -> None:
    orders = [
        told(in_order(sweep_of("shuffled", [first, 8, 9]), runs_of(sweep_of("file", [7, 8, 9])))) for first in (1, 1, 2)
    ]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2])


@pytest.mark.parametrize("order", ["shuffled", "seeds_last"])
def test_what_only_waits_to_be_uploaded_comes_first_and_no_hash_changes(order: str) -> None:
    plain, sweep = api.cells(sweep_of("file", [0, 1])), sweep_of(order, [0, 1])
    cells = api.cells(sweep)
    assert [cell.config_hash for cell in cells] == [cell.config_hash for cell in plain]
    last = api.unfinished(sweep, cells)[-1].config_hash
    write_json(work_folder(str(last)) / "result.json", {})
    assert api.unfinished(sweep, cells)[0].config_hash == last
    assert [cell.config_hash for cell in api.unfinished(sweep, cells, limit=2)][:1] == [last]
