"""Benchmarks time nothing here: what they compare has to be the same work, and their table has to tell the truth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import interleave, table
from benchmarks.__main__ import measure
from benchmarks.peers import ours, plain_keras
from benchmarks.peers.work import Work
from benchmarks.table import Row


@pytest.mark.parametrize("batch_norm", [False, True])
def test_contenders_have_the_same_parameters_and_operations(batch_norm: bool) -> None:
    work = Work(32, "float32", batch_norm)
    mine, plain = ours.contender(work), plain_keras.contender(work)
    assert mine.parameters == plain.parameters
    assert mine.operations() == plain.operations() > 0


def test_pytorch_and_pythae_do_the_same_work() -> None:
    pytest.importorskip("torch", reason="needs PyTorch: pip install 'cae-mnd[bench]'")
    pytest.importorskip("pythae", reason="needs pythae: pip install 'cae-mnd[bench]'")
    from benchmarks.peers import pythae, pytorch

    mine = ours.contender(Work(32))
    for peer in (pytorch.contender(Work(32)), pythae.contender(Work(32))):
        assert (peer.parameters, peer.operations()) == (mine.parameters, mine.operations())


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row("a", 10, "images/s"), None),
        (Row("a", 10, "images/s", goal=10), True),
        (Row("a", 10, "images/s", goal=11), False),
        (Row("a", 10, "s", goal=9, less=True), False),
        (Row("a", 10, "images/s", "peer", 1.2, goal=1.3), False),
        (Row("a", 1, "images/s", "peer", 1.4, goal=1.3), True),
    ],
)
def test_a_goal_is_met_or_not(row: Row, met: bool | None) -> None:
    assert row.met is met


def test_results_keep_the_sections_that_were_not_measured(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    table.write("one", [Row("a", 1.0, "s")], results)
    table.write("two", [Row("b", 2.0, "s", goal=1.0)], results)
    found = json.loads(results.read_text(encoding="utf-8"))
    assert [found[name]["rows"][0]["met"] for name in ("one", "two")] == [None, True]
    assert found["two"]["machine"]["versions"]["tensorflow"][0].isdigit()


def test_a_section_that_fails_loses_no_other(tmp_path: Path) -> None:
    def broken() -> list[Row]:
        raise ImportError("No module named 'torch'")

    results, row = tmp_path / "results.json", Row("a", 1.0, "s")
    assert measure({"training": broken, "encoding": lambda: [row]}, results) == ([row], ["training"])
    assert list(json.loads(results.read_text(encoding="utf-8"))) == ["encoding"]


def test_contenders_are_timed_in_turn_and_their_errors_told() -> None:
    makers = {"few": ("tests.contenders", "make_counter", 1), "many": ("tests.contenders", "make_counter", 1000)}
    found = interleave.rates(makers, 0.01, 3)
    assert [len(rates) for rates in found.values()] == [3, 3]
    assert interleave.medians(found)["many"] > 10 * interleave.medians(found)["few"]
    with pytest.raises(RuntimeError, match=r"make_nothing\(\): FileNotFoundError: no data"):
        interleave.rates({"broken": ("tests.contenders", "make_nothing")}, 0.01, 1)
    assert interleave.once("math", "hypot", 3, 4) == 5
