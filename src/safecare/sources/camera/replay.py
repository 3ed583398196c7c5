"""An intake that only gathers: what a rejected clip gives when it is read again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from safecare.model.event import Event
from safecare.model.ids import ArtifactHash
from safecare.sources.api import Intake, UnreadableError


class Gathering:
    """Collects events in `events` and the refusal, if there is one, in `refused`. Stills are not kept again."""

    def __init__(self, intake: Intake) -> None:
        """Use clock, hospital and pseudonyms of `intake`."""
        self.clock = intake.clock
        self.hospital = intake.hospital
        self.pseudonym = intake.pseudonym
        self.events: list[Event] = []
        self.refused: UnreadableError | None = None

    async def publish(self, events: Sequence[Event], *, key: str | None = None) -> None:
        """Gather `events`."""
        del key
        self.events += events

    async def keep(self, raw: bytes, media: str) -> ArtifactHash:
        """Give the name that these bytes have in the artifact store."""
        del media
        return ArtifactHash(hashlib.sha256(raw).hexdigest())

    async def reject(
        self, door: str, raw: bytes, reason: str, place: str = "", context: Mapping[str, str] | None = None
    ) -> None:
        """Remember why."""
        del door, raw, context
        self.refused = UnreadableError(reason, place)

    def report(self, door: str, state: str, detail: str = "") -> None:
        """Do nothing: the door's health is another matter."""
