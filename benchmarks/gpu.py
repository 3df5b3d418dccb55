"""Training on an accelerator, against what one would write instead: python -m benchmarks.gpu [--out FILE]

One command of at most eight minutes on a machine with Keras, NumPy, JAX and PyTorch, from a copy of this repository;
nothing is downloaded, the images come along. Prints a table with the device's name and writes all numbers as JSON.
TensorFlow is measured where it is installed. Without an accelerator everything is done on few and small images, in a
minute: that shows that it works, and its numbers mean nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

BUDGET = 8 * 60
JOBS = "benchmarks.accelerated.keras_jobs"


@dataclass(frozen=True)
class Job:
    """what: as the table names it. function: "module:name" of what measures it. backend: of Keras."""

    what: str
    function: str
    backend: str = "jax"


# The most telling first: what the budget leaves out is at the end.
ALL = {
    "limits": Job("the device", f"{JOBS}:limits"),
    "ours": Job("compiled epochs, JAX", f"{JOBS}:ours"),
    "fit": Job("plain Keras, model.fit, JAX", f"{JOBS}:fit"),
    "torch": Job("PyTorch, compiled, images on the device", "benchmarks.accelerated.torch_job:compiled"),
    "whole": Job("170,000 images, 24 epochs, JAX", f"{JOBS}:whole_training"),
    "together": Job("four seeds as one program, JAX, each", f"{JOBS}:seeds_together"),
    "streamed": Job("compiled epochs, images streamed, JAX", f"{JOBS}:ours_streamed"),
    "encoding": Job("encoding, JAX", f"{JOBS}:encoding"),
    "single": Job("step by step, JAX", f"{JOBS}:single_steps"),
    "float32": Job("compiled epochs in float32, JAX", f"{JOBS}:ours_float32"),
    "tensorflow": Job("compiled epochs, TensorFlow", f"{JOBS}:ours", "tensorflow"),
    "fit_tensorflow": Job("plain Keras, model.fit, TensorFlow", f"{JOBS}:fit", "tensorflow"),
}


# What each is held against, and the least ratio of their images per second.
PEERS = {
    "ours": [("fit", 5.0), ("torch", 1.2)],
    "together": [("ours", 0.5)],
    "tensorflow": [("fit_tensorflow", 5.0)],
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--out", type=Path, default=Path("gpu.json"), help="where the numbers go [gpu.json]")
    options.add_argument("--small", action="store_true", help="few and small images, as without an accelerator")
    options.add_argument("--only", nargs="+", choices=ALL, default=list(ALL), help="not all of them")
    options.add_argument("--here", nargs="+", choices=ALL, help=argparse.SUPPRESS)
    given = options.parse_args()
    for name in given.here or ():
        print(json.dumps({name: measured(ALL[name], given.small)}), flush=True)
    if given.here:
        return
    found = measure(given.only, given.small, given.out)
    print(table(found))
    failed = [name for name, row in found.items() if "error" in row]
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


def measured(job: Job, small: bool) -> dict[str, Any]:
    """In a process of its own: the numbers of a job."""
    from benchmarks.accelerated.size import SMALL, Size

    module, _, name = job.function.partition(":")
    function = getattr(import_module(module), name)
    return dict(function(SMALL if small else Size()))


def measure(names: list[str], small: bool, out: Path) -> dict[str, dict[str, Any]]:
    """Every job's numbers, or why there are none; written to `out` as they come."""
    start = time.monotonic()
    found: dict[str, dict[str, Any]] = {}
    small = small or not has_accelerator()
    for group in processes(names, small):
        left = BUDGET - (time.monotonic() - start)
        found |= run(group, small, left) if left > 20 else _none(group, "no time was left")
        out.write_text(json.dumps({"small": small, "jobs": found}, indent=1), encoding="utf-8")
        for name in group:
            print(f"{ALL[name].what}: {_told(found[name])}", file=sys.stderr, flush=True)
    return found


