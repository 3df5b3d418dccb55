"""What a shell completes: commands, options, and names of files where a command takes one."""

from __future__ import annotations

import pytest
from click.shell_completion import BashComplete

from sweeps.cli import main

FILE = [("file", "exp")]


@pytest.mark.parametrize(
    ("words", "begun", "offered"),
    [
        ([], "com", [("plain", "compare")]),
        (["data"], "", [("plain", "list"), ("plain", "prepare")]),
        (["run"], "--wo", [("plain", "--workers")]),
        (["init"], "exp", FILE),
        (["run"], "exp", FILE),
        (["faces"], "exp", FILE),
        (["sample"], "exp", FILE),
        (["explore"], "exp", FILE),
        (["score"], "exp", FILE),
        (["compare", "experiments/quickstart.yaml", "--out"], "exp", FILE),
        (["data", "prepare", "celeba", "--path"], "exp", FILE),
    ],
)
def test_a_shell_completes(words: list[str], begun: str, offered: list[tuple[str, str]]) -> None:
    found = BashComplete(main, {}, "cae", "_CAE_COMPLETE").get_completions(words, begun)
    assert [(item.type, item.value) for item in found] == offered
