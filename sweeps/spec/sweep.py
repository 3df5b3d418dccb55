"""What a sweep file may say, checked value by value against the fields of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    StrictBool,
    ValidationInfo,
    field_validator,
    model_validator,
)

from cae.config import Count, Number, Positive, RunConfig, Section, Seed
from sweeps.spec.axes import axis_of
from sweeps.spec.checked import checked
from sweeps.spec.conditional import check_conditions
from sweeps.spec.constraint import parse_constraint
from sweeps.spec.fields import SEED, check_value, nearest, printable, shown, words_of
from sweeps.spec.formula import parse_formula
from sweeps.spec.parameter import Parameter
from sweeps.spec.search_settings import EarlyTerminate, Sampler, check_sampler

FORMULA_NAME = r"^[a-z][a-z0-9_]*$"


def _formula(text: str) -> str:
    return parse_formula(text).text


def _distinct(seeds: list[int]) -> list[int]:
    twice = next((seed for place, seed in enumerate(seeds) if seed in seeds[:place]), None)
    if twice is not None:
        raise ValueError(f"{twice} stands twice; it would be the same run")
    return seeds


class Metric(Section):
    """What ranks the runs."""

    name: str = "mnd/radius_agreement"
    goal: Literal["minimize", "maximize"] = "maximize"


class Sweep(Section):
    """One question: which values which fields take on, and how many replicates of each combination are trained.

    Its fields are the keys of a sweep file. One that is made in Python is as good as one that is read from a file.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=80)]
    description: str = ""
    method: Literal["grid", "random", "bayes"] = "grid"
    metric: Annotated[
        list[Metric], BeforeValidator(lambda m: m if isinstance(m, list) else [m]), Field(min_length=1)
    ] = [Metric()]
    constraints: list[Annotated[str, AfterValidator(lambda text: str(parse_constraint(text)))]] = Field(
        [], description='such as "reconstruction/mse <= 0.01"; random, bayes'
    )
    metrics: dict[Annotated[str, Field(pattern=FORMULA_NAME)], Annotated[str, AfterValidator(_formula)]] = Field(
        {}, description='made of others: {trained_gain: "mnd/radius_agreement - control/untrained/radius_agreement"}'
    )
    parameters: dict[str, Parameter] = {}
    zip: list[Annotated[list[str], Field(min_length=2)]] = []
    exclude: list[dict[str, Any]] = []
    include: list[dict[str, Any]] = []
    seeds: Annotated[list[Seed], Field(min_length=1), AfterValidator(_distinct)] = [0]
    order: Literal["file", "shuffled", "seeds_last"] = Field(
        "file",
        description="in which runs are begun; seeds_last: all cells once before the second seed, shuffled: at random",
    )
    run_cap: Count | None = None
    sampler: Sampler | None = Field(None, description="what chooses the cells: Optuna's by name; random, bayes")
    early_terminate: EarlyTerminate | None = None
    reuse: StrictBool = Field(
        False,
        description="true: a run with the same hash that another sweep has finished is adopted, not trained again",
    )
    max_attempts: Count = Field(3, description="how often one launch tries a run whose process dies")
    max_failures: Count | None = Field(None, description="failed runs with which a launch ends; null: it goes on")
    max_hours: Positive | None = Field(None, description="hours after which a launch ends, to go on another time")
    num_cpus: Annotated[Number, Field(gt=0)] = Field(1, description="CPUs of a Ray cluster that each run takes")
    num_gpus: Annotated[Number, Field(ge=0)] = Field(
        0, description="GPUs that each run takes, here or of a Ray cluster; 0.25: four share one; 0: what there is"
    )

    @field_validator("parameters")
    @classmethod
    def _known_fields(cls, parameters: dict[str, Parameter], info: ValidationInfo) -> dict[str, Parameter]:
        method = info.data.get("method")
        return {name: checked(name, parameter, method) for name, parameter in parameters.items()}

    @field_validator("exclude", "include")
    @classmethod
    def _known_values(cls, cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if any(SEED in cell for cell in cells):
            raise ValueError(f"{SEED} is no parameter of a cell: replicates are listed under seeds")
        return [{name: check_value(name, value) for name, value in cell.items()} for cell in cells]

    @model_validator(mode="after")
    def _consistent(self, info: ValidationInfo) -> Sweep:
        if SEED in self.parameters:
            raise ValueError(f"parameters.{SEED}: replicates are listed under seeds")
        if not self.is_search:
            self._check_grid()
        self._check_zip()
        if self.is_search and self.order != "file":
            raise ValueError(
                f"order: {self.order} needs method grid; what a {self.method} search tries next it chooses"
            )
        forced = (info.context or {}).get("forced", ())
        check_conditions(self.parameters, self.zip, self.include, self.is_search, forced)
        if self.is_search:
            check_search(self)
        return self

    # Where it was read from, and what stood there.
    _file: Path | None = PrivateAttr(None)
    _text: str | None = PrivateAttr(None)

    @property
    def file(self) -> Path:
        """The file it was read from; of one made in Python NAME.yaml, where `save` writes it by itself."""
        return self._file or Path(f"{self.name}.yaml")

    @property
    def text(self) -> str:
        """Its YAML, as it stood in its file."""
        return self._as_yaml() if self._text is None else self._text

    def _as_yaml(self) -> str:
        return yaml.safe_dump(self.model_dump(mode="json", exclude_unset=True), sort_keys=False, allow_unicode=True)

    def read_from(self, file: Path, text: str) -> Sweep:
        """This sweep, knowing the file it came from and what stands there."""
        self._file, self._text = file, text
        return self

    def save(self, file: Path | str | None = None) -> Path:
        """Writes this sweep as YAML, which `cae` reads like any other, to `file` or else NAME.yaml; returns where.

        What was fixed beyond a file that it was read from is in it; comments of that file are not.
        """
        place, text = self.file if file is None else Path(file), self._as_yaml()
        place.write_text(text, encoding="utf-8")
        self.read_from(place, text)
        return place

    @property
    def is_search(self) -> bool:
        """Whether cells are chosen one after the other (random, bayes) rather than listed."""
        return self.method != "grid"

    @property
    def trials(self) -> int:
        """How many cells a search tries, each with all its seeds."""
        return (self.run_cap or 0) // len(self.seeds)

    @property
    def asked(self) -> list[str]:
        """The metrics that objectives and constraints name."""
        return [metric.name for metric in self.metric] + [parse_constraint(text).metric for text in self.constraints]

    def _check_grid(self) -> None:
        key = next((key for key in ("early_terminate", "constraints", "sampler") if getattr(self, key)), None)
        if key:
            raise ValueError(f"{key} needs method random or bayes, not grid")

    def _check_zip(self) -> None:
        seen: set[str] = set()
        for group in self.zip:
            for name in group:
                if name not in self.parameters:
                    raise ValueError(f"zip: {name} is not among the parameters{nearest(name, self.parameters)}")
                if name in seen:
                    raise ValueError(f"zip: {name} stands in more than one place")
                if self.parameters[name].is_drawn:
                    raise ValueError(f"zip: {name} is a range; values that move together are listed one by one")
                seen.add(name)
            lengths = {name: len(self.parameters[name].choices) for name in group}
            if len(set(lengths.values())) > 1:
                told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
                raise ValueError(f"zip: values that move together need equal lengths, but {told}")
            if len({tuple(p) for name in group if (p := self.parameters[name].probabilities) is not None}) > 1:
                raise ValueError(f"zip: {' and '.join(group)} move together, so one of them has the probabilities")


_MODELS: dict[str, type[Section]] = {
    "parameters": Parameter,
    "metric": Metric,
    "sampler": Sampler,
    "early_terminate": EarlyTerminate,
}


def line_of(error: Any) -> str:
    """One pydantic error as "key: what is wrong"."""
    return printable(_words_of_line(error))


def _words_of_line(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        parent, key = error["loc"][:-1], str(error["loc"][-1])
        model = _MODELS.get(str(parent[0]) if parent else "", Sweep)
        return f"{place}: unknown key{nearest(key, model.model_fields)}"
    return f"{place}: {words_of(error)}" if place else words_of(error)


# --- searches ---------------------------------------------------------------------------------------------------------

# Between runs that differ in one of these, losses cannot be compared.
INCOMPARABLE = (
    "training.loss",
    "model.regularizer",
    "model.regularizer_weight",
    "model.kl_weight",
    "model.latent_l2",
    "model.decoder_l2",
    "data.name",
    "data.mixture",
    "data.crop",
    "data.contrast",
    "data.background",
    "data.blur",
    "data.factors",
    "data.surrogate",
    "training.epochs",
)


def check_search(sweep: Sweep) -> None:
    """Raises ValueError for a search that has nothing to search, no end, no aim, or cells outside its space."""
    searched = [name for name, parameter in sweep.parameters.items() if not parameter.is_fixed]
    if not searched:
        raise ValueError(f"method: {sweep.method} has nothing to search; give a parameter values, or min and max")
    if sweep.run_cap is None:
        raise ValueError(f"method: {sweep.method} does not end by itself; run_cap says how many runs to train")
    if sweep.run_cap < len(sweep.seeds):
        raise ValueError(f"run_cap: {sweep.run_cap} is less than one trial, which takes {len(sweep.seeds)} seeds")
    if sweep.method == "bayes" and "metric" not in sweep.model_fields_set:
        raise ValueError("method: bayes needs a metric, for example {name: mnd/radius_agreement, goal: maximize}")
    names = [metric.name for metric in sweep.metric]
    if len(set(names)) < len(names):
        raise ValueError("metric: the same name stands twice; one objective each")
    if sweep.sampler is not None:
        check_sampler(sweep.method, sweep.sampler, len(names), _listed(sweep))
    for cell in sweep.include:
        _check_included(sweep, cell)
    _check_early_terminate(sweep, searched)


def _listed(sweep: Sweep) -> list[str]:
    """The axes of whose values none is between two others: what Optuna knows as categories."""
    return [name for name, p in sweep.parameters.items() if p.values is not None and p.probabilities is None]


def _check_included(sweep: Sweep, cell: dict[str, Any]) -> None:
    for name, value in cell.items():
        parameter = sweep.parameters.get(name)
        if parameter is None:
            raise ValueError(f"include: {name} is not among the parameters; {_INCLUDED}")
        inside = axis_of((name,), [parameter]).holds(value) if parameter.is_drawn else value in parameter.choices
        if not inside:
            raise ValueError(f"include: {name} cannot be {shown(value)} in this space; {_INCLUDED}")
    for group in sweep.zip:
        given = [name for name in group if name in cell]
        rows = list(zip(*(sweep.parameters[name].choices for name in given), strict=True))
        if given and [cell[name] for name in given] not in [list(row) for row in rows]:
            raise ValueError(f"include: {' and '.join(given)} do not move together like this under zip")


_INCLUDED = "a search tries included cells first, so they must be cells of its space"


def _check_early_terminate(sweep: Sweep, searched: list[str]) -> None:
    if sweep.early_terminate is None:
        return
    if len(sweep.metric) > 1:
        raise ValueError("early_terminate works with a single metric; remove it, or all metrics but one")
    epochs = RunConfig().training.epochs
    if "training.epochs" in sweep.parameters:
        epochs = sweep.parameters["training.epochs"].value or epochs
    if sweep.early_terminate.min_iter >= epochs:
        raise ValueError(f"early_terminate: min_iter {sweep.early_terminate.min_iter} stops nothing in {epochs} epochs")
    conditional = [name for name, parameter in sweep.parameters.items() if parameter.when]
    varied = next((name for name in INCOMPARABLE if name in [*searched, *conditional]), None)
    if varied:
        raise ValueError(
            f"early_terminate compares losses, which {varied} makes incomparable; fix {varied} or remove it"
        )
