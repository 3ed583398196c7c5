"""What may be true of a thing, in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from safecare.model.forecast import State
from safecare.model.text import Text, say

STATES: Mapping[State, Text] = MappingProxyType(
    {
        State.DOWN: say("Out of service"),
        State.COMPROMISED: say("Under an attacker's control"),
        State.EXPOSED: say("Within an attacker's reach"),
        State.CORRUPTED: say("Data falsified"),
        State.ACCESSED: say("Entered without right"),
        State.UNSAFE: say("No longer safe to use"),
        State.DEGRADED: say("Degraded"),
    }
)
