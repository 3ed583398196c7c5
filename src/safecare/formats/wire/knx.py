"""KNXnet/IP with cEMI frames.

Source: KNX Standard 03.08 (KNXnet/IP: core 2, device management 3, tunnelling 4, routing 5), 03.06.03 (cEMI), 03.03.07
(application layer services). Programming mode: 03.05.01, PID_PROGMODE 54; old devices keep it at memory address 0x60.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from safecare.formats.wire.message import Kind, Message, Protocol, Talk, WireError

SERVICES = {
    0x0201: ("search_request", "identify"),
    0x0202: ("search_response", "identify"),
    0x0203: ("description_request", "identify"),
    0x0204: ("description_response", "identify"),
    0x0205: ("connect_request", "session"),
    0x0206: ("connect_response", "session"),
    0x0207: ("connection_state_request", "session"),
    0x0208: ("connection_state_response", "session"),
    0x0209: ("disconnect_request", "session"),
    0x020A: ("disconnect_response", "session"),
    0x020B: ("search_request_extended", "identify"),
    0x020C: ("search_response_extended", "identify"),
    0x0310: ("device_configuration_request", "config"),
    0x0311: ("device_configuration_ack", "session"),
    0x0420: ("tunnelling_request", "read"),
    0x0421: ("tunnelling_ack", "session"),
    0x0530: ("routing_indication", "read"),
    0x0531: ("routing_lost_message", "read"),
    0x0532: ("routing_busy", "read"),
    0x0740: ("remote_diagnostic_request", "identify"),
    0x0743: ("remote_reset_request", "restart"),
    0x0950: ("secure_wrapper", "session"),
    0x0951: ("session_request", "session"),
    0x0952: ("session_response", "session"),
    0x0953: ("session_authenticate", "password"),
    0x0954: ("session_status", "session"),
    0x0955: ("timer_notify", "session"),
}
APPLICATION = {
    0x000: ("group_value_read", "read"),
    0x040: ("group_value_response", "read"),
    0x080: ("group_value_write", "write"),
    0x0C0: ("individual_address_write", "program"),
    0x100: ("individual_address_read", "identify"),
    0x140: ("individual_address_response", "identify"),
    0x200: ("memory_read", "read"),
    0x240: ("memory_response", "read"),
    0x280: ("memory_write", "program"),
    0x300: ("device_descriptor_read", "identify"),
    0x340: ("device_descriptor_response", "identify"),
    0x380: ("restart", "restart"),
    0x381: ("master_reset", "restart"),
    0x3D1: ("authorize_request", "password"),
    0x3D3: ("key_write", "password"),
    0x3D5: ("property_value_read", "read"),
    0x3D6: ("property_value_response", "read"),
    0x3D7: ("property_value_write", "config"),
    0x3D8: ("property_description_read", "read"),
    0x3DE: ("individual_address_serial_write", "program"),
}
CEMI = {0x11: "L_Data.req", 0x2E: "L_Data.con", 0x29: "L_Data.ind", 0xFC: "M_PropRead.req", 0xFB: "M_PropRead.con"} | {
    0xF6: "M_PropWrite.req",
    0xF5: "M_PropWrite.con",
    0xF1: "M_Reset.req",
    0xF0: "M_Reset.ind",
}
PROGMODE = 54
"""PID_PROGMODE: the property by which a device is made ready to be programmed (KNX 3/5/1)."""


def size(data: bytes | bytearray) -> int:
    """Return the size of the first message; -1 when it is none."""
    if len(data) < 6:
        return 0 if b"\x06\x10".startswith(data[:2]) else -1
    length = data[4] << 8 | data[5]
    return length if data[0] == 6 and data[1] in (0x10, 0x20) and length >= 6 else -1


def sniff(data: bytes) -> bool:
    """Tell whether a header with a known service and the right length stands here."""
    return len(data) >= 6 and size(data) == len(data) and (data[2] << 8 | data[3]) in SERVICES


def from_client(data: bytes) -> bool | None:
    """Tell who sent a message, where the service shows it."""
    name = SERVICES.get(data[2] << 8 | data[3], ("",))[0]
    return False if name.endswith("response") else True if name.endswith("request") and "search" not in name else None


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield the message of one datagram. Raises `WireError`."""
    if len(data) < 6 or size(data) > len(data):
        raise WireError("cut off inside a message")
    service = data[2] << 8 | data[3]
    name, operation = SERVICES.get(service, (f"service_{service:04x}", "unknown"))
    fields: dict[str, Any] = {"service": service}
    try:
        if service in (0x0310, 0x0420):
            fields["channel"] = data[7]
            yield _cemi(data[6 + data[6] :], name, fields)
        elif service == 0x0530:
            yield _cemi(data[6:], name, fields)
        elif service in (0x0202, 0x0204):
            at = 14 if service == 0x0202 else 6
            if data[at + 1] == 1 and len(data) >= at + 54:
                fields |= {
                    "address": _individual(struct.unpack_from(">H", data, at + 4)[0]),
                    "serial": data[at + 8 : at + 14].hex(),
                    "mac": data[at + 18 : at + 24].hex(":"),
                    "name": data[at + 24 : at + 54].split(b"\0")[0].decode("latin-1"),
                }
            yield Message("knx", name, "response", operation, fields=fields)
        else:
            if service == 0x0205 and len(data) > 23:
                fields["connection"] = {3: "device management", 4: "tunnel"}.get(data[23], str(data[23]))
                operation = "tunnel"
            response = "response" in name or "ack" in name
            yield Message("knx", name, "response" if response else "request", operation, fields=fields)
    except (struct.error, IndexError) as error:
        raise WireError("cut off inside a message") from error


