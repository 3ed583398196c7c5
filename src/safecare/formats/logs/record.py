"""A log record: flat fields, its place in the file it came from, and its own time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

Value = str | int | None | tuple[str | int | None, ...]
Fields = dict[str, Value]

DEPTH = 12
"""Levels of nesting that are flattened (chosen: cloud audit logs have 7); deeper ones are kept as JSON text."""
FIELDS = 2_000
"""Most fields of one record (chosen: ten times what the widest real ones have)."""
ELEMENTS = 1_000
"""Most elements of one list that are kept (chosen)."""


class LogRecord(msgspec.Struct, frozen=True):
    """One record. `number`: its own (Windows) or its place (1 = first); `line`: where it starts, or 0."""

    fields: Fields
    number: int
    line: int = 0
    at: datetime | None = None
    ref: str = ""
    """What else names it, for whoever keeps it (an event's id)."""


class Unread(msgspec.Struct, frozen=True):
    """A part of a file that can't be read: where, and why. `raw` are its bytes where they are few."""

    place: str
    reason: str
    raw: bytes = b""


Read = LogRecord | Unread


def flat(value: Mapping[str, Any], prefix: str = "") -> Fields:
    """Return nested values as flat fields: names joined by dots, lists as tuples, true and false as text."""
    fields: Fields = {}
    for name, one in value.items():
        kind = type(one)
        if kind is str or kind is int:  # most, and nothing to do
            fields[prefix + name] = one
        else:
            flatten(prefix + name, one, fields, 1)
    if len(fields) > FIELDS:
        raise ValueError(f"{len(fields)} fields are over the limit of {FIELDS}")
    return fields


def flatten(name: str, value: Any, fields: Fields, depth: int) -> None:
    """Add `value`, which stands under `name` at `depth` levels, to `fields`."""
    if isinstance(value, dict):
        if depth > DEPTH or len(fields) > FIELDS:
            fields[name] = msgspec.json.encode(value).decode()
            return
        for key, one in value.items():
            flatten(f"{name}.{key}", one, fields, depth + 1)
    elif isinstance(value, list):
        _list(name, value, fields, depth)
    else:
        fields[name] = plain(value)


def _list(name: str, values: list[Any], fields: Fields, depth: int) -> None:
    """Add a list: plain values as a tuple; of mappings each field as the tuple of its values."""
    plain_ones: list[str | int | None] = []
    nested: dict[str, list[str | int | None]] = {}
    for one in values[:ELEMENTS]:
        if isinstance(one, dict | list):
            inner: Fields = {}
            if depth <= DEPTH:
                flatten(name, one, inner, depth + 1)
            else:
                inner[name] = msgspec.json.encode(one).decode()
            for key, value in inner.items():
                nested.setdefault(key, []).extend(value if isinstance(value, tuple) else (value,))
        else:
            plain_ones.append(plain(one))
    if plain_ones or not nested:
        fields[name] = (*plain_ones, *nested.pop(name, ()))[:ELEMENTS]
    for key, some in nested.items():
        fields[key] = tuple(some[:ELEMENTS])


def plain(value: Any) -> str | int | None:
    """Return a scalar as text, whole number or None; truth as ``true`` and ``false``, as rules write it."""
    if value is None or type(value) is int or type(value) is str:
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


TIMES = (
    "SystemTime", "UtcTime", "@timestamp", "timestamp", "TimeCreated", "eventTime", "time", "ts", "date",
)  # fmt: skip
"""Fields that tell a record's own time, the surest first."""


def time_of(fields: Mapping[str, Value]) -> datetime | None:
    """Return the record's own time in UTC, None where it has none that can be read."""
    for name in TIMES:
        value = fields.get(name)
        if value is None or isinstance(value, tuple):
            continue
        found = read_time(value)
        if found is not None:
            return found
    return None


def read_time(value: str | int) -> datetime | None:
    """Return a time written in ISO 8601 or as (milli)seconds since 1970; without an offset it is taken for UTC."""
    try:
        if isinstance(value, int):
            return datetime.fromtimestamp(value / 1000 if value > 10**11 else value, UTC)
        at = datetime.fromisoformat(value.removesuffix(" UTC").strip()[:40])
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None
