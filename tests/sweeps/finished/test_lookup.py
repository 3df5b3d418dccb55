from __future__ import annotations

from pathlib import Path

import pytest

from sweeps import tracking
from sweeps.errors import SweepError
from sweeps.finished.lookup import best_run, find_run
from sweeps.spec.sweep_file import load
from tests.sweeps.fakes import cell_of, record_run

RADII = "mnd/radius_agreement"
HASHES = ("abcd1111", "abcd2222", "cafe0000")


def made(sweep: str, config_hash: str, status: str = "FINISHED") -> str:
    """The id of a run with this hash."""
    client, tags = tracking.client(), {tracking.HASH: config_hash, tracking.SWEEP: sweep}
    run_id = str(client.create_run(tracking.experiment(sweep, "?"), run_name=config_hash[-2:], tags=tags).info.run_id)
    client.set_terminated(run_id, status=status)
    return run_id


@pytest.fixture
def ids(database: Path) -> dict[str, str]:
    """Hash to id of three finished runs, two of which begin alike."""
    return {config_hash: made("s", config_hash) for config_hash in HASHES}


@pytest.mark.parametrize("characters", [4, 6, 8])
def test_the_first_characters_of_a_hash_are_enough(ids: dict[str, str], characters: int) -> None:
    assert find_run("cafe0000"[:characters]) == (ids["cafe0000"], "00", "s")


def test_the_first_characters_of_a_run_id_are_enough(ids: dict[str, str]) -> None:
    assert find_run(ids["abcd1111"][:12])[0] == ids["abcd1111"]


def test_what_begins_like_several_runs_lists_them(ids: dict[str, str]) -> None:
    with pytest.raises(SweepError, match="abcd: 2 finished runs begin so; give more characters of one") as caught:
        find_run("abcd")
    for config_hash in HASHES[:2]:
        assert f"{config_hash} (id {ids[config_hash]}, {config_hash[-2:]} of s)" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert find_run("abcd1")[0] == ids["abcd1111"]


def test_three_characters_are_too_few_and_the_message_says_so(ids: dict[str, str]) -> None:
    with pytest.raises(SweepError, match=r"caf: no finished run of that id or hash in .*4 characters are needed"):
        find_run("caf")


@pytest.mark.parametrize("text", ["ca_e", "ca%e", "beef", "caf'"])
def test_what_no_run_begins_with_is_one_line(ids: dict[str, str], text: str) -> None:
    with pytest.raises(SweepError, match="no finished run of that id or hash"):
        find_run(text)


def test_a_run_that_did_not_finish_is_not_meant(ids: dict[str, str]) -> None:
    made("s", "abcd1999", "FAILED")
    assert find_run("abcd1")[0] == ids["abcd1111"]


def test_the_same_run_in_two_sweeps_is_not_ambiguous(ids: dict[str, str]) -> None:
    again = made("t", "cafe0000")
    assert find_run("cafe")[0] in (again, ids["cafe0000"])


# --- the best ----------------------------------------------------------------------------------------------------


@pytest.fixture
def sweep(database: Path, tmp_path: Path) -> Path:
    file = tmp_path / "s.yaml"
    file.write_text("name: s\n", encoding="utf-8")
    for activation, seed, radius in (("relu", 0, 0.6), ("tanh", 0, 0.9), ("tanh", 1, 0.8)):
        record_run(load(file), cell_of({}, activation=activation, seed=seed), {RADII: radius})
    return file


def test_the_best_run_of_a_sweep_and_which_it_is(sweep: Path) -> None:
    run_id, told = best_run(str(sweep))
    record = next(record for record in tracking.records("s").values() if record.metrics[RADII] == 0.9)
    assert run_id == record.run_id
    assert told == (
        f"{record.name} ({record.config_hash}), best of 3 finished runs by {RADII} with 0.9; "
        "1 other seed of its cell: 0.8"
    )


def test_the_best_run_follows_the_goal(sweep: Path) -> None:
    sweep.write_text(f"name: s\nmetric: {{name: {RADII}, goal: minimize}}\n", encoding="utf-8")
    assert best_run(str(sweep))[1].endswith("with 0.6")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name: s\nmetric: {name: mnd_test/radius_agreement}\n", "3 finished runs; none measures mnd_test/radius"),
        ("name: empty\n", "--best: 0 finished runs; start: cae run"),
    ],
)
def test_where_there_is_no_best_run_the_message_says_why(sweep: Path, content: str, message: str) -> None:
    sweep.write_text(content, encoding="utf-8")
    with pytest.raises(SweepError, match=message):
        best_run(str(sweep))


def test_a_run_is_no_sweep_to_choose_from() -> None:
    with pytest.raises(SweepError, match="cafe: --best chooses among the runs of a sweep file"):
        best_run("cafe")
