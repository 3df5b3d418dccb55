"""The GPUs of this machine, as their driver lists them. Imports no deep learning."""

from __future__ import annotations

import os
import shutil
import subprocess


def visible_gpus() -> list[str]:
    """The GPUs that this process may use: those of CUDA_VISIBLE_DEVICES, else all that the driver lists."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [gpu.strip() for gpu in named.split(",") if gpu.strip() not in ("", "-1")]
    return _query("index")


def free_megabytes(gpu: str) -> int:
    """Memory that no process uses of this GPU, in MiB; 0 where the driver does not say."""
    found = _query("memory.free", gpu)
    return int(found[0]) if found and found[0].isdigit() else 0


def _query(field: str, gpu: str | None = None) -> list[str]:
    """What the driver says of each GPU, or of one; nothing where there is no driver."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return []
    query = [command, f"--query-gpu={field}", "--format=csv,noheader,nounits", *([f"--id={gpu}"] if gpu else [])]
    done = subprocess.run(query, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603
    return done.stdout.split() if done.returncode == 0 else []
