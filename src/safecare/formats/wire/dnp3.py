"""DNP3 over TCP or UDP.

Source: IEEE 1815-2012: data link layer (clause 9, its CRC 9.2.4.2), transport function (8), application layer (4, 11).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from safecare.formats.wire.message import Kind, Message, Outcome, Protocol, Talk, WireError

MOST_FRAGMENT = 1 << 14
"""Bytes of one application message (chosen: devices take 2,048)."""
FUNCTIONS = {
    0: ("confirm", "read"),
    1: ("read", "read"),
    2: ("write", "write"),
    3: ("select", "operate"),
    4: ("operate", "operate"),
    5: ("direct_operate", "operate"),
    6: ("direct_operate_no_ack", "operate"),
    7: ("immediate_freeze", "write"),
    8: ("immediate_freeze_no_ack", "write"),
    9: ("freeze_and_clear", "clear"),
    10: ("freeze_and_clear_no_ack", "clear"),
    11: ("freeze_at_time", "write"),
    12: ("freeze_at_time_no_ack", "write"),
    13: ("cold_restart", "restart"),
    14: ("warm_restart", "restart"),
    15: ("initialize_data", "config"),
    16: ("initialize_application", "restart"),
    17: ("start_application", "start"),
    18: ("stop_application", "stop"),
    19: ("save_configuration", "config"),
    20: ("enable_unsolicited", "config"),
    21: ("disable_unsolicited", "silence"),
    22: ("assign_class", "config"),
    23: ("delay_measurement", "read"),
    24: ("record_current_time", "read"),
    25: ("open_file", "read"),
    26: ("close_file", "read"),
    27: ("delete_file", "delete"),
    28: ("get_file_info", "read"),
    29: ("authenticate_file", "password"),
    30: ("abort_file", "file-write"),
    31: ("activate_configuration", "config"),
    32: ("authentication_request", "session"),
    33: ("authentication_error", "session"),
    129: ("response", "read"),
    130: ("unsolicited_response", "read"),
    131: ("authentication_response", "session"),
}
LINK = {
    (1, 0): "reset_link",
    (1, 1): "reset_user_process",
    (1, 2): "test_link",
    (1, 3): "user_data",
    (1, 4): "unconfirmed_user_data",
    (1, 9): "request_link_status",
    (0, 0): "ack",
    (0, 1): "nack",
    (0, 11): "link_status",
    (0, 14): "link_not_functioning",
    (0, 15): "link_not_used",
}
CONTROLS = {1: "pulse on", 2: "pulse off", 3: "latch on", 4: "latch off"}


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA6BC if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


_TABLE = _crc_table()


def crc(data: bytes) -> int:
    """Return the check sum of one block."""
    value = 0
    for byte in data:
        value = (value >> 8) ^ _TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFF


def size(data: bytes | bytearray) -> int:
    """Return the size of the first link frame with its check sums; -1 when it is none."""
    if len(data) < 3:
        return 0 if b"\x05\x64".startswith(data[:2]) else -1
    if data[0] != 0x05 or data[1] != 0x64 or data[2] < 5:
        return -1
    user = data[2] - 5
    return 10 + user + 2 * ((user + 15) // 16)


def sniff(data: bytes) -> bool:
    """Tell whether a link frame begins here whose header's check sum is right."""
    return len(data) >= 10 and size(data) >= 10 and crc(data[:8]) == data[8] | data[9] << 8


