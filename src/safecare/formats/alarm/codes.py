"""Codes of alarm panels in our words: what an SIA or Contact ID code says, as keys of a field message."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import yaml

from safecare.model.layout import laid_out

ON: dict[str, dict[str, Any]] = {
    "fire": {"fire": "alarm"},
    "fire_early": {"fire": "prealarm"},
    "fire_fault": {"fire": "fault"},
    "supply": {"supply": "lost"},
    "granted": {"access": "granted", "means": "code"},
    "denied": {"access": "denied"},
}
"""Kinds that are no `alarm` of a field message, as they begin; all others are."""
OFF: dict[str, dict[str, Any]] = {
    "fire": {"fire": "normal"},
    "fire_fault": {"fire": "normal"},
    "supply": {"supply": "normal"},
}
CLOSING = "armed"
"""The kind whose Contact ID qualifier is the other way round: 1 = opening, 3 = closing."""
BY_USER = frozenset({"armed", "duress", "test", "granted", "denied", "note"})
"""Kinds whose number is a user's, or has many meanings: not a zone's."""


class Code(msgspec.Struct, frozen=True):
    """One row of the table."""

    begins: tuple[str, ...]
    ends: tuple[str, ...]
    cid: tuple[str, ...]


class Meaning(msgspec.Struct, frozen=True):
    """What a code says: our kind, begun or over, and the keys of a field message."""

    kind: str
    said: dict[str, Any]


@cache
def _tables() -> tuple[dict[str, tuple[str, bool]], dict[str, str], list[tuple[str, str]]]:
    raw = (files("safecare.formats.alarm") / "codes.yaml").read_text("utf-8")
    table = msgspec.convert(yaml.safe_load(raw), laid_out(dict[str, Code]))
    sia = {code: (kind, True) for kind, row in table.items() for code in row.begins}
    sia |= {code: (kind, False) for kind, row in table.items() for code in row.ends}
    exact = {code: kind for kind, row in table.items() for code in row.cid if "?" not in code}
    patterns = [(code.replace("?", ""), kind) for kind, row in table.items() for code in row.cid if "?" in code]
    return sia, exact, patterns


def sia_meaning(code: str) -> Meaning | None:
    """Return what the SIA event code (two letters) says; None for one that is not in the table."""
    found = _tables()[0].get(code)
    return None if found is None else _meaning(found[0], code, on=found[1])


def cid_meaning(qualifier: str, code: str) -> Meaning | None:
    """Return what the Contact ID code (three digits) says; None for one that is not in the table."""
    _, exact, patterns = _tables()
    kind = exact.get(code) or next((kind for start, kind in patterns if code.startswith(start)), None)
    if kind is None:
        return None
    return _meaning(kind, qualifier + code, on=(qualifier != "3") != (kind == CLOSING))


def _meaning(kind: str, code: str, *, on: bool) -> Meaning | None:
    if kind in ON:
        said = ON[kind] if on else OFF.get(kind)
        return Meaning(kind, said | {"code": code}) if said else None
    return Meaning(kind, {"alarm": kind, "active": on, "code": code})
