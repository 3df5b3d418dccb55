from __future__ import annotations

import pytest

from cae.config import RunConfig
from sweeps.planning.plan import SweepRun
from sweeps.planning.state import State
from sweeps.search.study import best
from sweeps.search.trial_result import trial_result
from sweeps.spec.constraint import Constraint, parse_constraint
from sweeps.spec.remarks import EXPLAINED, LEAST_EXPLAINED
from sweeps.spec.sweep import Sweep

PARAMETERS = {"model.latent_dim": {"values": [4, 8]}}


def cell(state: State = "finished", **metrics: float) -> SweepRun:
    return SweepRun(RunConfig(), "", "cafe", "cafe", state=state, metrics=metrics)


def sweep(**content: object) -> Sweep:
    given = {"name": "s", "method": "bayes", "metric": {"name": "score"}, "parameters": PARAMETERS, "run_cap": 2}
    return Sweep.model_validate(given | content)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("reconstruction/mse <= 0.01", Constraint("reconstruction/mse", "<=", 0.01)),
        ("faces/visible_mnd>=.5", Constraint("faces/visible_mnd", ">=", 0.5)),
        (" mnd/x <= 1e-3 ", Constraint("mnd/x", "<=", 0.001)),
    ],
)
def test_constraints_are_read(text: str, expected: Constraint) -> None:
    assert parse_constraint(text) == expected
    assert parse_constraint(str(expected)) == expected


@pytest.mark.parametrize("text", ["", "mse", "mse < 1", "mse = 1", "mse <= low", "mse <= nan", "0 <= mse <= 1"])
def test_what_is_no_constraint_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write METRIC <= NUMBER or METRIC >= NUMBER"):
        parse_constraint(text)


def test_a_violation_is_positive_on_the_wrong_side() -> None:
    assert parse_constraint("a <= 2").violation(2.5) == 0.5
    assert parse_constraint("a >= 2").violation(2.5) == -0.5
    assert parse_constraint("a <= 2").violation(2) == 0


def test_objectives_and_constraints_are_means_over_seeds() -> None:
    asked = sweep(constraints=["mse <= 2"], metric=[{"name": "score"}, {"name": "mse", "goal": "minimize"}])
    verdict = trial_result(asked, [cell(score=1, mse=1), cell(score=2, mse=4)])
    assert verdict.values == (1.5, 2.5)
    assert verdict.violations == {"mse <= 2": 0.5}
    assert not verdict.feasible


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["finished", "new"], "new"),
        (["finished", "running"], "running"),
        (["failed", "new"], "failed"),
        (["pruned", "new"], "pruned"),
        ([], "new"),
    ],
)
def test_a_cell_is_finished_when_all_its_seeds_are(states: list[State], expected: str) -> None:
    assert trial_result(sweep(), [cell(state, score=1) for state in states]).state == expected


@pytest.mark.parametrize("metrics", [{}, {"score": float("nan")}])
def test_what_was_not_measured_cannot_be_judged(metrics: dict[str, float]) -> None:
    verdict = trial_result(sweep(), [cell(score=1), cell(**metrics)])
    assert (verdict.state, verdict.reason) == ("failed", "score was not measured")


def test_a_trial_that_reconstructs_nothing_is_not_feasible_and_not_the_best() -> None:
    shares = (0.9, 0.02, 0.5)
    verdicts = [
        trial_result(sweep(), [cell(score=row, **{EXPLAINED: share}) for share in (shares[row], shares[row])])
        for row in range(3)
    ]
    assert [verdict.feasible for verdict in verdicts] == [True, False, True]
    assert verdicts[1].violations == {f"{EXPLAINED} >= {LEAST_EXPLAINED}": pytest.approx(LEAST_EXPLAINED - 0.02)}
    assert "next to nothing: 2 %" in verdicts[1].reason
    assert best(sweep(), verdicts) == [2]
    assert best(sweep(), verdicts[1:2]) == []
    assert verdicts[0].reason == ""


def test_runs_of_versions_that_did_not_measure_what_is_explained_take_part() -> None:
    verdict = trial_result(sweep(), [cell(score=1)])
    assert (verdict.violations, verdict.feasible) == ({}, True)
