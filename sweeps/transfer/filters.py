"""Some runs out of a sweep: those that keep conditions on their settings and metrics, and the best of them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sweeps.errors import SweepError
from sweeps.spec import condition, yaml_text
from sweeps.spec.display import readable
from sweeps.spec.fields import FIELDS, check_value, nearest
from sweeps.spec.order import best_first
from sweeps.spec.sweep import Metric
from sweeps.tracking import Record, recorded_value

SIGNS: dict[str, Callable[[Any, Any], bool]] = {"=": operator.eq, **condition.SIGNS}
_CONDITION = re.compile(r"\s*(?P<name>[\w./: -]*?)\s*(?P<sign>!=|<=|>=|=|<|>)\s*(?P<value>.*?)\s*", re.DOTALL)


@dataclass(frozen=True)
class Condition:
    """A setting or metric, a sign of SIGNS, and what it is compared with: a number, or text where not ordered."""

    name: str
    sign: str
    value: float | str

    def holds(self, record: Record) -> bool:
        """Whether the run keeps it; never where the run lacks the metric."""
        have = recorded_value(record, self.name) if self.name in FIELDS else record.metrics.get(self.name)
        if have is None:
            return False
        if isinstance(self.value, float):
            try:
                have = float(have)
            except ValueError:  # "default", where a number may be left open
                return self.sign == "!="
        return SIGNS[self.sign](have, self.value)


def parse_where(text: str, metrics: Iterable[str]) -> Condition:
    """The condition of words such as "model.batch_norm = true" or "reconstruction/mse < 0.01". Raises SweepError.

    metrics: the names of those that were measured.
    """
    try:
        return _parsed(text, set(metrics))
    except ValueError as error:
        raise SweepError(f'--where "{text}": {error}') from None


def _parsed(text: str, metrics: set[str]) -> Condition:
    found = _CONDITION.fullmatch(text)
    if found is None or not found["name"] or not found["value"]:
        raise ValueError(f"write it as NAME SIGN VALUE with one of {' '.join(SIGNS)}, such as model.batch_norm = true")
    name, sign = found["name"], found["sign"]
    if name in FIELDS:
        return Condition(name, sign, _field_value(name, sign, found["value"]))
    if name not in metrics:
        raise ValueError(f"{name} is neither a field of a run nor a metric{nearest(name, [*FIELDS, *sorted(metrics)])}")
    try:
        return Condition(name, sign, float(found["value"]))
    except ValueError:
        raise ValueError(f"{name} is a metric and {found['value']!r} is no number") from None


def _field_value(name: str, sign: str, text: str) -> float | str:
    value = check_value(name, yaml_text.read_value(text))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(readable(value))  # with as many digits as the record keeps
    if sign not in ("=", "!="):
        raise ValueError(f"{name} is no number here; compare it by = or !=")
    return readable(value)


def keeping(records: Iterable[Record], conditions: Sequence[Condition]) -> list[Record]:
    """The runs that keep every condition, in their order."""
    return [record for record in records if all(condition.holds(record) for condition in conditions)]


def best(records: Sequence[Record], metric: Metric, count: int, constraints: Sequence[str] = ()) -> list[Record]:
    """At most `count` of the runs that measure the metric, see `best_first`. Raises SweepError where none does."""
    chosen = best_first(records, metric, constraints)
    if not chosen:
        known = {name for record in records for name in record.metrics}
        raise SweepError(f"--top {count}: none of the runs measures {metric.name}{nearest(metric.name, known)}")
    return chosen[:count]
