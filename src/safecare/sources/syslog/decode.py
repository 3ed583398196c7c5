"""What a sender calls an alert (CEF of a firewall, Wazuh) to events. What says nothing of that kind gives none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import msgspec

from safecare.formats.wazuh import WazuhAlert
from safecare.model.event import Event
from safecare.model.events.network import SignatureMatched
from safecare.model.hospital import Hospital
from safecare.sources.ends import ends_of

LEAST = 5
"""Level from which a message counts: CEF 7-10 is high (ArcSight), Wazuh 12 and above high, 7-11 medium; as 0-10."""
HIGH = 8
SPOKEN = {"unknown": 0, "low": 3, "medium": 6, "high": 8, "very-high": 10}
"""Levels that CEF writes as words (ArcSight, "Implementing CEF", version 25), each as the highest figure but for the
first two: unknown is no alert, low is 0 to 3, medium 4 to 6, high 7 to 8, very high 9 to 10."""
SOURCES = ("src", "sourceAddress", "srcip", "src_ip", "agent.ip")
TARGETS = ("dst", "destinationAddress", "dstip", "dest_ip")
PORTS = ("dpt", "dstport", "dest_port")


class SenderAlert(msgspec.Struct):
    """What a sender calls an alert: how grave (`level`, 0 to 10), what, who says so; `at` where it is sure."""

    host: str
    level: int
    name: str
    vendor: str
    fields: Mapping[str, Any]
    at: datetime | None = None


def of_cef(fields: Mapping[str, Any]) -> SenderAlert | None:
    """Return the alert that a message with these `fields` is, None if it carries no CEF, or names no signature."""
    if not fields.get("signature_id") or "cef_severity" not in fields:
        return None
    said = str(fields["cef_severity"]).strip().lower()
    return SenderAlert(
        host=str(fields.get("host", "")),
        level=min(int(said[:3]), 10) if said.isdecimal() else SPOKEN.get(said, 0),
        name=str(fields["name"] or fields["signature_id"]),
        vendor=f"{fields['device_vendor']} {fields['device_product']}".strip(),
        fields=fields,
    )


def of_wazuh(alert: WazuhAlert) -> SenderAlert | None:
    """Return the alert with Wazuh's level, 0 to 15, as 0 to 10; None if it names no rule."""
    if not alert.rule:
        return None
    level = round(alert.level * 10 / 15)
    return SenderAlert(alert.agent, level, alert.name or alert.rule, "Wazuh", alert.fields, alert.at)


def events_of(alert: SenderAlert, hospital: Hospital, source: str, seen: datetime, raw: bytes) -> Iterator[Event]:
    """Yield the event of an alert that is grave enough. `raw`, the message, names it."""
    if alert.level < LEAST:
        return
    src, dst = _address(alert, SOURCES), _address(alert, TARGETS)
    at = alert.at or seen
    ports = (str(alert.fields.get(name, "")) for name in PORTS)
    port = next((int(port[:6]) for port in ports if port.isdecimal()), 0)
    yield SignatureMatched(
        id=Event.id_for(at, source, raw[:2000].decode("latin-1")),
        at=at,
        seen=seen,
        source=source,
        **ends_of(hospital, src, dst),
        signature=alert.name[:200],
        category=alert.vendor[:100],
        priority=1 if alert.level >= HIGH else 2,
        src_ip=src or alert.host,
        dst_ip=dst,
        dst_port=port if port <= 65_535 else 0,
    )


def _address(alert: SenderAlert, names: tuple[str, ...]) -> str:
    """Return the first of these fields that is an address."""
    for name in names:
        try:
            return str(ip_address(str(alert.fields.get(name, ""))))
        except ValueError:
            continue
    return ""
