"""Reading a sweep file: YAML and the --set words of a command line become a checked `Sweep`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sweeps.errors import SweepError
from sweeps.spec import yaml_text
from sweeps.spec.constraint import parse_constraint
from sweeps.spec.fields import FIELDS, SEED, check_value, nearest
from sweeps.spec.metric_names import check_names
from sweeps.spec.parameter import Parameter
from sweeps.spec.sweep import Sweep, line_of


def load(path: Path, overrides: dict[str, Any] | None = None) -> Sweep:
    """The sweep of a YAML file, with `overrides` ({"section.field": value}) fixed in every run. Raises SweepError."""
    try:
        content = yaml_text.read(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        near = nearest(path.name, sorted(p.name for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else [])
        raise SweepError(f"{path}: there is no such file{near}") from None
    except SweepError as error:
        raise SweepError(f"{path}: {error}") from None
    except (OSError, ValueError) as error:  # no UTF-8, a name with a zero byte
        raise SweepError(f"{path}: cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise SweepError(f"{path}: a sweep is a mapping that starts with `name:`, not {type(content).__name__}")
    sweep = override(_validate(path, content), overrides or {}, path)
    _check_metrics(sweep, path)
    return sweep


def _check_metrics(sweep: Sweep, path: Path) -> None:
    with_plugins = "analysis.metrics" in sweep.parameters
    asked = {"metric": [metric.name for metric in sweep.metric]}
    asked["constraints"] = [parse_constraint(text).metric for text in sweep.constraints]
    for key, names in asked.items():
        try:
            check_names(names, with_plugins)
        except ValueError as error:
            raise SweepError(f"{path}: {key}: {error}") from None


def _validate(path: Path, content: dict[str, Any]) -> Sweep:
    try:
        return Sweep.model_validate(content)
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


def override(sweep: Sweep, values: dict[str, Any], path: Path) -> Sweep:
    """The sweep with these fields fixed in every run, whatever its file says of them."""
    if not values:
        return sweep
    seeds = [values[SEED]] if SEED in values else sweep.seeds
    fixed = {name: Parameter(value=value) for name, value in values.items() if name != SEED}
    groups = [[name for name in group if name not in values] for group in sweep.zip]
    return _validate(
        path,
        sweep.model_dump(exclude={"parameters", "zip", "include", "seeds"}, exclude_unset=True)
        | {"parameters": _dump(sweep.parameters | fixed), "zip": [group for group in groups if len(group) > 1]}
        | {
            "include": [cell | {n: v for n, v in values.items() if n != SEED} for cell in sweep.include],
            "seeds": seeds,
        },
    )


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
