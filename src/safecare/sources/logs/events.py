"""Log records to events: which machine of ours wrote them, when, and an id that a second reading repeats."""

from __future__ import annotations

from datetime import datetime

from safecare.formats.logs.record import LogRecord, time_of
from safecare.model.event import Event
from safecare.model.events.logs import LogRecorded
from safecare.model.hospital import Asset, Hospital

MACHINE = ("Computer", "host", "hostname", "host.name", "dvchost", "dhost", "deviceHostName", "Hostname")
"""Fields that name the machine which wrote a record, the surest first."""
ADDRESS = ("dvc", "deviceAddress", "id.resp_h", "destination_h", "host.ip")
"""Fields that hold its address, or that of the device which the record is about."""


def event_of(
    record: LogRecord, hospital: Hospital, source: str, seen: datetime, ref: str, peer: str = ""
) -> LogRecorded:
    """Return the event of `record`; `ref` names it within `source`, `peer` is the address that it came from."""
    host = _text(record, MACHINE)
    asset = _asset(record, hospital, host, peer)
    at = record.at or time_of(record.fields) or seen
    return LogRecorded(
        id=Event.id_for(at, source, ref),
        at=at,
        seen=seen,
        source=source,
        site=asset.site if asset else hospital.sites[0].id,
        asset=asset.id if asset else None,
        zone=asset.zone if asset else None,
        fields=record.fields,
        host=host or peer,
    )


def _asset(record: LogRecord, hospital: Hospital, host: str, peer: str) -> Asset | None:
    """Return the asset by name (whole, or its first part), by address, or by who sent it."""
    name = host.lower()
    for system, value in (
        ("host", name),
        ("host", name.partition(".")[0]),
        ("ip", host),
        ("ip", _text(record, ADDRESS)),
        ("ip", peer),
    ):
        found = hospital.at_address(system, value) if value else None
        if found:
            return found
    return None


def _text(record: LogRecord, names: tuple[str, ...]) -> str:
    for name in names:
        value = record.fields.get(name)
        if isinstance(value, str) and value:
            return value
    return ""
