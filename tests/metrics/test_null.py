from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread

import numpy as np
import pytest
from scipy import stats

from metrics.null import Null, cache_folder, null_distribution, replicates

N, D = 30, 2
KEY = {"version": "test", "levels": (1.0, 2.0)}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own, empty; the folder of null distributions in it, which is not there yet."""
    monkeypatch.setenv("CAE_CACHE", str(tmp_path / "cache"))
    return cache_folder()


class Counted:
    """A measure that remembers what it was given, and what it gave."""

    def __init__(self) -> None:
        self.samples: list[np.ndarray] = []
        self.values: list[float] = []

    def __call__(self, sample: np.ndarray, seed: np.random.SeedSequence) -> dict[str, float]:
        self.samples.append(sample)
        self.values.append(float(sample.mean() + np.random.default_rng(seed).random()))
        return {"value": self.values[-1]}


def test_the_null_is_mean_and_sd_over_different_standard_normal_samples(cache: Path) -> None:
    measure = Counted()
    null = null_distribution(4000, 3, KEY, measure)
    assert null.replicates == len(measure.values) == 20
    assert null.mean == {"value": pytest.approx(np.mean(measure.values))}
    assert null.sd == {"value": pytest.approx(np.std(measure.values, ddof=1))}
    assert {sample.shape for sample in measure.samples} == {(4000, 3)}
    assert {sample.dtype for sample in measure.samples} == {np.dtype("float32")}
    together = np.concatenate(measure.samples)
    assert len(np.unique(together[:, 0])) > 0.99 * len(together)
    # 1.95 / sqrt(n) is exceeded by a KS distance once in 1000 times.
    assert stats.kstest(together.ravel(), "norm").statistic < 1.95 / np.sqrt(together.size)


def test_a_null_is_computed_once_and_then_read(cache: Path) -> None:
    measure, told = Counted(), []
    first = null_distribution(N, D, KEY, measure, lambda *progress: told.append(progress))
    assert told == [(done, 20) for done in range(20)]
    assert len(list(cache.iterdir())) == 1
    again = null_distribution(N, D, KEY, measure, lambda *progress: told.append(progress))
    assert again == first
    assert len(measure.values) == len(told) == 20


def test_the_seed_is_fixed_so_that_all_machines_compare_with_the_same_numbers(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = null_distribution(N, D, KEY, Counted())
    monkeypatch.setenv("CAE_CACHE", str(tmp_path / "another"))
    again = Counted()
    assert null_distribution(N, D, KEY, again) == first
    assert len(again.values) == 20


@pytest.mark.parametrize(
    ("n", "d", "key"),
    [
        (N + 1, D, KEY),
        (N, D + 1, KEY),
        (D, N, KEY),
        (N, D, KEY | {"version": "other"}),
        (N, D, KEY | {"levels": (1.0,)}),
    ],
    ids=["n", "d", "n and d exchanged", "version", "settings"],
)
def test_what_the_values_depend_on_has_a_null_of_its_own(cache: Path, n: int, d: int, key: dict) -> None:
    null_distribution(N, D, KEY, Counted())
    measure = Counted()
    null_distribution(n, d, key, measure)
    assert len(measure.values) == 20
    assert len(list(cache.iterdir())) == 2


def test_a_measure_that_one_sample_does_not_allow_has_no_null(cache: Path) -> None:
    calls = iter(range(20))

    def measure(sample: np.ndarray, seed: np.random.SeedSequence) -> dict[str, float]:
        return {"always": 1.0} if next(calls) == 7 else {"always": 1.0, "mostly": 2.0}

    null = null_distribution(N, D, KEY, measure)
    assert (null.mean, null.sd) == ({"always": 1.0}, {"always": 0.0})


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"null", b"[]", b"{}", b'{"replicates": 20}', b"\xff\xfe\x00", "half"],
    ids=["empty", "open", "null", "list", "no keys", "too few keys", "no text", "cut off"],
)
def test_a_damaged_file_costs_the_time_again_and_is_mended(cache: Path, damage: bytes | str) -> None:
    first = null_distribution(N, D, KEY, Counted())
    (path,) = cache.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage if isinstance(damage, bytes) else whole[: len(whole) // 2])
    measure = Counted()
    assert null_distribution(N, D, KEY, measure) == first
    assert len(measure.values) == 20
    assert path.read_bytes() == whole
    assert list(cache.iterdir()) == [path]


def blocked_above(cache: Path) -> None:
    cache.parent.write_text("a file where the folder should be")


def blocked_at(cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("a file where the folder should be")


@pytest.mark.parametrize("block", [blocked_above, blocked_at])
def test_a_cache_that_cannot_be_written_costs_the_time_alone(cache: Path, block: Callable[[Path], None]) -> None:
    block(cache)
    measure = Counted()
    first, second = (null_distribution(N, D, KEY, measure) for _ in range(2))
    assert first == second
    assert len(measure.values) == 40


def test_a_folder_in_the_place_of_the_file_leaves_nothing_unfinished(cache: Path) -> None:
    null_distribution(N, D, KEY, Counted())
    (path,) = cache.iterdir()
    path.unlink()
    (path / "inside").mkdir(parents=True)
    null_distribution(N, D, KEY, Counted())
    assert list(cache.iterdir()) == [path]


def test_threads_at_once_leave_one_whole_file(cache: Path) -> None:
    start, found = Barrier(4), []

    def measure(sample: np.ndarray, seed: np.random.SeedSequence) -> dict[str, float]:
        # All have looked for the file before any goes on, and all write at about the same time.
        start.wait(120)
        return {f"measure {number}": float(sample.mean()) for number in range(1000)}

    def work() -> None:
        found.append(null_distribution(N, D, KEY, measure))

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == found[:1] * 4
    left_alone(cache, found[0])


WORK = """
import sys
from metrics.null import null_distribution
sys.stdin.readline()
null_distribution(30, 2, {"version": "test"}, lambda sample, seed: {"value": float(sample.mean())})
"""


def test_processes_at_once_leave_one_whole_file(cache: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", WORK], stdin=subprocess.PIPE, text=True) for _ in range(2)]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        process.communicate(timeout=300)
        assert process.returncode == 0
    expected = null_distribution(N, D, {"version": "test"}, never)
    left_alone(cache, expected)


def never(sample: np.ndarray, seed: np.random.SeedSequence) -> dict[str, float]:
    raise AssertionError("the null is in the cache")


def left_alone(cache: Path, expected: Null) -> None:
    (path,) = cache.iterdir()
    content = json.loads(path.read_text(encoding="utf-8"))
    assert (content["replicates"], content["mean"], content["sd"]) == (20, expected.mean, expected.sd)
    assert not path.name.startswith(".")


def test_without_a_variable_the_cache_is_in_the_users_own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAE_CACHE")
    assert cache_folder().name == "nulls"
    assert "cae-mnd" in cache_folder().parts


@pytest.mark.parametrize(
    ("n", "d", "count"),
    [(2, 1, 20), (1000, 10, 20), (5_000, 1000, 20), (10_000, 1000, 10), (20_000, 1000, 5), (170_000, 1600, 5)],
)
def test_samples_are_fewer_where_one_takes_long(n: int, d: int, count: int) -> None:
    assert replicates(n, d) == count


def test_a_fresh_cloud_exceeds_the_usual_20_replicates_as_student_s_t_does(cache: Path) -> None:
    # Many small nulls, each with one fresh value: (x - mean) / sd / sqrt(1 + 1 / 20) is t with 19 degrees of freedom.
    rng = np.random.default_rng(3)
    gaps = []
    for number in range(400):
        drawn = iter(rng.standard_normal(20))
        null = null_distribution(N, D, {"number": number}, lambda sample, seed, drawn=drawn: {"value": next(drawn)})
        gaps.append((null.mean["value"] - rng.standard_normal()) / null.sd["value"])
    assert stats.kstest(np.array(gaps) / np.sqrt(1.05), stats.t(19).cdf).statistic < 1.95 / np.sqrt(400)
