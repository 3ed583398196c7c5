"""HTTP/1.1 messages, for the files that they carry.

Source: RFC 9112 (message syntax: start line, fields, Content-Length, chunked), RFC 9110 (content types).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from safecare.formats.wire.message import Kind, Message, Protocol, Talk, WireError

MOST_HEAD = 1 << 16
"""Bytes of start line and fields (servers refuse more than 8 to 64 kB)."""
MOST_BODY = 8 << 20
"""Bytes of a body that is kept (chosen: documents and programs of mails; larger ones are counted)."""
MOST_CHUNKS = 2000
"""Chunks of one body (chosen: servers send some kB in each)."""
_METHODS = (b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"OPTIONS ", b"PATCH ", b"HTTP/1.")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked", re.IGNORECASE)
_TYPE = re.compile(rb"\r\ncontent-type:[ \t]*([^\r;]{1,100})", re.IGNORECASE)
_NAME = re.compile(rb"filename=\"?([^\";\r]{1,100})", re.IGNORECASE)
_NO_BODY = re.compile(rb"HTTP/1\.[01] (?:1\d\d|204|304)")


def size(data: bytes | bytearray) -> int:
    """Return the size of the first message: head, and body as its fields tell; -1 when none begins here."""
    if not bytes(data[:8]).startswith(_METHODS):
        return -1 if len(data) >= 8 else 0
    end = data.find(b"\r\n\r\n", 0, MOST_HEAD)
    if end < 0:
        return 0 if len(data) < MOST_HEAD else -1
    head, at = bytes(data[:end]), end + 4
    if _CHUNKED.search(head):
        return _chunks(data, at)[1]
    length = _LENGTH.search(head)
    return at + int(length[1]) if length and not _NO_BODY.match(head) else at


def _chunks(data: bytes | bytearray, at: int) -> tuple[list[tuple[int, int]], int]:
    """Return where the chunks of a body stand, and where it ends (0: more is needed, -1: it lies)."""
    found: list[tuple[int, int]] = []
    for _ in range(MOST_CHUNKS):
        line = data.find(b"\r\n", at, at + 1024)
        if line < 0:
            return found, 0 if len(data) < at + 1024 else -1
        try:
            length = int(bytes(data[at:line]).split(b";")[0], 16)
        except ValueError:
            return found, -1
        if length < 0 or length > MOST_BODY:
            return found, -1
        at = line + 2
        if length == 0:
            end = data.find(b"\r\n", at)
            return found, end + 2 if end >= 0 else 0
        found.append((at, at + length))
        at += length + 2
        if at > len(data):
            return found, 0
    return found, -1


def sniff(data: bytes) -> bool:
    """Tell whether a request or a response begins here."""
    return data.startswith(_METHODS) and b"HTTP/1." in data[:2048]


def from_client(data: bytes) -> bool | None:
    """Tell who sent a message."""
    return not data.startswith(b"HTTP/")


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield the message with the file in its body. Raises `WireError`."""
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(_METHODS):
        raise WireError("no start line")
    first = head.split(b"\r\n", 1)[0].decode("latin-1")[:200]
    if _CHUNKED.search(head):
        places, _ = _chunks(data, len(head) + 4)
        body = b"".join(data[start:stop] for start, stop in places)
    length = _LENGTH.search(head)
    whole = not length or len(body) >= int(length[1])
    media = (found[1].decode("latin-1").strip().lower()) if (found := _TYPE.search(head)) else ""
    name = (found[1].decode("latin-1")) if (found := _NAME.search(head)) else ""
    fields: dict[str, Any] = {"first": first, "media": media, "bytes": len(body), "name": name}
    answer = first.startswith("HTTP/")
    command = "response" if answer else first.split(" ", 1)[0].lower()
    kept = body if whole and len(body) <= MOST_BODY and not media.startswith(("image/", "text/css", "font/")) else b""
    kind: Kind = "response" if answer else "request"
    yield Message("http", command, kind, "message", fields=fields, file=kept, media=media)


PROTOCOL = Protocol(
    "http", True, False, frozenset({80, 8080, 8000}), sniff, size, parse, from_client, MOST_BODY + MOST_HEAD
)
