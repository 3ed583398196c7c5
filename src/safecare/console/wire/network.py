"""The inventory of the network."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from safecare.console.wire.incidents import Named


class SaidView(msgspec.Struct, frozen=True):
    """One thing that a station says of itself."""

    system: str
    value: str


class StationView(msgspec.Struct, frozen=True, kw_only=True):
    """A station of the network. `first` and `last` are empty for an asset that was never heard."""

    ip: str
    state: Literal["known", "doubtful", "unknown", "unheard"]
    name: str
    mac: str
    maker: str
    asset: Named | None
    zone: Named | None
    first: datetime | None
    last: datetime | None
    says: list[SaidView]
    doubts: list[str]
    """Why it may be another than it seems."""
