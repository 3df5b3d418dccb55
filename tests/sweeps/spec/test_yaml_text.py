from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeps.errors import SweepError
from sweeps.spec.sweep_file import parse_override
from sweeps.spec.yaml_text import read, read_value

# What YAML 1.1, PyYAML's own, makes of some of them: 8, 90, True, a date, the text "1e-3".
CORE_SCHEMA = [
    ("010", 10),
    ("0o10", 8),
    ("0x1F", 31),
    ("1:30", "1:30"),
    ("yes", "yes"),
    ("off", "off"),
    ("true", True),
    ("False", False),
    ("2024-02-31", "2024-02-31"),
    ("1e-3", 0.001),
    ("-5.", -5.0),
    (".5", 0.5),
    ("1_000", 1000),
    ("-.inf", -math.inf),
    ("~", None),
    ("null", None),
    ("'010'", "010"),
    ("[1, [2, a]]", [1, [2, "a"]]),
    ("{a: {b: 1}}", {"a": {"b": 1}}),
]


@pytest.mark.parametrize(("text", "value"), CORE_SCHEMA)
def test_values_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    for found in (read(text), read_value(text), read(f"key: {text}")["key"]):
        assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1", "line 1, column 6"),
        ("a: 1\na: 2", "line 2: the key a stands twice"),
        ("a: {{ name }}", r"line 1: a key is a word, not a mapping; is there a \{\{ \}\} that was to be filled in"),
        ("{[1, 2]: 3}", "line 1: a key is a word, not a list"),
        ("a: !!timestamp 2024-02-31", "day"),
        ("a: !!int x", "invalid literal"),
        ("a: !!python/object/apply:os.system [echo]", "could not determine a constructor"),
        ("a: &b [*b]", "an alias stands within what it stands for"),
        ("a: \x00", "special characters are not allowed"),
        ("[" * 5000, "nested too deeply"),
        ("a: *b", "found undefined alias"),
    ],
)
def test_what_cannot_be_read_is_one_line(text: str, words: str) -> None:
    with pytest.raises(SweepError, match=words) as caught:
        read(text)
    assert "\n" not in str(caught.value)


def test_aliases_may_not_make_more_than_fits_anywhere() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 12)]
    with pytest.raises(SweepError, match=r"line \d: aliases make more than 100,000 values"):
        read("\n".join(lines))
    assert len(read("\n".join(lines[:3]))["a2"]) == 10


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("data.path=/data/a #1", "data.path", "/data/a #1"),
        ("data.path=#1", "data.path", "#1"),
        ("data.path='/data/a #1'", "data.path", "/data/a #1"),
        ("data.path=", "data.path", None),
        ("model.maps=[8, 16]", "model.maps", [8, 16]),
        ("model.latent_dim=010", "model.latent_dim", 10),
        ("model.batch_norm=true", "model.batch_norm", True),
        ("training.learning_rate=1e-3", "training.learning_rate", 0.001),
    ],
)
def test_a_value_of_a_command_line_is_the_whole_word(words: str, name: str, value: Any) -> None:
    assert parse_override(words) == (name, value)


WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=("C",)), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=150)
@given(VALUES)
def test_json_is_yaml(value: Any) -> None:
    assert read(json.dumps(value, ensure_ascii=False)) == value


@settings(max_examples=300)
@given(st.text(alphabet="ab01-:.,#&*!|>'\"[]{}\n ?%@\\~e_<", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for reading in (read, read_value):
        with suppress(SweepError):
            reading(text)
