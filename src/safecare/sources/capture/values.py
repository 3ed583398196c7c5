"""Values that pass by on the wire, as readings of the hospital's things: nothing is asked of any device.

An asset says by its address ``wire`` where its values are heard (``10.7.0.21``, or ``10.7.0.21/3`` for unit 3 behind a
gateway), and by its points which ones they are: ``holding:4`` for Modbus, ``analog-input:1`` for BACnet (its present
value).
Source: Modbus application protocol V1.1b3, 6.1 to 6.4 (answers to readings); ASHRAE 135, 15.5 (ReadProperty), 15.7
(ReadPropertyMultiple), 13.14 (notifications of changes).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from safecare.formats.packets.dissect import Found, Spoken
from safecare.model.event import Event
from safecare.model.events.building import PointChanged, Reading
from safecare.model.hospital import Hospital

CHANGE = 0.02
"""Share of itself by which a value must change to be told before its turn (chosen: noise of sensors)."""
MOST = 50_000
"""Values remembered at the same time (chosen: a large hospital's points; the oldest tenth is forgotten)."""
_STATES = {"active": 1.0, "inactive": 0.0}


class Heard(msgspec.Struct, frozen=True, array_like=True):
    """A raw value that a device gave: seconds since 1970, its address and unit, register or object, the value."""

    at: float
    ip: str
    unit: str
    register: str
    value: float


@dataclass
class WireValues:
    """Picks values out of what is said; each is given when it changes, and once in `every` seconds."""

    every: float = 30.0
    _last: dict[tuple[str, str, str], tuple[float, float]] = field(default_factory=dict)

    def heard(self, found: Found) -> Iterator[Heard]:
        """Yield the values of one finding that are news."""
        if not isinstance(found, Spoken):
            return
        for unit, register, value in _values(found):
            key = (found.src, unit, register)
            before, at = self._last.get(key, (math.inf, -math.inf))
            if found.at - at < self.every and abs(value - before) <= CHANGE * abs(before):
                continue
            if len(self._last) >= MOST:
                for old in list(self._last)[: MOST // 10]:
                    del self._last[old]
            self._last[key] = (value, found.at)
            yield Heard(found.at, found.src, unit, register, value)


def reading(heard: Heard, hospital: Hospital, source: str, seen: datetime | None = None) -> Event | None:
    """Return the reading that a value is; None where no asset says that it is its own."""
    asset = hospital.at_address("wire", f"{heard.ip}/{heard.unit}") or hospital.at_address("wire", heard.ip)
    point = next((one for one in asset.points if one.register == heard.register), None) if asset else None
    if asset is None or point is None:
        return None
    at = datetime.fromtimestamp(min(max(heard.at, 0.0), 2**33), UTC)
    common: dict[str, Any] = {
        "id": Event.id_for(at, source, f"{asset.id}\x1f{point.name}"),
        "at": at,
        "seen": seen or at,
        "source": source,
        "site": asset.site,
        "asset": asset.id,
        "zone": asset.zone,
    }
    if not point.unit:
        return PointChanged(**common, point=point.name, on=bool(heard.value))
    whole = heard.register.startswith(("holding", "input")) and point.signed and heard.value > 0x7FFF
    value = (heard.value - 0x10000 if whole else heard.value) * point.scale
    return Reading(**common, quantity=point.name, value=value, unit=point.unit)


def _values(found: Spoken) -> Iterator[tuple[str, str, float]]:
    """Yield unit, register and value."""
    message = found.message
    if message.protocol == "modbus" and message.kind == "response" and message.operation == "read":
        place, address = message.target.partition(":")[0], message.fields.get("address", -1)
        if place and address >= 0:
            for offset, value in enumerate(message.fields.get("values", ())):
                yield message.unit, f"{place}:{address + offset}", float(value)
    elif message.protocol == "bacnet":
        told = message.fields.get("properties") if message.kind == "response" else message.fields.get("changes")
        for row in told or ():
            if row["property"] == "present-value" and row["value"] not in (None, ""):
                value = _number(str(row["value"]))
                if value is not None:
                    yield "", f"{row['object_type']}:{row['instance_number']}", value


def _number(text: str) -> float | None:
    try:
        value = _STATES[text] if text in _STATES else float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
