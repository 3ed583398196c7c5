"""A call by ESPA 4.4.4 over a TCP line, as a fire panel or nurse call makes it: played when it is acknowledged."""

from __future__ import annotations

import socket

import msgspec

from safecare.formats.alarm import espa
from safecare.model.text import Ref, Text, say
from safecare.scenarios.inputs.api import Input, InputError, input_kind
from safecare.scenarios.world import World

TIMEOUT = 30.0
"""Seconds that the door has to answer (chosen)."""


@input_kind("espa")
class Espa(Input, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The call address of `asset` is called with `words`; `over`: the call is reset."""

    asset: str
    words: str
    over: bool = False

    def text(self) -> Text:
        """Return what it is, for people."""
        return say("Call by ESPA 4.4.4 for {device}: {what}", device=Ref(self.asset), what=self.words)

    def play(self, world: World) -> None:
        """Select the station, send the block, end."""
        address, settings = world.address(self.asset, "espa"), world.door("espa")
        # records: 1 call address, 2 display text, 4 call type (1 reset, 3 standard call), 6 priority (1 alarm)
        records = {"1": address, "2": self.words, "4": "1" if self.over else "3", "6": "1"}
        station = str(settings.get("station", "2"))
        with socket.create_connection((str(settings["host"]), int(settings["port"])), TIMEOUT) as line:
            for sent in (b"1\x05" + station.encode() + b"\x05", espa.framed("1", records)):
                line.sendall(sent)
                if (answer := line.recv(1)) != bytes([espa.ACK]):
                    raise InputError(f"the door for calls did not acknowledge: {answer!r}")
            line.sendall(bytes([espa.EOT]))
