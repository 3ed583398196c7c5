"""What an HL7 v2 scheduling message (SIU^S12 to S26) says about an appointment.

Source: HL7 v2.5.1, chapter 10.3 (trigger events), 10.6 (SCH, RGS, AIS, AIG, AIL), 4.5.4 (TQ1). Version 2.3 and
2.4 senders give the time in SCH-11, later ones in TQ1-7 or in the resource segments.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Literal

import msgspec

from safecare.formats.hl7 import Hl7, Hl7Error, read_time

Change = Literal["new", "moved", "modified", "cancelled", "discontinued", "deleted", "noshow"]

CHANGES: dict[str, Change] = {
    "S12": "new",
    "S13": "moved",
    "S14": "modified",
    "S15": "cancelled",
    "S16": "discontinued",
    "S17": "deleted",
    "S18": "modified",
    "S19": "modified",
    "S20": "modified",
    "S21": "modified",
    "S22": "modified",
    "S23": "modified",
    "S24": "modified",
    "S26": "noshow",
}
"""Meaning of the trigger events. S18-S22 change a service or resource, S23 and S24 block or open a slot."""

_TIMES = (("SCH", 11, 4), ("TQ1", 7, 1), ("AIS", 4, 1), ("AIG", 8, 1), ("AIL", 6, 1))
"""Where the start stands, most specific for the whole appointment first: segment, field, component."""


class Booking(msgspec.Struct, frozen=True):
    """One scheduling message with clear identifiers: they must be replaced by pseudonyms at once."""

    change: Change
    trigger: str
    appointment: str
    patient: str
    start: datetime | None
    resource: str
    application: str
    sent: datetime | None


def read_booking(message: Hl7, zone: tzinfo = UTC) -> Booking:
    """Return what `message` says; local times are of `zone`. Raises `Hl7Error`: another kind, no appointment id."""
    code, trigger = message.kind
    if code != "SIU":
        raise Hl7Error(f"message type {_code(code)} is not taken here", "MSH-9", "200")
    if trigger not in CHANGES:
        raise Hl7Error(f"event {_code(trigger)} is not a scheduling event", "MSH-9", "201")
    if "SCH" not in message.index:
        raise Hl7Error("is missing", "SCH", "100")
    appointment = message.get("SCH", 2) or message.get("SCH", 1)
    if not appointment:
        raise Hl7Error("neither placer nor filler appointment id", "SCH-1", "101")
    return Booking(
        change=CHANGES[trigger],
        trigger=trigger,
        appointment=appointment[:200],
        patient=_patient(message)[:200],
        start=_start(message, zone),
        resource=_resource(message)[:64],
        application=message.get("MSH", 3)[:100],
        sent=read_time(message.get("MSH", 7), zone),
    )


def _patient(message: Hl7) -> str:
    """Return the patient id: PID-3 with its assigning authority, which makes it unique; PID-2 in old messages."""
    number = message.get("PID", 3)
    authority = message.get("PID", 3, 4)
    return f"{number}@{authority}" if number and authority else number or message.get("PID", 2)


def _code(value: str) -> str:
    """Return a code as a reason may tell it: as it is if it looks like one (table 0076, 0003), else by its length."""
    return repr(value) if len(value) == 3 and value.isascii() and value.isalnum() else f"of {len(value)} characters"


def _start(message: Hl7, zone: tzinfo) -> datetime | None:
    for segment, number, component in _TIMES:
        for fields in message.all(segment):
            for repetition in range(3):
                found = read_time(message.value(fields, number, component, 1, repetition), zone)
                if found:
                    return found
    return None


def _resource(message: Hl7) -> str:
    """Return what is booked, never people: place (AIL-3), resource (AIG-3), schedule (SCH-5), service (AIS-3)."""
    for fields in message.all("AIL"):
        places = [message.value(fields, 3, component) for component in (1, 2)]
        if any(places):
            return "/".join(place for place in places if place)
    for segment, number in (("AIG", 3), ("SCH", 5), ("AIS", 3)):
        for fields in message.all(segment):
            if found := message.value(fields, number):
                return found
    return ""
