"""MIME parts of a mail, found with fixed limits on depth, number, header size and decoded bytes.

The standard library reads header blocks (policy ``compat32``, which keeps what it can't read); the body
is cut at its boundary lines here, because `email.feedparser` nests as deep as the sender wants. The outer
boundary is cut first, so a part that is never closed can't swallow its neighbours.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import HeaderParser
from email.policy import Policy, compat32
from functools import cached_property
from typing import Any

MAX_DEPTH = 20
"""Nesting of multiparts and enclosed mails. Chosen: measured mails stay below 6; peers stop at 15-100."""
MAX_PARTS = 1000
"""Parts of one mail. Chosen: 10 times the largest digest seen."""
MAX_ENCLOSED = 10
"""Attached mails that are kept whole. Chosen: whoever passes mails on attaches a few; digests have hundreds."""
MAX_HEADER = 256 * 1024
"""Bytes of one header block. Chosen: measured mails stay below 20 KiB, 5,000 readers named one by one take 250 KiB."""
MAX_DECODED = 128 * 1024 * 1024
"""Decoded bytes of one mail: four times the largest mail that the door takes by default."""

_FIELD_START = re.compile(r"\n(?![ \t])")
_FIELD_NAME = re.compile(r"[!-9;-~]+")
_NO_FIELD = re.compile(rb"\n(?![!-9;-~]+[ \t]*:|[ \t\n]|\r?(?:\n|\Z)|From )")
"""A line of a header block that begins no field and goes on with none."""
_ENCODINGS = {"", "7bit", "8bit", "binary", "base64", "quoted-printable"}


class Fields(Message):
    """Header fields that are found by their names at once: a mail is asked for some forty, and has thirty."""

    def __init__(self, policy: Policy = compat32) -> None:
        """Hold no fields."""
        super().__init__(policy)
        self._by_name: dict[str, list[Any]] = {}

    def set_raw(self, name: str, value: Any) -> None:
        """Add a field."""
        super().set_raw(name, value)
        self._by_name.setdefault(name.lower(), []).append(value)

    def set_first(self, name: str, value: str) -> None:
        """Put a field above all others of its name."""
        super().set_raw(name, value)
        self._by_name.setdefault(name.lower(), []).insert(0, value)

    def __contains__(self, name: object) -> bool:
        """Tell whether there is such a field."""
        return isinstance(name, str) and name.lower() in self._by_name

    def get(self, name: str, failobj: Any = None) -> Any:
        """Return the first field `name`."""
        found = self._by_name.get(name.lower())
        return found[0] if found else failobj

    def get_all(self, name: str, failobj: Any = None) -> Any:
        """Return all fields `name`."""
        found = self._by_name.get(name.lower())
        return list(found) if found else failobj


_HEADERS = HeaderParser(Fields, policy=compat32)


@dataclass(frozen=True)
class MimePart:
    """One leaf of a mail: its header fields and decoded bytes. `depth` 0 is the mail itself."""

    headers: Message
    body: bytes
    depth: int

    @cached_property
    def media(self) -> str:
        """Declared media type, lower case."""
        return self.headers.get_content_type()

    @cached_property
    def name(self) -> str:
        """Declared file name, decoded; empty if there is none."""
        if "Content-Disposition" not in self.headers and "name" not in str(self.headers.get("Content-Type")).lower():
            return ""  # most parts; the library takes the fields apart to tell
        try:
            raw = self.headers.get_filename("")
        except (ValueError, LookupError, TypeError, UnicodeError):
            return ""
        return decoded(str(raw))[:255]

    @cached_property
    def attached(self) -> bool:
        """True when the part is a file rather than the text that a reader shows."""
        if self.media.startswith("text/") and self.media != "text/calendar":
            return self.headers.get_content_disposition() == "attachment" or bool(self.name)
        return not self.media.startswith("multipart/")

    @property
    def text(self) -> str:
        """The body as text; an unknown or wrong character set falls back to Latin-1, which reads every byte."""
        charset = self.headers.get_content_charset("utf-8") or "utf-8"
        try:
            return self.body.decode(charset)
        except (LookupError, ValueError):
            return self.body.decode("latin-1")


@dataclass
class Mime:
    """A mail taken apart: top header fields, leaves in order, and the names of what was odd."""

    headers: Message
    parts: list[MimePart] = field(default_factory=list)
    facts: set[str] = field(default_factory=set)
    decoded: int = 0
    enclosed: list[bytes] = field(default_factory=list)
    """The first mails that are attached as such, whole."""


def read_mime(raw: bytes) -> Mime:
    """Take a mail apart. Never raises for bad bytes: what is broken or over a limit becomes a fact."""
    head, body = _cut_header(raw)
    mime = Mime(_headers(head, Mime(Fields())))
    if len(head) > MAX_HEADER:
        mime.facts.add("mail.limit.header")
    if _NO_FIELD.search(b"\n" + head[:MAX_HEADER]):
        mime.facts.add("mail.header.malformed")
    for leaf in _walk(mime.headers, body, 0, mime):
        mime.parts.append(leaf)
    return mime


def decoded(value: str) -> str:
    """Return a header value with its encoded words (RFC 2047) decoded; what can't be decoded stays as it is."""
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value)
    except (ValueError, binascii.Error, MessageError):
        return value
    out: list[str] = []
    for piece, charset in pieces:
        if isinstance(piece, str):
            out.append(piece)
            continue
        try:
            out.append(piece.decode(charset or "utf-8", "replace"))
        except LookupError:
            out.append(piece.decode("latin-1"))
    return "".join(out)


