"""pythae's autoencoder with the same network and its own trainer. It knows the squared error alone, and float32."""

from __future__ import annotations

import logging
import os
import tempfile
from functools import partial
from typing import Any

import numpy as np
import torch
from pythae.data.datasets import BaseDataset
from pythae.models import AE, AEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch import nn

from benchmarks.peers import pytorch
from benchmarks.peers.work import BATCH, LATENT_DIM, LEARNING_RATE, Contender, Work


class Encoder(BaseEncoder):
    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, images: Any) -> ModelOutput:
        return ModelOutput(embedding=self.layers(images))


class Decoder(BaseDecoder):
    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, latents: Any) -> ModelOutput:
        return ModelOutput(reconstruction=torch.sigmoid(self.layers(latents)))


def contender(work: Work) -> Contender:
    logging.disable(logging.INFO)
    torch.manual_seed(0)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    layers = list(pytorch.network(work))
    border = 1 + next(place for place, layer in enumerate(layers) if isinstance(layer, nn.Linear))
    side = work.resolution
    config = AEConfig(input_dim=(3, side, side), latent_dim=LATENT_DIM)
    model = AE(config, Encoder(nn.Sequential(*layers[:border])), Decoder(nn.Sequential(*layers[border:])))

    def step(batch: np.ndarray) -> float:
        trainer.train_loader = trainer.get_train_dataloader(_dataset(batch))
        return float(trainer.train_step(epoch=1)) / (3 * side * side)

    settings = BaseTrainerConfig(
        per_device_train_batch_size=BATCH,
        train_dataloader_num_workers=0,
        learning_rate=LEARNING_RATE,
        optimizer_cls="Adam",
        no_cuda=True,
    )
    with tempfile.TemporaryDirectory() as settings.output_dir:  # made, and used at the end of an epoch alone
        trainer = BaseTrainer(model, _dataset(np.zeros((BATCH, side, side, 3), np.uint8)), training_config=settings)
        trainer.prepare_training()
    trainer.callback_handler.callbacks = []  # a progress bar for each batch
    return Contender(step, pytorch.parameters(model), partial(pytorch.operations, nn.Sequential(*layers), side))


def _dataset(batch: np.ndarray) -> BaseDataset:
    images = torch.from_numpy(batch).permute(0, 3, 1, 2).to(torch.float32) / 255
    return BaseDataset(images, torch.ones(len(batch)))
