"""Passive discovery: what stations say about themselves. Nothing is ever sent.

Source: BACnet I-Am (ASHRAE 135, 16.10), DICOM implementation class UID (PS3.7, D.3.3.2), HL7 MSH-3 (2.16.9.3),
Modbus device
identification (6.21), KNXnet/IP description (03.08.02, 7.5.4), CIP List Identity (ODVA vol. 2, 2-4.2).
"""

from __future__ import annotations

from collections.abc import Iterator

from safecare.formats.packets.dissect import Spoken


def identities(found: Spoken) -> Iterator[tuple[str, str, str]]:
    """Yield address, system and name of each identity that a message tells."""
    message, fields = found.message, found.message.fields
    match message.protocol:
        case "bacnet" if message.command == "i_am":
            row = fields["discovery"]
            yield found.src, "bacnet", f"device {row['instance_number']}, {row['vendor']}"
        case "dicom" if message.command in ("associate_request", "associate_accept"):
            name = fields["calling"] if message.kind == "request" else fields["called"]
            yield found.src, "dicom", name
            if fields.get("implementation_uid"):
                version = fields.get("implementation_version", "")
                yield found.src, "dicom.implementation", f"{fields['implementation_uid']} {version}".strip()
        case "hl7" if message.kind == "request" and fields.get("sending_application"):
            yield found.src, "hl7", f"{fields['sending_application']}|{fields.get('sending_facility', '')}"
        case "modbus" if fields.get("objects"):
            told = fields["objects"]
            yield (
                found.src,
                "modbus",
                " ".join(str(told[key]) for key in ("vendor", "product", "revision") if key in told),
            )
        case "modbus" if fields.get("identity"):
            yield found.src, "modbus", str(fields["identity"])
        case "knx" if fields.get("serial"):
            yield found.src, "knx", f"{fields['name']}, serial {fields['serial']}"
        case "enip" if fields.get("product_name"):
            yield found.src, "enip", f"{fields['product_name']} {fields['revision']}, serial {fields['serial']}"
