"""S7comm and S7comm-plus over TPKT and COTP: how Siemens controllers are read, written, programmed and stopped.

Source: RFC 1006 (TPKT), RFC 905 (COTP); the protocol itself is not published: codes as documented by the Wireshark
dissector's authors (wiki.wireshark.org/S7comm) and Wiens, "The Siemens S7 communication"; checked against captures.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from safecare.formats.wire.message import Message, Outcome, Protocol, Talk, WireError

MOST_COTP = 1 << 16
"""Bytes of one S7 message in several COTP pieces (chosen: the largest PDU size that controllers offer is 960)."""

JOBS = {
    0x00: ("cpu_services", "read"),
    0x04: ("read_var", "read"),
    0x05: ("write_var", "write"),
    0x1A: ("request_download", "download"),
    0x1B: ("download_block", "download"),
    0x1C: ("download_ended", "download"),
    0x1D: ("start_upload", "upload"),
    0x1E: ("upload", "upload"),
    0x1F: ("end_upload", "upload"),
    0x28: ("pi_service", "control"),
    0x29: ("plc_stop", "stop"),
    0xF0: ("setup_communication", "session"),
}
SERVICES = {
    "P_PROGRAM": ("plc_start", "start"),
    "_INSE": ("insert_block", "download"),
    "_DELE": ("delete_block", "delete"),
    "_MODU": ("copy_ram_to_rom", "download"),
    "_GARB": ("compress_memory", "config"),
    "_N_F_DEL": ("delete_file", "delete"),
}
USERDATA = {
    (0, None): ("mode_transition", "notice"),
    (1, 1): ("request_diagnostics", "read"),
    (1, 2): ("variable_table", "read"),
    (1, 0x0C): ("erase", "delete"),
    (1, 0x0D): ("read_diagnostics", "read"),
    (1, 0x0E): ("variable_table_data", "read"),
    (1, 0x0F): ("remove_diagnostics", "read"),
    (1, 0x10): ("forces", "engineer"),
    (1, None): ("programmer_command", "read"),
    (2, None): ("cyclic_data", "read"),
    (3, 1): ("list_blocks", "engineer"),
    (3, 2): ("list_blocks_of_type", "engineer"),
    (3, 3): ("block_info", "engineer"),
    (3, None): ("block_function", "engineer"),
    (4, 1): ("read_szl", "read"),
    (4, None): ("cpu_message", "read"),
    (5, 1): ("enter_password", "password"),
    (5, 2): ("clear_password", "read"),
    (5, None): ("security", "password"),
    (6, None): ("bsend", "write"),
    (7, 1): ("read_clock", "read"),
    (7, 2): ("set_clock", "time"),
    (7, 3): ("read_clock", "read"),
    (7, 4): ("set_clock", "time"),
    (15, None): ("nc_programming", "program"),
}
PLUS = {
    0x04BB: ("explore", "engineer"),
    0x04CA: ("create_object", "session"),
    0x04D4: ("delete_object", "session"),
    0x04F2: ("set_variable", "write"),
    0x04FC: ("get_link", "read"),
    0x0524: ("set_variable", "write"),
    0x0542: ("set_multi_variables", "write"),
    0x054C: ("get_multi_variables", "read"),
    0x0556: ("begin_sequence", "read"),
    0x0560: ("end_sequence", "read"),
    0x056B: ("invoke", "control"),
    0x0586: ("get_var_sub_streamed", "read"),
}
AREAS = {0x03: "system info", 0x05: "system flags", 0x80: "P", 0x81: "I", 0x82: "Q", 0x83: "M", 0x84: "DB"} | {
    0x85: "DI",
    0x86: "L",
    0x1C: "C",
    0x1D: "T",
}


def size(data: bytes | bytearray) -> int:
    """Return the size of the first TPKT; -1 when it is none."""
    if len(data) < 4:
        return 0 if not data or data[0] == 3 else -1
    length = (data[2] << 8) | data[3]
    return length if data[0] == 3 and data[1] == 0 and length >= 7 else -1


def sniff(data: bytes) -> bool:
    """Tell whether a TPKT with S7 inside begins here, or a COTP connection request for a controller."""
    if size(data) < 7 or len(data) < 7:
        return False
    if data[5] == 0xF0:
        at = 5 + data[4]
        return len(data) > at and data[at] in (0x32, 0x72) and data[4] == 2
    # a connection request with TSAPs (0xC1, 0xC2) and TPDU size (0xC0), but no RDP cookie
    return data[5] in (0xE0, 0xD0) and b"\xc1" in data[11:64] and b"\xc2" in data[11:64]


def from_client(data: bytes) -> bool | None:
    """Tell who sent a message: jobs and requests come from the client."""
    if len(data) > 8 and data[5] == 0xF0 and data[7] == 0x32:
        if data[8] in (1, 2, 3):
            return data[8] == 1
        if data[8] == 7 and len(data) > 22:
            return {4: True, 8: False, 0: False}.get(data[22] >> 4)
    if len(data) > 11 and data[5] == 0xF0 and data[7] == 0x72:
        return {0x31: True, 0x32: False, 0x33: False}.get(data[11])
    return {0xE0: True, 0xD0: False}.get(data[5]) if len(data) > 5 else None


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield the message of one TPKT; pieces of a COTP message are put together. Raises `WireError`."""
    if len(data) < 7 or data[4] + 5 > len(data):
        raise WireError("COTP header cut off")
    kind = data[5] & 0xF0
    if kind in (0xE0, 0xD0, 0x80, 0xC0):
        name = {0xE0: "connect", 0xD0: "connect_confirm", 0x80: "disconnect", 0xC0: "disconnect_confirm"}[kind]
        fields = _tsap(data)
        yield Message("s7", name, "request" if kind in (0xE0, 0x80) else "response", "session", fields=fields)
        return
    if kind != 0xF0:
        raise WireError("COTP of another kind")
    body = data[5 + data[4] :]
    key = ("cotp", talk.asked)
    if not data[6] & 0x80:  # not the last piece
        known = talk.memory.get(key, b"")
        if len(known) + len(body) > MOST_COTP:
            talk.memory.pop(key, None)
            raise WireError("too many COTP pieces")
        if body:
            talk.remember(key, known + body)
        return
    body = talk.memory.pop(key, b"") + body
    if not body:
        return
    try:
        if body[0] == 0x32:
            yield _classic(body, talk)
        elif body[0] == 0x72:
            yield from _plus(body, talk)
        else:
            raise WireError("neither S7comm nor S7comm-plus")
    except (struct.error, IndexError) as error:
        raise WireError("cut off inside a message") from error


