"""BACnet's tags and values, and what services say with them: objects, properties, identities.

Source: ANSI/ASHRAE 135-2020, 20.2 (tags and values), 21 (services). Numbers of properties, objects, errors, units
and vendors:
the standard's clause 21 and ASHRAE's public register of vendor ids, as laid down in ``bacnet_names.json``.
"""

from __future__ import annotations

import json
import struct
from functools import cache
from importlib.resources import files
from typing import Any

MOST_ROWS = 512
"""Properties told of one message (chosen: more do not fit into a segmented answer of usual size)."""
DEPTH = 16
"""Tags within tags that are passed over (chosen: constructed values of the standard nest four deep)."""

STATES = {
    36: ("normal", "fault", "offnormal", "high-limit", "low-limit", "life-safety-alarm"),
    72: ("alarm", "event", "ack-notification"),
    103: (
        "no-fault-detected", "no-sensor", "over-range", "under-range", "open-loop", "shorted-loop", "no-output",
        "unreliable-other", "process-error", "multi-state-fault", "configuration-error", "reserved",
        "communication-failure", "member-fault",
    ),
    107: ("segmented-both", "segmented-transmit", "segmented-receive", "no-segmentation"),
    112: (
        "operational", "operational-read-only", "download-required", "download-in-progress", "non-operational",
        "backup-in-progress",
    ),
}  # fmt: skip
COMMUNICATION = ("enable", "disable", "disable-initiation")
REINITIALIZE = (
    "coldstart", "warmstart", "start-backup", "end-backup", "start-restore", "end-restore", "abort-restore",
    "activate-changes",
)  # fmt: skip
_SERVICES = {12: "read-property", 14: "read-property-multiple", 15: "write-property", 16: "write-property-multiple"} | {
    26: "read-range"
}


@cache
def _names() -> dict[str, dict[int, str]]:
    raw = json.loads((files(__package__) / "bacnet_names.json").read_text("utf-8"))
    return {kind: {int(number): name for number, name in rows.items()} for kind, rows in raw.items()}


def name_of(kind: str, number: int) -> str:
    """Return the name of a property, object, error, reject, abort, vendor or unit."""
    found = _names()[kind].get(number)
    if found is not None:
        return found
    return f"Unknown Vendor-0x{number:02x}" if kind == "vendor" else f"{kind}-{number}"


def OBJECTS(number: int) -> str:  # noqa: N802 - reads as the table that it is
    """Return the name of an object type."""
    return name_of("object", number)


def tag(data: bytes, at: int) -> tuple[int, bool, int, int]:
    """Return number, context bit, length (0x106 opening, 0x107 closing; a boolean's value), where data begin."""
    first = data[at]
    number, context, length = first >> 4, bool(first & 8), first & 7
    at += 1
    if number == 15:
        number = data[at]
        at += 1
    if context and length in (6, 7):
        return number, True, 0x100 + length, at
    if length == 5:
        length = data[at]
        at += 1
        if length == 254:
            length = data[at] << 8 | data[at + 1]
            at += 2
        elif length == 255:
            length = struct.unpack_from(">I", data, at)[0]
            at += 4
    return number, context, length, at


def _identifier(data: bytes, at: int) -> tuple[str, int]:
    number = struct.unpack_from(">I", data, at)[0]
    return name_of("object", number >> 22), number & 0x3FFFFF


def value_of(number: int, length: int, data: bytes, at: int, prop: int) -> str:
    """Return an application value in words (20.2.2 to 20.2.14)."""
    part = data[at : at + length]
    match number:
        case 1:
            return "true" if length else "false"
        case 2 | 9:
            value = int.from_bytes(part, "big")
            if prop in STATES:
                names = STATES[prop]
                return names[value] if value < len(names) else str(value)
            if prop == 117:
                return name_of("units", value)
            return name_of("object", value) if prop == 79 else str(value)
        case 3:
            return str(int.from_bytes(part, "big", signed=True))
        case 4:
            return f"{struct.unpack('>f', part)[0]:f}" if length == 4 else ""
        case 5:
            return f"{struct.unpack('>d', part)[0]:f}" if length == 8 else ""
        case 6:
            return part.hex()
        case 7:
            encoding = {0: "utf-8", 3: "utf-32-be", 4: "utf-16-be", 5: "latin-1"}.get(part[0] if part else 0, "latin-1")
            return part[1:].decode(encoding, "replace")
        case 8:
            bits = "".join(f"{one:08b}" for one in part[1:])
            return bits.replace("1", "T").replace("0", "F")
        case 10:
            return f"{part[1]}/{part[2]}/{part[0] + 1900}" if length == 4 else ""
        case 11:
            return f"{part[0]}:{part[1]}:{part[2]}.{part[3]}" if length == 4 else ""
        case 12:
            if length != 4:
                return ""
            name, instance = _identifier(data, at)
            return f"{name}: {instance}"
    return ""


