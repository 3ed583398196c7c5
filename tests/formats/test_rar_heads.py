"""Where members of RAR begin, and that a document which is stored in one is a member and no second thing."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.formats.rar_heads import members_begin

PDF = (
    b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    b"2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n%%EOF\n"
)


def vint(value: int) -> bytes:
    raw = b""
    while value > 0x7F:
        raw, value = raw + bytes([value & 0x7F | 0x80]), value >> 7
    return raw + bytes([value])


def block(kind: int, flags: int, body: bytes) -> bytes:
    head = vint(kind) + vint(flags) + body
    sized = vint(len(head)) + head
    return struct.pack("<I", zlib.crc32(sized)) + sized


def rar_5(*members: tuple[str, bytes]) -> bytes:
    raw = b"Rar!\x1a\x07\x01\x00" + block(1, 0, vint(0))
    for name, data in members:
        body = vint(len(data)) + vint(4) + vint(len(data)) + vint(0o100644) + struct.pack("<I", zlib.crc32(data))
        raw += block(2, 2, body + vint(0) + vint(1) + vint(len(name)) + name.encode()) + data
    return raw + block(5, 0, vint(0))


def rar_3(name: str, data: bytes) -> bytes:
    fields = struct.pack("<IIBIIBBHI", len(data), len(data), 3, zlib.crc32(data), 0, 29, 0x30, len(name), 0o100644)
    head = struct.pack("<BHH", 0x74, 0x8000, 7 + len(fields) + len(name)) + fields + name.encode()
    main = struct.pack("<BHH", 0x73, 0, 13) + bytes(6)
    sealed = [struct.pack("<H", zlib.crc32(one) & 0xFFFF) + one for one in (main, head)]
    return b"Rar!\x1a\x07\x00" + sealed[0] + sealed[1] + data + bytes.fromhex("c43d7b00400700")


STORED = {
    "version 5": rar_5(("report.pdf", PDF)),
    "version 5, second": rar_5(("a.txt", b"Words of a note.\n"), ("report.pdf", PDF)),
    "version 3": rar_3("report.pdf", PDF),
}


@pytest.mark.parametrize("kind", STORED)
def test_a_stored_document_is_a_member(kind: str) -> None:
    raw = STORED[kind]
    assert raw.find(b"%PDF-") in list(members_begin(raw))
    found = Engine().judge(raw, "reports.rar")
    assert found.verdict is Verdicts.CLEAN, found
    assert found.type == "rar"


def test_a_document_between_the_heads_is_a_second_thing() -> None:
    raw = rar_5(("a.txt", b"Words of a note.\n" + PDF))
    assert raw.find(b"%PDF-") not in list(members_begin(raw))
    found = Engine().judge(raw, "reports.rar")
    assert "file.polyglot" in {one.rule for one in found.findings}


@given(st.sampled_from([b"Rar!\x1a\x07\x01\x00", b"Rar!\x1a\x07\x00"]), st.binary(max_size=300))
def test_any_heads_are_walked(mark: bytes, raw: bytes) -> None:
    assert all(0 < at <= len(mark) + len(raw) for at in members_begin(mark + raw))
