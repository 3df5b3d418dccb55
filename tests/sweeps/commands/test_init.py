"""cae init: what it says, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from sweeps.cli import main


def test_it_says_what_it_wrote_and_what_comes_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(main, ["init", "my lab"])
    assert said.exit_code == 0, said.output
    first, following, enter, *rest = said.output.splitlines()
    assert first == f"my lab: {len(list(Path('my lab').rglob('*.*')))} files written"
    assert (following, enter) == ("Next:", "  cd 'my lab'")
    assert [line.partition("#")[0].strip() for line in rest[:3]] == [
        "cae run experiments/quickstart.yaml",
        "cae plan sweep.yaml",
        "cae run sweep.yaml",
    ]


def test_in_the_current_folder_a_changed_file_is_named_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweep.yaml").write_text("name: mine\n")
    said = CliRunner().invoke(main, ["init"])
    assert "kept as it is: sweep.yaml differs; --force writes over it" in said.output
    assert "cd " not in said.output
    assert (tmp_path / "sweep.yaml").read_text() == "name: mine\n"
    assert "1 file replaced" in CliRunner().invoke(main, ["init", "--force"]).output
    assert CliRunner().invoke(main, ["plan", "sweep.yaml"]).exit_code == 0


def test_a_place_that_cannot_be_a_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    said = CliRunner().invoke(main, ["init", str(tmp_path / "taken")])
    assert said.exit_code == 2
    assert said.output.count("\n") == 1
    assert "taken" in said.output
    assert "give another place" in said.output
