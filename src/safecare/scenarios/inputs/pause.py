"""Time that passes, where a story needs it."""

from __future__ import annotations

import msgspec

from safecare.model.text import Span, Text, say
from safecare.scenarios.inputs.api import Input, input_kind
from safecare.scenarios.world import World


@input_kind("pause")
class Pause(Input, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`seconds` pass."""

    seconds: float

    def text(self) -> Text:
        """Return what it is, for people."""
        return say("{time} pass", time=Span(self.seconds))

    def play(self, world: World) -> None:
        """Let time pass."""
        world.wait(self.seconds)
