from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.validation import _validate_metric_name

from cae.names import LONGEST, file_name, is_safe, safe_names


@pytest.mark.parametrize(
    "name", ["Male", "5_o_Clock_Shadow", "No Beard", "hair/blond", "a:b", "x.y-z", "größe", "年", "x" * LONGEST, "..a"]
)
def test_what_paths_and_metrics_take_keeps_its_spelling(name: str) -> None:
    assert safe_names([name]) == {name: name}


@pytest.mark.parametrize(
    ("names", "safe"),
    [
        (["../../../escaped"], ["escaped"]),
        (["Age>30 (%)"], ["Age_30"]),
        (["/etc/passwd", "a//b", "./a", "a/../b"], ["etc/passwd", "a/b", "a", "a/b_2"]),
        (["Age>30", "Age<30", "Age_30"], ["Age_30_2", "Age_30_3", "Age_30"]),
        (["", " ?", ".."], ["unnamed", "unnamed_2", "unnamed_3"]),
        (["a\nb", "a\tb", "a\\b", "a b"], ["a b_2", "a_b", "a_b_2", "a b"]),
        (["x" * 300, "x" * 301], ["x" * (LONGEST - 4), "x" * (LONGEST - 4) + "_2"]),
    ],
)
def test_others_get_a_name_of_their_own(names: list[str], safe: list[str]) -> None:
    assert list(safe_names(names).values()) == safe


@given(st.lists(st.text(max_size=400), max_size=8, unique=True))
def test_every_name_is_a_file_inside_its_folder_and_a_key(names: list[str]) -> None:
    found = safe_names(names)
    assert list(found) == names
    assert len(set(found.values())) == len(names)
    for name, safe in found.items():
        assert is_safe(safe)
        assert safe == name or not is_safe(name)
        _validate_metric_name(f"attributes/auc_{safe}")
        path = Path("/run/faces/attributes") / f"{safe}.png"
        assert ".." not in path.parts
        assert path.is_relative_to("/run/faces/attributes")
        assert len(path.name.encode()) <= 255


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mnd", "mnd"),
        ("mine.made:GAN", "mine.made.GAN"),
        ("../../x", "_.._x"),
        ("my gen", "my gen"),
        ("größe", "gr_e"),
    ],
)
def test_names_of_plugins_are_files(name: str, expected: str) -> None:
    assert file_name(name) == expected
