"""Follows one of Zeek's logs (conn.log, or a log of ICSNPP's parsers), TSV or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from safecare.formats.lines import LineError
from safecare.formats.zeek import ZeekError, ZeekRecord, command, number, outcome, read_zeek, text
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen, ConnectionSeen
from safecare.model.hospital import Hospital
from safecare.sources.api import Intake, source
from safecare.sources.ends import ends_of
from safecare.sources.line_file import LineFile

HEADER = 1 << 16
"""Bytes at the beginning of a log in which its header stands (Zeek writes eight lines)."""
PROTOCOLS = {"tcp", "udp", "icmp"}


@source("zeek")
@dataclass
class ZeekFile(LineFile):
    """Follows one log.

    `path`: the file; its name tells which log it is (``conn.log``) where its lines do not. `every`: seconds between
    looks at
    it. `from_start`: whether a file that was never followed is read from its first byte.
    """

    _header: tuple[int, bytes] = field(default=(0, b""), init=False)

    def lines(self, raw: bytes, intake: Intake) -> tuple[list[Event], list[LineError]]:
        """Read records. The header of a TSV log stands at its beginning only."""
        head = b"" if raw.startswith((b"#", b"{")) else self._head()
        name = self.path.name.split(".")[0]
        return read_zeek_lines(raw, head, name, intake.hospital, self.door, intake.clock.now())

    def _head(self) -> bytes:
        """Return the header lines of the file that is followed."""
        if self._header[0] != self._at.inode and self._file is not None:
            self._file.seek(0)
            found = [line for line in self._file.read(HEADER).split(b"\n") if line.startswith(b"#")]
            self._header = (self._at.inode, b"".join(line + b"\n" for line in found))
        return self._header[1]


def read_zeek_lines(
    raw: bytes, head: bytes, name: str, hospital: Hospital, source: str, seen: datetime
) -> tuple[list[Event], list[LineError]]:
    """Return the events of whole lines, and the lines that can't be read."""
    events: list[Event] = []
    errors: list[LineError] = []
    rows = [*head.splitlines(), *raw.splitlines()]
    for place, found in enumerate(read_zeek(rows, name), 1):
        if isinstance(found, ZeekError):
            errors.append(LineError(place, str(found), str(found).encode()))
        else:
            events += events_of(found, hospital, source, seen)
    return events, errors


def events_of(record: ZeekRecord, hospital: Hospital, source: str, seen: datetime) -> Iterator[Event]:
    """Yield the event of one record."""
    at = datetime.fromtimestamp(min(max(record.at, 0.0), 2**33), UTC)
    asked = command(record)
    first, second = (record.src_ip, record.dst_ip) if asked is None else (record.dst_ip, record.src_ip)
    ends = f"{record.src_ip}:{record.src_port}:{record.dst_ip}:{record.dst_port}"
    common: dict[str, Any] = {
        "id": Event.id_for(at, source, f"{record.path}\x1f{record.uid}\x1f{record.at}\x1f{ends}\x1f{asked}"),
        "at": at,
        "seen": seen,
        "source": source,
        **ends_of(hospital, first, second),
        "src_ip": record.src_ip,
        "dst_ip": record.dst_ip,
        "src_port": record.src_port,
        "dst_port": record.dst_port,
    }
    if record.path == "conn":
        protocol = text(record, "proto")
        yield ConnectionSeen(
            **common,
            protocol=protocol if protocol in PROTOCOLS else "other",  # type: ignore[arg-type]
            outcome=outcome(record),  # type: ignore[arg-type]
            bytes_out=number(record, "orig_bytes"),
            bytes_in=number(record, "resp_bytes"),
            service=text(record, "service"),
        )
    elif asked is not None:
        protocol, name, operation = asked
        target = " ".join(
            text(record, field) for field in ("address", "object_type", "property") if text(record, field)
        )
        yield CommandSeen(
            **common,
            protocol=protocol,
            command=name,
            operation=operation,
            unit=text(record, "unit"),
            target=target,
            facts={"kind": "request"},
        )
