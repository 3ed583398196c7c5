"""Extended data of SIA DC-09: blocks ``[Ktext]`` behind a message's data, one letter says what each holds.

Taken are when it happened (H), where (X, Y, Z; L, R and O in words), what triggered it (T) and where to look or listen
(V). Passed over are texts that may name people (I, S), keys, hashes, addresses and programming. Source: ANSI/SIA
DC-09-2021, 5.5.2.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

MOST = 16
"""Most blocks that are looked at (chosen: the standard has 20 letters, a message some)."""
LONGEST = 120
"""Most characters of one block that are kept (chosen: a link)."""
WHOLE = 300
"""Most characters of all that is kept (chosen)."""
KEPT = "TLROXYZV"
"""Blocks that are kept as they are, in this order."""

_BLOCK = re.compile(r"\[([A-Z])([^\[\]]*)\]")
_MOMENT = re.compile(r"_?(\d{2}):(\d{2}):(\d{2}),(\d{2})-(\d{2})-(\d{4})$")


class Extended(msgspec.Struct, frozen=True):
    """When it happened, if that is told, and the rest in the sender's words: ``X093W23.456 Y45N23.456``."""

    at: datetime | None = None
    told: str = ""


def moment(text: str) -> datetime | None:
    """Return the time of ``13:59:58,12-31-2012`` (UTC), None where it has another form. Raises `ValueError`."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return None
    hour, minute, second, month, day, year = map(int, found.groups())
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def extended(text: str) -> Extended:
    """Read what stands behind the data; what is spoilt in it is passed over, for the alarm itself is whole."""
    blocks: dict[str, str] = {}
    for found in list(_BLOCK.finditer(text[: LONGEST * MOST * 4]))[:MOST]:
        blocks.setdefault(found[1], found[2])
    try:
        at = moment(blocks.get("H", ""))
    except ValueError:
        at = None
    told = " ".join(f"{key}{blocks[key][:LONGEST]}" for key in KEPT if blocks.get(key))
    return Extended(at, "".join(one if one.isprintable() else " " for one in told)[:WHOLE])