def processes(names: list[str], small: bool) -> list[list[str]]:
    """Which jobs share a process: the small ones of a backend. Others have the device's memory for themselves."""
    if not small:
        return [[name] for name in names]
    kinds: dict[tuple[str, str], list[str]] = {}
    for name in names:
        kinds.setdefault((ALL[name].backend, ALL[name].function.partition(":")[0]), []).append(name)
    return list(kinds.values())


def run(names: list[str], small: bool, seconds: float) -> dict[str, dict[str, Any]]:
    """The numbers of jobs in one process; those that it did not come to say why."""
    command = [sys.executable, "-m", "benchmarks.gpu", "--here", *names, *(["--small"] if small else [])]
    settings = {"KERAS_BACKEND": ALL[names[0]].backend, "TF_CPP_MIN_LOG_LEVEL": "2"}
    try:
        done = subprocess.run(  # noqa: S603
            command, env=os.environ | settings, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return _none(names, f"took more than the {seconds:.0f} s that were left")
    found: dict[str, dict[str, Any]] = {}
    for line in done.stdout.splitlines():
        if line.startswith('{"'):
            found |= json.loads(line)
    error = (done.stderr.strip().splitlines() or ["it died"])[-1]
    return {name: found.get(name, {"error": error}) for name in names}


def _none(names: list[str], reason: str) -> dict[str, dict[str, Any]]:
    return {name: {"error": reason} for name in names}


def has_accelerator() -> bool:
    """Asked in a process of its own, which gives the device's memory back."""
    command = [sys.executable, "-c", "import jax; raise SystemExit(jax.default_backend() == 'cpu')"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


# --- the table -----------------------------------------------------------------------------------------------------


def table(found: dict[str, dict[str, Any]]) -> str:
    """Markdown: images a second, ratios, goals, and how near the device's own limits they come."""
    rate = {name: row.get("images_per_second") for name, row in found.items()}
    device = found.get("limits", {})
    lines = [f"Device: {device.get('device', 'unknown')}", "", "| what | measured | against | times | goal |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    for name, row in found.items():
        if name != "limits":
            lines.append(f"| {ALL[name].what} | {_told(row)} | {_against(name, rate)} |")
    return "\n".join([*lines, "", *_roofline(device, rate.get("ours"))])


def _told(row: dict[str, Any]) -> str:
    if "error" in row:
        return f"not measured: {row['error'][:120]}"
    if "images_per_second" in row:
        return f"{row['images_per_second']:,.0f} images/s"
    if "seconds" in row:
        return f"{row['seconds']:.1f} s for {row['images']:,} images, {row['epochs']} epochs"
    return f"{row['flops'] / 1e12:.2f} TFLOP/s, {row['bytes_per_second'] / 1e9:,.0f} GB/s"


def _against(name: str, rate: dict[str, float | None]) -> str:
    """Peer, ratio, goal."""
    if name == "whole":
        return " | | at most 90 s on an H100"
    told = [
        (ALL[peer].what, f"{own / other:.2f}", f"at least {goal:g}")
        for peer, goal in PEERS.get(name, [])
        if (other := rate.get(peer)) and (own := rate.get(name))
    ]
    return " | ".join("; ".join(part) for part in zip(*told, strict=True)) if told else " | | "


def _roofline(device: dict[str, Any], images_per_second: float | None) -> list[str]:
    """What the device's own limits leave of a step, by the operations and bytes that XLA counts."""
    if "flops" not in device:
        return []
    arithmetic, memory = device["step_flops"] / device["flops"], device["step_bytes"] / device["bytes_per_second"]
    line = (
        f"{_told(device)}; a step of 128 images needs {device['step_flops'] / 1e9:.0f} GFLOP, {arithmetic * 1e3:.2f} ms"
    )
    line += f", and moves {device['step_bytes'] / 1e9:.2f} GB at most, {memory * 1e3:.2f} ms"
    took = f"; it took {128e3 / images_per_second:.2f} ms" if images_per_second else ""
    return [line + took + "."]


if __name__ == "__main__":
    main()
