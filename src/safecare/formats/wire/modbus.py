"""Modbus/TCP.

Source: Modbus Application Protocol 1.1b3 (functions, exceptions), Modbus Messaging on TCP/IP 1.0b (the MBAP header).
Function 90 is Schneider's UMAS, by which controllers are programmed, started and stopped (publicly known, not
published).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Literal

from safecare.formats.wire.message import Message, Protocol, Talk, WireError

LONGEST = 260
"""Bytes of one message: 7 of header, 253 of PDU (Messaging on TCP/IP, 3.1.2)."""

FUNCTIONS = {
    1: ("read_coils", "read"),
    2: ("read_discrete_inputs", "read"),
    3: ("read_holding_registers", "read"),
    4: ("read_input_registers", "read"),
    5: ("write_single_coil", "write"),
    6: ("write_single_register", "write"),
    7: ("read_exception_status", "read"),
    8: ("diagnostics", "diagnose"),
    11: ("get_comm_event_counter", "read"),
    12: ("get_comm_event_log", "read"),
    15: ("write_multiple_coils", "write"),
    16: ("write_multiple_registers", "write"),
    17: ("report_server_id", "identify"),
    20: ("read_file_record", "read"),
    21: ("write_file_record", "file-write"),
    22: ("mask_write_register", "write"),
    23: ("read_write_multiple_registers", "write"),
    24: ("read_fifo_queue", "read"),
    43: ("encapsulated_interface_transport", "other"),
    90: ("umas", "program"),
}
DIAGNOSTICS = {
    0: ("return_query_data", "read"),
    1: ("restart_communications", "restart"),
    2: ("return_diagnostic_register", "read"),
    3: ("change_ascii_delimiter", "config"),
    4: ("force_listen_only_mode", "silence"),
    10: ("clear_counters", "clear"),
    **{code: (f"return_counter_{code}", "read") for code in range(11, 19)},
    20: ("clear_overrun_counter", "clear"),
}
UMAS = {
    0x02: ("umas_read_id", "identify"),
    0x10: ("umas_reserve", "lock"),
    0x11: ("umas_release", "unlock"),
    0x30: ("umas_start_download", "download"),
    0x31: ("umas_download_block", "download"),
    0x32: ("umas_end_download", "download"),
    0x33: ("umas_start_upload", "upload"),
    0x34: ("umas_upload_block", "upload"),
    0x35: ("umas_end_upload", "upload"),
    0x23: ("umas_write_variable", "write"),
    0x29: ("umas_write_memory", "write"),
    0x40: ("umas_start", "start"),
    0x41: ("umas_stop", "stop"),
}
EXCEPTIONS = {
    1: "illegal_function",
    2: "illegal_data_address",
    3: "illegal_data_value",
    4: "server_device_failure",
    5: "acknowledge",
    6: "server_device_busy",
    8: "memory_parity_error",
    10: "gateway_path_unavailable",
    11: "gateway_target_no_response",
}
PLACES = {1: "coil", 2: "discrete", 3: "holding", 4: "input", 5: "coil", 6: "holding", 15: "coil", 16: "holding"} | {
    22: "holding",
    23: "holding",
}
_HEADER = struct.Struct(">HHHBB")
_PAIR = struct.Struct(">HH")


def size(data: bytes | bytearray) -> int:
    """Return the size of the first message; -1 when the header lies."""
    if len(data) < 6:
        return 0
    length = (data[4] << 8) | data[5]
    return -1 if length < 2 or length > LONGEST - 6 or data[2] or data[3] else 6 + length


def sniff(data: bytes) -> bool:
    """Tell whether `data` is a row of whole messages with functions and lengths that fit together."""
    at, seen = 0, 0
    if size(data[:8]) == len(data) >= 8 and 0 < data[7] < 0x80 and data[7] not in FUNCTIONS:
        return True  # one whole message, of a function that nobody knows: somebody tries
    while at < len(data) and seen < 4:
        step = size(data[at : at + 8])
        if step < 8 or at + step > len(data) or not _plausible(data[at + 7 : at + step]):
            return False
        at, seen = at + step, seen + 1
    return seen > 0


def _plausible(pdu: bytes) -> bool:
    """Tell whether a PDU has a function that exists and a length that fits it, as a request or as an answer."""
    function, rest = pdu[0], len(pdu) - 1
    if function & 0x80:
        return rest == 1 and function != 0x80
    if function in (1, 2, 3, 4):
        return rest == 4 or (rest > 1 and pdu[1] == rest - 1)
    if function in (5, 6):
        return rest == 4
    if function in (15, 16):
        return rest == 4 or (rest > 5 and pdu[5] == rest - 5)
    return function in FUNCTIONS and rest >= {8: 4, 20: 1, 21: 1, 22: 6, 23: 1, 24: 2, 43: 1, 90: 2}.get(function, 0)


def from_client(data: bytes) -> bool | None:
    """Tell who sent a message, where its shape shows it."""
    function, rest = data[7], len(data) - 8
    if function & 0x80:
        return False
    if function in (1, 2, 3, 4):
        return rest == 4 and not (data[8] == 3 and function < 3)
    if function in (15, 16):
        return rest > 4
    if function == 43:
        return rest <= 3
    if function in (7, 11, 12, 17):
        return rest == 0
    return None


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield the one message of `data`. Raises `WireError`."""
    if len(data) < 8:
        raise WireError("shorter than a header")
    transaction, _, _, unit, function = _HEADER.unpack_from(data)
    code = function & 0x7F
    name, operation = FUNCTIONS.get(code, (f"function_{code}", "unknown"))
    fields: dict[str, Any] = {"transaction": transaction, "unit": unit, "function": code}
    if function & 0x80:
        reason = data[8] if len(data) > 8 else 0
        fields["exception"] = EXCEPTIONS.get(reason, str(reason))
        waiting, asked = talk.answered.get(transaction, 0), talk.memory.pop(transaction, None)
        target = asked[2] if asked else ""
        if asked and asked[0] == code:
            name, operation = asked[1], asked[3]
        outcome: Literal["", "refused"] = "refused"
        if talk.answer(transaction) or (waiting == 1 and asked and asked[0] != code):
            operation, outcome = "contested", ""
        yield Message("modbus", name, "error", operation, str(unit), target, fields["exception"], outcome, fields)
        return
    try:
        if talk.asked:
            talk.ask(transaction)
            name, operation, target, value = _request(code, data, name, operation, fields)
            talk.remember(
                transaction, (code, name, target, operation, fields.get("address", -1), fields.get("count", 0))
            )
            yield Message("modbus", name, "request", operation, str(unit), target, value, "", fields)
        else:
            waiting, asked = talk.answered.get(transaction, 0), talk.memory.pop(transaction, None)
            target, value = "", ""
            if asked and asked[0] == code:
                name, target, operation = asked[1], asked[2], asked[3]
                if asked[4] >= 0:
                    fields["address"] = asked[4]
            value = _answer(code, data, fields)
            if talk.answer(transaction) or (waiting == 1 and asked and not _fits(asked, code, data)):
                yield Message("modbus", name, "response", "contested", str(unit), target, value, "", fields)
                return
            yield Message("modbus", name, "response", operation, str(unit), target, value, "ok", fields)
    except (struct.error, IndexError) as error:
        raise WireError("cut off inside a message") from error


