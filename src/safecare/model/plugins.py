"""Finding parts by looking at the folders: detectors, sources and channels need no registry.

A part is a class marked by its room's decorator (`detector`, `source`, `channel`). Parts of other
packages come by the entry points ``safecare.detectors``, ``safecare.sources``, ``safecare.channels``.
A part whose library or program is missing steps aside with a reason; it never stops the others.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import shutil
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, Generic, TypeVar

import msgspec

P = TypeVar("P", bound=type)


class Missing(msgspec.Struct, frozen=True):
    """A part that stepped aside: its name (or module) and why."""

    name: str
    reason: str


class Found(msgspec.Struct, Generic[P]):
    """Parts by name, and those that stepped aside."""

    parts: dict[str, P]
    missing: list[Missing]


def marked(mark: str, name: str, /, **facts: object) -> Callable[[P], P]:
    """Return a decorator that makes a class the part `name`: `mark` and `facts` become attributes of it."""

    def set_on(cls: P) -> P:
        for key, value in {mark: name, **facts}.items():
            setattr(cls, key, value)
        return cls

    return set_on


def discover(package: ModuleType, mark: str, group: str) -> Found[Any]:
    """Import all modules below `package` and return the classes that carry the attribute `mark`.

    `mark` names the class attribute that a room's decorator sets to the part's name. Raises `ValueError`
    when two parts have the same name.
    """
    parts: dict[str, type] = {}
    missing: list[Missing] = []
    modules: list[ModuleType] = []
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        try:
            modules.append(importlib.import_module(info.name))
        except ImportError as error:
            missing.append(Missing(info.name, str(error)))
    for point in entry_points(group=group):
        try:
            loaded = point.load()
        except Exception as error:  # noqa: BLE001 - a foreign package may fail in any way; it must not stop ours
            missing.append(Missing(point.name, f"{type(error).__name__}: {error}"))
            continue
        modules.append(loaded if isinstance(loaded, ModuleType) else importlib.import_module(loaded.__module__))
    for module in dict.fromkeys(modules):
        for value in vars(module).values():
            if not isinstance(value, type) or value.__module__ != module.__name__ or mark not in vars(value):
                continue
            name = getattr(value, mark)
            reason = lacking(getattr(value, "needs", ()))
            if reason:
                missing.append(Missing(name, reason))
            elif parts.setdefault(name, value) is not value:
                raise ValueError(f"two parts are called {name}: {parts[name].__module__} and {value.__module__}")
    return Found(dict(sorted(parts.items())), missing)


def lacking(needs: Iterable[str]) -> str:
    """Return what of `needs` is not there, in words; empty if all is there.

    A need is the name of an importable module, or ``program:name`` for an executable on the path.
    """
    for need in needs:
        if need.startswith("program:"):
            if shutil.which(need.removeprefix("program:")) is None:
                return f"program {need.removeprefix('program:')} is not installed"
        elif importlib.util.find_spec(need) is None:
            return f"library {need} is not installed"
    return ""