def _values(data: bytes, at: int, end: int, prop: int) -> tuple[str, int]:
    """Return the values up to the closing tag that belongs to the opening one before `at`, and what comes after."""
    found: list[str] = []
    depth = 1
    while at < end:
        number, context, length, start = tag(data, at)
        if length == 0x106:
            depth += 1
            if depth > DEPTH:
                raise ValueError("tags too deep")
            at = start
        elif length == 0x107:
            depth -= 1
            at = start
            if depth == 0:
                break
        elif context:
            at = start + length
        else:
            if start + (0 if number == 1 else length) > end:
                raise ValueError("value longer than the message")
            if len(found) < 16:
                found.append(value_of(number, length, data, start, prop))
            at = start if number == 1 else start + length
    return ",".join(found), at


def properties(data: bytes, at: int, end: int, service: int, *, request: bool) -> list[dict[str, Any]]:
    """Return object, property and value of each one that a reading or writing service names."""
    label = _SERVICES[service]
    if service in (12, 14, 26) or not request:
        label += "-request" if request else "-ack"
    if service in (14, 16):
        return _multiple(data, at, end, label, writes=service == 16, request=request)
    if at + 7 > end:
        return []
    kind, instance = _identifier(data, at + 1)
    at += 5
    _, _, length, at = tag(data, at)
    prop = int.from_bytes(data[at : at + length], "big")
    at += length
    row = {
        "pdu_service": label,
        "object_type": kind,
        "instance_number": instance,
        "property": name_of("property", prop),
    }
    index, value = None, None
    if at < end and data[at] & 0xF8 == 0x28 and data[at] & 7 < 5:
        length = data[at] & 7
        index = int.from_bytes(data[at + 1 : at + 1 + length], "big")
        at += 1 + length
    if index is None and service == 26:
        index = 0  # as Zeek has it
    if at < end and data[at] == 0x3E and service != 26:
        value, at = _values(data, at + 1, end, prop)
    row |= {"array_index": index, "value": value}
    if service == 15 and at < end and data[at] & 0xF8 == 0x48:
        row["priority"] = data[at + 1]
    return [row]


def _multiple(data: bytes, at: int, end: int, label: str, *, writes: bool, request: bool) -> list[dict[str, Any]]:
    """Return the rows of a service that names several objects, each with a list of properties."""
    rows: list[dict[str, Any]] = []
    inner = 0 if request else 2  # context tag of the property
    while at + 5 <= end and data[at] == 0x0C and len(rows) < MOST_ROWS:
        kind, instance = _identifier(data, at + 1)
        at += 5
        if at >= end or data[at] != 0x1E:
            break
        at += 1
        while at < end and data[at] != 0x1F and len(rows) < MOST_ROWS:
            number, _, length, start = tag(data, at)
            if number != inner or length > 4:
                return rows
            prop = int.from_bytes(data[start : start + length], "big")
            at = start + length
            row: dict[str, Any] = {
                "pdu_service": label,
                "object_type": kind,
                "instance_number": instance,
                "property": name_of("property", prop),
                "array_index": None,
                "value": None,
            }
            if at < end and data[at] >> 4 == inner + 1 and data[at] & 8 and data[at] & 7 < 5:
                length = data[at] & 7
                row["array_index"] = int.from_bytes(data[at + 1 : at + 1 + length], "big")
                at += 1 + length
            if at < end and (data[at] in (0x4E, 0x5E) or (writes and data[at] == 0x2E)):
                failed = data[at] == 0x5E
                row["value"], at = _values(data, at + 1, end, -1 if failed else prop)
                if failed:
                    codes = row["value"].split(",")
                    row["value"] = name_of("error", int(codes[-1])) if codes[-1].isdigit() else row["value"]
            if writes and at < end and data[at] & 0xF8 == 0x38 and data[at] & 7 < 5:
                row["priority"] = data[at + 1]
                at += 1 + (data[at] & 7)
            rows.append(row)
        at += 1
    return rows


