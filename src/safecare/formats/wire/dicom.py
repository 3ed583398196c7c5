"""DICOM upper layer and DIMSE commands: who asks whom, for which service, and how it ends. No patient identity is told.

Source: DICOM PS3.8 (upper layer, clause 9.3), PS3.7 (DIMSE, annexes D and E), PS3.6 (UIDs).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Literal

from safecare.formats.wire.message import Message, Outcome, Protocol, Talk, WireError

MOST_COMMAND = 1 << 16
"""Bytes of one command set (chosen: the longest of the standard is below 1 kB)."""
MOST_IDENTIFIER = 1 << 16
"""Bytes of a query that are looked at (chosen: a query names some ten attributes)."""
MOST_OBJECT = 8 << 20
"""Bytes of an image that is kept to be judged (chosen: what is not pixels is far smaller); larger ones are not."""
MOST_ITEMS = 600
"""Items of an association request (128 presentation contexts, each with transfer syntaxes)."""

PDUS = {1: "associate_request", 2: "associate_accept", 3: "associate_reject", 4: "data", 5: "release_request"} | {
    6: "release_response",
    7: "abort",
}
COMMANDS = {
    0x0001: ("c_store", "store"),
    0x0010: ("c_get", "retrieve"),
    0x0020: ("c_find", "query"),
    0x0021: ("c_move", "retrieve"),
    0x0030: ("c_echo", "read"),
    0x0100: ("n_event_report", "read"),
    0x0110: ("n_get", "read"),
    0x0120: ("n_set", "write"),
    0x0130: ("n_action", "control"),
    0x0140: ("n_create", "create"),
    0x0150: ("n_delete", "delete"),
    0x0FFF: ("c_cancel", "read"),
}
REASONS = {
    (1, 1): "no reason given",
    (1, 2): "application context not supported",
    (1, 3): "calling AE title not recognized",
    (1, 7): "called AE title not recognized",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}
WILD = (b"", b"*")
_PATIENT_KEYS = {0x00100010: "patient name", 0x00100020: "patient id"}
_LEVEL = 0x00080052
_IMPLICIT = "1.2.840.10008.1.2"


def size(data: bytes | bytearray) -> int:
    """Return the size of the first PDU; -1 when it is none."""
    if len(data) < 6:
        return 0 if not data or 1 <= data[0] <= 7 else -1
    length = int(struct.unpack_from(">I", data, 2)[0])
    if data[1] or not 1 <= data[0] <= 7 or (data[0] in (3, 5, 6, 7) and length != 4) or length < 4:
        return -1
    return 6 + length


def sniff(data: bytes) -> bool:
    """Tell whether an association request or answer of version 1 begins here, or a data PDU with a fitting PDV."""
    if size(data) < 10 or len(data) < 10:
        return False
    if data[0] in (1, 2):
        return len(data) >= 74 and data[7] & 1 == 1 and data[74:76] in (b"\x10\x00", b"")
    if data[0] == 4 and len(data) > 12:
        length = struct.unpack_from(">I", data, 6)[0]
        return 2 <= length <= struct.unpack_from(">I", data, 2)[0] - 4 and data[10] & 1 == 1 and data[11] < 4
    return data[0] in (3, 5, 6, 7) and len(data) == 10


def from_client(data: bytes) -> bool | None:
    """Tell who sent a PDU, where its type shows it."""
    return {1: True, 2: False, 3: False, 5: True, 6: False}.get(data[0])


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield the messages of one PDU (of a long one its beginning). Raises `WireError`."""
    kind = data[0] if data else 0
    try:
        if kind in (1, 2):
            yield _associate(data, talk)
        elif kind == 3:
            reason = REASONS.get((data[8], data[9]), f"source {data[8]} reason {data[9]}")
            fields = {"result": data[7], "reason": reason} | talk.memory.get("titles", {})
            target = str(fields.get("called", ""))
            yield Message("dicom", PDUS[kind], "error", "session", "", target, reason, "refused", fields)
        elif kind == 4:
            yield from _data(data, talk)
        elif kind == 7:
            yield Message("dicom", PDUS[kind], "error", "session", fields={"source": data[8], "reason": data[9]})
        elif kind in (5, 6):
            yield Message("dicom", PDUS[kind], "request" if kind == 5 else "response", "session")
        else:
            raise WireError("PDU of another kind")
    except (IndexError, struct.error):
        raise WireError("cut off inside a message") from None


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\0 ").decode("latin-1").strip()


