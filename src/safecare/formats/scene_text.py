"""Writes a zones file (`safecare.formats.scene`) with one line for each zone and mask, and tells what a line is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

_LISTS = ("zones", "masks")


def compose(file: Mapping[str, Any]) -> str:
    """Return `file`, whatever it holds, as text for the reader of zones files. Values are JSON, a part of YAML."""
    lines: list[str] = []
    for name, value in file.items():
        if name in _LISTS and isinstance(value, Sequence) and not isinstance(value, str) and value:
            lines += [f"{_json(name)}:", *(f"  - {_json(one)}" for one in value)]
        else:
            lines.append(f"{_json(name)}: {_json(value)}")
    return "".join(f"{line}\n" for line in lines)


def place_of(text: str, line: int) -> str:
    """Return whose line number `line` (from 1) of a composed `text` is: the zone's id, else the field's name."""
    lines = text.split("\n")[: max(line, 0)]
    if not lines:
        return ""
    last = lines[-1]
    if not last.startswith("  - "):
        return last.partition(":")[0].strip('"')
    try:
        value = msgspec.json.decode(last[4:])
    except msgspec.DecodeError:
        return ""
    if isinstance(value, dict) and isinstance(value.get("id"), str):
        return str(value["id"])
    return next((one.partition(":")[0].strip('"') for one in reversed(lines) if not one.startswith(" ")), "")


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
