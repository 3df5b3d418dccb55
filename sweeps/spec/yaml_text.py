"""YAML as its version 1.2 reads it (010 is ten, 1:30, yes and 2024-02-31 are words), of a bounded size."""

from __future__ import annotations

import re
from typing import Any

import yaml

from sweeps.errors import SweepError

# Aliases can make a page of text stand for more values than there are atoms.
MOST_VALUES = 100_000


class _Loader(yaml.SafeLoader):
    """YAML's safe loader with the core schema of version 1.2; a key given twice is refused, not the last one kept."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise SweepError(f"line {key.start_mark.line + 1}: a key is a word, not {_kind(key)}{_braces(key)}")
            if key.value in seen:
                raise SweepError(f"line {key.start_mark.line + 1}: the key {key.value} stands twice; keep one")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "")
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


_WHOLE = r"[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+"
_FRACTION = r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", _WHOLE, "-+0123456789"),
    ("float", _FRACTION, "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", "<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:int", _whole)


def read(text: str) -> Any:
    """The plain values of a YAML text. Raises SweepError, one line, for what is none, or stands for too much."""
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _count(node, {})
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except SweepError:
        raise
    except yaml.YAMLError as error:
        raise SweepError(f"not valid YAML: {_problem(error)}") from None
    except RecursionError:
        raise SweepError("not valid YAML: nested too deeply") from None
    except (ValueError, TypeError, OverflowError) as error:  # of values that a tag like !!timestamp cannot make
        raise SweepError(f"not valid YAML: {error}") from None


def read_value(text: str) -> Any:
    """One value of a command line. A word is the whole word: `/data/a #1` has no comment."""
    try:
        node = yaml.compose(text, _Loader)
    except yaml.YAMLError:
        return read(text)
    if node is None or (isinstance(node, yaml.ScalarNode) and node.style is None and text.strip()[:1] not in "!&*"):
        word = node.value if node else ""
        return read(text) if text.strip() == word else text.strip()
    return read(text)


def _count(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for, those of its aliases each time. known: of the nodes met so far, -1 within."""
    if known.setdefault(id(node), -1) > 0:
        return known[id(node)]
    parts = node.value if isinstance(node, yaml.CollectionNode) else []
    total = 1
    for part in parts:
        for each in part if isinstance(part, tuple) else (part,):
            if known.get(id(each)) == -1:
                raise SweepError(f"line {each.start_mark.line + 1}: an alias stands within what it stands for")
            total += _count(each, known)
    if total > MOST_VALUES:
        raise SweepError(f"line {node.start_mark.line + 1}: aliases make more than {MOST_VALUES:,} values of this")
    known[id(node)] = total
    return total


def _kind(node: yaml.Node) -> str:
    return "a mapping" if isinstance(node, yaml.MappingNode) else "a list"


def _braces(node: yaml.Node) -> str:
    """Templates leave {{ name }} where nobody filled it in: to YAML a mapping within a mapping."""
    return "; is there a {{ }} that was to be filled in?" if isinstance(node, yaml.MappingNode) else ""


def _problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return where + str(getattr(error, "problem", None) or error).replace("\n", " ")
