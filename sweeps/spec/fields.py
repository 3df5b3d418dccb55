"""The fields of a run by their full names, and what each of them takes."""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from cae.config import RunConfig, flatten

FIELDS = {
    f"{section}.{name}": info
    for section, part in RunConfig.model_fields.items()
    for name, info in part.annotation.model_fields.items()  # type: ignore[union-attr]
}

DEFAULTS = flatten(RunConfig())
SEED = "training.seed"


def nearest(name: str, valid: Any) -> str:
    """ "; did you mean X?" for the most similar of the valid names, else the list of them where it is short."""
    names = [str(v) for v in valid]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    # A forgotten section ("latent_dim") is nearer to "model.latent_dim" than letters tell.
    close = [full for full in names if full.endswith((f".{name}", f"/{name}"))] or close
    if close:
        return f"; did you mean {close[0]}?"
    return f"; valid: {', '.join(names)}" if names and len(names) <= 12 else ""


def shown(value: Any) -> str:
    """The value as messages show it: of a long one the beginning."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def printable(text: str) -> str:
    """The text as one line, what cannot be printed as its escape."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def check_value(name: str, value: Any) -> Any:
    """The value as the field of RunConfig called `name` takes it, in plain YAML types. Raises ValueError."""
    if name not in FIELDS:
        raise ValueError(f"{name} is not a field of a run{nearest(name, FIELDS)}")
    adapter = _adapter(name)
    try:
        checked = adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{name}: {shown(value)} does not fit: {words_of(first)}") from None
    return adapter.dump_python(checked, mode="json")


def _adapter(name: str) -> TypeAdapter[Any]:
    info = FIELDS[name]
    return TypeAdapter(Annotated[info.annotation, *info.metadata, Field()])  # type: ignore[arg-type]


def numbers_of(name: str) -> Literal["whole", "all"] | None:
    """Which numbers a field takes; None where its values are no numbers, of which none is less than another."""
    described = _adapter(name).json_schema()
    kinds = {part.get("type") for part in described.get("anyOf", [described])}
    return "all" if "number" in kinds else "whole" if "integer" in kinds else None


def end_value(name: str, end: float) -> Any:
    """The end of a range as its field takes it: an int where it takes whole numbers alone. Raises ValueError."""
    return check_value(name, int(end) if end.is_integer() else end)


def words_of(error: Any) -> str:
    """Pydantic's message without its prefixes, with the offending value where the message lacks it."""
    text = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] in ("value_error", "missing"):
        return text
    if error["type"] in ("model_type", "dict_type"):
        return f"a mapping is needed ({{...}}), not {shown(error['input'])}"
    if error["type"].startswith("bool_"):
        return f"write true or false, not {shown(error['input'])}"
    choices = error.get("ctx", {}).get("expected", "")
    near = (
        nearest(str(error["input"]), [c.strip(" '") for c in choices.replace(" or ", ", ").split(",")])
        if choices
        else ""
    )
    return f"{text[0].lower()}{text[1:]}, not {shown(error['input'])}{near}"
