"""HL7 v2 scheduling messages over MLLP; each waits for its acknowledgement (``AA``)."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from datetime import timedelta
from typing import Literal

import msgspec

from safecare.model.text import Text, say
from safecare.scenarios.inputs.api import Input, InputError, input_kind
from safecare.scenarios.make.hl7 import bookings, mass_move, ordinary_day
from safecare.scenarios.world import World

TIMEOUT = 30.0
"""Seconds that the scheduling door has to acknowledge (chosen)."""
START, END = b"\x0b", b"\x1c\r"
"""Frame of a message (HL7 v2, MLLP release 1)."""
ANSWER_LIMIT = 65_536
"""Longest acknowledgement, bytes (chosen: one is some hundred)."""


@input_kind("hl7")
class Hl7(Input, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`bookings`: `count` appointments of `resource` over `days`, and some `changes`; `mass_move`: all to one hour."""

    what: Literal["bookings", "mass_move"]
    resource: str
    count: int = 120
    days: int = 5
    changes: int = 0
    in_days: int = 1
    """Day of the hour to which all are moved, from today."""
    hour: int = 10

    def text(self) -> Text:
        """Return what it is, for people."""
        if self.what == "mass_move":
            return say(
                "HL7 messages over MLLP: every appointment of {resource} moved to one hour", resource=self.resource
            )
        return say(
            "HL7 messages over MLLP: {count} appointments and {changes} ordinary changes",
            count=self.count,
            changes=self.changes,
        )

    def play(self, world: World) -> None:
        """Send in order."""
        now, seed = world.clock.now(), world.seed()
        if self.what == "mass_move":
            booked = world.booked.get(self.resource, [])
            if not booked:
                raise InputError(f"nothing was booked for {self.resource} before")
            to = (now + timedelta(days=self.in_days)).replace(hour=self.hour)
            self._send(world, mass_move(booked, seed=seed, at=now, to=to, every=0.0))
            return
        booked = bookings(
            self.count, seed=seed % 1000, first_day=now + timedelta(days=1), days=self.days, resources=(self.resource,)
        )
        world.booked[self.resource] = booked
        self._send(world, ordinary_day(booked, seed=seed, at=now, changes=self.changes, hours=0.0, every=0.0))

    def _send(self, world: World, messages: Iterable[tuple[object, bytes]]) -> None:
        settings = world.door("hl7")
        with socket.create_connection((str(settings["host"]), int(settings["port"])), TIMEOUT) as link:
            for _, message in messages:
                link.sendall(START + message + END)
                answer = _read(link)
                if b"MSA|AA|" not in answer:
                    raise InputError(f"the scheduling door refused a message: {answer[:200]!r}")


def _read(link: socket.socket) -> bytes:
    answer = b""
    while not answer.endswith(END):
        part = link.recv(4096)
        if not part or len(answer) > ANSWER_LIMIT:
            raise InputError("the scheduling door broke off")
        answer += part
    return answer
