"""Metrics by formula: arithmetic over what a run measures, checked when a sweep file is read, never run as code."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sweeps.spec.fields import shown

# A metric's name holds / and -, so operators stand between blanks. Numbers first: 1e-3 has no name in it.
_WORD = re.compile(r"(?P<number>\d[\d.]*(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][\w.:/-]*)")
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
ONE: dict[str, Callable[..., float]] = {"abs": abs, "sqrt": math.sqrt, "log": math.log, "exp": math.exp}
SEVERAL: dict[str, Callable[..., float]] = {"min": min, "max": max}
FUNCTIONS = ONE | SEVERAL
HOW = f"write metrics, numbers, + - * / ** between blanks, and {', '.join(FUNCTIONS)}"


@dataclass(frozen=True)
class Formula:
    """A metric made of others. names: of those, in the order in which they first stand there."""

    text: str
    names: tuple[str, ...]
    tree: ast.expr

    def value(self, metrics: Mapping[str, float]) -> float | None:
        """What it is for a run with these metrics; None where one is missing, or the result is no finite number."""
        if any(name not in metrics for name in self.names):
            return None
        known = {_stand_in(place): metrics[name] for place, name in enumerate(self.names)}
        try:
            found = float(_value(self.tree, known))
        except (ArithmeticError, ValueError):
            return None
        return found if math.isfinite(found) else None


def parse_formula(text: str) -> Formula:
    """The formula that a sweep file writes, such as "a/b - 2 * abs(c/d)". Raises ValueError."""
    names: dict[str, str] = {}

    def stand_in(found: re.Match[str]) -> str:
        name = found[0]
        if found["number"] or (name in FUNCTIONS and text[found.end() :].lstrip().startswith("(")):
            return name
        return names.setdefault(name, _stand_in(len(names)))

    try:
        tree = ast.parse(_WORD.sub(stand_in, text).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{shown(text)} is no formula; {HOW}") from None
    if not names:
        raise ValueError(f"{shown(text)} names no metric; {HOW}")
    for node in ast.walk(tree):
        if not _is_allowed(node):
            raise ValueError(f"{shown(text)} is no formula; {HOW}")
    return Formula(text, tuple(names), tree)


def with_formulas(metrics: Mapping[str, float], formulas: Mapping[str, str]) -> dict[str, float]:
    """These metrics, and those by formula that they allow."""
    made = {name: parse_formula(text).value(metrics) for name, text in formulas.items()}
    return {**metrics, **{name: value for name, value in made.items() if value is not None}}


def _stand_in(place: int) -> str:
    """A name that Python's grammar takes, in the metric's place; of a number before it nothing valid becomes."""
    return f"m{place}"


def _is_allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return type(node.value) in (int, float)
    if isinstance(node, ast.BinOp):
        return type(node.op) in _OPERATORS
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        fits = len(node.args) == 1 if name in ONE else name in SEVERAL and len(node.args) > 1
        return fits and not node.keywords
    return isinstance(node, ast.Name | ast.UnaryOp | ast.USub | ast.UAdd | ast.Load | ast.operator)


def _value(node: ast.expr, known: Mapping[str, float]) -> float:
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return known[node.id]
    if isinstance(node, ast.UnaryOp):
        value = _value(node.operand, known)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_value(node.left, known), _value(node.right, known))
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    return FUNCTIONS[node.func.id](*(_value(each, known) for each in node.args))
