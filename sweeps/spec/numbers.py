"""Numbers between two ends, as a person writes them: 0.3, not 0.30000000000000004."""

from __future__ import annotations

import math
from fractions import Fraction

# More values of one field than a person compares: a slip of the keyboard.
MOST = 10_000
# Of values that are computed; also what makes them the same on every machine.
DIGITS = 12


def steps(low: float, high: float, step: float) -> int:
    """How many whole steps lie between the ends."""
    return math.floor((exact(high) - exact(low)) / exact(step))


def stepped(low: float, high: float, step: float) -> list[float]:
    """low, low + step, ...; high is the last one where it is met. Raises ValueError where that is one, or too many."""
    number = steps(low, high, step) + 1
    if number < 2:
        raise ValueError(f"step {step:g} leaves no two numbers between min {low:g} and max {high:g}")
    if number > MOST:
        raise ValueError(f"step {step:g} makes {number:,} values from {low:g} to {high:g}; at most {MOST:,}")
    return [float(exact(low) + place * exact(step)) for place in range(number)]


def multiples(low: float, high: float, step: float) -> tuple[float, float]:
    """The first and the last multiple of step between the ends."""
    first = math.ceil(exact(low) / exact(step)) * exact(step)
    return float(first), float(math.floor(exact(high) / exact(step)) * exact(step))


def spread(low: float, high: float, count: int, log: bool) -> list[float]:
    """So many numbers, both ends among them: at equal differences, or at equal ratios (log)."""
    last = count - 1
    if log:
        inner = [low * (high / low) ** (place / last) for place in range(1, last)]
    else:
        inner = [float(exact(low) + (exact(high) - exact(low)) * place / last) for place in range(1, last)]
    return [low, *(significant(value) for value in inner), high]


def nearest_multiple(value: float, step: float, start: float = 0.0) -> float:
    """Of start, start + step, ... the one nearest to the value."""
    return float(exact(start) + round((exact(value) - exact(start)) / exact(step)) * exact(step))


def significant(value: float, digits: int = DIGITS) -> float:
    """The value rounded to so many digits, wherever its point is."""
    return float(f"{value:.{digits}g}")


def exact(value: float) -> Fraction:
    """The number that is written, 1/10 of 0.1, not the binary one that stands for it."""
    return Fraction(repr(float(value)))
