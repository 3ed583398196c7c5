"""Suricata records appended to the file that the EVE door follows, as the sensor itself does it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from safecare.model.text import Ref, Text, say
from safecare.scenarios.inputs.api import Input, input_kind
from safecare.scenarios.make.network import eve_alert, foothold_eve, normal_eve
from safecare.scenarios.world import World


@input_kind("eve")
class Eve(Input, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`foothold`: what a sensor sees of malware on `station`; `odd`: one unclear match there; `normal`: a day."""

    what: Literal["foothold", "odd", "normal"]
    station: str = ""
    count: int = 200
    """Records of a normal day."""

    def text(self) -> Text:
        """Return what it is, for people."""
        match self.what:
            case "foothold":
                return say("Suricata records: {station} calls its new master", station=Ref(self.station))
            case "odd":
                return say("Suricata record: an unclear match on {station}", station=Ref(self.station))
            case _:
                return say("Suricata records: {count} of ordinary traffic", count=self.count)

    def prepare(self, world: World) -> None:
        """Begin the file, as a sensor does when it starts."""
        path = self._path(world)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def play(self, world: World) -> None:
        """Append."""
        with self._path(world).open("ab") as file:
            file.write(b"".join(self._lines(world)))

    @staticmethod
    def _path(world: World) -> Path:
        return Path(str(world.door("eve")["path"]))

    def _lines(self, world: World) -> list[bytes]:
        now = world.clock.now()
        match self.what:
            case "foothold":
                return list(foothold_eve(now, world.ip(self.station)))
            case "odd":
                return [
                    eve_alert(
                        now,
                        world.ip(self.station),
                        "198.51.100.20",
                        80,
                        number=world.seed(),
                        signature="POLICY Unusual program fetched over plain HTTP",
                        category="Potentially Bad Traffic",
                        priority=2,
                    )
                ]
            case _:
                return list(normal_eve(world.seed(), now, world.ips("workstation"), world.ips("server"), self.count))
