"""The accelerator that Keras' backend computes on, and how much room is left in its memory."""

from __future__ import annotations

import keras

from cae.gpus import free_megabytes, visible_gpus


def accelerator() -> str:
    """The accelerator's name, empty where the backend computes on the CPU."""
    return {"jax": _jax, "tensorflow": _tensorflow, "torch": _torch}[keras.config.backend()]()


def _jax() -> str:
    import jax

    device = jax.local_devices()[0]
    return "" if device.platform == "cpu" else str(device.device_kind)


def _tensorflow() -> str:
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    return str(tf.config.experimental.get_device_details(found[0]).get("device_name", "GPU")) if found else ""


def _torch() -> str:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


def free_memory() -> int:
    """Bytes of the accelerator's memory that are free; 0 where nothing tells."""
    if keras.config.backend() == "jax":
        import jax

        found = jax.local_devices()[0].memory_stats() or {}
        return int(found.get("bytes_limit", 0) - found.get("bytes_in_use", 0))
    gpus = visible_gpus()
    return free_megabytes(gpus[0]) << 20 if gpus else 0
