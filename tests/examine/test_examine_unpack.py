"""Unpacking: every container gives its member to the engine, and bombs stop early."""

from __future__ import annotations

import base64
import bz2
import contextlib
import gzip
import io
import lzma
import tarfile
import time
import zipfile
import zlib
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine, analysers
from safecare.examine.unpack.arj import unpack
from safecare.examine.unpack.inflate64 import inflate64
from safecare.examine.unpack.texts import unbinhex

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


def nested(depth: int) -> bytes:
    raw = zipped({"zeros": bytes(30_000_000)})
    for _ in range(depth):
        raw = zipped({f"{number}.zip": raw for number in range(4)})
    return raw


BOMBS = {
    "zip": lambda: zipped({"zeros": bytes(300_000_000)}),
    "nested zips": lambda: nested(6),
    "gzip": lambda: gzip.compress(bytes(200_000_000)),
    "bzip2": lambda: bz2.compress(bytes(200_000_000)),
    "xz": lambda: lzma.compress(bytes(200_000_000)),
    "zstd": lambda: zstandard.compress(bytes(200_000_000)),
    "pdf": lambda: pdf(bytes(200_000_000)),
    "many members": lambda: zipped({f"{number}": b"" for number in range(3000)}),
    "deep mail": lambda: b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(5000)
    ),
    "tags": lambda: b"<html>" + b"<a" * 500_000,
    "objects": lambda: b"%PDF-1.4\n" + b"1 0 obj<</Kids[" * 50_000,
    "objdata": lambda: b"{\\rtf1" + b"{\\objdata " * 20_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_less_than_a_second(name: str) -> None:
    raw = BOMBS[name]()
    begun = time.process_time()
    verdict = ENGINE.judge(raw, "a.eml" if name == "deep mail" else "a")
    took = time.process_time() - begun
    assert took < 1.0, f"{took:.2f} s"
    if name in ("zip", "nested zips", "gzip", "bzip2", "xz", "zstd", "pdf", "many members"):
        assert verdict.verdict is not Verdicts.CLEAN
        assert any(one.rule.startswith("limit.") for one in verdict.findings)


def test_an_archive_that_only_is_encrypted_is_no_alarm(tmp_path: Path) -> None:
    raw = bytearray(zipped({"a.txt": b"words" * 40}, zipfile.ZIP_STORED))
    raw[6] |= 1
    raw[raw.find(b"PK\1\2") + 8] |= 1
    verdict = ENGINE.judge(bytes(raw))
    assert (verdict.verdict, [one.rule for one in verdict.findings]) == (Verdicts.CLEAN, ["archive.encrypted"])


def test_tricks_of_archives_are_told() -> None:
    raw = zipped({"harmless.txt": b"a" * 50}).replace(b"harmless.txt", b"harmful0.exe", 1)
    assert "archive.names-differ" in [one.rule for one in ENGINE.judge(raw).findings]
    assert "archive.traversal" in [one.rule for one in ENGINE.judge(zipped({"../../x": b"a"})).findings]


@pytest.mark.parametrize(
    "name", ["clam.d64.zip", "clam.impl.zip", "clam.arj", "clam-nsis.exe", "clam-upx.exe", "clam.7z"]
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