def changes(data: bytes, at: int, end: int) -> list[dict[str, Any]]:
    """Return object, property and value of each one that a notification of changes tells (13.4, 13.5)."""
    for expected in (0, 1, 2, 3):
        number, context, length, start = tag(data, at)
        if number != expected or not context or length > 4 or start + length > end:
            return []
        if expected == 2:
            kind, instance = _identifier(data, start)
        at = start + length
    rows: list[dict[str, Any]] = []
    if at >= end or data[at] != 0x4E:
        return rows
    at += 1
    while at < end and data[at] != 0x4F and len(rows) < MOST_ROWS:
        number, context, length, start = tag(data, at)
        if number != 0 or not context or length > 4:
            break
        prop = int.from_bytes(data[start : start + length], "big")
        at = start + length
        if at < end and data[at] & 0xF8 == 0x18:  # index in an array
            at += 1 + (data[at] & 7)
        if at >= end or data[at] != 0x2E:
            break
        value, at = _values(data, at + 1, end, prop)
        rows.append(
            {"object_type": kind, "instance_number": instance, "property": name_of("property", prop), "value": value}
        )
        if at < end and data[at] & 0xF8 == 0x38:  # priority
            at += 1 + (data[at] & 7)
    return rows


def short_value(rows: list[dict[str, Any]]) -> str:
    """Return in a few words what is written."""
    shown = [str(row["value"]) for row in rows[:4] if row["value"] is not None]
    priority = next((f" at priority {row['priority']}" for row in rows if "priority" in row), "")
    return ", ".join(shown) + priority


def discovery(data: bytes, at: int, end: int, service: int) -> dict[str, Any]:
    """Return what who-is, i-am, who-has and i-have say."""
    names = {0: "i-am", 1: "i-have", 7: "who-has", 8: "who-is"}
    row: dict[str, Any] = {"pdu_service": names[service], "device_id_type": None, "device_id_number": None}
    row |= {"object_type": None, "instance_number": None, "vendor": None, "range": None, "object_name": None}
    if service == 0:
        row["object_type"], row["instance_number"] = _identifier(data, at + 1)
        at += 5
        values = []
        for _ in range(3):
            _, _, length, at = tag(data, at)
            values.append(int.from_bytes(data[at : at + length], "big"))
            at += length
        row["vendor"] = name_of("vendor", values[2])
        return row
    if service == 1:
        row["device_id_type"], row["device_id_number"] = _identifier(data, at + 1)
        row["object_type"], row["instance_number"] = _identifier(data, at + 6)
        _, _, length, at = tag(data, at + 10)
        row["object_name"] = value_of(7, length, data, at, -1)
        return row
    limits: list[int] = []
    while at < end and data[at] >> 4 < 2 and data[at] & 8 and len(limits) < 2:
        _, _, length, at = tag(data, at)
        limits.append(int.from_bytes(data[at : at + length], "big"))
        at += length
    row["range"] = f"{limits[0]}-{limits[1]}" if len(limits) == 2 else "All"
    if service == 7 and at < end:
        number, _, length, at = tag(data, at)
        if number == 2 and length == 4:
            row["object_type"], row["instance_number"] = _identifier(data, at)
        elif number == 3:
            row["object_name"] = value_of(7, length, data, at, -1)
    return row


def device_control(data: bytes, at: int, end: int, service: int) -> dict[str, Any]:
    """Return what device communication control and reinitialize device ask for. A password is never shown."""
    row: dict[str, Any] = {"time_duration": None, "device_state": "", "password_given": False}
    states = COMMUNICATION if service == 17 else REINITIALIZE
    place = 1 if service == 17 else 0
    while at < end:
        number, _, length, at = tag(data, at)
        value = int.from_bytes(data[at : at + min(length, 8)], "big")
        if number == place:
            row["device_state"] = states[value] if value < len(states) else str(value)
        elif number == place + 1:
            row["password_given"] = True
        elif service == 17 and number == 0:
            row["time_duration"] = value
        at += length
    return row
