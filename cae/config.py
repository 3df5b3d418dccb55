"""What one run is: every value a sweep may vary, typed, frozen and checked before anything is trained."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    WithJsonSchema,
    model_validator,
)

from cae.plugins import PATTERN, PluginError
from cae.registries import ACTIVATIONS, DATASETS, GENERATORS, MEASURES, MODELS, Registry

# Raised only when a default changes its meaning, so that old results are never taken for new ones.
SCHEMA = 2


def _name_in(registry: Registry) -> tuple[AfterValidator, WithJsonSchema]:
    """What makes a text the name of something in a registry; checked without importing what is named."""
    plugged = {"type": "string", "description": f"an entry point of {registry.group}, or {PATTERN}"}
    names = [{"enum": list(registry.builtin)}] if registry.builtin else []
    return AfterValidator(registry.check), WithJsonSchema({"anyOf": [*names, plugged]})


DatasetName = Annotated[str, *_name_in(DATASETS)]
SamplingMethod = Annotated[str, *_name_in(GENERATORS)]
Activation = Annotated[str, *_name_in(ACTIVATIONS)]
BuilderName = Annotated[str, *_name_in(MODELS)]
MeasureName = Annotated[str, *_name_in(MEASURES)]


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
# What Keras and NumPy take.
Seed = Annotated[StrictInt, Field(ge=0, lt=2**32)]


class Section(BaseModel):
    """A part of a configuration: immutable, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MixturePart(Section):
    """One source of a mixture and its share of the images (shares are relative, they need not add up to 1)."""

    name: DatasetName
    path: str | None = None
    weight: Positive = 1.0

    @model_validator(mode="after")
    def _is_no_mixture(self) -> MixturePart:
        if self.name == "mixture":
            raise ValueError("data.mixture: a mixture is no part of a mixture; list its parts")
        return self


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
    background: Literal["kept", "masked"] = Field(
        "kept", description="masked: gray outside of an ellipse around the face, in which contrast is then normalized"
    )
    blur: Annotated[Number, Field(ge=0)] = Field(
        0.0, description="standard deviation, in pixels, of the Gaussian by which detail is removed; 0: none"
    )
    factors: Literal["gaussian", "uniform", "bimodal"] = Field(
        "gaussian", description="distribution of the synthetic faces' continuous factors"
    )
    seed: Annotated[StrictInt, Field(ge=0)] = Field(0, description="of the choice, the split and the synthetic faces")
    mixture: tuple[MixturePart, ...] = ()
    duplicates: Literal["keep", "drop"] = Field(
        "keep", description="of an image that is there several times; kept, all copies are on one side of the split"
    )
    surrogate: Literal["none", "gaussian", "phase"] = Field(
        "none", description="instead of the images: of a normal population of their covariance, or with random phases"
    )

    @model_validator(mode="after")
    def _mixture_has_parts(self) -> DataConfig:
        if (self.name == "mixture") != bool(self.mixture):
            raise ValueError("data.mixture lists the parts of data.name: mixture, and belongs to it alone")
        if self.name == "mixture" and self.split != "random":
            raise ValueError(f"data.split: {self.split} is not defined for a mixture; use random")
        # What a plug-in knows is asked when it is opened: it is not imported to check a configuration.
        if self.split != "random" and DATASETS.is_builtin(self.name):
            able = [name for name in DATASETS.builtin if self.split in DATASETS.load(name).splits]
            if self.name not in able:
                raise ValueError(f"data.split: {self.split} needs {' or '.join(able)}, not {self.name}")
        return self


