"""Rejects that the road itself makes: items of the log that could not be read or taken."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

import msgspec

from safecare.model.ids import ArtifactHash, derived_id
from safecare.model.topics import Reject

Keep = Callable[[bytes, str], ArtifactHash]
"""Stores bytes of a media type and returns their hash: `Artifacts.keep`."""


class Rejects(msgspec.Struct, frozen=True):
    """Makes the rejects of one door. Without `keep`, a reject carries the item in its context (``item``)."""

    door: str
    keep: Keep | None = None

    def make(self, name: str, raw: bytes, reason: str, at: datetime, context: dict[str, str]) -> Reject:
        """Return the reject of `raw`, which `name` tells from all others of this door. Raises `LogFullError`."""
        if self.keep is None:
            artifact = ArtifactHash(hashlib.sha256(raw).hexdigest())
            context = {**context, "item": raw.decode("utf-8", "backslashreplace")}
        else:
            artifact = self.keep(raw, "application/json")
        return Reject(
            id=derived_id(at, "reject", self.door, name),
            at=at,
            door=self.door,
            artifact=artifact,
            size=len(raw),
            reason=reason,
            place=name,
            context=context,
        )
