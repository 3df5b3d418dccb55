from __future__ import annotations

import json
import math

from sweeps.files import json_text


def test_numbers_that_json_has_no_word_for_are_null() -> None:
    found = json_text({"a": math.nan, "b": [1.5, -math.inf, {"c": (math.inf, 2)}], "d": "NaN", "e": None})
    assert json.loads(found) == {"a": None, "b": [1.5, None, {"c": [None, 2]}], "d": "NaN", "e": None}
