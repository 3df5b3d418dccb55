"""What README and docs show is what the program does."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any, get_args

import click
import pytest
import yaml

from benchmarks.document import DOCUMENTS as MEASURED
from benchmarks.document import PLACE, renewed
from cae.config import DataConfig
from metrics.table import markdown
from sweeps.cli import main
from sweeps.pipeline.sheets import SHEETS
from sweeps.spec import yaml_text
from sweeps.spec.parameter import FLAT, NORMAL, Parameter
from sweeps.spec.search_settings import PRUNERS, SAMPLERS, EarlyTerminate, Sampler
from sweeps.spec.sweep import Sweep
from sweeps.spec.sweep_file import load
from tests.end_to_end.test_sweep import here

DOCUMENTS = [Path(name) for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "experiments/README.md")]
DOCUMENTS += sorted(Path("docs").glob("*.md"))
README = Path("README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
ALL = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)


def page(name: str) -> str:
    return Path("docs", name).read_text(encoding="utf-8")


def blocks(language: str, text: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def commands(text: str) -> list[str]:
    lines = [line for block in blocks("console", text) for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ cae ")]


def test_there_are_commands_to_check() -> None:
    assert len(commands(README)) >= 8


@pytest.mark.parametrize("command", commands(ALL))
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
    for target in re.findall(r"^\$ make (\w+)", "\n".join(blocks("console", ALL)), flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_sweep_files_are_valid(tmp_path: Path) -> None:
    shown = [block for block in blocks("yaml", ALL) if block.startswith("name:")]
    assert len(shown) == 4
    for block in shown:
        path = tmp_path / f"{yaml.safe_load(block)['name']}.yaml"
        path.write_text(block, encoding="utf-8")
        load(path)


SEARCHED = {
    "method": "bayes",
    "metric": {"name": "mnd/radius_agreement"},
    "run_cap": 20,
    "parameters": {"training.learning_rate": {"min": 1e-4, "max": 1e-2}},
}


@pytest.mark.parametrize(("name", "base"), [("sweep-file.md", {}), ("search.md", SEARCHED)])
def test_parts_of_sweep_files_are_valid(name: str, base: dict[str, Any]) -> None:
    parts = [yaml_text.read(block) for block in blocks("yaml", page(name)) if not block.startswith("name:")]
    assert parts
    for part in parts:
        assert isinstance(part, dict)
        Sweep.model_validate({"name": "s", **base, **part})


def test_every_setting_of_a_search_is_explained() -> None:
    named = set(re.findall(r"`(\w+)`", page("search.md")))
    assert {*SAMPLERS, *PRUNERS, *Sampler.model_fields, *EarlyTerminate.model_fields} - named <= {"name", "type"}
    assert {*get_args(FLAT), *NORMAL} <= named


def test_every_key_of_a_parameter_is_explained() -> None:
    shown = set(re.findall(r"\b(\w+): ", page("sweep-file.md") + page("search.md")))
    assert set(Parameter.model_fields) <= shown


def test_the_table_of_metrics_is_the_generated_one() -> None:
    assert markdown() in page("metrics.md")


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
    (code,), shown = blocks("python", page("scoring.md")), blocks("text", page("scoring.md"))[0]
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
    rows = re.findall(r"^\| `([a-z]+)` \|", page("faces.md").partition("## How good")[0], flags=re.MULTILINE)
    assert rows == list(SHEETS)


def first_column(text: str) -> list[str]:
    return re.findall(r"^\| `([\w.]+)` \|", text, flags=re.MULTILINE)


def test_every_key_of_a_sweep_file_is_listed() -> None:
    assert sorted(first_column(page("sweep-file.md"))) == sorted(Sweep.model_fields)


def test_every_field_of_the_images_is_listed() -> None:
    listed = first_column(page("images.md").partition("## Fields")[2])
    assert listed == [f"data.{name}" for name in DataConfig.model_fields]


def test_every_extra_is_listed() -> None:
    table = page("install.md").partition("| extra |")[2].partition("\n\n")[0]
    names = [name for row in table.splitlines()[2:] for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])]
    assert sorted(names) == sorted(PROJECT["optional-dependencies"])


def test_what_is_cited_is_this_version() -> None:
    cited = yaml.safe_load(Path("CITATION.cff").read_text(encoding="utf-8"))
    assert cited["cff-version"] == "1.2.0"
    assert (cited["title"], cited["version"], cited["license"]) == (
        PROJECT["name"],
        PROJECT["version"],
        PROJECT["license"],
    )


def test_the_hashes_shown_are_those_of_the_quickstart() -> None:
    (table,) = (block for block in blocks("text", README) if "hash" in block)
    shown = re.findall(r"\b[0-9a-f]{12}\b", table)
    planned = json.loads(here("plan", "experiments/quickstart.yaml", "--json").stdout)
    assert shown
    assert set(shown) <= {cell["config_hash"] for cell in planned["cells"]}


SMALL = {
    "data.size": 1200,
    "data.resolution": 32,
    "model.maps": [8, 16],
    "model.latent_dim": 8,
    "model.batch_norm": True,
    "training.epochs": 1,
    "analysis.formation": False,
    "analysis.attribute_sheets": False,
    "analysis.judged_faces": 8,
    "analysis.face_detector": False,
    "analysis.images_per_grid": 8,
    "analysis.contour_pairs": 10,
}


@pytest.mark.thorough
@pytest.mark.slow(seconds=60)
@pytest.mark.soak
def test_commands_of_the_readme_work_after_the_demo(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but MLflow's server and those of the section on CelebA; a smaller quickstart stands for the demo's."""
    sweep = yaml.safe_load(Path("experiments/quickstart.yaml").read_text(encoding="utf-8"))
    sweep["parameters"] |= {name: {"value": value} for name, value in SMALL.items()}
    file = tmp_path / "experiments" / "quickstart.yaml"
    file.parent.mkdir()
    file.write_text(yaml.safe_dump(sweep | {"seeds": [0]}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    demo = here("run", "experiments/quickstart.yaml")
    assert demo.exit_code == 0, demo.output
    known = json.loads(here("plan", "experiments/quickstart.yaml", "--json").stdout)["cells"][0]["config_hash"]
    text = re.sub(r"^## CelebA.*?(?=^## )", "", README, flags=re.MULTILINE | re.DOTALL)
    for command in commands(text):
        words = shlex.split(command, comments=True)[1:]
        if words[0] != "ui":
            done = here(*(known if re.fullmatch("[0-9a-f]{4}", word) else word for word in words))
            assert done.exit_code == 0, f"{command}\n{done.output}"
    assert {path.name for path in tmp_path.iterdir()} >= {
        "faces",
        "faces.png",
        "eyeglasses.png",
        "maps.png",
        "sweep.zip",
    }
