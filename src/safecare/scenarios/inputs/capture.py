"""A packet capture dropped into the folder that the capture door watches."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from safecare.model.text import Ref, Text, say
from safecare.scenarios.inputs.api import Input, input_kind
from safecare.scenarios.make.network import attack_capture, normal_capture
from safecare.scenarios.world import World


@input_kind("capture")
class Capture(Input, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`attack`: `station` scans `count` neighbours on `port`, then is let in by `server`; `normal`: a day's talk."""

    what: Literal["attack", "normal"]
    station: str = ""
    server: str = ""
    port: str = "445"
    count: int = 30

    def text(self) -> Text:
        """Return what it is, for people."""
        if self.what == "attack":
            return say(
                "Packet capture: {station} scans its network, then enters {server}",
                station=Ref(self.station),
                server=Ref(self.server),
            )
        return say("Packet capture: {count} ordinary conversations", count=self.count)

    def play(self, world: World) -> None:
        """Write beside, then rename: the door never sees half a file."""
        folder = Path(str(world.door("capture")["folder"]))
        world.drop(folder, f"sensor-{world.clock.now():%Y%m%dT%H%M%S}-{world.seed()}.pcap", self._raw(world))

    def _raw(self, world: World) -> bytes:
        now, stations = world.clock.now(), world.ips("workstation")
        if self.what == "normal":
            return normal_capture(world.seed(), now, stations, world.ips("server"), self.count)
        own = world.ip(self.station)
        neighbours = [ip for ip in stations if ip != own][: self.count]
        return attack_capture(now, own, neighbours, world.ip(self.server), service=int(self.port))