def _tsap(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    at, end = 11, min(5 + data[4], len(data))
    while at + 2 <= end:
        code, length = data[at], data[at + 1]
        if code in (0xC1, 0xC2):
            found["tsap_source" if code == 0xC1 else "tsap_target"] = data[at + 2 : at + 2 + length].hex()
        at += 2 + length
    if len(found.get("tsap_target", "")) == 4:
        place = bytes.fromhex(found["tsap_target"])[1]
        found |= {"rack": place >> 5, "slot": place & 31}
    return found


def _classic(body: bytes, talk: Talk) -> Message:
    rosctr, _, reference, parameters, length = struct.unpack_from(">BHHHH", body, 1)
    at = 12 if rosctr in (2, 3) else 10
    fields: dict[str, Any] = {"rosctr": rosctr, "reference": reference}
    if at + parameters > len(body):
        raise WireError("parameters longer than the message")
    if rosctr == 1:
        talk.ask(reference)
    if rosctr in (2, 3):
        fields["error"] = body[10] << 8 | body[11]
    parameter = body[at : at + parameters]
    data = body[at + parameters : at + parameters + length]
    if rosctr == 7:
        return _userdata(parameter, data, fields)
    if rosctr == 2 and not parameter:
        failed = bool(fields["error"])
        asked = talk.memory.pop(reference, ("ack", "other", ""))
        talk.answer(reference)
        outcome: Outcome = "refused" if failed else "ok"
        return Message("s7", asked[0], "error" if failed else "response", asked[1], "", asked[2], "", outcome, fields)
    code = parameter[0]
    fields["function"] = code
    name, operation = JOBS.get(code, (f"function_{code:02x}", "unknown"))
    target = value = ""
    if rosctr == 1:
        if code in (0x04, 0x05):
            target = _items(parameter, fields)
            value = data[4:36].hex() if code == 0x05 else ""
        elif code == 0x28:
            name, operation, target = _service(parameter, fields, name, operation)
        elif code in (0x1A, 0x1B, 0x1C, 0x1D) and len(parameter) > 9:
            target = parameter[9 : 9 + parameter[8]].decode("latin-1")
        talk.remember(reference, (name, operation, target))
        return Message("s7", name, "request", operation, "", target, value, "", fields)
    asked = talk.memory.pop(reference, None)
    if asked:
        name, operation, target = asked
    if rosctr == 3 and talk.answer(reference):
        return Message("s7", name, "response", "contested", "", target, "", "", fields)
    failed = bool(fields.get("error"))
    outcome = "refused" if failed else "ok"
    return Message("s7", name, "error" if failed else "response", operation, "", target, "", outcome, fields)


def _service(parameter: bytes, fields: dict[str, Any], name: str, operation: str) -> tuple[str, str, str]:
    """Return command, operation and block of a PI service."""
    length = struct.unpack_from(">H", parameter, 8)[0]
    block = parameter[10 : 10 + length]
    place = 10 + length
    service = parameter[place + 1 : place + 1 + parameter[place]].decode("latin-1") if place < len(parameter) else ""
    fields["service"] = service
    known = next((row for key, row in SERVICES.items() if service.startswith(key)), (name, operation))
    if known[0] == "plc_start":
        known = ("plc_cold_start", "restart") if block.startswith(b"C ") else known
    return known[0], known[1], "".join(chr(one) for one in block if 32 <= one < 127)


def _items(parameter: bytes, fields: dict[str, Any]) -> str:
    """Return the addresses of a read or write (S7ANY), at most 20."""
    names: list[str] = []
    at = 2
    for _ in range(min(parameter[1], 20)):
        if at + 2 > len(parameter):
            break
        length = parameter[at + 1]
        if length == 10 and parameter[at + 2] == 0x10:
            transport, count, db, area = struct.unpack_from(">BHHB", parameter, at + 3)
            address = int.from_bytes(parameter[at + 9 : at + 12], "big")
            area_name = f"DB{db}." if area == 0x84 else AREAS.get(area, f"area{area:02x}")
            names.append(f"{area_name}{address >> 3}.{address & 7}x{count}")
            fields.setdefault("transport", transport)
        at += 2 + length
    fields["items"] = names
    return " ".join(names)


def _userdata(parameter: bytes, data: bytes, fields: dict[str, Any]) -> Message:
    kind, group, sub = parameter[5] >> 4, parameter[5] & 15, parameter[6]
    fields |= {"group": group, "subfunction": sub}
    name, operation = USERDATA.get((group, sub)) or USERDATA.get((group, None), ("userdata", "other"))
    error = struct.unpack_from(">H", parameter, 10)[0] if len(parameter) >= 12 else 0
    if error:
        fields["error"] = error
    value = ""
    if kind == 4:
        return Message("s7", name, "request", operation, "", "", value, "", fields)
    if kind == 8:
        outcome: Outcome = "refused" if error else "ok"
        if name == "read_szl":
            fields |= _identified(data)
        return Message("s7", name, "error" if error else "response", operation, "", "", "", outcome, fields)
    if group == 0:
        value = {0: "stop", 1: "warm restart", 2: "run", 3: "hot restart", 4: "hold", 6: "cold restart"}.get(
            sub, str(sub)
        )
    return Message("s7", name, "notice", "notice", "", "", value, "", fields)


def _identified(data: bytes) -> dict[str, str]:
    """Return what a list of the system's state says of the module: order code (list 0x11), names and serial (0x1C)."""
    found: dict[str, str] = {}
    if len(data) < 12 or data[0] != 0xFF:
        return found
    kind, _, length, count = struct.unpack_from(">HHHH", data, 4)
    for entry in range(min(count, 16)):
        row = data[12 + entry * length : 12 + (entry + 1) * length]
        if kind & 0xFF == 0x11 and len(row) >= 28 and row[1] in (1, 6, 7):
            found[{1: "order_code", 6: "hardware", 7: "firmware"}[row[1]]] = _words(row[2:22])
        elif kind & 0xFF == 0x1C and len(row) >= 34 and row[1] in (1, 2, 5):
            found[{1: "plc_name", 2: "module_name", 5: "serial"}[row[1]]] = _words(row[2:26])
    return {name: text for name, text in found.items() if text}


def _words(raw: bytes) -> str:
    return "".join(chr(one) for one in raw if 32 <= one < 127).strip()


def _plus(body: bytes, talk: Talk) -> Iterator[Message]:
    if len(body) < 14:
        if len(body) >= 4 and body[1] in (0xFF, 0xFE):  # keep-alive, or system event
            yield Message("s7", "keep_alive", "notice", "session")
            return
        raise WireError("cut off inside a message")
    version = body[1]
    at = 4
    if version == 3 and body[4] == 32:  # integrity part of 32 bytes before the payload
        at = 37
    opcode = body[at]
    code = struct.unpack_from(">H", body, at + 3)[0]
    fields: dict[str, Any] = {"plus": version, "opcode": opcode, "function": code}
    if opcode == 0x33:
        yield Message("s7", "notification", "notice", "read", fields=fields)
        return
    kind = {0x31: "request", 0x32: "response"}.get(opcode)
    if kind is None:  # a piece of a longer message, or of a kind that nobody has described
        yield Message("s7", "plus_piece", "notice", "other", fields=fields)
        return
    name, operation = PLUS.get(code, (f"plus_{code:04x}", "other"))
    key = ("plus", body[at + 7 : at + 9])
    if kind == "response":
        name, operation = talk.memory.pop(key, (name, operation))
    elif name == "set_multi_variables" and body.find(b"\x82\x32", at) > 0:
        operation = "session"  # the session's own object (0x0132): set up, not written
    if kind == "request":
        if name == "explore":
            talk.memory["explored"] = True
        elif name == "get_var_sub_streamed" and "explored" in talk.memory:
            operation = "upload"  # blocks are read out by the names that exploring gave
        talk.remember(key, (name, operation))
    yield Message("s7", name, "request" if kind == "request" else "response", operation, fields=fields)


PROTOCOL = Protocol("s7", True, False, frozenset({102}), sniff, size, parse, from_client)
