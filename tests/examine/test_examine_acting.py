"""Files that their readers find wherever they stand: within programs, documents, tapes and comments of archives."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest

from safecare.examine.acting import acting, archives
from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine

ENGINE = Engine()
TEXT = b"Visiting hours are from two to six.\n" * 8
PAGE = b'<html><script>new ActiveXObject("WScript.Shell").Run("cmd /c echo 1")</script></html>'
APPLICATION = b'<hta:application id=a><script language=vbscript>CreateObject("WScript.Shell").Run "a"</script>'
SERVED = b'<?php system($_GET["c"]); ?>'
LIBRARY = (
    b"<html><script>function a(){return 1}</script></html> usage: <?php echo 1; ?> "
    b"7z\xbc\xaf\x27\x1c Rar!\x1a\7\0 MSCF\0\0\0\0"
)
"""What honest programs hold: pages of help, examples, the marks of what they write."""


def zipped(files: dict[str, bytes], comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
        archive.comment = comment
    return out.getvalue()


def seven(raw: bytes = TEXT) -> bytes:
    head = b"\1\4\6\0\1\t" + bytes([0x80 | len(raw) >> 8, len(raw) & 255]) + b"\0\0\0"
    rest = struct.pack("<QQI", len(raw), len(head), zlib.crc32(head))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(rest)) + rest + raw + head


def rar(raw: bytes = TEXT) -> bytes:
    def block(kind: int, flags: int, body: bytes) -> bytes:
        head = struct.pack("<BHH", kind, flags, len(body) + 7) + body
        return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head

    entry = struct.pack("<IIBIIBBHI", len(raw), len(raw), 3, zlib.crc32(raw), 0, 20, 0x30, 5, 32) + b"a.txt"
    return b"Rar!\x1a\7\0" + block(0x73, 0, bytes(6)) + block(0x74, 0x8000, entry) + raw + block(0x7B, 0x4000, b"")


def windows(within: bytes, behind: bytes = b"") -> bytes:
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x14C, 1, 0, 0, 0, 224, 0x102) + struct.pack("<H", 0x10B) + bytes(222)
    section = b".text\0\0\0" + struct.pack("<IIIIIIHHI", 16, 4096, len(within), 512, 0, 0, 0, 0, 0x60000020)
    return (b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + coff + section).ljust(512, b"\0") + within + behind


def linux(within: bytes) -> bytes:
    size = 120 + len(within)
    head = b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096) + within


def module(within: bytes) -> bytes:
    raw = b"\4note" + within
    size = bytes((len(raw) >> shift & 127) | (128 if shift < 14 else 0) for shift in (0, 7, 14))
    return b"\0asm\1\0\0\0\0" + size + raw


def film(within: bytes) -> bytes:
    body = (
        b"\x78\0\x05\x5f\0\0\x0f\xa0\0\0\x0c\x01\0" + struct.pack("<HI", 77 << 6 | 63, len(within)) + within + b"\0\0"
    )
    return b"FWS\6" + struct.pack("<I", 8 + len(body)) + body


def document(within: bytes) -> bytes:
    held = b"9 0 obj<</Length %d>>stream\n%s\nendstream endobj\n" % (len(within), within)
    return b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n" + held + b"2 0 obj<</Kids[]>>endobj\n%%EOF\n"


def rich(within: bytes) -> bytes:
    return b"{\\rtf1\\ansi Menu{\\*\\private " + within + b"}\\par}"


COMPILED = {"pe": windows, "elf": linux, "wasm": module, "swf": film}
READ = {"pdf": document, "rtf": rich}


@pytest.mark.parametrize("host", [*COMPILED, *READ])
@pytest.mark.parametrize(("guest", "kind"), [(PAGE, "html"), (APPLICATION, "html"), (SERVED, "script")])
def test_a_page_that_acts_is_told_wherever_it_stands(host: str, guest: bytes, kind: str) -> None:
    found = ENGINE.judge({**COMPILED, **READ}[host](TEXT + guest), "a.bin")
    assert {host, kind} <= set(found.type.split("+"))
    assert found.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
    assert "file.polyglot" in {one.rule for one in found.findings}


@pytest.mark.parametrize("host", COMPILED)
def test_a_library_that_names_marks_is_one_thing(host: str) -> None:
    found = ENGINE.judge(COMPILED[host](LIBRARY * 3), "a.bin")
    assert (found.type, found.verdict) == (host, Verdicts.CLEAN)


def test_marks_of_archives_with_heads_of_any_length_cost_no_sum_each(monkeypatch: pytest.MonkeyPatch) -> None:
    summed: list[int] = []

    def crc32(raw: bytes) -> int:
        summed.append(len(raw))
        return 1

    monkeypatch.setattr(zlib, "crc32", crc32)
    assert not list(archives(b"\0" + b"Rar!\x1a\7\0\xff\xff\xff\xff\xff\xff\xff" * 10_000))
    assert sum(summed) == 0


@pytest.mark.parametrize("host", ["pe", "elf", "pdf"])
@pytest.mark.parametrize("kind", ["7z", "rar"])
def test_an_archive_with_its_checksum_is_told_and_opened(host: str, kind: str) -> None:
    make = {"7z": seven, "rar": rar}[kind]
    raw = {**COMPILED, **READ}[host](TEXT + make() + TEXT)
    found = ENGINE.judge(raw, "a.bin")
    assert found.type == f"{host}+{kind}"
    assert (found.verdict is Verdicts.CLEAN) == (host != "pdf")
    broken = bytearray(raw)
    at = raw.find(make())
    broken[at + 10] ^= 1
    assert ENGINE.judge(bytes(broken), "a.bin").type == host


def test_the_second_archive_of_a_program_is_judged_too() -> None:
    eicar = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.txt", eicar)
    raw = windows(zipped({"a.txt": TEXT}) + packed.getvalue() + TEXT)
    assert "rule.eicar_test_file" in {one.rule for one in ENGINE.judge(raw, "a.exe").findings}
    many = windows((zipped({"a.txt": TEXT}) + b"-") * 60 + packed.getvalue() + TEXT)
    assert ENGINE.judge(many, "a.exe").verdict is not Verdicts.CLEAN


def test_java_behind_a_program_that_does_not_start_it_is_a_second_thing() -> None:
    java = zipped({"META-INF/MANIFEST.MF": b"Main-Class: A\r\n", "A.class": b"\xca\xfe\xba\xbe\0\0\0\x3d" + bytes(60)})
    assert ENGINE.judge(windows(TEXT, java), "a.exe").verdict is Verdicts.SUSPICIOUS
    started = ENGINE.judge(windows(TEXT + b"%JAVA_HOME%\\bin\\javaw.exe", java), "a.exe")
    assert (started.type, started.verdict) == ("pe+jar+zip", Verdicts.CLEAN)


@pytest.mark.parametrize(
    ("raw", "kinds", "found"),
    [
        (zipped({"a.txt": TEXT}, PAGE), "zip+html", True),
        (zipped({"a.txt": TEXT}, rar()), "zip+rar", True),
        (zipped({"a.txt": TEXT}, b"Menu of the week"), "zip", False),
        (b"@echo off\r\nstart a\r\nexit /b\r\n" + zipped({"a.txt": TEXT}), "zip+script", True),
        (b'/**/new ActiveXObject("a");/*' + zipped({"a.txt": TEXT}) + b"*/", "zip+script", True),
        (b"GIF89a=1;//" + bytes(9) + b"\nx();var a = new Object();", "gif+script", True),
        (b"GIF89a=\0\1\0\0\0\0;", "gif", False),
    ],
)
def test_comments_and_heads_that_are_scripts(raw: bytes, kinds: str, found: bool) -> None:
    told = ENGINE.judge(raw, "a.bin")
    assert told.type == kinds
    assert ("file.polyglot" in {one.rule for one in told.findings}) == found


def test_what_acts_is_told_once_and_in_time() -> None:
    assert list(acting(TEXT + PAGE + SERVED * 3)) == [("html", len(TEXT) + 6), ("script", len(TEXT) + len(PAGE))]
    assert not list(acting(b"<script>" * 100_000))
    assert ENGINE.judge(windows(b"PK\5\6" * 100_001), "a.exe").verdict is not Verdicts.CLEAN
    assert not list(archives(b"PK\5\6" * 100_000 + b"7z\xbc\xaf\x27\x1c" * 10_000))
