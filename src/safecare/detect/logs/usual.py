"""Detections as pySigma takes them, where the specification allows more than pySigma does."""

from __future__ import annotations

from typing import Any

NAMES = {"utf16le": "wide"}
"""Modifiers that pySigma knows by another name (specification 2.0, modifiers: ``wide`` is an alias of ``utf16le``)."""
PARTS = frozenset({"contains", "startswith", "endswith"})
"""Modifiers that look for a part of a text. A number among their values, written without quotes, means its digits."""


def usual(value: Any) -> Any:
    """Return a detection, or a part of one, with what means the same put as pySigma knows it."""
    if isinstance(value, list):
        return [usual(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, one in value.items():
        if not isinstance(key, str) or "|" not in key:
            found[key] = usual(one)
            continue
        field, *modifiers = key.split("|")
        named = [NAMES.get(name, name) for name in modifiers]
        found["|".join((field, *named))] = one if PARTS.isdisjoint(named) else _digits(one)
    return found


def _digits(value: Any) -> Any:
    """Return whole numbers as text, those of a list too."""
    if isinstance(value, list):
        return [_digits(one) for one in value]
    return str(value) if type(value) is int else value
