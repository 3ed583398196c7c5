"""Nodes to the model's types, driven by the types themselves. Every misfit is told with its place."""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from functools import cache
from typing import Any, Final, Literal, NewType, Union, get_args, get_origin, get_type_hints

import msgspec

from safecare.formats.hospital.nodes import Node
from safecare.formats.hospital.problems import Problems
from safecare.formats.hospital.units import seconds
from safecare.model.hospital import Dependency, Route, Zone
from safecare.model.text import say

Reader = Callable[[Node, Problems], Any]

FAILED: Final = object()
"""What a reader gives when the value can't be used; the reason is in the problems."""

MOST_NUMBER = 1e12
"""Largest number. Chosen: far above any length, time or rate here, far below what loses precision."""

_INT = re.compile(r"[+-]?\d{1,15}")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")


def read_struct(node: Node, kind: type[Any], problems: Problems, extra: dict[str, Any] | None = None) -> Any:
    """Return a `kind` made of `node`, or `FAILED`. `extra` are fields that do not stand in the file."""
    if not isinstance(node.value, dict):
        problems.error(node, say("Here must stand fields with their values."))
        return FAILED
    readers, required = _fields(kind)  # type: ignore[arg-type]  # a class is hashable
    values = dict(extra or {})
    whole = True
    for name, value in node.value.items():
        if name not in readers or name in (extra or {}):
            problems.error(node.keys[name], say("There is no field {name} here.", name=name))
            continue
        values[name] = readers[name](value, problems)
        whole = whole and values[name] is not FAILED
    for name in sorted(required - values.keys()):
        whole = False
        problems.error(node, say("The field {name} is missing.", name=name))
    return kind(**values) if whole else FAILED


def read_any(node: Node, problems: Problems) -> Any:
    """Return what a free field (settings) holds: text, numbers, booleans, lists, dicts."""
    if isinstance(node.value, dict):
        return {name: read_any(value, problems) for name, value in node.value.items()}
    if isinstance(node.value, list):
        return [read_any(value, problems) for value in node.value]
    if not node.plain:
        return node.value
    if node.value in ("true", "false"):
        return node.value == "true"
    if node.value in ("", "~", "null"):
        return None
    if _INT.fullmatch(node.value):
        return int(node.value)
    return float(node.value) if _FLOAT.fullmatch(node.value) else node.value


def read_text(node: Node, problems: Problems) -> Any:
    """Return the text that stands here."""
    if isinstance(node.value, str) and node.value.strip() and not (node.plain and node.value in ("~", "null")):
        return node.value
    problems.error(node, say("Here must stand a text."))
    return FAILED


def read_int(node: Node, problems: Problems) -> Any:
    """Return the whole number that stands here."""
    if node.plain and isinstance(node.value, str) and _INT.fullmatch(node.value):
        return int(node.value)
    problems.error(node, say("Here must stand a whole number."))
    return FAILED


def read_float(node: Node, problems: Problems) -> Any:
    """Return the number that stands here."""
    if node.plain and isinstance(node.value, str) and _FLOAT.fullmatch(node.value):
        value = float(node.value)
        if abs(value) <= MOST_NUMBER:
            return value
    problems.error(node, say("Here must stand a number."))
    return FAILED


def read_bool(node: Node, problems: Problems) -> Any:
    """Return whether ``true`` or ``false`` stands here."""
    if node.plain and node.value in ("true", "false"):
        return node.value == "true"
    problems.error(node, say("Here must stand true or false."))
    return FAILED


def read_seconds(node: Node, problems: Problems) -> Any:
    """Return the duration that stands here, in seconds."""
    try:
        value = seconds(node.value if isinstance(node.value, str) else "")
    except ValueError:
        problems.error(node, say("Here must stand a duration with a unit: s, min, h or d, for example 15 min."))
        return FAILED
    if value < 0:
        problems.error(node, say("A duration can't be negative."))
        return FAILED
    return min(value, MOST_NUMBER)


