"""A worker's progress file in words: which step a run is in, what of it, and since when."""

from __future__ import annotations

from typing import Any

WORDS = {
    "load": "reading the images",
    "control": "controls",
    "train": "training",
    "encode": "encoding",
    "score": "scoring",
    "draw": "drawing faces",
    "judge": "judging faces",
    "record": "recording",
}
BEFORE_TRAINING = ("load", "control")
# Seconds after which a step says how long it takes already.
LONG = 5


def describe_progress(state: dict[str, Any], now: float) -> tuple[str, float]:
    """One line on the progress file, and the share of the training that is done (0 ... 1). now: seconds since 1970."""
    epochs = state["epochs"]
    if state.get("step") not in (None, "train"):
        return step_line(state, now), 0.0 if state["step"] in BEFORE_TRAINING else 1.0
    if "epoch" not in state:
        return "building the network", 0.0
    if state.get("finished_epochs") == state["epoch"]:
        return epoch_line(state), state["epoch"] / epochs
    share = (state["epoch"] - 1 + state["done"] / state["total"]) / epochs
    return f"epoch {state['epoch']}/{epochs}  loss {state['loss']:.4f}  {_speed(state)}", share


def step_line(state: dict[str, Any], now: float) -> str:
    """ "scoring: pursuit, 0:12"; what of the step, and for how long, where that is known and worth a word."""
    step, part, spent = state["step"], state.get("part"), now - state.get("since", now)
    words = WORDS.get(step, step) + (f": {part}" if part else "")
    return f"{words}, {duration(spent)}" if spent >= LONG else words


def epoch_line(state: dict[str, Any]) -> str:
    """One line on the last finished epoch."""
    losses = f"loss {state['last_loss']:.4f}  held out {state['held_out_loss']:.4f}"
    return f"epoch {state['finished_epochs']}/{state['epochs']}  {losses}  {_speed(state)}"


def _speed(state: dict[str, Any]) -> str:
    return f"{state['speed']:.0f} images/s"


def duration(seconds: float) -> str:
    """Hours, minutes and seconds: 3:05, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
