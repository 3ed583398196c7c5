"""Messages of an alarm panel by SIA DC-09 over TCP: played when the door has acknowledged (ACK)."""

from __future__ import annotations

import socket

import msgspec

from safecare.formats.alarm import dc09
from safecare.model.text import Ref, Text, say
from safecare.scenarios.inputs.api import Input, InputError, input_kind
from safecare.scenarios.world import World

TIMEOUT = 30.0
"""Seconds that the door has to answer (chosen)."""


@input_kind("sia")
class Sia(Input, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`says`: SIA event codes (``BA``) in order about `asset`: a panel, or a zone of one; empty: a sign of life."""

    asset: str
    says: tuple[str, ...] = ()

    def text(self) -> Text:
        """Return what it is, for people."""
        if not self.says:
            return say("SIA DC-09: sign of life of {device}", device=Ref(self.asset))
        return say("SIA DC-09 messages of {device}: {what}", device=Ref(self.asset), what=", ".join(self.says))

    def play(self, world: World) -> None:
        """Send in order."""
        account, _, zone = world.address(self.asset, "sia").partition("/")
        settings = world.door("sia-dc09")
        with socket.create_connection((str(settings["host"]), int(settings["port"])), TIMEOUT) as link:
            decoder = dc09.Decoder()
            for code in self.says or ("",):
                stamp = f"_{world.clock.now():%H:%M:%S,%m-%d-%Y}"
                head = f"{1 + world.seed() % 9999:04}L0#{account}["
                told = f'"SIA-DCS"{head}#{account}|Nri0/{code}{zone}]' if code else f'"NULL"{head}]'
                link.sendall(dc09.framed(told + stamp))
                answers = list(decoder.feed(link.recv(dc09.LIMIT)))
                if not any(b'"ACK"' in one for one in answers):
                    raise InputError(f"the door for panels did not acknowledge: {answers[:1]!r}")
