"""The platform's side of the confined worker: starts it, hears its answers, and gives its events their place."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import IO, Literal

import msgspec

from safecare.model.event import Event
from safecare.model.events.network import CommandSeen, IdentitySeen
from safecare.model.hospital import Hospital
from safecare.sources.api import Intake
from safecare.sources.capture.values import Heard, reading
from safecare.sources.capture.worker import Answer, Carved, Failed, Over
from safecare.sources.ends import ends_of
from safecare.sources.files import frames
from safecare.sources.files.gate import Gate, Sender

WORKER = "safecare.sources.capture.worker"


def answers(
    packets: IO[bytes] | int,
    door: str,
    name: str,
    kind: Literal["file", "interface"],
    overtime: float | None,
    only: str = "",
) -> AsyncGenerator[Answer, None]:
    """Start a worker over an open capture or socket and yield what it says; `only`: filter of a capture's packets.

    Raises `WorkerDiedError`.
    """
    last = (Failed, Over) if kind == "file" else ()  # an interface tells again and again how it goes
    return frames.answers(WORKER, packets, door, name, kind, only, kinds=Answer, last=last, overtime=overtime)


async def carved(file: Carved, gate: Gate, intake: Intake) -> None:
    """Have a file judged that the packets carried; it is long at its target, so that it can only be told."""
    sender = Sender(file.source, intake.hospital.at_address("ip", file.source))
    await gate.admit(file.raw, file.media, sender, intake)


def placed(event: Event, hospital: Hospital, seen: datetime) -> Event:
    """Return an event of the worker with the asset and zone that it is about, and when we got it."""
    if isinstance(event, CommandSeen):
        addresses = [event.dst_ip, event.src_ip]
    elif isinstance(event, IdentitySeen):
        addresses = [event.ip]
    else:
        addresses = [getattr(event, "src_ip", ""), getattr(event, "dst_ip", "")]
    return msgspec.structs.replace(event, seen=seen, **ends_of(hospital, *addresses))


def readings(heard: Sequence[Heard], door: str, intake: Intake) -> list[Event]:
    """Return the readings of the hospital's things among values of the wire."""
    seen = intake.clock.now()
    return [event for one in heard if (event := reading(one, intake.hospital, door, seen))]
