"""A sweep file of W&B as one of ours, as far as it means the same here, and what does not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from sweeps.errors import SweepError
from sweeps.spec import sweep_file, yaml_text
from sweeps.spec.checked import checked
from sweeps.spec.fields import FIELDS, SEED, end_value, nearest, printable, shown
from sweeps.spec.metric_names import check_names
from sweeps.spec.parameter import Parameter
from sweeps.spec.sweep import EarlyTerminate, Metric, Sweep, line_of

# Keys of W&B's that say what is otherwise here.
ELSEWHERE = {
    "program": "cae run trains by itself",
    "command": "cae run trains by itself",
    "project": "the name of the sweep is its MLflow experiment",
    "entity": "runs are recorded in mlruns, or by the server that MLFLOW_TRACKING_URI names",
}
# Distributions that the other keys of a parameter say as well.
SAID = ("constant", "categorical", "categorical_w_probabilities")


@dataclass
class Translated:
    """A sweep file of ours.

    content: its keys. left_out: what of W&B's it lacks or has otherwise, each with the reason, as a line. to_mend: why
    it is not one yet that can be run.
    """

    content: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    to_mend: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The content as YAML, a line for each parameter."""
        return str(
            yaml.safe_dump(self.content, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
        )


def translate(path: Path) -> Translated:
    """What the sweep file of W&B at `path` is here. Raises SweepError where it is none that can be read."""
    given = _read(path)
    made = Translated({"name": _name(str(given.get("name") or path.stem))})
    if given.get("name") not in (None, made.content["name"]):
        made.left_out.append(f"name: {shown(given['name'])} is {made.content['name']} here: letters a-z, digits and -")
    for key in [key for key in TAKEN if key in given]:  # what follows may depend on the method
        TAKEN[key](made, given[key])
    for key in [key for key in given if key not in TAKEN and key != "name"]:
        reason = ELSEWHERE.get(key) or f"no key of a sweep file{nearest(key, Sweep.model_fields)}"
        made.left_out.append(f"{key}: {reason}")
    _metric_of_a_search(made)
    made.content = {key: made.content[key] for key in ORDER if key in made.content}
    made.left_out, made.to_mend = [printable(line) for line in made.left_out], _faults(made)
    return made


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml_text.read(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SweepError(f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:  # SweepError is one
        raise SweepError(f"{path}: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("parameters"), dict):
        raise SweepError(f"{path}: a sweep file of W&B is a mapping that has `parameters:`")
    return {str(key): value for key, value in content.items()}


def _name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:80] or "sweep"


def _faults(made: Translated) -> list[str]:
    """What keeps the file from being one that is run, to be mended by hand."""
    try:
        sweep_file.check_metrics(sweep_file.parse(made.text, Path("it")))
    except SweepError as error:
        return [line.removeprefix("it: ") for line in str(error).splitlines()]
    return []


# --- keys --------------------------------------------------------------------------------------------------------


def _as_it_is(key: str) -> Callable[[Translated, Any], None]:
    def take(made: Translated, value: Any) -> None:
        made.content[key] = value

    return take


def _metric(made: Translated, value: Any) -> None:
    given = value if isinstance(value, dict) else {}
    made.left_out += [f"metric.{key}: no key here" for key in given if key not in Metric.model_fields]
    name = str(given.get("name"))
    try:
        check_names([name], with_plugins=False)
    except ValueError as error:
        made.left_out.append(f"metric: {error}")
    else:
        made.content["metric"] = {"name": name, "goal": given.get("goal", "minimize")}  # as W&B without a goal


def _metric_of_a_search(made: Translated) -> None:
    if made.content.get("method") == "bayes" and "metric" not in made.content:
        made.content["metric"] = Metric().model_dump()
        made.left_out.append(f"metric: a search needs one; {Metric().name} stands in the file now: is it what you ask?")


def _early_terminate(made: Translated, value: Any) -> None:
    given = value if isinstance(value, dict) else {}
    if made.content.get("method") not in ("random", "bayes") and "method" in made.content:
        return made.left_out.append("early_terminate: a grid is trained to its end here")
    if "min_iter" not in given:
        return made.left_out.append("early_terminate: min_iter says here when the first runs are stopped; add it")
    kept = {key: given[key] for key in given if key in EarlyTerminate.model_fields}
    made.left_out += [f"early_terminate.{key}: no key here" for key in given if key not in kept]
    try:
        EarlyTerminate.model_validate(kept)
    except ValidationError as error:
        return made.left_out.append(f"early_terminate.{_told(error)}")
    made.content["early_terminate"] = kept
    return None


def _parameters(made: Translated, value: Any) -> None:
    parameters: dict[str, Any] = {}
    for name, entry in _flat(value):
        try:
            own = _field(name)
            if own in parameters or (own == SEED and "seeds" in made.content):
                raise ValueError(f"another parameter is {own} already")
            if own == SEED:
                made.content["seeds"] = _seeds(entry)
            else:
                parameters[own] = _parameter(own, entry, made.content.get("method"))
        except ValidationError as error:
            made.left_out.append(f"{name}: {_told(error)}")
        except ValueError as error:
            made.left_out.append(f"{name}: {error}")
    made.content["parameters"] = parameters


def _told(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{first['loc'][-1]} is not known here" if first["type"] == "extra_forbidden" else line_of(first)


def _flat(parameters: Mapping[Any, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Each parameter by its dotted name."""
    for key, entry in parameters.items():
        if isinstance(entry, dict) and isinstance(entry.get("parameters"), dict):
            yield from _flat(entry["parameters"], f"{before}{key}.")
        else:
            yield f"{before}{key}", entry


def _field(name: str) -> str:
    """The field of that name, or of which it is the last part. Raises ValueError."""
    found = [own for own in FIELDS if own == name] or [own for own in FIELDS if own.split(".")[1] == name]
    if len(found) > 1:
        raise ValueError(f"may be {' or '.join(found)}; write one of them")
    if not found:
        raise ValueError(f"no field of a run{nearest(name, FIELDS)}")
    return found[0]


def _seeds(entry: Any) -> Any:
    given = entry if isinstance(entry, dict) else {}
    if "values" not in given and "value" not in given:
        raise ValueError("replicates are listed under seeds, not drawn")
    return given["values"] if "values" in given else [given["value"]]


def _parameter(own: str, entry: Any, method: str | None) -> dict[str, Any]:
    """The entry as a sweep file takes it: what `Parameter` knows, under its names. Raises ValueError."""
    if not isinstance(entry, dict):
        raise ValueError(f"a mapping is needed ({{value: ...}}), not {shown(entry)}")
    given = {key: value for key, value in entry.items() if key != "distribution" or value not in SAID}
    if given.get("distribution") == "log_uniform":  # W&B's ends are the exponents of e
        given |= {end: _exponential(given[end]) for end in ("min", "max") if end in given}
        given["distribution"] = "log_uniform_values"
    checked(own, Parameter.model_validate(given), method)
    ends = [given[end] for end in ("min", "max") if end in given]
    whole = bool(ends) and "distribution" not in given and all(isinstance(end, int) for end in ends)
    if whole and not isinstance(end_value(own, float(ends[0])), int):
        raise ValueError("W&B draws whole numbers between whole ends; give it a distribution, uniform say")
    return given


def _exponential(exponent: Any) -> float:
    try:
        return math.exp(exponent)
    except (TypeError, OverflowError):
        raise ValueError(f"{shown(exponent)} is no exponent of e, as log_uniform takes them") from None


TAKEN: dict[str, Callable[[Translated, Any], None]] = {
    "description": _as_it_is("description"),
    "method": _as_it_is("method"),
    "run_cap": _as_it_is("run_cap"),
    "metric": _metric,
    "early_terminate": _early_terminate,
    "parameters": _parameters,
}
ORDER = ("name", "description", "method", "metric", "parameters", "seeds", "run_cap", "early_terminate")