class ModelConfig(Section):
    """The convolutional autoencoder."""

    maps: Annotated[tuple[Count, ...], Field(min_length=1, max_length=8)] = (64, 64, 128, 128)
    kernel_size: Count = 3
    builder: BuilderName = Field("conv", description="of the network; a plug-in may use or ignore the other fields")
    activation: Activation = "leaky_relu"
    negative_slope: Annotated[Number, Field(ge=0)] = Field(0.3, description="of leaky_relu alone")
    batch_norm: StrictBool = False
    latent_dim: Annotated[StrictInt, Field(ge=2)] = 256
    latent_batch_norm: StrictBool = Field(False, description="of the latent vectors, without scale and offset")
    blocks: Count = Field(1, description="convolutions of each stage; those beside the first keep side and maps")
    residual: StrictBool = Field(False, description="whether those beside the first are added to their input")
    resampling: Literal["strides", "pooling"] = Field(
        "strides", description="of the convolutions, or max pooling in the encoder and upsampling in the decoder"
    )
    dense: tuple[Count, ...] = Field((), description="units of layers before the latent one, mirrored behind it")
    dropout: Annotated[Number, Field(ge=0, lt=1)] = Field(0.0, description="share dropped behind each stage")
    regularizer: Literal["none", "kl", "gae", "mmd", "sliced", "sigreg"] = Field(
        "none", description="what draws the latent vectors to N(0, I); kl makes the autoencoder variational"
    )
    regularizer_weight: Annotated[Number, Field(ge=0)] = Field(
        1.0, description="beside the reconstruction loss of an image, summed over color values; 1 with kl is the ELBO"
    )
    kl_weight: Annotated[Number, Field(ge=0)] = Field(
        0.0, description="above 0: an older spelling of regularizer kl with this regularizer_weight"
    )
    latent_l2: Annotated[Number, Field(ge=0)] = Field(
        0.0, description="weight of half the squared norm of the latent vector, beside the same sum"
    )
    decoder_l2: Annotated[Number, Field(ge=0)] = Field(
        0.0, description="weight of the decoder's squared weights without biases, beside the same sum"
    )

    @property
    def enforced(self) -> tuple[str, float]:
        """Regularizer and weight, however they are spelled; ("none", 0) without."""
        if self.kl_weight:
            return "kl", self.kl_weight
        used = self.regularizer != "none" and self.regularizer_weight > 0
        return (self.regularizer, self.regularizer_weight) if used else ("none", 0.0)

    @model_validator(mode="after")
    def _enforced_once(self) -> ModelConfig:
        if self.kl_weight and self.regularizer not in ("none", "kl"):
            raise ValueError(f"model.kl_weight belongs to regularizer kl, not {self.regularizer}; remove one of them")
        if self.kl_weight and self.regularizer == "kl" and self.regularizer_weight not in (1.0, self.kl_weight):
            raise ValueError(
                f"model.kl_weight: {self.kl_weight:g} and regularizer_weight: {self.regularizer_weight:g} "
                "are the same weight; remove one of them"
            )
        return self


class TrainingConfig(Section):
    """How the autoencoder is trained."""

    loss: Literal["bce", "mse"] = "bce"
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = Field(
        "adam", description="sgd has a momentum of 0.9 by Nesterov"
    )
    learning_rate: Positive = 5e-4
    weight_decay: Annotated[Number, Field(ge=0)] | None = Field(
        None, description="decoupled, of all weights but biases and norms; null: 0.004 for adamw, 0 for others"
    )
    schedule: Literal["constant", "cosine", "exponential"] = Field(
        "constant", description="cosine falls to 0, exponential to 1 % of learning_rate, at the last step"
    )
    batch_size: Count = 128
    epochs: Count = 24
    patience: Annotated[StrictInt, Field(ge=0)] = Field(
        0, description="epochs without a lower held-out loss that end the training; the best one's weights stay; 0: all"
    )
    flips: StrictBool = Field(False, description="whether half of the images are mirrored, others in each epoch")
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: Seed = 0


# Spelled out: other generators that are built in change neither an old hash nor the cost of a run that lists none.
SAMPLING = ("mnd", "pca", "elliptical", "independent", "interval", "uniform")


class AnalysisConfig(Section):
    """What is measured and drawn after training."""

    contour_pairs: Count = Field(200, description="random pairs of components whose contours are compared")
    levels: Annotated[tuple[Level, ...], Field(min_length=1)] = (1.0, 1.5, 2.0, 2.5, 3.0)
    sampling: Annotated[tuple[SamplingMethod, ...], Field(min_length=1)] = SAMPLING
    metrics: tuple[MeasureName, ...] = Field((), description="measures of plug-ins, beside the built-in ones")
    mnd_sigma: Positive = Field(1.0, description="s of N(mean, s^2 covariance)")
    pca_sigma: Positive = Field(2.0, description="principal scores are clipped at this many sd")
    interval_factor: Positive = Field(1.0, description="f of mean ± f half-widths at half-maximum, per component")
    images_per_grid: Count = 32
    judged_faces: Annotated[StrictInt, Field(ge=2)] = Field(256, description="of each sampling method, for faces/...")
    formation: StrictBool = Field(
        True, description="headlines and faces at epochs 0, 1, 2, 4, 8 ..., on some of the training images"
    )
    face_detector: StrictBool = Field(True, description="whether to count visible faces, by mtcnn")
    attribute_sheets: StrictBool = Field(True, description="a sheet of faces for each attribute; 30 MB for CelebA's 40")
    inception_weights: str | None = Field(
        None, description="file of Keras' InceptionV3 without top, for FID and KID in its features; ~ is expanded"
    )
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


ONE_VALUE = (
    "leaves batch norm one value per channel, which it makes 0 whatever the image is; "
    "use 2 or more, or no batch norm of dense layers, latent vectors and maps of one pixel"
)


