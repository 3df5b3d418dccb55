"""A hand-written PyTorch loop: channels last, autocast for bfloat16, all cores."""

from __future__ import annotations

import os
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.peers.work import KERNEL, LATENT_DIM, LEARNING_RATE, MAPS, MOMENTUM, SLOPE, Contender, Work


def network(work: Work, maps: tuple[int, ...] = MAPS) -> nn.Sequential:
    side = work.resolution // 2 ** len(maps)
    layers: list[nn.Module] = []
    for filters_in, filters in zip((3, *maps), maps, strict=False):
        layers += [nn.Conv2d(filters_in, filters, KERNEL, 2, 1), *_activated(filters, work)]
    layers += [nn.Flatten(), nn.Linear(maps[-1] * side**2, LATENT_DIM), nn.Linear(LATENT_DIM, maps[-1] * side**2)]
    layers += [nn.Unflatten(1, (maps[-1], side, side))]
    for filters_in, filters in zip(maps[::-1], maps[-2::-1], strict=False):
        layers += [_up(filters_in, filters), *_activated(filters, work)]
    return nn.Sequential(*layers, _up(maps[0], 3))


def _up(filters_in: int, filters: int) -> nn.Module:
    return nn.ConvTranspose2d(filters_in, filters, KERNEL, 2, 1, output_padding=1)


def _activated(filters: int, work: Work) -> list[nn.Module]:
    return [nn.LeakyReLU(SLOPE)] + ([nn.BatchNorm2d(filters, momentum=1 - MOMENTUM)] if work.batch_norm else [])


def as_keras_begins(model: nn.Module) -> None:
    """Glorot's uniform weights and biases of 0."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)


def contender(work: Work) -> Contender:
    torch.manual_seed(0)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    model = network(work).to(memory_format=torch.channels_last)
    as_keras_begins(model)
    adam = torch.optim.Adam(model.parameters(), LEARNING_RATE, eps=1e-7)

    def step(batch: np.ndarray) -> float:
        images = torch.from_numpy(batch).permute(0, 3, 1, 2).to(torch.float32) / 255
        adam.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=work.precision == "bfloat16"):
            logits = model(images)
        loss = functional.binary_cross_entropy_with_logits(logits.float(), images)
        loss.backward()
        adam.step()
        return float(loss.detach())

    return Contender(step, parameters(model), partial(operations, model, work.resolution))


def parameters(model: nn.Module) -> int:
    return sum(weights.numel() for weights in model.parameters())


def operations(model: nn.Module, resolution: int) -> int:
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 3, resolution, resolution))
    return counter.get_total_flops()
