"""EtherNet/IP and CIP (with PCCC inside): how Rockwell and other controllers are read, written and programmed.

Source: ODVA, The CIP Networks Library vol. 1 (services, objects) and 2 (EtherNet/IP encapsulation); Rockwell
1756-PM020 (Logix
data access), 1770-RM516 (PCCC). Vendor objects (0x8B clock, 0x8E controller mode, 0xA1 firmware, 0x68-0x6A program) are
not published: their meaning as seen in captures of the named operations.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from safecare.formats.wire.message import Kind, Message, Outcome, Protocol, Talk, WireError

DEPTH = 4
"""Messages inside messages: unconnected send holds a multiple service packet holds PCCC (chosen: one more)."""
MOST_SERVICES = 64
"""Services in one multiple service packet (chosen: what fits into 500 bytes)."""

COMMANDS = {
    0x00: ("nop", "session"),
    0x01: ("list_targets", "identify"),
    0x04: ("list_services", "identify"),
    0x63: ("list_identity", "identify"),
    0x64: ("list_interfaces", "identify"),
    0x65: ("register_session", "session"),
    0x66: ("unregister_session", "session"),
    0x6F: ("send_rr_data", "read"),
    0x70: ("send_unit_data", "read"),
    0x72: ("indicate_status", "read"),
    0x73: ("cancel", "session"),
}
SERVICES = {
    0x01: ("get_attributes_all", "read"),
    0x02: ("set_attributes_all", "write"),
    0x03: ("get_attribute_list", "read"),
    0x04: ("set_attribute_list", "write"),
    0x05: ("reset", "restart"),
    0x06: ("start", "start"),
    0x07: ("stop", "stop"),
    0x08: ("create", "create"),
    0x09: ("delete", "delete"),
    0x0A: ("multiple_service_packet", "read"),
    0x0D: ("apply_attributes", "config"),
    0x0E: ("get_attribute_single", "read"),
    0x10: ("set_attribute_single", "write"),
    0x11: ("find_next_object_instance", "read"),
    0x15: ("restore", "config"),
    0x16: ("save", "config"),
    0x17: ("nop", "session"),
    0x18: ("get_member", "read"),
    0x19: ("set_member", "write"),
    0x1A: ("insert_member", "write"),
    0x1B: ("remove_member", "delete"),
    0x4C: ("read_tag", "read"),
    0x4D: ("write_tag", "write"),
    0x4E: ("read_modify_write_tag", "write"),
    0x52: ("read_tag_fragmented", "read"),
    0x53: ("write_tag_fragmented", "write"),
    0x55: ("get_instance_attribute_list", "read"),
}
OBJECTS = {
    0x01: "identity",
    0x02: "message router",
    0x06: "connection manager",
    0x37: "file",
    0x64: "program name",
    0x67: "PCCC",
    0x68: "program",
    0x69: "task",
    0x6A: "routine",
    0x6B: "symbol",
    0x6C: "template",
    0x72: "trend",
    0x73: "controller status",
    0x74: "transaction",
    0x8B: "clock",
    0x8E: "controller mode",
    0xA1: "firmware",
    0xAC: "change log",
    0xF4: "port",
    0xF5: "TCP/IP interface",
    0xF6: "Ethernet link",
}
SPECIAL = {
    (0x06, 0x4E): ("forward_close", "session"),
    (0x06, 0x52): ("unconnected_send", "read"),
    (0x06, 0x54): ("forward_open", "session"),
    (0x06, 0x5B): ("large_forward_open", "session"),
    (0x67, 0x4B): ("execute_pccc", "read"),
    (0x8B, 0x04): ("set_clock", "time"),
    (0x8B, 0x10): ("set_clock", "time"),
    (0x8E, 0x06): ("set_run_mode", "start"),
    (0x8E, 0x07): ("set_program_mode", "stop"),
    (0x8E, 0x4B): ("lock_controller", "lock"),
    (0x8E, 0x4C): ("unlock_controller", "unlock"),
    (0xA1, 0x4B): ("start_firmware_update", "firmware"),
    (0xA1, 0x4D): ("transfer_firmware", "firmware"),
    (0xA1, 0x51): ("finish_firmware_update", "firmware"),
    (0x37, 0x4B): ("initiate_file_upload", "upload"),
    (0x37, 0x4C): ("initiate_file_download", "download"),
    (0x37, 0x4F): ("file_upload_transfer", "upload"),
    (0x37, 0x50): ("file_download_transfer", "download"),
    (0x68, 0x4F): ("read_program", "upload"),
    (0x6A, 0x4F): ("read_program", "upload"),
    (0x68, 0x50): ("write_program", "download"),
    (0x6A, 0x50): ("write_program", "download"),
    (0xF5, 0x10): ("set_ip_settings", "network"),
    (0xF5, 0x02): ("set_ip_settings", "network"),
    (0xF5, 0x04): ("set_ip_settings", "network"),
    (0xF6, 0x10): ("set_port_settings", "network"),
    (0xF6, 0x02): ("set_port_settings", "network"),
    (0xF6, 0x04): ("set_port_settings", "network"),
    (0xF4, 0x10): ("set_port_settings", "network"),
}
PCCC = {
    (0x0F, 0x00): ("word_range_write", "write"),
    (0x0F, 0x02): ("bit_write", "write"),
    (0x0F, 0x03): ("file_write", "file-write"),
    (0x0F, 0x05): ("download_request", "download"),
    (0x0F, 0x06): ("upload", "upload"),
    (0x0F, 0x07): ("shutdown", "stop"),
    (0x0F, 0x08): ("physical_write", "write"),
    (0x0F, 0x0A): ("restart_request", "restart"),
    (0x0F, 0x18): ("write_bytes_physical", "write"),
    (0x0F, 0x26): ("read_modify_write", "write"),
    (0x0F, 0x3A): ("set_cpu_mode", "mode"),
    (0x0F, 0x41): ("disable_forces", "force"),
    (0x0F, 0x50): ("download_all_request", "download"),
    (0x0F, 0x52): ("download_completed", "download"),
    (0x0F, 0x53): ("upload_all_request", "upload"),
    (0x0F, 0x55): ("upload_completed", "upload"),
    (0x0F, 0x57): ("initialize_memory", "delete"),
    (0x0F, 0x67): ("typed_write", "write"),
    (0x0F, 0x80): ("change_cpu_mode", "mode"),
    (0x0F, 0x8F): ("apply_port_configuration", "network"),
    (0x0F, 0xA9): ("protected_typed_write", "write"),
    (0x0F, 0xAA): ("protected_typed_write", "write"),
    (0x0F, 0xAB): ("protected_typed_write", "write"),
    (0x0F, 0xAF): ("protected_file_write", "file-write"),
    (0x07, 0x00): ("disable_outputs", "stop"),
    (0x07, 0x04): ("enter_download_mode", "download"),
    (0x07, 0x06): ("enter_upload_mode", "upload"),
    (0x00, None): ("protected_write", "write"),
    (0x08, None): ("unprotected_write", "write"),
}
_HEADER = struct.Struct("<HHIIQI")


def size(data: bytes | bytearray) -> int:
    """Return the size of the first encapsulated message; -1 when it is none."""
    if len(data) < 24:
        return 0 if len(data) < 2 or (data[0] in COMMANDS and data[1] == 0) else -1
    if data[0] not in COMMANDS or data[1]:
        return -1
    return 24 + (data[2] | data[3] << 8)


def sniff(data: bytes) -> bool:
    """Tell whether an encapsulation header stands here: command, options 0, a length that fits."""
    if len(data) < 24 or data[0] not in COMMANDS or data[1] or data[20:24] != b"\0\0\0\0":
        return False
    length = data[2] | data[3] << 8
    if data[0] == 0x65:
        return length == 4 and data[24:26] == b"\1\0"
    if data[0] in (0x6F, 0x70):
        return len(data) > 31 and 16 <= length < 0x4000 and data[24:28] == b"\0\0\0\0" and 1 <= data[30] <= 4
    return data[0] in (0x01, 0x04, 0x63, 0x64, 0x66) and len(data) == 24 + length


def from_client(data: bytes) -> bool | None:
    """Tell who sent a message: a session without number is asked for by the client; services say it by a bit."""
    if data[0] == 0x65:
        return data[4:8] == b"\0\0\0\0"
    if data[0] == 0x63:
        return len(data) == 24
    found = _item(data)
    return not found[0] & 0x80 if found else None


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield the messages of one encapsulated one. Raises `WireError`."""
    if len(data) < 24:
        raise WireError("shorter than a header")
    command, _, session, status, _, _ = _HEADER.unpack_from(data)
    name, operation = COMMANDS.get(command, ("", ""))
    fields: dict[str, Any] = {"session": session, "status": status}
    try:
        if command in (0x6F, 0x70) and not status:
            body = _item(data)
            if body:
                yield from _cip(body, talk, fields, 0)
            return
        if command == 0x63 and len(data) > 24:
            fields |= _identity(data)
    except (struct.error, IndexError) as error:
        raise WireError("cut off inside a message") from error
    kind: Kind = "error" if status else "request" if talk.asked else "response"
    yield Message("enip", name, kind, operation, fields=fields)