def read_delay(node: Node, problems: Problems) -> Any:
    """Return (shortest, usual, longest): three durations, or one that is all three."""
    return _triple(node, problems, read_seconds)


def read_probability(node: Node, problems: Problems) -> Any:
    """Return (low, usual, high): three probabilities, or one that is all three."""
    triple = _triple(node, problems, read_float)
    if triple is not FAILED and not all(0.0 <= part <= 1.0 for part in triple):
        problems.error(node, say("A probability lies between 0 and 1."))
        return FAILED
    return triple


def _triple(node: Node, problems: Problems, reader: Reader) -> Any:
    if not isinstance(node.value, list):
        value = reader(node, problems)
        return FAILED if value is FAILED else (value, value, value)
    if len(node.value) != 3:
        problems.error(node, say("Here must stand three values: low, usual and high."))
        return FAILED
    values = tuple(reader(item, problems) for item in node.value)
    if FAILED in values:
        return FAILED
    if list(values) != sorted(values):
        problems.error(node, say("The three values must rise: low, usual, high."))
        return FAILED
    return values


_SPECIAL: dict[tuple[type, str], Reader] = {
    (Dependency, "delay"): read_delay,
    (Dependency, "probability"): read_probability,
    (Route, "answer_within"): read_seconds,
    (Zone, "loiter_after"): read_seconds,
}
"""Fields that people write in another way than the model keeps them."""

_SIMPLE: dict[Any, Reader] = {str: read_text, int: read_int, float: read_float, bool: read_bool, Any: read_any}


@cache
def _fields(kind: type[Any]) -> tuple[dict[str, Reader], frozenset[str]]:
    """Return the readers of a type's fields by name, and the names of those that must be there."""
    hints = get_type_hints(kind)
    info = msgspec.structs.fields(kind)
    readers = {field.name: _SPECIAL.get((kind, field.name)) or _reader(hints[field.name]) for field in info}
    return readers, frozenset(field.name for field in info if field.required)


@cache
def _reader(hint: Any) -> Reader:
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if isinstance(hint, NewType):
        return _reader(hint.__supertype__)
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        [inner] = [arg for arg in args if arg is not type(None)]
        return _reader(inner)
    if origin is Literal:
        return _choice(args)
    if origin is dict:
        return _mapping(_reader(args[1]))
    if origin is tuple:
        return _many(_reader(args[0])) if args[-1] is Ellipsis else _exactly([_reader(arg) for arg in args])
    return lambda node, problems: read_struct(node, hint, problems)


def _choice(options: tuple[str, ...]) -> Reader:
    def read(node: Node, problems: Problems) -> Any:
        if node.value in options:
            return node.value
        problems.error(node, say("Here must stand one of: {options}.", options=", ".join(options)))
        return FAILED

    return read


def _mapping(inner: Reader) -> Reader:
    def read(node: Node, problems: Problems) -> Any:
        if not isinstance(node.value, dict):
            problems.error(node, say("Here must stand fields with their values."))
            return FAILED
        values = {name: inner(value, problems) for name, value in node.value.items()}
        return FAILED if FAILED in values.values() else values

    return read


def _many(inner: Reader) -> Reader:
    def read(node: Node, problems: Problems) -> Any:
        if not isinstance(node.value, list):
            problems.error(node, say("Here must stand a list."))
            return FAILED
        values = tuple(inner(item, problems) for item in node.value)
        return FAILED if any(value is FAILED for value in values) else values

    return read


def _exactly(inner: list[Reader]) -> Reader:
    def read(node: Node, problems: Problems) -> Any:
        if not isinstance(node.value, list) or len(node.value) != len(inner):
            problems.error(node, say("Here must stand a list of {count} values.", count=len(inner)))
            return FAILED
        values = tuple(one(item, problems) for one, item in zip(inner, node.value, strict=True))
        return FAILED if any(value is FAILED for value in values) else values

    return read
