"""The face detector in a process of its own, for programs whose Keras computes with another backend than TensorFlow.

mtcnn knows TensorFlow alone, and Keras has one backend in a process. This module is both ends: `ask` starts
`python -m metrics.detector_process` once and sends it pictures; it lives as long as the program that asks.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from typing import IO, Any

import numpy as np


def needed() -> bool:
    """Whether Keras computes here with something that mtcnn does not know."""
    keras = sys.modules.get("keras")
    backend = keras.config.backend() if keras else os.environ.get("KERAS_BACKEND", "tensorflow")
    return bool(backend != "tensorflow")


def ask(what: str, images: np.ndarray) -> np.ndarray:
    """What `confidences` or `maps` the detector gives for uint8 (n, s, s, 3).

    Raises ImportError where TensorFlow or mtcnn is missing, RuntimeError where the process died.
    """
    if find_spec("tensorflow") is None:
        raise ImportError("the face detector needs TensorFlow; pip install tensorflow")
    process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        send(process.stdin, images, what=what)
        head, found = receive(process.stdout)
    except (BrokenPipeError, EOFError) as error:
        _process.cache_clear()
        raise RuntimeError(f"the face detector's process died with exit code {process.wait()}") from error
    if "error" in head:
        raise ImportError(head["error"]) if head["missing"] else RuntimeError(head["error"])
    return found


@cache
def _process() -> subprocess.Popen[bytes]:
    # On the CPU, where mtcnn computes anyway: a GPU's memory belongs to the training.
    settings = {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-m", "metrics.detector_process"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | settings)  # noqa: S603
    atexit.register(process.kill)
    return process


# --- what travels --------------------------------------------------------------------------------------------------


def send(stream: IO[bytes], array: np.ndarray, **head: Any) -> None:
    """A line of JSON with dtype and shape, then the array's bytes."""
    about = head | {"dtype": array.dtype.str, "shape": array.shape}
    stream.write(json.dumps(about).encode() + b"\n")
    stream.write(np.ascontiguousarray(array).tobytes())
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], np.ndarray]:
    """What `send` sent. Raises EOFError where the other end is gone."""
    line = stream.readline()
    if not line:
        raise EOFError
    head = json.loads(line)
    dtype, shape = np.dtype(head["dtype"]), tuple(head["shape"])
    content = stream.read(dtype.itemsize * int(np.prod(shape)))
    return head, np.frombuffer(content, dtype).reshape(shape)


def serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answers until the other end is gone."""
    from metrics.face_features import last_maps
    from metrics.visibility import visible

    while True:
        try:
            head, images = receive(requests)
        except EOFError:
            return
        try:
            found = visible(images) if head["what"] == "confidences" else np.concatenate(list(last_maps(images)))
        except Exception as error:
            send(replies, np.empty(0), error=str(error), missing=isinstance(error, ImportError))
        else:
            send(replies, found)


def main() -> None:
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no reply
    serve(sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
