"""How a search chooses, and when it stops a training early: Optuna's samplers and pruners by their names and options.

Neither is a part of what is searched: they may change from one `cae run` to the next, and the search goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt, model_validator

from cae.config import Count, Number, Positive, Section

Share = Annotated[Number, Field(ge=0, le=1)]
Start = Annotated[StrictInt, Field(ge=0)]

# What each sampler has beside its name, and of which method it is: random ones do not look at results.
SAMPLERS: dict[str, tuple[str, ...]] = {
    "tpe": ("startup", "n_ei_candidates", "multivariate", "group", "constant_liar"),
    "gp": ("startup", "deterministic_objective"),
    "cmaes": ("startup", "sigma0", "popsize", "use_separable_cma", "with_margin", "lr_adapt", "consider_pruned_trials"),
    "nsgaii": ("population_size", "mutation_prob", "crossover_prob", "swapping_prob"),
    "random": (),
    "qmc": ("qmc_type", "scramble"),
}
METHODS = {"random": ("random", "qmc"), "bayes": ("tpe", "gp", "cmaes", "nsgaii")}
PRUNERS: dict[str, tuple[str, ...]] = {
    "hyperband": ("eta",),
    "successive_halving": ("eta",),
    "median": ("startup", "interval_steps", "n_min_trials"),
    "percentile": ("percentile", "startup", "interval_steps", "n_min_trials"),
}


def _only(kind: str, known: tuple[str, ...], given: Any, always: tuple[str, ...]) -> None:
    """Raises ValueError for an option that a sampler or pruner of this kind does not have."""
    unknown = next((str(key) for key in given if key not in (*always, *known)), None)
    if unknown is not None:
        has = f"it has {', '.join(known)}" if known else "it has none"
        raise ValueError(f"{kind} has no option {unknown}; {has}")


class Sampler(Section):
    """What chooses the next cell of a search: one of Optuna's samplers with its options."""

    name: Literal["tpe", "gp", "cmaes", "nsgaii", "random", "qmc"] = Field(
        description="random, qmc of method random; tpe, gp, cmaes, nsgaii of method bayes"
    )
    startup: Start | None = Field(None, description="trials at random before it begins; of tpe, gp 10, of cmaes 1")
    n_ei_candidates: Count | None = Field(None, description="of tpe: candidates that are compared; default 24")
    multivariate: StrictBool | None = Field(
        None, description="of tpe: whether axes are looked at together; default: with one objective"
    )
    group: StrictBool | None = Field(None, description="of tpe, multivariate: conditional axes together as well")
    constant_liar: StrictBool | None = Field(None, description="of tpe: keeps off what is being tried; default true")
    deterministic_objective: StrictBool | None = Field(None, description="of gp: whether results have no noise")
    sigma0: Positive | None = Field(None, description="of cmaes: first spread, of axes from 0 to 1")
    popsize: Annotated[StrictInt, Field(ge=3)] | None = Field(None, description="of cmaes: trials of a generation")
    use_separable_cma: StrictBool | None = Field(None, description="of cmaes: no correlations; for many axes")
    with_margin: StrictBool | None = Field(None, description="of cmaes: for whole numbers and steps")
    lr_adapt: StrictBool | None = Field(None, description="of cmaes: for noisy or many-peaked results")
    consider_pruned_trials: StrictBool | None = Field(None, description="of cmaes: learns from what was stopped early")
    population_size: Annotated[StrictInt, Field(ge=2)] | None = Field(
        None, description="of nsgaii: trials of a generation, the first of them at random; default 50"
    )
    mutation_prob: Share | None = Field(None, description="of nsgaii; default: one of the axes")
    crossover_prob: Share | None = Field(None, description="of nsgaii; default 0.9")
    swapping_prob: Share | None = Field(None, description="of nsgaii; default 0.5")
    qmc_type: Literal["sobol", "halton"] | None = Field(None, description="of qmc; default sobol")
    scramble: StrictBool | None = Field(
        None, description="of qmc: whether the first of the seeds moves the points; default true"
    )

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("name") in SAMPLERS:
            _only(given["name"], SAMPLERS[given["name"]], given, ("name",))
        return given

    @model_validator(mode="after")
    def _together(self) -> Sampler:
        if self.group and self.multivariate is False:
            raise ValueError("group needs multivariate, which is false; remove one of them")
        if self.lr_adapt and (self.use_separable_cma or self.with_margin):
            raise ValueError("lr_adapt goes with neither use_separable_cma nor with_margin; keep one of them")
        if self.use_separable_cma and self.with_margin:
            raise ValueError("use_separable_cma and with_margin do not go together; keep one of them")
        return self

    @property
    def options(self) -> dict[str, Any]:
        """What is said beside the name."""
        return {name: value for name in SAMPLERS[self.name] if (value := getattr(self, name)) is not None}


def sampler_of(method: str, sampler: Sampler | None) -> Sampler:
    """The sampler of a search: the one that its file names, or that of its method."""
    return sampler or Sampler(name="random" if method == "random" else "tpe")


def check_sampler(method: str, sampler: Sampler, objectives: int, listed: list[str]) -> None:
    """Raises ValueError for a sampler that this search cannot have. listed: its axes whose values are no numbers."""
    if sampler.name not in METHODS[method]:
        other = next(name for name, samplers in METHODS.items() if sampler.name in samplers)
        raise ValueError(
            f"sampler: {sampler.name} belongs to method {other}; {method} has {', '.join(METHODS[method])}"
        )
    if sampler.name == "cmaes" and listed:
        raise ValueError(f"sampler: cmaes searches numbers from min to max alone; {listed[0]} lists its values")
    if sampler.name == "cmaes" and objectives > 1:
        raise ValueError(f"sampler: cmaes has one objective, not {objectives}; use tpe, gp or nsgaii")


class EarlyTerminate(Section):
    """Stop runs early whose `metric`, a loss, is poor beside others at the same epoch."""

    type: Literal["hyperband", "successive_halving", "median", "percentile"]
    metric: Literal["training/held_out_loss", "training/loss"] = "training/held_out_loss"
    min_iter: Count = Field(5, description="epochs before the first stop")
    eta: Annotated[StrictInt, Field(ge=2)] = Field(
        3, description="of hyperband, successive_halving: one in so many goes on"
    )
    startup: Start = Field(5, description="of median, percentile: trials that are finished before one is stopped")
    percentile: Annotated[Number, Field(gt=0, lt=100)] | None = Field(
        None, description="of percentile: the share of trials, the best ones, that goes on"
    )
    interval_steps: Count = Field(1, description="of median, percentile: epochs from one look to the next")
    n_min_trials: Count = Field(1, description="of median, percentile: others that have to have reached the epoch")

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("type") in PRUNERS:
            _only(given["type"], ("metric", "min_iter", *PRUNERS[given["type"]]), given, ("type",))
        return given

    @model_validator(mode="after")
    def _complete(self) -> EarlyTerminate:
        if self.type == "percentile" and self.percentile is None:
            raise ValueError("percentile says how many go on, 25 for the best quarter; give it a number")
        return self
