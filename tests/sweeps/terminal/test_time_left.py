from __future__ import annotations

from typing import Any

import pytest

from cae.config import RunConfig, from_flat
from sweeps.terminal.time_left import Size, State, TimeLeft, Took, rounded, size, time_left

NOW = 1e9


def training(finished: int, first: int = 1, pace: float = 10.0, epochs: int = 10) -> State:
    """A cell whose last epoch ends now."""
    began = NOW - (finished - first + 1) * pace
    state = {"epochs": epochs, "step": "train", "started": began, "first_epoch": first, "trained_since": began}
    return state | ({"finished_epochs": finished, "epoch_ended": NOW} if finished >= first else {})


SMALL, LARGE = (size(from_flat({"data.resolution": pixels, "training.epochs": 10})) for pixels in (64, 128))
SCORING = training(10) | {"step": "score"}


@pytest.mark.parametrize(
    ("running", "waiting", "workers", "took", "expected"),
    [
        # Nothing is said before a cell or two epochs are known.
        ([], 5, 1, [], None),
        ([{}], 5, 1, [], None),
        ([training(0)], 5, 1, [], None),
        ([training(1)], 5, 1, [], None),
        ([training(5, first=5)], 5, 1, [], None),
        # Of the first cells only the training is known: 80 s of this one, 100 s of each that comes.
        ([training(2)], 0, 1, [], TimeLeft(80, at_least=True)),
        ([training(2)], 5, 1, [], TimeLeft(580, at_least=True)),
        ([training(6, first=5)], 5, 1, [], TimeLeft(540, at_least=True)),
        # A finished cell tells what comes after the training: 50 s.
        ([training(2)], 5, 1, [150], TimeLeft(80 + 50 + 5 * 150)),
        ([{}], 5, 1, [140, 160], TimeLeft(6 * 150)),
        ([SCORING], 1, 1, [150], TimeLeft(50 + 150)),
        # Where it is known how long others took after their training, at whose pace they trained does not matter.
        ([training(2)], 1, 1, [(500, 30)], TimeLeft(80 + 30 + 500)),
        ([SCORING | {"epoch_ended": NOW - 10}], 0, 1, [(500, 30)], TimeLeft(20)),
        ([SCORING | {"epoch_ended": NOW - 40}], 0, 1, [(500, 30)], None),
        # Side by side: the next cell goes to the worker that is free first.
        ([training(2), SCORING], 3, 2, [150], TimeLeft(350)),
        ([{}, {}], 1, 2, [150], TimeLeft(300)),
        ([], 4, 2, [150], TimeLeft(300)),
        ([], 4, 3, [150], TimeLeft(300)),
        # When a cell ends that takes longer than others did, nobody knows.
        ([SCORING | {"started": NOW - 900}], 0, 1, [150], None),
        ([SCORING | {"started": NOW - 900}], 2, 1, [150], TimeLeft(300)),
    ],
)
def test_what_is_left(
    running: list[State], waiting: int, workers: int, took: list[float | tuple[float, float]], expected: TimeLeft | None
) -> None:
    """took: seconds of finished cells, in pairs with those after the training."""
    cells = [(SMALL, state) for state in running]
    done = [Took(SMALL, *(each if isinstance(each, tuple) else (each,))) for each in took]
    assert time_left(cells, [SMALL] * waiting, workers, done, NOW) == expected


TOOK = [Took(SMALL, 10.0), Took(SMALL, 20.0), Took(LARGE, 300.0)]


@pytest.mark.parametrize(
    ("running", "waiting", "took", "expected"),
    [
        ([], [SMALL, SMALL], TOOK, TimeLeft(30)),
        ([], [LARGE, SMALL], TOOK, TimeLeft(315)),
        ([(LARGE, {})], [SMALL], TOOK, TimeLeft(315)),
        # Of a cell whose size is not known the mean of all is the best guess.
        ([], [None, LARGE], TOOK, TimeLeft(110 + 300)),
        # The training of the large cell takes 100 s, of which 80 s are left; it scores for 200 s.
        ([(LARGE, training(2))], [SMALL], TOOK, TimeLeft(80 + 200 + 15)),
        # What comes after the training of a size not met yet is taken in proportion, four times as much of four pixels.
        ([(LARGE, training(2))], [], [Took(SMALL, 10.0, 4.0)], TimeLeft(80 + 16)),
        # Nothing is finished: two trainings of 100 s and 20 s side by side, each followed by one of its size.
        ([(LARGE, training(2)), (SMALL, training(2, pace=2.0))], [SMALL, LARGE], [], TimeLeft(136, at_least=True)),
    ],
)
def test_a_cell_takes_as_long_as_those_of_its_size(
    running: list[tuple[Size, State]], waiting: list[Size], took: list[Took], expected: TimeLeft
) -> None:
    assert time_left(running, waiting, max(1, len(running)), took, NOW) == expected


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"data.resolution": 128}, 4 * 30),
        ({"training.epochs": 12}, 30 / 2),
        ({"data.name": "digits", "data.path": None}, 30),
        ({"data.size": 1000}, 30 / 5),
        # Of all images of a set nobody knows how many they are.
        ({"data.size": None}, 30),
    ],
)
def test_a_cell_of_a_size_not_met_yet_takes_as_long_in_proportion(fields: dict[str, Any], seconds: float) -> None:
    known = {"data.name": "celeba", "data.path": "faces", "data.size": 5000, "data.resolution": 64}
    took = [Took(size(from_flat(known)), 20.0), Took(size(from_flat(known)), 40.0)]
    left = time_left([], [size(from_flat(known | fields))], 1, took, NOW)
    assert left is not None
    assert left.seconds == pytest.approx(seconds)


SEVERAL = (("celeba", 32), ("celeba", 64), ("digits", 64))


def test_those_of_several_other_sizes_are_taken_in_the_mean() -> None:
    """Of 12 s at 32 and 40 s at 64 pixels: 48 s and 40 s at 64 pixels of other images."""
    cells = [size(from_flat({"data.name": name, "data.resolution": pixels})) for name, pixels in SEVERAL]
    assert time_left([], [cells[2]], 1, [Took(cells[0], 12.0), Took(cells[1], 40.0)], NOW) == TimeLeft(44)


@pytest.mark.parametrize(
    ("fields", "alike"),
    [
        ({"training.seed": 5, "model.activation": "tanh"}, True),
        ({"training.epochs": 3}, False),
        ({"data.resolution": 128}, False),
        ({"data.size": 500}, False),
        ({"data.name": "digits"}, False),
    ],
)
def test_what_makes_cells_alike_in_size(fields: dict[str, Any], alike: bool) -> None:
    assert (size(from_flat(fields)) == size(RunConfig())) == alike


def test_it_goes_down_while_time_passes() -> None:
    seconds = [time_left([(None, training(2))], [None] * 3, 1, [Took(None, 150)], NOW + p) for p in (0, 5, 9)]
    assert [left.seconds for left in seconds if left] == [580, 575, 571]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "5 s"),
        (42, "40 s"),
        (89, "90 s"),
        (90, "2 min"),
        (700, "12 min"),
        (3590, "1 h"),
        (4000, "1 h 10 min"),
        (12_100, "3 h 20 min"),
    ],
)
def test_it_is_told_as_exactly_as_it_is_known(seconds: float, text: str) -> None:
    assert rounded(seconds) == text
    assert TimeLeft(seconds).told() == f"about {text}"