def untrainable(config: RunConfig) -> str:
    """Why such a network learns nothing; empty where it may. That of a plug-in is asked when it is trained."""
    model = config.model
    # Pooling comes behind the batch norm of its stage.
    one_pixel = model.resampling == "strides" and config.data.resolution == 2 ** len(model.maps)
    one_value = model.latent_batch_norm or (model.batch_norm and (bool(model.dense) or one_pixel))
    if config.training.batch_size > 1 or not one_value or not MODELS.is_builtin(model.builder):
        return ""
    return f"training.batch_size: 1 {ONE_VALUE}"


# Where something lies on one machine, which is no part of what a run is.
PLACES = ("data.path", "analysis.inception_weights")


def irrelevant(config: RunConfig) -> set[str]:
    """Fields that cannot change the result: where files lie, and settings of parts that are not used."""
    names = set(PLACES)
    names |= {"data.mixture"} if config.data.name != "mixture" else set()
    names |= {"model.regularizer_weight"} if config.model.regularizer == "none" else set()
    # A builder of a plug-in may use them whatever the activation and the number of blocks.
    if MODELS.is_builtin(config.model.builder):
        names |= {"model.negative_slope"} if config.model.activation != "leaky_relu" else set()
        names |= {"model.residual"} if config.model.blocks == 1 else set()
    if config.training.optimizer != "adamw" and config.training.weight_decay == 0:
        names.add("training.weight_decay")  # as null
    # Of a plug-in nothing more is known without importing it, which a look at a configuration must not do.
    return names | set(DATASETS.load(config.data.name).irrelevant if DATASETS.is_builtin(config.data.name) else [])


def identity(config: RunConfig) -> dict[str, Any]:
    """The fields that make this run what it is: those that differ from their defaults and can change the result."""
    default, ignored = flatten(RunConfig()), irrelevant(config)
    fields = {k: v for k, v in flatten(config).items() if v != default[k] and k not in ignored}
    if "data.mixture" in fields:
        fields["data.mixture"] = [{k: v for k, v in part.items() if k != "path"} for part in fields["data.mixture"]]
    return {k: v for k, v in fields.items() if k not in _ENFORCED} | _enforced(config.model)


_ENFORCED = ("model.regularizer", "model.regularizer_weight", "model.kl_weight")


def _enforced(model: ModelConfig) -> dict[str, Any]:
    """What is enforced, in the spelling that its oldest runs were hashed with."""
    regularizer, weight = model.enforced
    if regularizer == "kl":
        return {"model.kl_weight": weight}
    default = ModelConfig()
    found: dict[str, tuple[Any, Any]] = {"model.regularizer": (regularizer, default.regularizer)}
    if regularizer != "none":
        found["model.regularizer_weight"] = (weight, default.regularizer_weight)
    return {name: value for name, (value, usual) in found.items() if value != usual}


# The fields whose values are names in a registry.
PLUGGED = {
    "data.name": DATASETS,
    "data.mixture": DATASETS,
    "model.builder": MODELS,
    "model.activation": ACTIVATIONS,
    "analysis.sampling": GENERATORS,
    "analysis.metrics": MEASURES,
}


def named_plugins(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(field, name) of everything that is not built in, of fields as `flatten` gives them. Imports nothing."""
    named = [(field, name) for field in PLUGGED for name in _names(fields.get(field, ()))]
    return [(field, name) for field, name in named if not PLUGGED[field].is_builtin(name)]


def _names(value: Any) -> list[str]:
    """Of one name, a list of them, or the parts of a mixture."""
    return [value] if isinstance(value, str) else [v["name"] if isinstance(v, dict) else str(v) for v in value]


def plugin_identities(config: RunConfig) -> dict[str, str]:
    """ "field NAME" to version and source of each plug-in, which are imported for it. Raises PluginError."""
    found: dict[str, str] = {}
    for field, name in named_plugins(flatten(config)):
        try:
            found[f"{field} {name}"] = str(PLUGGED[field].identity(name))
        except PluginError as error:
            raise PluginError(f"{field}: {error}") from None
    return found


def load_plugins(config: RunConfig) -> None:
    """Imports every plug-in that the configuration names, so that Keras knows its layers. Raises PluginError."""
    plugin_identities(config)


def _digest(fields: dict[str, Any], data_digest: str, plugins: dict[str, str]) -> str:
    content: dict[str, Any] = {"schema": SCHEMA, "data": data_digest, "config": fields}
    if plugins:
        content["plugins"] = plugins
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:12]


def config_hash(config: RunConfig, data_digest: str) -> str:
    """12 hex digits that name a run: its non-default fields, the data's digest, the schema number, code of plug-ins.

    Raises PluginError where a plug-in cannot be imported.
    """
    return _digest(identity(config), data_digest, plugin_identities(config))


def cell_hash(config: RunConfig, data_digest: str) -> str:
    """Like `config_hash` without the training seed: the same for all replicates of a cell."""
    fields = {k: v for k, v in identity(config).items() if k != "training.seed"}
    return _digest(fields, data_digest, plugin_identities(config))
