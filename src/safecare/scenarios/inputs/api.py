"""What an input looks like: found by itself, described in a scenario file, played through a door of the platform."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from safecare.model.plugins import Found, discover, marked
from safecare.model.text import Text

if TYPE_CHECKING:
    from safecare.scenarios.world import World

T = TypeVar("T", bound=type)


class InputError(RuntimeError):
    """An input could not be put in: no such door, or the door refused it."""


class Input:
    """One thing that happens. Subclasses are also `msgspec.Struct`: their fields are the settings in the file."""

    __slots__ = ()

    def text(self) -> Text:
        """Return what it is, for people."""
        raise NotImplementedError

    def prepare(self, world: World) -> None:
        """Make what takes long to make, before the first step."""

    def play(self, world: World) -> None:
        """Put it in; return when the door has taken it. Raises `InputError`, `OSError`."""
        raise NotImplementedError


def input_kind(name: str) -> Callable[[T], T]:
    """Mark a class as the input `name`."""
    return marked("input_name", name)


def inputs() -> Found[type]:
    """Return all kinds of inputs, those of other packages included."""
    import safecare.scenarios.inputs

    return discover(safecare.scenarios.inputs, "input_name", "safecare.inputs")
