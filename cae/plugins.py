"""One registry for each thing that can be plugged in: data sets, models, activations, measures, generators.

A name in a configuration is a built-in one, that of an entry point of an installed package, or "module:attribute".
Checking a name imports nothing: a sweep file from elsewhere may name any module. What is named is imported when its
identity is asked for, which a plan does, or when it is used.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points, packages_distributions, version
from pathlib import Path
from types import ModuleType
from typing import Any

PATTERN = r"^[A-Za-z_]\w*(\.\w+)*:[A-Za-z_]\w*(\.\w+)*$"


class PluginError(ValueError):
    """A plug-in that cannot be used: its name, what is wrong, what to do."""


@dataclass(frozen=True)
class Registry:
    """What one field may name.

    group: of entry points. builtin: name to "module:attribute", text so that nothing is imported before it is used.
    is_valid: whether what was loaded is of the right kind; expected: that kind in words. aliases: what other libraries
    call a built-in one, lower case; suggested, not taken.
    """

    group: str
    builtin: Mapping[str, str]
    expected: str = "something to call"
    is_valid: Callable[[Any], bool] = callable
    aliases: Mapping[str, str] = field(default_factory=dict)

    def check(self, name: str) -> str:
        """The name, if it may be one. Imports nothing. Raises ValueError with the nearest valid name."""
        if name in self.builtin or re.fullmatch(PATTERN, name) or name in _installed(self.group):
            return name
        known = [*self.builtin, *_installed(self.group)]
        alias = self.aliases.get(name.lower())
        near = [alias] if alias else get_close_matches(name.lower(), known, 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else f"valid: {', '.join([*known, 'MODULE:NAME'])}"
        raise ValueError(f"unknown name {name if len(name) <= 80 else name[:77] + '...'!r}; {hint}")

    def is_builtin(self, name: str) -> bool:
        return name in self.builtin

    def load(self, name: str) -> Any:
        """What the name stands for. Raises PluginError."""
        found = _attribute(name, *self._target(name))
        if not self.is_valid(found):
            raise PluginError(f"{name}: is {type(found).__name__}, not {self.expected}")
        return found

    def identity(self, name: str) -> str | None:
        """Name, version and source of a plug-in in one text, None of what is built in. Raises PluginError.

        The source is every Python file of the plug-in's package, or its one module: a function may call its neighbours.
        """
        if name in self.builtin:
            return None
        self.load(name)
        module, attribute = self._target(name)
        entries = [] if ":" in name else _installed(self.group)[name]
        release = next((entry.dist.version for entry in entries if entry.dist), None) or _version(module)
        return f"{module}:{attribute} {release} {_source_digest(sys.modules[module])}"

    def _target(self, name: str) -> tuple[str, str]:
        """Module and attribute."""
        target = self.builtin.get(name) or name
        if ":" not in target:
            entries = _installed(self.group).get(name, [])
            if not entries:
                raise PluginError(f"{name}: no installed package offers it as {self.group}; install the one that does")
            if len(entries) > 1:
                values = ", ".join(sorted(entry.value for entry in entries))
                raise PluginError(f"{name}: {len(entries)} packages offer it as {self.group}; name one: {values}")
            target = entries[0].value
        module, _, attribute = target.partition(":")
        return module, attribute


@cache
def _installed(group: str) -> dict[str, list[EntryPoint]]:
    """Entry points by name, more than one where several packages offer it."""
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=group):
        if all(entry.value != other.value for other in found.get(entry.name, [])):
            found.setdefault(entry.name, []).append(entry)
    return found


def _attribute(name: str, module: str, attribute: str) -> Any:
    found: Any = _module(name, module)
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            near = get_close_matches(part, dir(found), 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise PluginError(f"{name}: {module} has no {attribute}{hint}") from None
    return found


def _module(name: str, module: str) -> ModuleType:
    # The current folder as well, as `python -m` has it, and after all that is installed.
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.append(os.getcwd())
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        what = f"there is no module {error.name}"
        raise PluginError(f"{name}: {what}; install its package, or correct the name") from None
    except (Exception, SystemExit) as error:  # whatever somebody else's code does when it is imported
        raise PluginError(f"{name}: importing {module} fails with {type(error).__name__}: {error}") from error


def _version(module: str) -> str:
    """Of the distribution that the module's package came with; "-" where it came with none."""
    distributions = packages_distributions().get(module.split(".")[0], [])
    return ", ".join(version(name) for name in sorted(set(distributions))) or "-"


@cache
def _source_digest(module: ModuleType) -> str:
    package = sys.modules[module.__name__.split(".")[0]]
    folders = [Path(place) for place in getattr(package, "__path__", [])]
    files = sorted(path for folder in folders for path in folder.rglob("*.py"))
    files = files or [Path(place) for place in [getattr(module, "__file__", None)] if place]
    if not files:
        raise PluginError(f"{module.__name__}: has no source whose identity could be told; name a module in a file")
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
