"""EVE lines to events. The asset of an event is the inner end that a rule should judge: the source if it is ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from safecare.formats.eve import EveError, EveRecord, outcome, read_eve
from safecare.formats.lines import LineError, lines_of
from safecare.model.event import Event
from safecare.model.events.network import ConnectionSeen, SignatureMatched
from safecare.model.hospital import Hospital
from safecare.sources.ends import ends_of

PROTOCOLS = {"TCP": "tcp", "UDP": "udp", "ICMP": "icmp", "IPv6-ICMP": "icmp"}


def read_eve_lines(raw: bytes, hospital: Hospital, source: str, seen: datetime) -> tuple[list[Event], list[LineError]]:
    """Read all lines of `raw`: the events, and the lines that can't be read. Records of other types give nothing."""
    events: list[Event] = []
    errors: list[LineError] = []
    for number, line in lines_of(raw):
        try:
            record = read_eve(line)
            if record is not None:
                events += events_of(record, hospital, source, seen)
        except EveError as error:
            errors.append(LineError(number, str(error), line))
    return events, errors


def events_of(record: EveRecord, hospital: Hospital, source: str, seen: datetime) -> Iterator[Event]:
    """Yield the event of one record. Raises `EveError`."""
    common: dict[str, Any] = {
        "id": Event.id_for(record.at, source, record.ref),
        "at": record.at,
        "seen": seen,
        "source": source,
        **ends_of(hospital, record.src_ip, record.dest_ip),
        "src_ip": record.src_ip,
        "dst_ip": record.dest_ip,
        "src_port": record.src_port,
        "dst_port": record.dest_port,
    }
    if record.alert is not None and record.event_type == "alert":
        yield SignatureMatched(
            **common,
            signature=record.alert.signature,
            category=record.alert.category,
            priority=record.alert.severity,
            protocol=record.proto,
        )
    elif record.flow is not None:
        protocol: Any = PROTOCOLS.get(record.proto, "other")
        yield ConnectionSeen(
            **common,
            protocol=protocol,
            outcome=outcome(record),
            bytes_out=record.flow.bytes_toserver,
            bytes_in=record.flow.bytes_toclient,
            service=record.app_proto,
        )