def _request(code: int, data: bytes, name: str, operation: str, fields: dict[str, Any]) -> tuple[str, str, str, str]:
    if code in PLACES:
        address, count = _PAIR.unpack_from(data, 8)
        fields["address"] = address
        values: list[int] = []
        if code in (5, 6):
            values, count = [count], 1
            if code == 5:
                values = [1 if values[0] == 0xFF00 else 0]
        elif code == 15:
            fields["count"] = count
            if data[12] != (count + 7) // 8 or len(data) < 13 + data[12]:
                raise WireError("count and length do not fit")
            values = [data[13 + at // 8] >> at % 8 & 1 for at in range(count)]
        elif code == 16:
            fields["count"] = count
            if data[12] != count * 2 or len(data) < 13 + data[12]:
                raise WireError("count and length do not fit")
            values = list(struct.unpack_from(f">{count}H", data, 13))
        elif code == 22:
            values, count = list(struct.unpack_from(">HH", data, 10)), 1
        elif code == 23:
            address, count, given = struct.unpack_from(">HHB", data, 12)
            fields |= {"read_address": fields["address"], "address": address, "count": count}
            if given != count * 2:
                raise WireError("count and length do not fit")
            values = list(struct.unpack_from(f">{count}H", data, 17))
        else:
            fields["count"] = count
        last = f"-{address + count - 1}" if count > 1 else ""
        if values:
            fields["values"] = values
        return name, operation, f"{PLACES[code]}:{address}{last}", ",".join(map(str, values[:16]))
    if code == 8:
        sub, given = _PAIR.unpack_from(data, 8)
        fields |= {"subfunction": sub, "data": given}
        name, operation = DIAGNOSTICS.get(sub, (f"diagnostics_{sub}", "unknown"))
        return name, operation, "", str(given)
    if code == 43 and data[8] in (13, 14):
        fields["mei"] = data[8]
        return ("read_device_identification", "identify", "", "") if data[8] == 14 else ("canopen", "other", "", "")
    if code == 90 and len(data) > 9:
        fields["umas"] = data[9]
        name, operation = UMAS.get(data[9], (f"umas_{data[9]:02x}", "read"))
    if code in (20, 21):
        fields["bytes"] = data[8]
    return name, operation, "", ""


def _fits(asked: tuple[int, str, str, str, int, int], code: int, data: bytes) -> bool:
    """Tell whether an answer is one to the request with its number: function, and size or place."""
    function, _, _, _, address, count = asked
    if function != code:
        return False
    if code in (1, 2):
        return data[8] == (count + 7) // 8
    if code in (3, 4):
        return data[8] == 2 * count
    return code not in (5, 6, 15, 16) or data[8:10] == address.to_bytes(2, "big")


def _answer(code: int, data: bytes, fields: dict[str, Any]) -> str:
    if code in (1, 2):
        fields["values"] = [data[9 + at // 8] >> at % 8 & 1 for at in range(min(data[8], len(data) - 9) * 8)]
    elif code in (3, 4, 23):
        count = min(data[8], len(data) - 9) // 2
        fields["values"] = list(struct.unpack_from(f">{count}H", data, 9))
    elif code in (5, 6):
        fields["address"], value = _PAIR.unpack_from(data, 8)
        fields["values"] = [value]
    elif code in (15, 16):
        fields["address"], fields["count"] = _PAIR.unpack_from(data, 8)
    elif code == 17:
        fields["identity"] = data[9 : 9 + data[8]].decode("latin-1")
    elif code == 43 and data[8] == 14 and len(data) >= 15:
        fields["objects"] = _objects(data)
    return ",".join(map(str, fields.get("values", [])[:16]))


def _objects(data: bytes) -> dict[str, str]:
    """Return device identification objects (6.21): vendor, product code, revision, ..."""
    names = {0: "vendor", 1: "product", 2: "revision", 3: "url", 4: "name", 5: "model", 6: "application"}
    found: dict[str, str] = {}
    at = 14
    for _ in range(data[13]):
        if at + 2 > len(data):
            break
        number, length = data[at], data[at + 1]
        found[names.get(number, str(number))] = data[at + 2 : at + 2 + length].decode("latin-1")
        at += 2 + length
    return found


PROTOCOL = Protocol("modbus", True, False, frozenset({502}), sniff, size, parse, from_client)
