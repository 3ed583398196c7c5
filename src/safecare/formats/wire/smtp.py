"""SMTP, for the mails that it carries. After STARTTLS nothing can be read, and nothing is.

Source: RFC 5321 (4.1 commands, 4.5.2 transparency), RFC 3030 (BDAT).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.formats.wire.message import Message, Protocol, Talk, WireError

LONGEST_LINE = 4096
"""Bytes of a command or an answer (RFC 5321, 4.5.3.1: 512; extensions ask for more)."""
RECENT = 1 << 20
"""Bytes at the end in which the end of a mail is looked for: more than comes at once."""
MOST_MAIL = 8 << 20
"""Bytes of a mail that is kept (chosen; larger ones are counted)."""
_BDAT = re.compile(rb"BDAT (\d{1,10})( LAST)?\r\n", re.IGNORECASE)
_GREETING = re.compile(rb"220[ -][^\r\n]{0,400}SMTP", re.IGNORECASE)


def size(data: bytes | bytearray) -> int:
    """Return the size of the first line, or of a whole mail after DATA or BDAT; -1 when none begins here."""
    start = bytes(data[:32]).upper()
    if start.startswith(b"DATA\r\n"):
        end = data.find(b"\r\n.\r\n", max(4, len(data) - RECENT))
        return end + 5 if end >= 0 else 0 if len(data) < MOST_MAIL else -1
    block = _BDAT.match(start)
    if block:
        return block.end() + int(block[1])
    end = data.find(b"\n", 0, LONGEST_LINE)
    return end + 1 if end >= 0 else 0 if len(data) < LONGEST_LINE else -1


def sniff(data: bytes) -> bool:
    """Tell whether a greeting of a server, or of a client, stands here."""
    return data[:5].upper() in (b"EHLO ", b"HELO ") or bool(_GREETING.match(data))


def from_client(data: bytes) -> bool | None:
    """Tell who sent a line: answers begin with three digits."""
    return not data[:3].isdigit()


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield a mail when it is whole; lines that carry none give nothing. Raises `WireError`."""
    start = data[:32].upper()
    if start.startswith(b"DATA\r\n"):
        mail = data[6:-5].replace(b"\r\n..", b"\r\n.")
    elif found := _BDAT.match(start):
        part = data[found.end() :]
        known = talk.memory.pop("bdat", b"") + part
        if len(known) > MOST_MAIL:
            raise WireError("mail too long to be kept")
        if not found[2]:
            talk.remember("bdat", known)
            return
        mail = known
    else:
        return
    fields = {"bytes": len(mail)}
    yield Message("smtp", "mail", "request", "message", fields=fields, file=mail, media="message/rfc822")


PROTOCOL = Protocol(
    "smtp", True, False, frozenset({25, 587}), sniff, size, parse, from_client, MOST_MAIL + LONGEST_LINE
)
