"""This project's own training path."""

from __future__ import annotations

from functools import partial

import keras

from benchmarks.peers.counting import operations
from benchmarks.peers.work import LATENT_DIM, LEARNING_RATE, MAPS, SLOPE, Contender, Work
from cae.config import ModelConfig, TrainingConfig
from cae.convolutional import build_autoencoder
from cae.loops.host import step
from cae.model import Autoencoder
from cae.optimizer import compile_model


def autoencoder(work: Work) -> Autoencoder:
    config = ModelConfig(maps=MAPS, latent_dim=LATENT_DIM, negative_slope=SLOPE, batch_norm=work.batch_norm)
    return build_autoencoder(config, work.resolution, work.precision)


def contender(work: Work) -> Contender:
    keras.utils.set_random_seed(0)
    model = autoencoder(work).model
    compile_model(model, TrainingConfig(learning_rate=LEARNING_RATE, schedule="constant"), steps=1)
    return Contender(partial(step, model), model.count_params(), partial(operations, model))
