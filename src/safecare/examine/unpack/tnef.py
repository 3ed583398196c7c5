"""TNEF (winmail.dat): attachments that Outlook packs into one file. Source: [MS-OXTNEF] 2.1."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from safecare.examine.api import Context, Finding, Part, analyser

_TITLE, _DATA, _PROPERTIES, _START = 0x00018010, 0x0006800F, 0x00069005, 0x00069002
"""attAttachTitle, attAttachData, attAttachment (MAPI properties), attAttachRendData (a new attachment begins)."""
MOST = 5000
"""Attributes that are read. Chosen: an item with 100 attachments has 600."""


@analyser("tnef", wants={"tnef"})
class Tnef:
    """Unpacks the attachments."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield them with their names."""
        place, name, data = 6, "", b""
        for _ in range(MOST):
            if place + 9 > len(part.raw):
                break
            tag, size = struct.unpack_from("<xII", part.raw, place)
            value = part.raw[place + 9 : place + 9 + size]
            place += 9 + size + 2
            if tag == _START and data:
                yield _file(part, name, data, context)
                name, data = "", b""
            if tag == _TITLE:
                name = value.split(b"\x00")[0].decode("cp1252", "replace")
            elif tag == _DATA:
                data = value
            elif tag == _PROPERTIES and not data:
                at = value.find(b"MZ")
                data = value[at:] if at >= 0 else b""
        if data:
            yield _file(part, name, data, context)


def _file(part: Part, name: str, data: bytes, context: Context) -> Part:
    context.budget.take(len(data), name)
    return part.child(name or "attachment", data, origin="mail.attachment")
