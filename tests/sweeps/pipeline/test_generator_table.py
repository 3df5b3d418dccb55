from __future__ import annotations

from typing import Any

import pytest

from sweeps.pipeline.generator_table import HEADS, cells, is_compared, markdown, verdict
from sweeps.report.generators import generators


def row(method: str, kid: float, behind: tuple[float, float] | None = None, **more: float) -> dict[str, Any]:
    found = {"method": method, "visible": 0.5, "visible_low": 0.4, "visible_high": 0.6, "kid": kid}
    found |= {"kid_low": kid - 0.1, "kid_high": kid + 0.1, "coverage": 0.3, "coverage_low": 0.2, "coverage_high": 0.4}
    if behind is not None:
        found |= {"kid_behind": sum(behind) / 2, "kid_behind_low": behind[0], "kid_behind_high": behind[1]}
    return found | more


ROWS = [row("real", -0.001), row("mnd", 1.2, (-0.1, 0.3)), row("pca", 1.1, (0.0, 0.0)), row("uniform", 9.0, (7.0, 8.8))]


def test_the_verdict_names_the_best_and_what_is_not_told_from_it() -> None:
    assert verdict(ROWS) == "Faces most like held-out photographs (least KID) by pca; not told from it: mnd."
    assert verdict([*ROWS[:1], *ROWS[2:]]).endswith("by pca, and told from all others.")
    assert verdict(ROWS[2:3]).endswith("by pca.")


def test_the_table_has_a_row_for_each_method_and_its_intervals() -> None:
    assert cells(ROWS)[1][:3] == ["mnd", "0.50 (0.40 to 0.60)", "1.200 (1.100 to 1.300)"]
    assert cells(ROWS)[1][5] == "0.30 (0.20 to 0.40)"
    assert [
        each[4] for each in cells([row("pca", 1.1, decoded_kid=0.2, decoded_kid_low=0.1, decoded_kid_high=0.3)])
    ] == ["0.200 (0.100 to 0.300)"]
    assert cells(ROWS)[1][4] == "-"  # of runs before it was measured
    assert [each[3] for each in cells(ROWS)] == ["-", "0.100 (-0.100 to 0.300)", "best", "7.900 (7.000 to 8.800)"]
    assert cells(ROWS)[0][2].startswith("-0.001 (-0.101")
    assert len(markdown(ROWS)) == 2 + len(ROWS)
    assert all(line.count("|") == len(HEADS) + 1 for line in markdown(ROWS))


@pytest.mark.parametrize("result", [{}, {"generators": []}, {"generators": [{"method": "mnd", "visible": 0.5}]}])
def test_runs_that_compared_nothing_have_no_table(result: dict[str, Any]) -> None:
    assert not is_compared(result.get("generators", []))
    assert generators(result) is None


def test_a_report_has_the_same_table() -> None:
    found = generators({"generators": ROWS})
    assert found is not None
    assert found["verdict"] == verdict(ROWS)
    assert [column.head for column in found["table"]] == list(HEADS)
    assert [column.cells[1] for column in found["table"]] == cells(ROWS)[1]
