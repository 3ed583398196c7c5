"""Passive discovery: what stations say about themselves. Nothing is ever sent.

Source: BACnet I-Am (ASHRAE 135, 16.10) and its device object (12.11), DICOM implementation class UID (PS3.7, D.3.3.2),
HL7 MSH-3 (2.16.9.3), Modbus device identification (6.21), KNXnet/IP description (03.08.02, 7.5.4), CIP List Identity
(ODVA vol. 2, 2-4.2), S7 lists of the system's state (0x11, 0x1C), DHCP (RFC 2132), multicast DNS (RFC 6763), TLS
greetings and certificates (RFC 8446, RFC 5246), SNMP's system group (RFC 3418).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from safecare.formats.packets.dissect import Spoken

Identity = tuple[str, str, str]
"""Address, system, and the name there."""
_DEVICE = {"object-name": "name", "model-name": "model", "vendor-name": "vendor", "firmware-revision": "firmware"}
"""Properties of a BACnet device object that are told."""


def identities(found: Spoken) -> Iterator[Identity]:
    """Yield address, system and name of each identity that a message tells."""
    tell = _TELLS.get(found.message.protocol)
    if tell is not None:
        for ip, system, value in tell(found, found.message.fields):
            if ip and (words := "".join(char for char in value if char.isprintable()).strip()):
                yield ip, system, words


def _bacnet(found: Spoken, fields: dict[str, Any]) -> Iterator[Identity]:
    if found.message.command == "i_am":
        row = fields["discovery"]
        yield found.src, "bacnet", f"device {row['instance_number']}, {row['vendor']}"
    if found.message.kind == "response":
        for row in fields.get("properties") or ():
            if row["object_type"] == "device" and row["property"] in _DEVICE and row["value"]:
                yield found.src, f"bacnet.{_DEVICE[row['property']]}", str(row["value"])


def _dicom(found: Spoken, fields: dict[str, Any]) -> Iterator[Identity]:
    message = found.message
    if message.command in ("associate_request", "associate_accept"):
        yield found.src, "dicom", fields["calling"] if message.kind == "request" else fields["called"]
        if fields.get("implementation_uid"):
            version = fields.get("implementation_version", "")
            yield found.src, "dicom.implementation", f"{fields['implementation_uid']} {version}".strip()


def _hl7(found: Spoken, fields: dict[str, Any]) -> Iterator[Identity]:
    if found.message.kind == "request" and fields.get("sending_application"):
        yield found.src, "hl7", f"{fields['sending_application']}|{fields.get('sending_facility', '')}"


def _modbus(found: Spoken, fields: dict[str, Any]) -> Iterator[Identity]:
    if told := fields.get("objects"):
        yield found.src, "modbus", " ".join(str(told[key]) for key in ("vendor", "product", "revision") if key in told)
    elif fields.get("identity"):
        yield found.src, "modbus", str(fields["identity"])


def _s7(found: Spoken, fields: dict[str, Any]) -> Iterator[Identity]:
    parts = (fields.get(key, "") for key in ("order_code", "firmware", "module_name"))
    if text := " ".join(part for part in parts if part):
        yield found.src, "s7" if fields.get("order_code") else "s7.name", text
    if fields.get("serial"):
        yield found.src, "s7.serial", fields["serial"]


def _knx(found: Spoken, fields: dict[str, Any]) -> Iterator[Identity]:
    if fields.get("serial"):
        yield found.src, "knx", f"{fields['name']}, serial {fields['serial']}"


def _enip(found: Spoken, fields: dict[str, Any]) -> Iterator[Identity]:
    if fields.get("product_name"):
        yield found.src, "enip", f"{fields['product_name']} {fields['revision']}, serial {fields['serial']}"


def _dhcp(found: Spoken, fields: dict[str, Any]) -> Iterator[Identity]:
    station = fields["address"]
    if found.message.command == "request":
        yield station, "dhcp", ", ".join(part for part in (fields["host"], fields["vendor_class"]) if part)
        yield station, "dhcp.fingerprint", fields["asks_for"]
    elif found.message.command == "ack":
        yield station, "dhcp.lease", fields["mac"]
    if found.message.command in ("offer", "ack"):
        yield found.src, "dhcp.server", fields["server"]


def _mdns(found: Spoken, fields: dict[str, Any]) -> Iterator[Identity]:
    yield from ((found.src, "mdns", host) for host in fields["hosts"][:1])
    yield found.src, "mdns.services", " ".join(fields["services"])
    yield found.src, "mdns.model", ", ".join(f"{key} {value}" for key, value in sorted(fields["told"].items()))


def _tls(found: Spoken, fields: dict[str, Any]) -> Iterator[Identity]:
    yield found.src, "tls.client", fields.get("ja4", "")
    yield found.src, "tls.server", fields.get("ja3s", "")
    if found.message.command == "certificate":
        signed = "itself" if fields["self_signed"] else fields["issuer"]
        over = ", expired" if datetime.fromisoformat(fields["not_after"]).timestamp() < found.at else ""
        until = f"until {fields['not_after'][:10]}{over}"
        yield (
            found.src,
            "tls.certificate",
            f"{fields['subject']}, signed by {signed}, {until}, {fields['fingerprint'][:16]}",
        )


def _snmp(found: Spoken, fields: dict[str, Any]) -> Iterator[Identity]:
    if found.message.kind == "response":
        yield found.src, "snmp", fields.get("description", "")
        yield found.src, "snmp.name", fields.get("name", "")
        yield found.src, "snmp.location", fields.get("location", "")
        if fields.get("default_community"):
            yield found.src, "snmp.access", f"version {fields['version']}, by a password that everybody knows"


def _mqtt(found: Spoken, fields: dict[str, Any]) -> Iterator[Identity]:
    if found.message.command == "connect":
        yield found.src, "mqtt", fields["client_id"]


_TELLS: dict[str, Callable[[Spoken, dict[str, Any]], Iterator[Identity]]] = {
    "bacnet": _bacnet, "dicom": _dicom, "hl7": _hl7, "modbus": _modbus, "s7": _s7, "knx": _knx, "enip": _enip,
    "dhcp": _dhcp, "mdns": _mdns, "tls": _tls, "mqtt": _mqtt, "snmp": _snmp,
}  # fmt: skip
