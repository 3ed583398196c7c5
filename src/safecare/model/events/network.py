"""Network: what sensors say (Suricata), and what our own packet path saw."""

from __future__ import annotations

from typing import Literal

from safecare.model.event import Event


class SignatureMatched(Event, frozen=True, kw_only=True, tag="network.signature"):
    """A network sensor's signature matched (Suricata EVE `alert`). `asset` = the inner end, if known."""

    signature: str
    category: str
    priority: int
    """Suricata's own: 1 is the highest."""
    src_ip: str
    dst_ip: str
    src_port: int = 0
    dst_port: int = 0
    protocol: str = ""


class ConnectionSeen(Event, frozen=True, kw_only=True, tag="network.connection"):
    """One conversation, or attempt: who, to whom, which service, how it went. `asset` = the source, if known."""

    src_ip: str
    dst_ip: str
    dst_port: int
    src_port: int = 0
    protocol: Literal["tcp", "udp", "icmp", "other"] = "tcp"
    outcome: Literal["open", "refused", "silent", "unknown"] = "unknown"
    bytes_out: int = 0
    bytes_in: int = 0
    service: str = ""
