"""What a sweep file may say, checked value by value against the fields of a run."""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictInt,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from cae.config import Count, Number, RunConfig, Section
from sweeps.objective import parse_constraint
from sweeps.searchrules import check_search

FIELDS = {
    f"{section}.{name}": info
    for section, part in RunConfig.model_fields.items()
    for name, info in part.annotation.model_fields.items()  # type: ignore[union-attr]
}
SEED = "training.seed"


class SweepError(ValueError):
    """A sweep file that cannot be run. Each line of the message names file, key, value and remedy."""


class Parameter(Section):
    """What one field takes on: one `value`, several `values`, or (random, bayes) a range from `min` to `max`."""

    value: Any = None
    values: list[Any] | None = None
    min: Number | None = None
    max: Number | None = None
    distribution: Literal["uniform", "int_uniform", "log_uniform_values"] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Parameter:
        ways = [self.values is not None, "value" in self.model_fields_set, self.min is not None or self.max is not None]
        if sum(ways) != 1:
            raise ValueError("give exactly one of value, values, or min with max")
        if self.values == []:
            raise ValueError("values is empty; list at least one")
        if self.is_range:
            self._check_range()
        elif self.distribution:
            raise ValueError("distribution belongs to min and max")
        return self

    def _check_range(self) -> None:
        if self.min is None or self.max is None or not self.min < self.max:
            raise ValueError(f"min {self.min} and max {self.max} are no range; min must be below max")
        if self.distribution == "log_uniform_values" and self.min <= 0:
            raise ValueError(f"min {self.min:g} must be above 0 for log_uniform_values")

    @property
    def is_range(self) -> bool:
        return self.min is not None or self.max is not None

    @property
    def choices(self) -> list[Any]:
        return self.values if self.values is not None else [self.value]


class Metric(Section):
    """What ranks the runs."""

    name: str = "mnd/radius_agreement"
    goal: Literal["minimize", "maximize"] = "maximize"


class EarlyTerminate(Section):
    """Hyperband: stop runs early whose `metric`, a loss, is poor beside others at the same epoch."""

    type: Literal["hyperband"]
    metric: Literal["training/held_out_loss", "training/loss"] = "training/held_out_loss"
    min_iter: Count = 5
    eta: Annotated[StrictInt, Field(ge=2)] = 3


