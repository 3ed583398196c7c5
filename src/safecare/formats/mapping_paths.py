"""Paths into JSON: where the rows of a message stand, and what stands in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ALL, PARENT = "*", "parent"
"""In ``records``: all of a list. In a row: what it stood in, without its lists."""
DEEPEST = 16
"""Deepest nesting that a path follows (chosen)."""


def rows_at(told: Any, steps: Sequence[str]) -> list[Any] | None:
    """Return the rows at the path `steps`, None where nothing stands there.

    ``*`` goes through all of a list; the rows below know what they stood in as `PARENT`.
    """
    for place, name in enumerate(steps[:DEEPEST]):
        if name == ALL:
            if not isinstance(told, list):
                return None
            below = [(one, rows_at(one, steps[place + 1 :])) for one in told]
            return [_with_parent(row, one) for one, rows in below for row in rows or ()]
        told = value_at(told, name)
        if told is None:
            return None
    return told if isinstance(told, list) else [told]


def _with_parent(row: Any, parent: Any) -> Any:
    if not isinstance(row, dict) or not isinstance(parent, dict) or row is parent or PARENT in row:
        return row
    return {**row, PARENT: {key: value for key, value in parent.items() if not isinstance(value, list)}}


def value_at(told: Any, path: str) -> Any:
    """Return what stands at the dotted `path` (numbers lead into lists), None where nothing does."""
    for name in path.split(".")[:DEEPEST]:
        if isinstance(told, list) and name.isdecimal() and len(name) < 5:
            told = told[int(name)] if int(name) < len(told) else None
        else:
            told = told.get(name) if isinstance(told, Mapping) else None
        if told is None:
            return None
    return told
