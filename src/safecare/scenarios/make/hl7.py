"""HL7 v2.5 scheduling messages (SIU) for scenarios and tests: an ordinary day, and all moved to one hour.

Made-up patients and numbers; seeded: same input, same messages. Times are written in UTC with their offset.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

RESOURCES = ("VACC", "CARDIO", "RADIO", "PEDIA")
"""Resources that are booked when none are given."""
SLOT = timedelta(minutes=10)
OPENING, CLOSING = 8, 17
"""Consultation hours, in the time that the caller's days are in."""
_CHANGES = (("S13", 0.35), ("S14", 0.25), ("S15", 0.25), ("S26", 0.15))
"""Mix of changes on an ordinary day: assumed, since no public log of a scheduling link was found."""


@dataclass(frozen=True)
class Appointment:
    """One appointment as the sender knows it."""

    number: str
    patient: str
    resource: str
    start: datetime


def siu(
    trigger: str,
    appointment: Appointment,
    *,
    at: datetime,
    control: str,
    application: str = "APPOINT",
    facility: str = "AURORE",
) -> bytes:
    """Return one SIU message (S12 new, S13 moved, S14 changed, S15 cancelled, S17 deleted, S26 not there)."""
    stamp = at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    start = appointment.start.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    header = rf"MSH|^~\&|{application}|{facility}|SAFECARE|{facility}|{stamp}||SIU^{trigger}^SIU_S12|{control}|P|2.5"
    segments = (
        header + "||||||UNICODE UTF-8",
        f"SCH|{appointment.number}|{appointment.number}||||||NORMAL|10|min|",
        f"TQ1|1||||||{start}",
        f"PID|1||{appointment.patient}^^^{facility}^PI||TEST^PATIENT",
        "RGS|1|A",
        f"AIS|1|A|CONSULT^Consultation|{start}",
        f"AIL|1|A|{appointment.resource}",
    )
    return ("\r".join(segments) + "\r").encode()


def bookings(
    count: int, *, seed: int, first_day: datetime, days: int = 5, resources: Sequence[str] = RESOURCES
) -> list[Appointment]:
    """Return `count` appointments spread over the consultation hours of `days` days from `first_day`."""
    rng = random.Random(f"bookings{seed}")
    slots = int((CLOSING - OPENING) * 3600 / SLOT.total_seconds())
    midnight = first_day.replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        Appointment(
            number=f"RDV{seed:03d}{number:06d}",
            patient=f"IPP{rng.randrange(10**8):08d}",
            resource=resources[number % len(resources)],
            start=midnight + timedelta(days=rng.randrange(days), hours=OPENING) + rng.randrange(slots) * SLOT,
        )
        for number in range(count)
    ]


def ordinary_day(
    booked: Sequence[Appointment],
    *,
    seed: int,
    at: datetime,
    changes: int,
    hours: float = 8.0,
    days: int = 5,
    every: float = 0.5,
    application: str = "APPOINT",
) -> list[tuple[datetime, bytes]]:
    """Return (time, message): all of `booked` announced, one every `every` seconds, then `changes` over `hours`."""
    rng = random.Random(f"day{seed}")
    out = [(at + timedelta(seconds=number * every), "S12", appointment) for number, appointment in enumerate(booked)]
    begin = at + timedelta(seconds=len(booked) * every)
    for moment in sorted(rng.uniform(0, hours * 3600) for _ in range(changes)):
        appointment = rng.choice(booked)
        trigger = rng.choices([name for name, _ in _CHANGES], [share for _, share in _CHANGES])[0]
        if trigger == "S13":
            other = appointment.start + timedelta(days=rng.randrange(1, days + 1))
            hour = rng.randrange(OPENING, CLOSING)
            appointment = replace(appointment, start=other.replace(hour=hour, minute=10 * rng.randrange(6)))
        out.append((begin + timedelta(seconds=moment), trigger, appointment))
    return [
        (when, siu(trigger, one, at=when, control=f"D{seed}{number:07d}", application=application))
        for number, (when, trigger, one) in enumerate(out)
    ]


def mass_move(
    booked: Sequence[Appointment],
    *,
    seed: int,
    at: datetime,
    to: datetime,
    every: float = 0.5,
    application: str = "APPOINT",
) -> list[tuple[datetime, bytes]]:
    """Return (time, message): every appointment of `booked` moved to the hour of `to`, one every `every` seconds."""
    rng = random.Random(f"mass{seed}")
    order = rng.sample(list(booked), len(booked))
    hour = to.replace(minute=0, second=0, microsecond=0)
    out: list[tuple[datetime, bytes]] = []
    for number, appointment in enumerate(order):
        when = at + timedelta(seconds=number * every)
        moved = replace(appointment, start=hour)
        out.append((when, siu("S13", moved, at=when, control=f"M{seed}{number:07d}", application=application)))
    return out


def absence(
    booked: Sequence[Appointment],
    *,
    seed: int,
    at: datetime,
    days: int = 4,
    every: float = 60.0,
    application: str = "APPOINT",
) -> list[tuple[datetime, bytes]]:
    """Return (time, message): a physician is away, each appointment keeps its hour and goes to one of the next days."""
    rng = random.Random(f"absence{seed}")
    out: list[tuple[datetime, bytes]] = []
    for number, appointment in enumerate(booked):
        when = at + timedelta(seconds=number * every)
        moved = replace(appointment, start=appointment.start + timedelta(days=rng.randrange(1, days + 1)))
        out.append((when, siu("S13", moved, at=when, control=f"A{seed}{number:07d}", application=application)))
    return out
