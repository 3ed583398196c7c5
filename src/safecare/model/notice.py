"""Notice: a message to a person or party. Receipt: what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from safecare.model.event import SCHEMA_VERSION
from safecare.model.ids import ArtifactHash, IncidentId, NoticeId, ReceiptId, SiteId, ZoneId
from safecare.model.marking import Marking
from safecare.model.text import Text


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message about an incident to one role (or user) through one channel.

    A repeat is the same notice with a higher `revision`; a higher severity or a new place always
    makes a new revision that rings again.
    """

    id: NoticeId
    revision: int
    incident: IncidentId
    site: SiteId
    at: datetime
    role: str
    user: str = ""
    channel: str
    level: int = 0
    """Escalation level: 0 first, then one more each time nobody acknowledged in time."""
    severity: int
    title: Text
    body: Text
    zone: ZoneId | None = None
    still: ArtifactHash | None = None
    answer_by: datetime | None = None
    """When the next level is told if nobody has acknowledged."""
    ring: bool = True
    """False for a revision that only keeps the text up to date: nobody is called for it again."""
    marking: Marking = Marking()
    since: int = 1
    """Revision that last brought news (worse, elsewhere, a call for help): earlier answers do not count for it."""
    schema: int = SCHEMA_VERSION


Outcome = Literal[
    "sent",
    "delivered",
    "read",
    "acknowledged",
    "on_my_way",
    "on_site",
    "clear",
    "help",
    "failed",
    "nobody",
    "unanswered",
]
"""What became of it. ``failed``: a channel could not send it. ``nobody``: that channel reaches nobody (no phone is
registered, no number is known), which no repeat would change."""
TAKEN: frozenset[Outcome] = frozenset({"acknowledged", "on_my_way", "on_site", "clear"})
"""Answers by which someone takes it over. ``help`` is none: somebody else must."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a notice: who got it, by which channel, or why not."""

    id: ReceiptId
    notice: NoticeId
    incident: IncidentId
    at: datetime
    outcome: Outcome
    who: str
    channel: str
    reason: Text | None = None
    revision: int = 0
    """Revision of the notice that an answer was given to; 0: not known, it counts."""
    schema: int = SCHEMA_VERSION

    def holds(self, notice: Notice) -> bool:
        """Tell whether this answer was given to what `notice` says now, and not to what was told before."""
        return self.revision == 0 or self.revision >= notice.since
