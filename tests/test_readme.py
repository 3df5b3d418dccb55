"""What the README shows is what the program does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from benchmarks.document import DOCUMENTS as MEASURED
from benchmarks.document import PLACE, renewed
from metrics.table import markdown
from sweeps.cli import main
from sweeps.pipeline.sheets import SHEETS
from sweeps.spec.sweep_file import load

NAMES = (
    "README.md",
    "experiments/README.md",
    "docs/scoring.md",
    "docs/faces.md",
    "docs/search.md",
    "docs/running.md",
    "docs/servers.md",
    "docs/moving.md",
    "docs/comparing.md",
    "docs/exploring.md",
    "docs/mlflow.md",
    "docs/performance.md",
)
DOCUMENTS = [Path(name) for name in NAMES]
TEXT = Path("README.md").read_text(encoding="utf-8")
SCORING = Path("docs/scoring.md").read_text(encoding="utf-8")
SEARCH = Path("docs/search.md").read_text(encoding="utf-8")
FACES = Path("docs/faces.md").read_text(encoding="utf-8")


def blocks(language: str, text: str = TEXT) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def commands() -> list[str]:
    shown = [block for path in DOCUMENTS for block in blocks("console", path.read_text(encoding="utf-8"))]
    lines = [line.removeprefix("$ ") for block in shown for line in block.splitlines() if line.startswith("$ ")]
    return [line for line in lines if line.startswith("cae ")]


def test_there_are_commands_to_check() -> None:
    assert len(commands()) >= 8


@pytest.mark.parametrize("command", commands())
def test_every_command_is_understood(command: str) -> None:
    context: click.Context | None = None
    group: click.Command = main
    words = shlex.split(command, comments=True)[1:]
    while isinstance(group, click.Group):
        context = click.Context(group, parent=context)
        name, group, words = group.resolve_command(context, words)
        assert group is not None, name
    group.make_context(group.name, words, parent=context, resilient_parsing=False)


def test_make_targets_exist() -> None:
    makefile = Path("Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^\$ make (\w+)", "\n".join(blocks("console")), flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_the_sweep_file_is_valid(tmp_path: Path) -> None:
    shown = [block for block in blocks("yaml") + blocks("yaml", SEARCH) if "parameters:" in block]
    assert shown
    for block in shown:
        path = tmp_path / f"{yaml.safe_load(block)['name']}.yaml"
        path.write_text(block, encoding="utf-8")
        load(path)


def test_the_table_of_metrics_is_the_generated_one() -> None:
    assert markdown() in TEXT


@pytest.mark.parametrize("document", MEASURED, ids=lambda path: path.name)
def test_the_tables_of_measurements_are_the_measured_ones(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert PLACE.search(text)
    assert renewed(text) == text


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)|src=\"([^\"]+)\"", document.read_text(encoding="utf-8")):
        path = "".join(target)
        assert path.startswith("http") or (document.parent / path).exists(), path


@pytest.mark.thorough
def test_the_notebook_example_prints_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    (code,), shown = blocks("python", SCORING), blocks("text", SCORING)[0]
    exec(compile(code, "docs/scoring.md", "exec"), {})
    number = r"\d+\.\d+"
    printed = capsys.readouterr().out
    assert re.sub(number, "", printed) == re.sub(number, "", shown)
    # Other versions of BLAS may round the last digit otherwise.
    values = [float(value) for value in re.findall(number, printed)]
    assert values == pytest.approx([float(value) for value in re.findall(number, shown)], abs=0.0101)


def test_every_experiment_is_listed_with_its_number_of_runs() -> None:
    from sweeps.spec.grid import expand

    listed = Path("experiments/README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"\| `(\w+\.yaml)` \|.*\| (\d+) \|\n", listed))
    sweeps = {path: load(path) for path in Path("experiments").glob("*.yaml")}
    found = {
        path.name: str(len(expand(sweep)) if sweep.method == "grid" else sweep.trials * len(sweep.seeds))
        for path, sweep in sweeps.items()
    }
    assert rows == found


def test_every_sheet_is_listed() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \|", FACES.partition("## How good")[0], flags=re.MULTILINE)
    assert rows == list(SHEETS)
