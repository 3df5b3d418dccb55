"""What one run is: every value a sweep may vary, typed, frozen and checked before anything is trained."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, model_validator

# Raised only when a default changes its meaning, so that old results are never taken for new ones.
SCHEMA = 2

DatasetName = Literal["synthetic", "celeba", "folder", "digits", "mnist", "mixture"]
SamplingMethod = Literal["mnd", "pca", "elliptical", "independent", "interval", "uniform"]
Activation = Literal[
    "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus", "tanh", "sigmoid", "linear"
]


def _number(value: object) -> object:
    """PyYAML reads 1e-3 as a string; a bool is no number."""
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise ValueError(f"a number is needed, not {value!r}") from None
    return value


Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
Positive = Annotated[float, BeforeValidator(_number), Field(gt=0, allow_inf_nan=False)]
# Contours nearer to the center or farther out hold too few points to be drawn.
Level = Annotated[float, BeforeValidator(_number), Field(ge=0.5, le=5)]
Count = Annotated[StrictInt, Field(ge=1)]


class Section(BaseModel):
    """A part of a configuration: immutable, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MixturePart(Section):
    """One source of a mixture and its share of the images (shares are relative, they need not add up to 1)."""

    name: Literal["synthetic", "celeba", "folder", "digits", "mnist"]
    path: str | None = None
    weight: Positive = 1.0


class DataConfig(Section):
    """Which images, and how they are cut, scaled and split."""

    name: DatasetName = "synthetic"
    path: str | None = Field(None, description="folder or archive; ~ and $VARIABLES are expanded")
    resolution: Count = Field(96, description="height and width in pixels; a multiple of 2^layers")
    crop: Literal["center", "tight", "none"] = "center"
    size: Count | None = Field(None, description="number of images, drawn with `seed`; null: all (synthetic: 20,000)")
    test_fraction: Annotated[Number, Field(gt=0, lt=1)] = 0.1
    split: Literal["random", "official", "identity"] = "random"
    contrast: Literal["as_is", "normalized"] = "as_is"
    factors: Literal["gaussian", "uniform", "bimodal"] = Field(
        "gaussian", description="distribution of the synthetic faces' continuous factors"
    )
    seed: Annotated[StrictInt, Field(ge=0)] = Field(0, description="of the choice, the split and the synthetic faces")
    mixture: tuple[MixturePart, ...] = ()

    @model_validator(mode="after")
    def _mixture_has_parts(self) -> DataConfig:
        if (self.name == "mixture") != bool(self.mixture):
            raise ValueError("data.mixture lists the parts of data.name: mixture, and belongs to it alone")
        if self.name == "mixture" and self.split != "random":
            raise ValueError(f"data.split: {self.split} is not defined for a mixture; use random")
        if self.split == "official" and self.name not in ("celeba", "mnist"):
            raise ValueError(f"data.split: official needs celeba or mnist, not {self.name}")
        if self.split == "identity" and self.name != "celeba":
            raise ValueError(f"data.split: identity needs celeba, not {self.name}")
        return self


class ModelConfig(Section):
    """The convolutional autoencoder."""

    maps: Annotated[tuple[Count, ...], Field(min_length=1, max_length=8)] = (64, 64, 128, 128)
    kernel_size: Count = 3
    activation: Activation = "leaky_relu"
    negative_slope: Annotated[Number, Field(ge=0)] = Field(0.3, description="of leaky_relu alone")
    batch_norm: StrictBool = False
    latent_dim: Annotated[StrictInt, Field(ge=2)] = 256
    kl_weight: Annotated[Number, Field(ge=0)] = Field(
        0.0, description="0: plain autoencoder; above: a variational one, 1 weighs its KL term as the ELBO does"
    )


class TrainingConfig(Section):
    """How the autoencoder is trained."""

    loss: Literal["bce", "mse"] = "bce"
    optimizer: Literal["adam"] = "adam"
    learning_rate: Positive = 5e-4
    schedule: Literal["constant", "cosine", "exponential"] = Field(
        "constant", description="cosine falls to 0, exponential to 1 % of learning_rate, at the last step"
    )
    batch_size: Count = 128
    epochs: Count = 24
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: Annotated[StrictInt, Field(ge=0)] = 0


