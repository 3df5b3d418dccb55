"""A hand-written PyTorch training, compiled, with the images on the device; losses are read once an epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.accelerated.images import pixels
from benchmarks.accelerated.size import Size
from benchmarks.accelerated.timing import timed
from benchmarks.peers import pytorch
from benchmarks.peers.work import BATCH, LEARNING_RATE, Work


def compiled(size: Size) -> dict[str, Any]:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    images = torch.from_numpy(pixels(size.images, size.resolution)).to(device)
    model = pytorch.network(Work(size.resolution, "bfloat16"), size.maps)
    pytorch.as_keras_begins(model)
    model = model.to(device, memory_format=torch.channels_last)
    adam = torch.optim.Adam(model.parameters(), LEARNING_RATE, eps=1e-7, fused=True)

    def loss_of(batch: torch.Tensor) -> torch.Tensor:
        targets = batch.permute(0, 3, 1, 2).to(torch.float32) / 255
        with torch.autocast(device, torch.bfloat16):
            logits = model(targets)
        return functional.binary_cross_entropy_with_logits(logits.float(), targets)

    fast = torch.compile(loss_of)

    def epoch(k: int) -> float:
        order = torch.from_numpy(np.random.default_rng(k).permutation(size.images)).to(device)
        total = torch.zeros((), device=device)
        for rows in order.split(BATCH):
            adam.zero_grad(set_to_none=True)
            loss = fast(images[rows])
            loss.backward()
            adam.step()
            total += loss.detach() * len(rows)
        return float(total) / size.images

    return timed(epoch, size.images, size.seconds)
