"""What a sweep file says of one field."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StrictInt, model_validator

from cae.config import Number, Positive, Section
from sweeps.spec.numbers import MOST, multiples, nearest_multiple, steps

# W&B's names. inv_log_uniform_values is drawn as log_uniform_values: 1/x is as uniform on a logarithmic scale as x is.
FLAT = Literal[
    "uniform", "int_uniform", "log_uniform_values", "inv_log_uniform_values", "q_uniform", "q_log_uniform_values"
]
AROUND = Literal["normal", "log_normal", "q_normal", "q_log_normal"]
NORMAL = get_args(AROUND)


class Parameter(Section):
    """What one field takes on: one `value`, several `values`, or numbers from `min` to `max`: of a grid at each `step`
    or `count` of them, of a search (random, bayes) what a `distribution` gives, which may also have `mu` and `sigma`.
    """

    value: Any = Field(None, description="the same in every run")
    values: list[Any] | None = Field(None, description="one after the other; a search chooses among them")
    min: Number | None = None
    max: Number | None = None
    step: Positive | None = Field(None, description="the numbers from min to max at this distance; grid, random, bayes")
    count: Annotated[StrictInt, Field(ge=2, le=MOST)] | None = Field(
        None, description="so many numbers from min to max, both among them; grid"
    )
    scale: Literal["linear", "log"] | None = Field(
        None, description="of count: equal differences (the default), or equal ratios; grid"
    )
    distribution: Literal[FLAT, AROUND] | None = Field(
        None, description="of the numbers from min to max, or around mu; q_...: of multiples of q; random, bayes"
    )
    q: Positive | None = Field(None, description="of distributions q_...: multiples of it are drawn; default 1")
    mu: Number | None = Field(None, description="mean of normal; of log_normal that of the logarithm")
    sigma: Positive | None = Field(None, description="standard deviation beside mu")
    probabilities: list[Positive] | None = Field(
        None, description="of values, one each, which sum to 1: how often they are drawn; random, bayes"
    )
    when: Annotated[dict[str, Any], Field(min_length=1)] | None = Field(
        None,
        description="fields and what each has to be, else this field has its default: a value, a list of them, or a "
        'comparison such as ">= 96"',
    )

    @model_validator(mode="after")
    def _one_way(self) -> Parameter:
        ways = [self.values is not None, "value" in self.model_fields_set, self.is_range, self.is_normal]
        if sum(ways) != 1:
            raise ValueError(
                "give exactly one of value, values, or min with max (mu with sigma of a normal distribution)"
            )
        if self.values is not None:
            self._check_values()
        else:
            self._belongs_to("values", "probabilities")
        if self.is_range:
            self._check_range()
        else:
            self._belongs_to("min and max", "step", "count", "scale")
        if self.is_normal:
            self._check_normal()
        elif not self.is_range:
            self._belongs_to("min and max, or mu and sigma", "distribution")
        if not (self.distribution or "").startswith("q_"):
            self._belongs_to("distributions whose name begins with q_", "q")
        return self

    def _belongs_to(self, what: str, *keys: str) -> None:
        given = next((key for key in keys if getattr(self, key) is not None), None)
        if given:
            raise ValueError(f"{given} belongs to {what}")

    def _check_values(self) -> None:
        if self.values == []:
            raise ValueError("values is empty; list at least one")
        weights = self.probabilities
        if weights is not None and len(weights) != len(self.choices):
            raise ValueError(f"probabilities has {len(weights)} for {len(self.choices)} values; give each one")
        if weights is not None and abs(sum(weights) - 1) > 1e-6:
            raise ValueError(f"probabilities sum to {sum(weights):g}; they must sum to 1")

    def _check_range(self) -> None:
        if self.min is None or self.max is None or not self.min < self.max:
            raise ValueError(f"min {self.min} and max {self.max} are no range; min must be below max")
        if self.distribution in NORMAL:
            raise ValueError(f"{self.distribution} takes mu and sigma, not min and max")
        log = next((word for word in (self.distribution, self.scale) if "log" in (word or "")), None)
        if log and self.min <= 0:
            raise ValueError(f"min {self.min:g} must be above 0 for {log}")
        if self.step is not None and self.count is not None:
            raise ValueError("step and count say the same; give one of them")
        if self.count is None:
            self._belongs_to("count", "scale")
        if self.distribution not in (None, "uniform", "int_uniform"):
            self._belongs_to(f"uniform numbers, not to {self.distribution}", "step")

    def _check_normal(self) -> None:
        if self.distribution not in NORMAL:
            raise ValueError(f"mu and sigma need distribution {', '.join(NORMAL[:-1])} or {NORMAL[-1]}")
        if self.mu is None or self.sigma is None:
            raise ValueError(f"{self.distribution} needs both mu and sigma")

    @property
    def is_range(self) -> bool:
        """Whether it goes from min to max."""
        return self.min is not None or self.max is not None

    @property
    def is_normal(self) -> bool:
        """Whether it is drawn around mu."""
        return self.mu is not None or self.sigma is not None

    @property
    def is_drawn(self) -> bool:
        """Whether it is numbers of which none is listed."""
        return self.is_range or self.is_normal

    @property
    def is_log(self) -> bool:
        """Whether logarithms are what its distribution is of."""
        return "log" in (self.distribution or "")

    @property
    def steps(self) -> float | None:
        """The distance of the numbers that can be drawn: `step`, or `q` of the distributions that have one."""
        return (self.q or 1.0) if (self.distribution or "").startswith("q_") else self.step

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest number that can be drawn from min to max."""
        assert self.min is not None
        assert self.max is not None
        if self.steps is None:
            return self.min, self.max
        if self.step is None:
            return multiples(self.min, self.max, self.steps)
        return self.min, nearest_multiple(
            self.min + steps(self.min, self.max, self.step) * self.step, self.step, self.min
        )

    @property
    def is_fixed(self) -> bool:
        """Whether it has one value, wherever its conditions hold."""
        return self.values is None and not self.is_drawn

    @property
    def is_varied(self) -> bool:
        """Whether not all runs need have the same value."""
        return not self.is_fixed or self.when is not None

    @property
    def choices(self) -> list[Any]:
        return self.values if self.values is not None else [self.value]