def _associate(data: bytes, talk: Talk) -> Message:
    called, calling = _text(data[10:26]), _text(data[26:42])
    fields: dict[str, Any] = {"called": called, "calling": calling}
    contexts: dict[int, tuple[str, str]] = talk.memory.get("contexts", {})
    abstracts: list[str] = []
    for number, (code, start, stop) in enumerate(_items(data, 74, len(data))):
        if number > MOST_ITEMS:
            break
        if code == 0x20:
            parts = list(_items(data, start + 4, stop))
            abstract = next((_text(data[a:b]) for kind, a, b in parts if kind == 0x30), "")
            abstracts.append(abstract)
            contexts[data[start]] = (abstract, _IMPLICIT)
        elif code == 0x21 and data[start + 2] == 0:
            syntax = next((_text(data[a:b]) for kind, a, b in _items(data, start + 4, stop) if kind == 0x40), _IMPLICIT)
            contexts[data[start]] = (contexts.get(data[start], ("", ""))[0], syntax)
        elif code == 0x50:
            for kind, a, b in _items(data, start, stop):
                name = {0x52: "implementation_uid", 0x55: "implementation_version"}.get(kind)
                if name:
                    fields[name] = _text(data[a:b])
                elif kind == 0x51 and b - a == 4:
                    fields["maximum_length"] = struct.unpack_from(">I", data, a)[0]
                elif kind == 0x58:
                    fields["user_identity"] = True
    talk.memory["contexts"] = contexts
    if data[0] == 1:
        talk.memory["titles"] = {"called": called, "calling": calling}
        fields["abstract_syntaxes"] = abstracts[:64]
    request = data[0] == 1
    outcome: Literal["", "ok"] = "" if request else "ok"
    return Message(
        "dicom", PDUS[data[0]], "request" if request else "response", "session", "", called, "", outcome, fields
    )