class AnalysisConfig(Section):
    """What is measured and drawn after training."""

    contour_pairs: Count = Field(200, description="random pairs of components whose contours are compared")
    levels: Annotated[tuple[Level, ...], Field(min_length=1)] = (1.0, 1.5, 2.0, 2.5, 3.0)
    sampling: Annotated[tuple[SamplingMethod, ...], Field(min_length=1)] = get_args(SamplingMethod)
    mnd_sigma: Positive = Field(1.0, description="s of N(mean, s^2 covariance)")
    pca_sigma: Positive = Field(2.0, description="principal scores are clipped at this many sd")
    interval_factor: Positive = Field(1.0, description="f of mean ± f half-widths at half-maximum, per component")
    images_per_grid: Count = 32
    judged_faces: Annotated[StrictInt, Field(ge=2)] = Field(256, description="of each sampling method, for faces/...")
    face_detector: StrictBool = Field(True, description="whether to count visible faces, by mtcnn")
    attribute_sheets: StrictBool = Field(True, description="a sheet of faces for each attribute; 30 MB for CelebA's 40")
    innermost_maps: Annotated[StrictInt, Field(ge=0)] = Field(
        0, description="maps of the last encoder convolution to show what excites them; seconds each"
    )


class RunConfig(Section):
    """One run. The only thing that steers it; the same values give the same `config_hash` on every machine."""

    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    analysis: AnalysisConfig = AnalysisConfig()

    @model_validator(mode="after")
    def _resolution_fits_layers(self) -> RunConfig:
        step = 2 ** len(self.model.maps)
        if self.data.resolution % step:
            below = max(step, self.data.resolution // step * step)
            raise ValueError(
                f"data.resolution: {self.data.resolution} is not a multiple of {step} "
                f"(2 to the number of model.maps, {len(self.model.maps)}); the nearest are {below} and {below + step}"
            )
        return self


def flatten(config: RunConfig) -> dict[str, Any]:
    """Every field as {"section.field": plain value}, tuples as lists."""
    sections = config.model_dump(mode="json")
    return {f"{section}.{field}": value for section, fields in sections.items() for field, value in fields.items()}


def from_flat(values: dict[str, Any]) -> RunConfig:
    """The configuration with these {"section.field": value} set and every other field at its default."""
    sections: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        section, _, field = name.partition(".")
        sections.setdefault(section, {})[field] = value
    return RunConfig.model_validate(sections)


def irrelevant(config: RunConfig) -> set[str]:
    """Fields that cannot change the result: where the images lie, and settings of parts that are not used."""
    names = {"data.path"}
    if config.model.activation != "leaky_relu":
        names.add("model.negative_slope")
    if config.data.name not in ("synthetic", "mixture"):
        names.add("data.factors")
    if config.data.name in ("synthetic", "digits", "mnist"):
        names.add("data.crop")
    return names


def identity(config: RunConfig) -> dict[str, Any]:
    """The fields that make this run what it is: those that differ from their defaults and can change the result."""
    default, ignored = flatten(RunConfig()), irrelevant(config)
    fields = {k: v for k, v in flatten(config).items() if v != default[k] and k not in ignored}
    if "data.mixture" in fields:
        fields["data.mixture"] = [{k: v for k, v in part.items() if k != "path"} for part in fields["data.mixture"]]
    return fields


def _digest(fields: dict[str, Any], data_digest: str) -> str:
    content = {"schema": SCHEMA, "data": data_digest, "config": fields}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:12]


def config_hash(config: RunConfig, data_digest: str) -> str:
    """12 hex digits that name a run: its non-default fields, its data's digest and the schema number."""
    return _digest(identity(config), data_digest)


def cell_hash(config: RunConfig, data_digest: str) -> str:
    """Like `config_hash` without the training seed: the same for all replicates of a cell."""
    return _digest({k: v for k, v in identity(config).items() if k != "training.seed"}, data_digest)
