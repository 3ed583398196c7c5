"""Values of the building's devices, as the Modbus door reads them from the simulated devices."""

from __future__ import annotations

import msgspec

from safecare.model.text import Ref, Text, say
from safecare.scenarios.inputs.api import Input, input_kind
from safecare.scenarios.world import World


@input_kind("modbus")
class Modbus(Input, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`point` of `asset` goes to `value` (its unit; 0 or 1 for a binary point), evenly within `over` seconds."""

    asset: str
    point: str
    value: float
    over: float = 0.0

    def text(self) -> Text:
        """Return what it is, for people."""
        return say("Modbus registers of {device}: {what}", device=Ref(self.asset), what=self.point)

    def play(self, world: World) -> None:
        """Change the value; the door reads it with its next poll."""
        world.devices.set(self.asset, self.point, self.value, self.over)