class Sweep(Section):
    """One question: which values which fields take on, and how many replicates of each combination are trained."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=80)]
    description: str = ""
    method: Literal["grid", "random", "bayes"] = "grid"
    metric: Annotated[
        list[Metric], BeforeValidator(lambda m: m if isinstance(m, list) else [m]), Field(min_length=1)
    ] = [Metric()]
    constraints: list[Annotated[str, AfterValidator(lambda text: str(parse_constraint(text)))]] = Field(
        [], description='such as "reconstruction/mse <= 0.01"; random, bayes'
    )
    parameters: dict[str, Parameter] = {}
    zip: list[Annotated[list[str], Field(min_length=2)]] = []
    exclude: list[dict[str, Any]] = []
    include: list[dict[str, Any]] = []
    seeds: Annotated[list[Annotated[StrictInt, Field(ge=0)]], Field(min_length=1)] = [0]
    run_cap: Count | None = None
    early_terminate: EarlyTerminate | None = None
    max_attempts: Count = Field(3, description="how often one launch tries a run whose process dies")
    num_cpus: Annotated[Number, Field(gt=0)] = Field(1, description="CPUs of a Ray cluster that each run takes")
    num_gpus: Annotated[Number, Field(ge=0)] = Field(0, description="GPUs of a Ray cluster that each run takes")

    @field_validator("parameters")
    @classmethod
    def _known_fields(cls, parameters: dict[str, Parameter]) -> dict[str, Parameter]:
        return {name: _checked(name, parameter) for name, parameter in parameters.items()}

    @field_validator("exclude", "include")
    @classmethod
    def _known_values(cls, cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{name: check_value(name, value) for name, value in cell.items()} for cell in cells]

    @model_validator(mode="after")
    def _consistent(self) -> Sweep:
        if SEED in self.parameters:
            raise ValueError(f"parameters.{SEED}: replicates are listed under seeds")
        if self.method == "grid":
            self._check_grid()
        self._check_zip()
        if self.method != "grid":
            check_search(self)
        return self

    @property
    def trials(self) -> int:
        """How many cells a search tries, each with all its seeds."""
        return (self.run_cap or 0) // len(self.seeds)

    def _check_grid(self) -> None:
        ranges = [name for name, parameter in self.parameters.items() if parameter.is_range]
        if ranges:
            raise ValueError(f"parameters.{ranges[0]}: min and max need method random or bayes; under grid list values")
        if self.early_terminate or self.constraints:
            key = "early_terminate" if self.early_terminate else "constraints"
            raise ValueError(f"{key} needs method random or bayes, not grid")

    def _check_zip(self) -> None:
        seen: set[str] = set()
        for group in self.zip:
            for name in group:
                if name not in self.parameters:
                    raise ValueError(f"zip: {name} is not among the parameters{nearest(name, self.parameters)}")
                if name in seen:
                    raise ValueError(f"zip: {name} stands in more than one place")
                if self.parameters[name].is_range:
                    raise ValueError(f"zip: {name} is a range; values that move together are listed one by one")
                seen.add(name)
            lengths = {name: len(self.parameters[name].choices) for name in group}
            if len(set(lengths.values())) > 1:
                told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
                raise ValueError(f"zip: values that move together need equal lengths, but {told}")


def nearest(name: str, valid: Any) -> str:
    """ "; did you mean X?" for the most similar of the valid names, else the list of them where it is short."""
    names = [str(v) for v in valid]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    # A forgotten section ("latent_dim") is nearer to "model.latent_dim" than letters tell.
    close = [full for full in names if full.endswith(f".{name}")] or close
    if close:
        return f"; did you mean {close[0]}?"
    return f"; valid: {', '.join(names)}" if names and len(names) <= 12 else ""


def check_value(name: str, value: Any) -> Any:
    """The value as the field of RunConfig called `name` takes it, in plain YAML types. Raises ValueError."""
    if name not in FIELDS:
        raise ValueError(f"{name} is not a field of a run{nearest(name, FIELDS)}")
    info = FIELDS[name]
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[info.annotation, *info.metadata, Field()])  # type: ignore[arg-type]
    try:
        checked = adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{name}: {value!r} does not fit: {words_of(first)}") from None
    return adapter.dump_python(checked, mode="json")


def end_value(name: str, end: float) -> Any:
    """The end of a range as its field takes it: an int where it takes whole numbers alone. Raises ValueError."""
    return check_value(name, int(end) if end.is_integer() else end)


def _checked(name: str, parameter: Parameter) -> Parameter:
    if parameter.is_range:
        ends = [end_value(name, end) for end in (parameter.min, parameter.max) if end is not None]
        if parameter.distribution == "int_uniform" and not isinstance(ends[0], int):
            raise ValueError(f"{name}: int_uniform is for whole numbers; use uniform or log_uniform_values")
        return parameter
    if parameter.values is not None:
        return Parameter(values=[check_value(name, value) for value in parameter.values])
    return Parameter(value=check_value(name, parameter.value))


_MODELS: dict[str, type[Section]] = {"parameters": Parameter, "metric": Metric, "early_terminate": EarlyTerminate}


def line_of(error: Any) -> str:
    """One pydantic error as "key: what is wrong"."""
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        parent, key = error["loc"][:-1], str(error["loc"][-1])
        model = _MODELS.get(str(parent[0]) if parent else "", Sweep)
        return f"{place}: unknown key{nearest(key, model.model_fields)}"
    return f"{place}: {words_of(error)}" if place else words_of(error)


def words_of(error: Any) -> str:
    """Pydantic's message without its prefixes, with the offending value where the message lacks it."""
    text = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] in ("value_error", "missing"):
        return text
    if error["type"] in ("model_type", "dict_type"):
        return f"a mapping is needed ({{...}}), not {error['input']!r}"
    choices = error.get("ctx", {}).get("expected", "")
    near = (
        nearest(str(error["input"]), [c.strip(" '") for c in choices.replace(" or ", ", ").split(",")])
        if choices
        else ""
    )
    return f"{text[0].lower()}{text[1:]}, not {error['input']!r}{near}"