def _walk(headers: Message, body: bytes, depth: int, mime: Mime) -> Iterator[MimePart]:
    if depth > MAX_DEPTH:
        mime.facts.add("mail.limit.depth")
        return
    media = headers.get_content_type()
    if media.startswith("multipart/"):
        for chunk in _split(headers, body, mime):
            head, inner = _cut_header(chunk)
            yield from _walk(_headers(head, mime), inner, depth + 1, mime)
            if "mail.limit.parts" in mime.facts:
                return
        return
    if len(mime.parts) >= MAX_PARTS:
        mime.facts.add("mail.limit.parts")
        return
    plain = _decode(headers, body, mime)
    if media == "message/rfc822":
        head, inner = _cut_header(plain)
        if len(mime.enclosed) < MAX_ENCLOSED:
            mime.enclosed.append(plain)
        yield from _walk(_headers(head, mime), inner, depth + 1, mime)
        return
    yield MimePart(headers, plain, depth)


def _split(headers: Message, body: bytes, mime: Mime) -> Iterator[bytes]:
    try:
        boundary = str(headers.get_boundary(""))
        mark = boundary.encode("latin-1")
    except (ValueError, LookupError, TypeError):
        mark = b""
    if not mark:
        mime.facts.add("mail.mime.broken")
        yield b"\r\n" + body
        return
    pattern = re.compile(rb"(?:^|\r?\n)--" + re.escape(mark) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    start: int | None = None
    closed = False
    for found in pattern.finditer(body):
        if start is not None:
            yield body[start : found.start()]
        start = found.end()
        if found.group(1):
            closed = True
            break
    if not closed:
        mime.facts.add("mail.mime.broken")
        yield body[start:] if start is not None else b"\r\n" + body


def _cut_header(raw: bytes) -> tuple[bytes, bytes]:
    """Return header block and body; a part that starts with an empty line has no header."""
    for empty in (b"\r\n\r\n", b"\n\n") if raw[:1] in b"\r\n" else ():
        if raw.startswith(empty):
            return b"", raw[len(empty) :]
    raw = raw[2:] if raw.startswith(b"\r\n") else raw[1:] if raw.startswith(b"\n") else raw
    wide = raw.find(b"\n\r\n")
    at = raw.find(b"\n\n", 0, wide + 1 if wide >= 0 else len(raw))
    at, after = (at, at + 2) if at >= 0 else (wide, wide + 3)
    if at < 0:
        return raw, b""
    return raw[: at - 1 if raw[at - 1 : at] == b"\r" else at], raw[after:]


def _headers(head: bytes, mime: Mime) -> Message:
    if len(head) > MAX_HEADER:
        mime.facts.add("mail.limit.header")
    try:
        text = head[:MAX_HEADER].decode("utf-8")
    except UnicodeDecodeError:
        text = head[:MAX_HEADER].decode("latin-1")
    return _well_formed(text) or _HEADERS.parsestr(text)


def _well_formed(text: str) -> Message | None:
    """Return the fields of a header block in which every line is as it should be; None for others.

    What the library would read, without its care for lines that are none.
    """
    if text.count("\r") != text.count("\r\n"):
        return None
    fields = Fields()
    for piece in _FIELD_START.split(text):
        name, colon, value = piece.partition(":")
        if not colon or not _FIELD_NAME.fullmatch(name):
            return None
        fields.set_raw(name, value.lstrip(" \t").rstrip("\r\n"))
    return fields


def _decode(headers: Message, body: bytes, mime: Mime) -> bytes:
    encoding = str(headers.get("Content-Transfer-Encoding", "")).strip().lower()
    room = MAX_DECODED - mime.decoded
    if len(body) > room * 4 // 3 + 4:
        mime.facts.add("mail.limit.decoded")
        body = body[: max(0, room)]
    try:
        if encoding == "base64":
            plain = _base64(body, mime)
        elif encoding == "quoted-printable":
            plain = binascii.a2b_qp(body)
        else:
            plain = body
            if encoding not in _ENCODINGS:
                mime.facts.add("mail.encoding.unknown")
    except (ValueError, binascii.Error):
        mime.facts.add("mail.encoding.broken")
        plain = body
    mime.decoded += len(plain)
    return plain


def _base64(body: bytes, mime: Mime) -> bytes:
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        mime.facts.add("mail.encoding.broken")
        clean = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
        return binascii.a2b_base64(clean[: len(clean) // 4 * 4])
