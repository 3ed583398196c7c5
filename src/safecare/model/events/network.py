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


class CommandSeen(Event, frozen=True, kw_only=True, tag="network.command"):
    """One message of a control or medical protocol: what the client (`src_ip`) asked of the server (`dst_ip`).

    `command` is the protocol's own word, `operation` what it comes to in all protocols (write, stop, restart, query,
    ...;
    ``malformed`` for bytes that are no message). `asset` = the server, if known. No patient identity.
    """

    protocol: str
    command: str
    operation: str
    src_ip: str
    dst_ip: str
    dst_port: int = 0
    src_port: int = 0
    transport: Literal["tcp", "udp"] = "tcp"
    unit: str = ""
    target: str = ""
    value: str = ""
    outcome: Literal["", "ok", "refused"] = ""
    """Empty for a request; for its answer how it went."""
    facts: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it
    """More that rules look at: application titles, message type, control id, whether a query asks for all."""
    count: int = 1
    """How many alike this event stands for."""


class IdentitySeen(Event, frozen=True, kw_only=True, tag="network.identity"):
    """A station told who it is: its address, and its name in a system (mac, bacnet, dicom, hl7, modbus, ...)."""

    ip: str
    system: str
    value: str
    asked: bool = False
    """For an ARP claim: it came with a question, not with an answer."""
