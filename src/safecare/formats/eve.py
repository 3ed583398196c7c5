"""Suricata's EVE JSON, one record per line: alerts and flows; other types are counted, not read. Pure.

Source: Suricata documentation, "EVE JSON Format". In ``alert`` records ``severity`` 1 is the highest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from safecare.model.layout import laid_out

LIMIT = 1 << 20
"""Longest line, bytes (chosen: Suricata's own payload dumps end far below)."""

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
"""What the log and the database can hold; Suricata's own counters are of 64 bits."""

RST, SYN = 0x04, 0x02
"""TCP flags (RFC 9293, 3.1)."""


class EveError(ValueError):
    """A line that is no EVE record, or lacks what its type needs."""


class EveAlert(msgspec.Struct, frozen=True):
    """What a signature said."""

    signature: str
    severity: Count
    category: str = ""
    signature_id: Count = 0


class _Flow(msgspec.Struct, frozen=True):
    pkts_toclient: Count = 0
    bytes_toserver: Count = 0
    bytes_toclient: Count = 0
    state: str = ""


class _Tcp(msgspec.Struct, frozen=True):
    tcp_flags_tc: str = "0"
    """Flags seen towards the client, hexadecimal."""


class EveRecord(msgspec.Struct, frozen=True):
    """The fields that we use; all others are passed over. Times are aware, UTC."""

    timestamp: str
    event_type: str
    src_ip: str = ""
    dest_ip: str = ""
    src_port: Port = 0
    dest_port: Port = 0
    proto: str = ""
    app_proto: str = ""
    flow_id: Count = 0
    alert: EveAlert | None = None
    flow: _Flow | None = None
    tcp: _Tcp | None = None

    @property
    def at(self) -> datetime:
        """The record's own time. Raises `EveError`."""
        try:
            at = datetime.fromisoformat(self.timestamp)
            if at.tzinfo is not None:
                return at.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise EveError(f"timestamp: {self.timestamp!r:.40} is no time") from error
        raise EveError("timestamp: has no offset from UTC")

    @property
    def ref(self) -> str:
        """What tells this record from all others of its sensor."""
        rule = self.alert.signature_id if self.alert else 0
        ends = f"{self.src_ip}:{self.src_port}:{self.dest_ip}:{self.dest_port}"
        return f"{self.event_type}\x1f{self.flow_id}\x1f{rule}\x1f{self.timestamp}\x1f{ends}"


_decoder = msgspec.json.Decoder(laid_out(EveRecord))
_TYPES = {"alert": "alert", "flow": "flow"}


def read_eve(line: bytes) -> EveRecord | None:
    """Read one line; None for a record type that we do not use. Raises `EveError`."""
    if len(line) > LIMIT:
        raise EveError(f"line of {len(line)} bytes is over the limit of {LIMIT}")
    try:
        record = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EveError(str(error)) from error
    part = _TYPES.get(record.event_type)
    if part is None:
        return None
    if getattr(record, part) is None:
        raise EveError(f"{part}: is missing in a record of this type")
    if not record.src_ip or not record.dest_ip:
        raise EveError("src_ip, dest_ip: an address is missing")
    return record


def outcome(record: EveRecord) -> Literal["open", "refused", "silent", "unknown"]:
    """Tell how a flow went: answered, refused (RST without a handshake), or never answered."""
    flow = record.flow
    if flow is None:
        return "unknown"
    if flow.pkts_toclient == 0:
        return "silent"
    if record.proto.upper() == "TCP" and record.tcp is not None:
        try:
            flags = int(record.tcp.tcp_flags_tc, 16)
        except ValueError:
            return "unknown"
        if flags & RST and not flags & SYN:
            return "refused"
    return "open"
