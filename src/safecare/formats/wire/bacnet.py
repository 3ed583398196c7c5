"""BACnet/IP: BVLC, NPDU and APDU, with services, objects and properties.

Source: ANSI/ASHRAE 135-2020: annex J (BVLL), clause 6 (NPDU), 20 (encoding of APDUs and tags), 21 (services). The
names of what
a message says are those of Zeek with CISA's ICSNPP parser, so that both can be compared field by field.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from safecare.formats.wire.bacnet_tags import (
    OBJECTS,
    changes,
    device_control,
    discovery,
    name_of,
    properties,
    short_value,
)
from safecare.formats.wire.message import Kind, Message, Outcome, Protocol, Talk, WireError

MOST_SEGMENTED = 1 << 17
"""Bytes of a segmented message (chosen: 64 segments of 1,476 bytes, and some)."""

BVLC = (
    "BVLC_Result", "Write_Broadcast_Table", "Read_Broadcast_Table", "Read_Broadcast_Table_ACK", "Forwarded_NPDU",
    "Register_Foreign_Device", "Read_Foreign_Device_Table", "Read_Foreign_Device_Table_ACK",
    "Delete_Foreign_Device_Table_Entry", "Distribute_Broadcast_to_Network", "Original_Unicast_NPDU",
    "Original_Broadcast_NPDU", "Secured_BVLL",
)  # fmt: skip
BVLC_RESULTS = {
    0x00: "Successful_completion",
    0x10: "Write-Broadcast-Distribution-Table_NAK",
    0x20: "Read-Broadcast-Distribution-Table_NAK",
    0x30: "Register-Foreign-Device_NAK",
    0x40: "Read-Foreign-Device-Table_NAK",
    0x50: "Delete-Foreign-Device-Table-Entry_NAK",
    0x60: "Distribute-Broadcast-To-Network_NAK",
}
TYPES = (
    "CONFIRMED_REQUEST", "UNCONFIRMED_REQUEST", "SIMPLE_ACK", "COMPLEX_ACK", "SEGMENT_ACK", "ERROR_PDU", "REJECT_PDU",
    "ABORT_PDU",
)  # fmt: skip
CONFIRMED = (
    "acknowledge_alarm", "confirmed_cov_notification", "confirmed_event_notification", "get_alarm_summary",
    "get_enrollment_summary", "subscribe_cov", "atomic_read_file", "atomic_write_file", "add_list_element",
    "remove_list_element", "create_object", "delete_object", "read_property", "read_property_conditional",
    "read_property_multiple", "write_property", "write_property_multiple", "device_communication_control",
    "confirmed_private_transfer", "confirmed_text_message", "reinitialize_device", "vt_open", "vt_close", "vt_data",
    "authenticate", "request_key", "read_range", "life_safety_operation", "subscribe_cov_property",
    "get_event_information", "subscribe_cov_property_multiple", "confirmed_cov_notification_multiple",
    "confirmed_audit_notification", "audit_log_query",
)  # fmt: skip
UNCONFIRMED = (
    "i_am", "i_have", "unconfirmed_cov_notification", "unconfirmed_event_notification", "unconfirmed_private_transfer",
    "unconfirmed_text_message", "time_synchronization", "who_has", "who_is", "utc_time_synchronization", "write_group",
    "unconfirmed_cov_notification_multiple", "unconfirmed_audit_notification", "who_am_i", "you_are",
)  # fmt: skip
OPERATIONS = {
    "atomic_write_file": "file-write",
    "add_list_element": "write",
    "remove_list_element": "write",
    "create_object": "create",
    "delete_object": "delete",
    "write_property": "write",
    "write_property_multiple": "write",
    "device_communication_control": "silence",
    "reinitialize_device": "restart",
    "vt_open": "session",
    "authenticate": "password",
    "life_safety_operation": "operate",
    "time_synchronization": "time",
    "utc_time_synchronization": "time",
    "write_group": "write",
    "you_are": "program",
    "who_is": "discover",
    "who_has": "discover",
    "who_am_i": "discover",
    "i_am": "announce",
    "i_have": "announce",
    "confirmed_private_transfer": "other",
    "unconfirmed_private_transfer": "other",
}
NETWORK = {
    0: ("who_is_router_to_network", "discover"),
    1: ("i_am_router_to_network", "routing"),
    2: ("i_could_be_router_to_network", "routing"),
    3: ("reject_message_to_network", "routing"),
    4: ("router_busy_to_network", "routing"),
    5: ("router_available_to_network", "routing"),
    6: ("initialize_routing_table", "routing"),
    7: ("initialize_routing_table_ack", "routing"),
    8: ("establish_connection_to_network", "routing"),
    9: ("disconnect_connection_to_network", "routing"),
    10: ("challenge_request", "session"),
    11: ("security_payload", "session"),
    12: ("what_is_network_number", "discover"),
    13: ("network_number_is", "announce"),
}
TABLES = {
    0: "read",
    1: "network",
    2: "read",
    3: "read",
    5: "register",
    6: "read",
    7: "read",
    8: "network",
}
_KINDS: tuple[Kind, ...] = ("request", "request", "response", "response", "response", "error", "error", "error")


def size(data: bytes | bytearray) -> int:
    """Return the length that the BVLC header tells; -1 when it is none."""
    if len(data) < 4:
        return 0 if data[:1] in (b"", b"\x81") else -1
    length = data[2] << 8 | data[3]
    return length if data[0] == 0x81 and data[1] <= 12 and length >= 4 else -1


def sniff(data: bytes) -> bool:
    """Tell whether a BVLC message with NPDU version 1 stands here. Its length may lie: real devices take such ones."""
    if len(data) < 4 or size(data) < 0:
        return False
    at = {4: 10, 9: 4, 10: 4, 11: 4}.get(data[1])
    if at is None:
        return size(data) == len(data) <= 1024
    return len(data) > at + 1 and data[at] == 1 and not data[at + 1] & 0x50


def header(data: bytes) -> tuple[int, int, int, int, int, int]:
    """Return BVLC function, APDU type, service, invoke id, begin of the parameters, bits. Raises `WireError`.

    The APDU type is -1 for a network message (the service is its type) and -2 where there is no NPDU.
    """
    try:
        if data[0] != 0x81 or data[1] >= len(BVLC):
            raise WireError("no BVLC header")
        function = data[1]
        if function in TABLES:
            return function, -2, 0, -1, 4, 0
        at = 10 if function == 4 else 4
        if data[at] != 1:
            raise WireError("NPDU version is not 1")
        control = data[at + 1]
        at += 2
        if control & 0x20:
            at += 4 + data[at + 2] + (3 + data[at + 5 + data[at + 2]] if control & 8 else 0)
        elif control & 8:
            at += 3 + data[at + 2]
        if control & 0x80:
            return function, -1, data[at], -1, at + 1, control
        first = data[at]
        kind = first >> 4
        if kind == 1:
            return function, 1, data[at + 1], -1, at + 2, first
        if kind == 0:
            if first & 8:
                return function, 0, data[at + 5], data[at + 2], at + 6, first
            return function, 0, data[at + 3], data[at + 2], at + 4, first
        if kind == 3:
            if first & 8:
                return function, 3, data[at + 4], data[at + 1], at + 5, first
            return function, 3, data[at + 2], data[at + 1], at + 3, first
        if kind in (2, 5, 6, 7):
            return function, kind, data[at + 2], data[at + 1], at + 3, first
        if kind == 4:
            return function, 4, 0, data[at + 1], at + 4, first
    except IndexError:
        raise WireError("cut off inside a message") from None
    raise WireError("APDU of another kind")


def from_client(data: bytes) -> bool | None:
    """Tell who sent a message: requests come from the client."""
    try:
        kind = header(data)[1]
    except WireError:
        return None
    return None if kind < 0 or kind == 1 else kind == 0


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield the message of one datagram; pieces of a segmented one are put together. Raises `WireError`."""
    function, kind, service, invoke, at, bits = header(data)
    if kind < 0:
        yield _below(data, function, kind, service, at)
        return
    end = len(data)
    whole: bytes | None = b""
    if kind in (0, 3) and bits & 8:
        whole = _segment(data[at:end], kind, invoke, bits, data[at - 3 : at - 1], talk)
        if whole is None:
            return
        data, at, end = whole, 0, len(whole)
    result = None
    if kind == 1:
        name = UNCONFIRMED[service] if service < len(UNCONFIRMED) else f"service_{service}"
    elif kind == 6:
        name, result = "reject", name_of("reject", service)
    elif kind == 7:
        name, result = "abort", name_of("abort", service)
    elif kind == 4:
        name = "segment_ack"
    else:
        name = CONFIRMED[service] if service < len(CONFIRMED) else f"service_{service}"
    fields: dict[str, Any] = {
        "bvlc_function": BVLC[function],
        "pdu_type": TYPES[kind],
        "pdu_service": name,
        "invoke_id": None if kind == 1 else invoke,
        "result_code": result,
    }
    if size(data) != len(data) and not whole:
        fields["lying_length"] = size(data)
    operation = OPERATIONS.get(name, "read")
    target = value = ""
    outcome: Outcome = "refused" if kind >= 5 else "ok" if kind in (2, 3) else ""
    try:
        if kind in (0, 3) and service in _WITH_PROPERTIES:
            rows = fields["properties"] = properties(data, at, end, service, request=kind == 0)
            if rows:
                first = rows[0]
                target = f"{first['object_type']}:{first['instance_number']} {first['property']}"
                value = short_value(rows) if operation == "write" else ""
        elif (kind, service) in _OF_CHANGES:
            rows = fields["changes"] = changes(data, at, end)
            if rows:
                first = rows[0]
                target = f"{first['object_type']}:{first['instance_number']} {first['property']}"
                value = short_value(rows)
        elif kind == 1 and service in (0, 1, 7, 8):
            fields["discovery"] = discovery(data, at, end, service)
        elif kind == 0 and service in (17, 20):
            control = fields["device_control"] = device_control(data, at, end, service)
            value = control["device_state"]
            operation = "config" if value in _HARMLESS else operation
        elif kind == 0 and service in (10, 11, 7, 6):
            target = _file_or_object(data, at, end, service)
        elif kind == 5:
            fields["result_code"] = _error(data, at, end)
    except (IndexError, struct.error, ValueError):
        raise WireError("cut off inside a message") from None
    yield Message("bacnet", name, _KINDS[kind], operation, "", target, value, outcome, fields)


