"""Files that doors hold."""

from __future__ import annotations

from datetime import datetime

import msgspec


class HeldView(msgspec.Struct, frozen=True, kw_only=True):
    """One held file: why, its `age` (s), how it stands, who decided what, and the other side's answer."""

    id: str
    at: datetime
    age: int
    door: str
    peer: str
    size: int
    type: str
    verdict: str
    why: list[str]
    state: str
    stands: str
    """The state in the reader's words."""
    who: str
    decided: datetime | None
    reason: str
    answer: str
    may_release: bool
    may_discard: bool
