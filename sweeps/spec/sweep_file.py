"""Reading a sweep file: YAML and the --set words of a command line become a checked `Sweep`."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sweeps.errors import SweepError
from sweeps.spec import yaml_text
from sweeps.spec.constraint import parse_constraint
from sweeps.spec.fields import FIELDS, SEED, check_value, nearest
from sweeps.spec.formula import parse_formula
from sweeps.spec.metric_names import check_names
from sweeps.spec.parameter import Parameter
from sweeps.spec.sweep import Sweep, line_of


def load(path: Path, fixed: dict[str, Any] | None = None) -> Sweep:
    """The sweep of a YAML file, with `fixed` ({"section.field": value}) fixed in every run. Raises SweepError."""
    sweep = override(parse(_read(path), path), fixed or {})
    check_metrics(sweep)
    return sweep


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        near = nearest(path.name, sorted(p.name for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else [])
        raise SweepError(f"{path}: there is no such file{near}") from None
    except (OSError, ValueError) as error:  # no UTF-8, a name with a zero byte
        raise SweepError(f"{path}: cannot be read: {error}") from None


def parse(text: str, path: Path) -> Sweep:
    """The sweep that the YAML of a file is, as it stands there. Raises SweepError."""
    try:
        content = yaml_text.read(text)
    except SweepError as error:
        raise SweepError(f"{path}: {error}") from None
    except ValueError as error:
        raise SweepError(f"{path}: cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise SweepError(f"{path}: a sweep is a mapping that starts with `name:`, not {type(content).__name__}")
    return _validate(path, content).read_from(path, text)


def check_metrics(sweep: Sweep) -> None:
    """Raises SweepError for a metric or constraint of a sweep that no run could measure."""
    with_plugins = "analysis.metrics" in sweep.parameters
    asked = {"metric": [metric.name for metric in sweep.metric]}
    asked["constraints"] = [parse_constraint(text).metric for text in sweep.constraints]
    asked = {key: [name for name in names if name not in sweep.metrics] for key, names in asked.items()}
    asked |= {f"metrics.{name}": list(parse_formula(text).names) for name, text in sweep.metrics.items()}
    for key, names in asked.items():
        try:
            check_names(names, with_plugins)
        except ValueError as error:
            raise SweepError(f"{sweep.file}: {key}: {error}") from None


def _validate(path: Path, content: dict[str, Any], forced: Collection[str] = ()) -> Sweep:
    try:
        return Sweep.model_validate(content, context={"forced": forced})
    except ValidationError as error:
        raise SweepError("\n".join(f"{path}: {line_of(e)}" for e in error.errors())) from None


def parse_override(text: str) -> tuple[str, Any]:
    """("section.field", value) from the words "section.field=value" of a command line; values are read as YAML."""
    name, sign, value = text.partition("=")
    if not sign:
        raise SweepError(f"--set {text}: write it as section.field=value, for example training.epochs=10")
    try:
        return name, check_value(name, yaml_text.read_value(value))
    except ValueError as error:  # SweepError is one
        raise SweepError(f"--set {text}: {error}") from None


def override(sweep: Sweep, values: dict[str, Any]) -> Sweep:
    """The sweep with these fields fixed in every run, whatever its file says of them."""
    if not values:
        return sweep
    seeds = [values[SEED]] if SEED in values else sweep.seeds
    fixed = {name: Parameter(value=value) for name, value in values.items() if name != SEED}
    groups = [[name for name in group if name not in values] for group in sweep.zip]
    fixed_there = _validate(
        sweep.file,
        sweep.model_dump(exclude={"parameters", "zip", "include", "seeds"}, exclude_unset=True)
        | {"parameters": _dump(sweep.parameters | fixed), "zip": [group for group in groups if len(group) > 1]}
        | {
            "include": [cell | {n: v for n, v in values.items() if n != SEED} for cell in sweep.include],
            "seeds": seeds,
        },
        forced=values,
    )
    return fixed_there.read_from(sweep.file, sweep.text)


def overrides(sweep: Sweep) -> list[str]:
    """What is fixed in a sweep beyond its file, as words that `parse_override` reads."""
    written = parse(sweep.text, sweep.file)
    fixed = {name: p.value for name, p in sweep.parameters.items() if written.parameters.get(name) != p}
    seeds = {SEED: sweep.seeds[0]} if sweep.seeds != written.seeds else {}
    return [f"{name}={_as_yaml(value)}" for name, value in (fixed | seeds).items()]


def _as_yaml(value: Any) -> str:
    """As a user would type it; JSON, which is YAML too, where that would be read as something else."""
    if isinstance(value, str):
        with suppress(ValueError):  # SweepError is one
            if yaml_text.read_value(value) == value:
                return value
    return json.dumps(value, ensure_ascii=False)


def _dump(parameters: dict[str, Parameter]) -> dict[str, Any]:
    return {name: parameter.model_dump(exclude_unset=True) for name, parameter in parameters.items()}


def schema() -> dict[str, Any]:
    """The JSON schema of a sweep file, with every field a run can vary, for editors."""
    names = {
        name: {"$ref": "#/$defs/Parameter", "description": info.description or ""} for name, info in FIELDS.items()
    }
    described = Sweep.model_json_schema()
    described["properties"]["parameters"] |= {"properties": names, "additionalProperties": False}
    return described