def _items(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield type, first byte and end of each item."""
    while at + 4 <= min(end, len(data)):
        length = data[at + 2] << 8 | data[at + 3]
        yield data[at], at + 4, min(at + 4 + length, len(data))
        at += 4 + length


def _data(data: bytes, talk: Talk) -> Iterator[Message]:
    at, end = 6, min(len(data), 6 + struct.unpack_from(">I", data, 2)[0])
    for _ in range(4096):
        if at + 6 > end:
            break
        length, context, control = struct.unpack_from(">IBB", data, at)
        if length < 2:
            raise WireError("lying length")
        part = data[at + 6 : at + 4 + length]
        at += 4 + length
        if control & 1:
            key = ("command", talk.asked)
            whole = talk.memory.pop(key, b"") + part
            if len(whole) > MOST_COMMAND:
                raise WireError("command set too long")
            if not control & 2:
                talk.remember(key, whole)
                continue
            message = _command(whole, context, talk)
            if message.command == "c_store" and message.kind == "request":
                talk.memory["store"] = (message, [], 0)
            if message.operation == "query" and message.kind == "request":
                talk.memory["query"] = (message, b"")  # told when its keys are known
            else:
                yield message
        elif "store" in talk.memory and talk.asked:
            yield from _object(part, context, talk, last=bool(control & 2))
        elif "query" in talk.memory and talk.asked:
            message, known = talk.memory["query"]
            known += part[: MOST_IDENTIFIER - len(known)]
            talk.memory["query"] = (message, known)
            if control & 2:
                del talk.memory["query"]
                yield _query(message, known, talk.memory.get("contexts", {}).get(context, ("", _IMPLICIT))[1])


def _elements(raw: bytes, *, explicit: bool) -> Iterator[tuple[int, bytes]]:
    """Yield the elements of a flat data set (PS3.5, 7.1), at most 512."""
    at = 0
    for _ in range(512):
        if at + 8 > len(raw):
            return
        group, element = struct.unpack_from("<HH", raw, at)
        if explicit:
            long = raw[at + 4 : at + 6] in (b"OB", b"OW", b"OF", b"SQ", b"UT", b"UN", b"UC", b"UR")
            length = struct.unpack_from("<I", raw, at + 8)[0] if long else struct.unpack_from("<H", raw, at + 6)[0]
            at += 12 if long else 8
        else:
            length = struct.unpack_from("<I", raw, at + 4)[0]
            at += 8
        if length == 0xFFFFFFFF:
            return
        yield group << 16 | element, raw[at : at + length]
        at += length


def _command(raw: bytes, context: int, talk: Talk) -> Message:
    values = dict(_elements(raw, explicit=False))
    code = int.from_bytes(values.get(0x00000100, b"")[:2], "little")
    name, operation = COMMANDS.get(code & 0x7FFF, (f"command_{code:04x}", "other"))
    titles = talk.memory.get("titles", {})
    fields: dict[str, Any] = {"context": context, **titles}
    sop = _text(values.get(0x00000002, b"") or values.get(0x00000003, b""))
    if sop:
        fields["sop_class"] = sop
    target = sop
    if code == 0x0001:
        fields["sop_instance"] = _text(values.get(0x00001000, b""))
    for tag, word in ((0x00000110, "message_id"), (0x00000120, "responding_to"), (0x00000900, "status")):
        if tag in values:
            fields[word] = int.from_bytes(values[tag][:2], "little")
    if 0x00000600 in values:
        target = fields["destination"] = _text(values[0x00000600])
    if code & 0x8000:
        status = fields.get("status", 0)
        failed = status not in (0, 0xFF00, 0xFF01, 0xFE00) and status & 0xF000 != 0xB000
        if name == "c_find" and status in (0xFF00, 0xFF01):
            fields["matches"] = talk.memory["matches"] = talk.memory.get("matches", 0) + 1
        elif name == "c_find":
            fields["matches"] = talk.memory.pop("matches", 0)
        outcome: Outcome = "refused" if failed else "ok"
        return Message("dicom", name, "error" if failed else "response", operation, "", target, "", outcome, fields)
    return Message("dicom", name, "request", operation, str(titles.get("called", "")), target, "", "", fields)


def _object(part: bytes, context: int, talk: Talk, *, last: bool) -> Iterator[Message]:
    """Collect the data set of an image; yield it as a file (PS3.10, 7.1) with its last piece, if not too large."""
    message, parts, size_of = talk.memory["store"]
    if size_of + len(part) <= MOST_OBJECT:
        parts.append(part)
    talk.memory["store"] = (message, parts, size_of + len(part))
    if not last:
        return
    del talk.memory["store"]
    if size_of + len(part) > MOST_OBJECT:
        return
    uids = [
        (0x0002, message.fields.get("sop_class", "")),
        (0x0003, message.fields.get("sop_instance", "")),
        (0x0010, talk.memory.get("contexts", {}).get(context, ("", _IMPLICIT))[1]),
    ]
    meta = struct.pack("<HH2sHI", 2, 1, b"OB", 0, 2) + b"\0\1"
    for element, uid in uids:
        value = uid.encode("latin-1", "replace")
        value += b"\0" * (len(value) % 2)
        meta += struct.pack("<HH2sH", 2, element, b"UI", len(value)) + value
    head = bytes(128) + b"DICM" + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta))
    file = head + meta + b"".join(parts)
    fields = {"bytes": len(file), "sop_class": message.fields.get("sop_class", "")}
    yield Message("dicom", "object", "request", "store", fields=fields, file=file, media="application/dicom")


def _query(message: Message, raw: bytes, syntax: str) -> Message:
    """Return the query with its level, and whether it asks for all patients. Values of keys are not kept."""
    wild = named = False
    for tag, value in _elements(raw, explicit=syntax != _IMPLICIT):
        text = value.strip(b"\0 ")
        if tag == _LEVEL:
            message.fields["level"] = _text(text)
        elif tag in _PATIENT_KEYS:
            wild = wild or text.strip(b"*^?") == b""
            named = named or text.strip(b"*^?") != b""
        elif tag == 0x0020000D or tag == 0x00080050:
            named = named or text not in WILD
    message.fields["wildcard"] = wild and not named
    message.value = "every patient" if message.fields["wildcard"] else "named patient or study"
    return message


PROTOCOL = Protocol("dicom", True, False, frozenset({104, 11112, 4242, 2762}), sniff, size, parse, from_client)
