"""Log lines to events: what a firewall (CEF) or Wazuh calls an alert. Lines that say nothing of that kind give none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address

from safecare.formats.syslog import LogLine
from safecare.model.event import Event
from safecare.model.events.network import SignatureMatched
from safecare.model.hospital import Hospital
from safecare.sources.ends import ends_of

LEAST = 5
"""Level from which a line counts: CEF 7-10 is high (ArcSight), Wazuh 12 and above high, 7-11 medium; scaled to 0-10."""
HIGH = 8
SOURCES = ("src", "sourceAddress", "srcip", "src_ip", "agent.ip")
TARGETS = ("dst", "destinationAddress", "dstip", "dest_ip")
PORTS = ("dpt", "dstport", "dest_port")


def events_of(line: LogLine, hospital: Hospital, source: str, seen: datetime, raw: bytes) -> Iterator[Event]:
    """Yield the event of one line, if it has one."""
    level = line.level if line.program != "wazuh" else round(line.level * 10 / 15)
    if not line.signature or level < LEAST:
        return
    src, dst = _address(line, SOURCES), _address(line, TARGETS)
    at = line.at or seen
    port = next((line.fields[name] for name in PORTS if line.fields.get(name, "").isdigit()), "0")
    yield SignatureMatched(
        id=Event.id_for(at, source, raw[:2000].decode("latin-1")),
        at=at,
        seen=seen,
        source=source,
        **ends_of(hospital, src, dst),
        signature=f"{line.name or line.signature}"[:200],
        category=line.vendor[:100],
        priority=1 if level >= HIGH else 2,
        src_ip=src or line.host,
        dst_ip=dst,
        dst_port=min(int(port[:5]), 65_535),
    )


def _address(line: LogLine, names: tuple[str, ...]) -> str:
    """Return the first of these fields that is an address."""
    for name in names:
        value = line.fields.get(name, "")
        try:
            return str(ip_address(value))
        except ValueError:
            continue
    return ""