def _item(data: bytes) -> bytes:
    """Return the CIP bytes of the data item of a common packet format list."""
    if len(data) < 32 or data[0] not in (0x6F, 0x70):
        return b""
    at, count = 32, data[30] | data[31] << 8
    for _ in range(min(count, 4)):
        if at + 4 > len(data):
            break
        kind, length = struct.unpack_from("<HH", data, at)
        if kind == 0xB2:
            return data[at + 4 : at + 4 + length]
        if kind == 0xB1:
            return data[at + 6 : at + 4 + length]
        at += 4 + length
    return b""


def _identity(data: bytes) -> dict[str, Any]:
    vendor, device, product, major, minor, _, serial, length = struct.unpack_from("<HHHBBHIB", data, 48)
    name = data[63 : 63 + length].decode("latin-1")
    return {"vendor": vendor, "device_type": device, "product": product, "revision": f"{major}.{minor}"} | {
        "serial": f"{serial:08x}",
        "product_name": name,
    }


def path(data: bytes) -> tuple[list[int], str]:
    """Return the classes named by an EPATH, and the path in words."""
    classes: list[int] = []
    words: list[str] = []
    at = 0
    while at < len(data) and len(words) < 16:
        kind = data[at]
        if kind in (0x20, 0x24, 0x28, 0x2C, 0x30):
            value, at = data[at + 1], at + 2
        elif kind in (0x21, 0x25, 0x29, 0x2D, 0x31):
            value, at = struct.unpack_from("<H", data, at + 2)[0], at + 4
        elif kind == 0x91:
            length = data[at + 1]
            words.append(data[at + 2 : at + 2 + length].decode("latin-1"))
            at += 2 + length + (length & 1)
            continue
        elif kind & 0xE0 == 0:  # port segment
            at += 2 if not kind & 0x10 else 2 + data[at + 1] + (data[at + 1] & 1)
            continue
        else:
            break
        if kind & 0xFC == 0x20:
            classes.append(value)
            words.append(OBJECTS.get(value, f"class 0x{value:02x}"))
        else:
            words.append(str(value))
    return classes, " ".join(words)