def _individual(number: int) -> str:
    return f"{number >> 12}.{number >> 8 & 15}.{number & 255}"


def _group(number: int) -> str:
    return f"{number >> 11}/{number >> 8 & 7}/{number & 255}"


def _cemi(frame: bytes, service: str, fields: dict[str, Any]) -> Message:
    code = frame[0]
    fields |= {"carried_by": service, "cemi": CEMI.get(code, f"{code:02x}")}
    if code in (0xF6, 0xF5, 0xFC, 0xFB):
        number, _, prop = struct.unpack_from(">HBB", frame, 1)
        operation = "config" if code == 0xF6 else "read"
        target = f"object {number} property {prop}"
        if prop == PROGMODE and code == 0xF6:
            operation = "program"
            target = "programming mode"
        return Message("knx", CEMI[code], "request" if code in (0xF6, 0xFC) else "response", operation, "", target)
    if code in (0xF1, 0xF0):
        return Message("knx", CEMI[code], "request", "restart", fields=fields)
    if code not in (0x11, 0x29, 0x2E):
        raise WireError("cEMI of another kind")
    at = 2 + frame[1]
    control, source, target, length = struct.unpack_from(">BHHB", frame, at + 1)
    address = _group(target) if control & 0x80 else _individual(target)
    fields |= {"source": _individual(source), "destination": address}
    kind: Kind = "notice" if code == 0x29 else "response" if code == 0x2E else "request"
    if length == 0:
        return Message("knx", "transport_control", kind, "session", address, fields=fields)
    tpdu = frame[at + 7 : at + 8 + length]
    apci = (tpdu[0] & 3) << 8 | tpdu[1]
    row = APPLICATION.get(apci) or APPLICATION.get(apci & 0x3C0, (f"apci_{apci:03x}", "unknown"))
    name, operation = row
    value = tpdu[2:16].hex() if len(tpdu) > 2 else str(tpdu[1] & 0x3F)
    words = address
    if name == "property_value_write" and len(tpdu) > 3 and tpdu[3] == PROGMODE:
        operation, words = "program", f"{address} programming mode"
    if name == "memory_write" and tpdu[2:4] == b"\x00\x60":
        words = f"{address} programming mode"
    return Message("knx", name, kind, operation, address, words, value, "", fields)


PROTOCOL = Protocol("knx", True, True, frozenset({3671}), sniff, size, parse, from_client)
