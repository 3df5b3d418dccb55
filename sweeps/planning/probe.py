"""How long the trainings of a sweep will take on this machine: its smallest and its largest network are timed."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from cae.config import DataConfig, RunConfig, flatten
from cae.datasets import DataError
from cae.datasets.sources import open_source
from sweeps.errors import SweepError
from sweeps.pipeline.probe import seconds_per_image
from sweeps.planning.estimate import Pace, config_of, example_of, sizes_of
from sweeps.spec.sweep import Sweep


def timed(sweep: Sweep) -> Pace:
    """What an epoch of a configuration takes: in between the two that were timed, by the work of an image.

    Raises SweepError where the images are not found.
    """
    base = flatten(example_of(sweep))
    configs = {work(config): config for config in (config_of(base, size) for size in sizes_of(sweep))}
    seconds = {each: seconds_per_image(configs[each]) for each in {min(configs), max(configs)}}
    (small, first), (large, last) = min(seconds.items()), max(seconds.items())
    slope = (last - first) / (large - small) if large > small else 0.0
    count = cache(lambda data: _trained_on(data, sweep))
    return lambda config: count(config.data) * (first + slope * (work(config) - small))


def work(config: RunConfig) -> int:
    """Multiplications of an image's way through the encoder, of which that through the decoder is about the same."""
    model, side, channels, total = config.model, config.data.resolution, 3, 0
    for maps in model.maps:
        side //= 2
        total += side**2 * model.kernel_size**2 * maps * (channels + (model.blocks - 1) * maps)
        channels = maps
    layers = (side**2 * channels, *model.dense, model.latent_dim)
    return total + sum(units * following for units, following in pairwise(layers))


def _trained_on(data: DataConfig, sweep: Sweep) -> float:
    """About how many images a training goes through in an epoch."""
    parts = [DataConfig(name=part.name, path=part.path) for part in data.mixture] or [data]
    try:
        count = data.size or sum(open_source(part).count for part in parts)
    except DataError as error:
        raise SweepError(f"{sweep.file}: {error}") from None
    return count * (1 - data.test_fraction)