def from_client(data: bytes) -> bool | None:
    """Tell who sent a frame: the direction bit is the master's."""
    return bool(data[3] & 0x80) if len(data) > 3 else None


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield the message that ends with this frame, if one does. Raises `WireError`."""
    if len(data) < 10:
        raise WireError("shorter than a header")
    control, target, source = struct.unpack_from("<BHH", data, 3)
    fields: dict[str, Any] = {"source": source, "destination": target}
    if crc(data[:8]) != data[8] | data[9] << 8:
        raise WireError("wrong check sum")
    primary = control >> 6 & 1
    link = LINK.get((primary, control & 15), f"link_{control & 15}")
    outstation = str(target if control & 0x80 else source)
    user = bytearray()
    at, left = 10, data[2] - 5
    while left > 0 and at < len(data):
        block = data[at : at + min(16, left)]
        stored = data[at + len(block) : at + len(block) + 2]
        if len(stored) < 2 or crc(block) != stored[0] | stored[1] << 8:
            raise WireError("wrong check sum")
        user += block
        at, left = at + len(block) + 2, left - 16
    if not user or link not in ("user_data", "unconfirmed_user_data"):
        operation = "config" if link == "reset_user_process" else "session"
        yield Message("dnp3", link, "request" if primary else "response", operation, outstation, fields=fields)
        return
    key = (source, target)
    first, last = user[0] & 0x40, user[0] & 0x80
    whole = (b"" if first else talk.memory.pop(key, b"")) + bytes(user[1:])
    if len(whole) > MOST_FRAGMENT:
        raise WireError("application message too long")
    if not last:
        talk.remember(key, whole)
        return
    yield _application(whole, outstation, fields)


def _application(data: bytes, outstation: str, fields: dict[str, Any]) -> Message:
    if len(data) < 2:
        raise WireError("cut off inside a message")
    code = data[1]
    name, operation = FUNCTIONS.get(code, (f"function_{code}", "unknown"))
    fields["function"] = code
    if code in (129, 130, 131):
        if len(data) >= 4:
            fields["indications"] = data[2] << 8 | data[3]
            refused = bool(data[3] & 0x07)  # function not supported, object unknown, parameter error
            kind: Kind = "notice" if code == 130 else "error" if refused else "response"
            outcome: Outcome = "refused" if refused else "ok"
            return Message("dnp3", name, kind, operation, outstation, "", "", outcome, fields)
        raise WireError("cut off inside a message")
    target, value = _objects(data, fields)
    groups = fields.get("groups", [])
    if code == 2 and groups and groups[0] == 50:
        operation = "time"
    if code == 2 and groups and groups[0] == 70:
        operation = "file-write"
    if code == 2 and groups and groups[0] == 80:
        operation = "read"  # clears the restart bit: every master does so
        fields["clears_restart"] = True
    return Message("dnp3", name, "request", operation, outstation, target, value, "", fields)


def _objects(data: bytes, fields: dict[str, Any]) -> tuple[str, str]:
    """Return in words what the first object headers name (at most 16), and the first control block's command."""
    names: list[str] = []
    groups: list[int] = []
    value, at = "", 2
    for _ in range(16):
        if at + 3 > len(data):
            break
        group, variation, qualifier = data[at], data[at + 1], data[at + 2]
        at += 3
        groups.append(group)
        code, prefix = qualifier & 15, qualifier >> 4 & 7
        count = 0
        if code in (0, 1):
            width = 1 << code
            if at + 2 * width > len(data):
                break
            start = int.from_bytes(data[at : at + width], "little")
            stop = int.from_bytes(data[at + width : at + 2 * width], "little")
            names.append(f"g{group}v{variation} {start}-{stop}")
            at += 2 * width
            count = max(0, stop - start + 1)
        elif code in (7, 8, 9):
            width = {7: 1, 8: 2, 9: 4}[code]
            count = int.from_bytes(data[at : at + width], "little")
            at += width
            step = {0: 0, 1: 1, 2: 2, 3: 4}.get(prefix, 0)
            point = int.from_bytes(data[at : at + step], "little") if step and count else -1
            names.append(f"g{group}v{variation}" + (f" point {point}" if point >= 0 else f" x{count}"))
            if group == 12 and variation == 1 and at + step + 11 <= len(data):
                control = data[at + step]
                value = CONTROLS.get(control & 15, f"control {control}")
                value += {1: ", close", 2: ", trip"}.get(control >> 6, "")
                fields["control"] = value
            if data[1] in (3, 4, 5, 6, 2):
                break  # the objects' own bytes follow
        else:
            names.append(f"g{group}v{variation}")
        if count and data[1] == 2:
            break
    fields["objects"], fields["groups"] = names, groups
    return ", ".join(names), value


PROTOCOL = Protocol("dnp3", True, True, frozenset({20000}), sniff, size, parse, from_client)