def _cip(data: bytes, talk: Talk, fields: dict[str, Any], depth: int) -> Iterator[Message]:
    if len(data) < 2 or depth > DEPTH:
        return
    service = data[0] & 0x7F
    if data[0] & 0x80:
        if len(data) < 4:
            raise WireError("cut off inside a message")
        status = data[2]
        asked = talk.memory.get(("cip", service), (f"service_{service:02x}", "other", ""))
        refused = status not in (0, 6)
        kind: Kind = "error" if refused else "response"
        outcome: Outcome = "refused" if refused else "ok"
        yield Message("cip", asked[0], kind, asked[1], "", asked[2], "", outcome, fields | {"cip_status": status})
        return
    words = data[1] * 2
    if 2 + words > len(data):
        raise WireError("path longer than the message")
    classes, target = path(data[2 : 2 + words])
    body = data[2 + words :]
    kind_class = classes[0] if classes else -1
    name, operation = SERVICES.get(service, (f"service_{service:02x}", "other"))
    for one in reversed(classes):
        if (one, service) in SPECIAL:
            name, operation = SPECIAL[one, service]
            break
    else:
        if service == 0x4C and classes and kind_class not in (0x6B, 0x72):
            name, operation = "service_4c", "other"
        if kind_class in (0xAC, 0x72, 0xB2) and service in (0x04, 0x08, 0x4B, 0x4C):
            operation = "read"  # trends and logs that tools set up for reading
    inner = dict(fields) | {"service": service, "path": target}
    talk.remember(("cip", service), (name, operation, target))
    if name == "unconnected_send" and len(body) >= 4:
        length = struct.unpack_from("<H", body, 2)[0]
        yield from _cip(body[4 : 4 + length], talk, fields, depth + 1)
    elif name == "multiple_service_packet" and len(body) >= 2:
        count = min(struct.unpack_from("<H", body, 0)[0], MOST_SERVICES)
        starts = [*struct.unpack_from(f"<{count}H", body, 2), len(body)]
        for start, stop in pairwise(starts):
            yield from _cip(body[start:stop], talk, fields, depth + 1)
    elif name == "execute_pccc":
        yield _pccc(body, target, inner)
    else:
        yield Message("cip", name, "request", operation, "", target, body[:32].hex(), "", inner)


def _pccc(body: bytes, target: str, fields: dict[str, Any]) -> Message:
    at = body[0]
    command = body[at] & 0x0F if at < len(body) else -1
    function = body[at + 4] if at + 4 < len(body) else -1
    found = PCCC.get((command, function)) or PCCC.get((command, None), (f"pccc_{command:02x}_{function:02x}", "read"))
    name, operation = found
    fields |= {"pccc_command": command, "pccc_function": function}
    value = ""
    if operation == "mode" and at + 5 < len(body):
        value = {0x01: "program", 0x06: "run", 0x07: "test"}.get(body[at + 5], str(body[at + 5]))
        operation = "stop" if value == "program" else "start" if value == "run" else "mode"
    return Message("cip", name, "request", operation, "", target, value, "", fields)


PROTOCOL = Protocol("enip", True, True, frozenset({44818, 2222}), sniff, size, parse, from_client)