_OF_CHANGES = {(0, 1), (1, 2)}
"""Notifications of changed values, confirmed and not: type of PDU and service (21, ConfirmedCOVNotification)."""
_WITH_PROPERTIES = {12, 14, 15, 16, 26}
_HARMLESS = {"enable", "start-backup", "end-backup"}


def _below(data: bytes, function: int, kind: int, service: int, at: int) -> Message:
    """Return a message of the layers below: BVLC tables and results, network layer messages."""
    fields: dict[str, Any] = {"bvlc_function": BVLC[function], "pdu_type": None, "pdu_service": None}
    fields |= {"invoke_id": None, "result_code": None}
    if kind == -1:
        name, operation = NETWORK.get(service, (f"network_message_{service}", "routing"))
        fields |= {"pdu_type": "NPDU", "pdu_service": name}
        networks = [data[one] << 8 | data[one + 1] for one in range(at, min(len(data) - 1, at + 32), 2)]
        fields["networks"] = networks if service in (0, 1, 4, 5) else networks[:1]
        return Message("bacnet", name, "request", operation, fields=fields)
    value = ""
    if function == 0 and len(data) >= 6:
        fields["result_code"] = BVLC_RESULTS.get(data[4] << 8 | data[5], str(data[4] << 8 | data[5]))
    if function == 5 and len(data) >= 6:
        value = str(data[4] << 8 | data[5])
    name = BVLC[function].lower()
    answer = function in (0, 3, 7)
    return Message("bacnet", name, "response" if answer else "request", TABLES[function], "", "", value, "", fields)


def _segment(data: bytes, kind: int, invoke: int, bits: int, place: bytes, talk: Talk) -> bytes | None:
    """Keep one segment; return the whole message with its last."""
    key = (kind, invoke, talk.asked)
    number = place[0] if place else 0
    known = b"" if number == 0 else talk.memory.pop(key, None)
    if known is None:
        raise WireError("segment without its beginning")
    whole = known + data
    if len(whole) > MOST_SEGMENTED:
        raise WireError("too many segments")
    if bits & 4:  # more follow
        talk.remember(key, whole)
        return None
    return whole


def _file_or_object(data: bytes, at: int, end: int, service: int) -> str:
    if service == 10:  # create: opening tag 0, then type (context 0) or identifier (context 1)
        at += 1
        if data[at] == 0x09:
            return name_of("object", data[at + 1])
        at += 1
    else:
        at += 1
    if at + 4 > end:
        return ""
    number = struct.unpack_from(">I", data, at)[0]
    return f"{OBJECTS(number >> 22)}:{number & 0x3FFFFF}"


def _error(data: bytes, at: int, end: int) -> str:
    """Return the error code: two enumerations, in some services within opening tag 0."""
    if at < end and data[at] == 0x0E:
        at += 1
    length = data[at] & 7
    at += 1 + length
    size_of = data[at] & 7
    return name_of("error", int.from_bytes(data[at + 1 : at + 1 + size_of], "big"))


PROTOCOL = Protocol("bacnet", False, True, frozenset({47808}), sniff, size, parse, from_client)
