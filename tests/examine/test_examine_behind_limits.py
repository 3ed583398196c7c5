"""What stands behind a limit is not judged, so the file is never clean: the payload comes last, after much else."""

from __future__ import annotations

import base64
import io
import json
import random
import tarfile
import zipfile
import zlib
from collections.abc import Callable

import pytest

from safecare.examine.api import Budget, Limits, Verdicts
from safecare.examine.engine import Engine
from safecare.formats.mime import MAX_DEPTH, MAX_HEADER, MAX_PARTS

ENGINE = Engine()
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MANY = 6000
"""Pieces before the payload: more than every limit on their number."""
HEAD = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nMessage-ID: <1@b.example>\r\nMIME-Version: 1.0\r\n"


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return out.getvalue()


PAYLOAD = zipped({"a.com": EICAR})
CODED = base64.b64encode(PAYLOAD)
ATTACHED = b"Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + CODED


def coded(number: int) -> bytes:
    return base64.b64encode(b"PK harmless %d" % number)


def archive(many: int) -> bytes:
    return zipped({f"{number}.txt": b"%d" % number for number in range(many)} | {"a.zip": PAYLOAD})


def tape(many: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for name, raw in [*((f"{number}.txt", b"%d" % number) for number in range(many)), ("a.zip", PAYLOAD)]:
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            made.addfile(member, io.BytesIO(raw))
    return out.getvalue()


def mail_of_parts(many: int) -> bytes:
    parts = b"".join(b"--b\r\nContent-Type: text/plain\r\n\r\n%d\r\n" % number for number in range(many))
    return (
        HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b\r\n" + ATTACHED + b"\r\n--b--\r\n"
    )


def mail_of_mails(many: int) -> bytes:
    levels = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%dx\r\n\r\n--b%dx\r\n" % (level, level) for level in range(many)
    )
    return HEAD + levels + ATTACHED


def mail_of_fields(many: int) -> bytes:
    fields = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 70) for number in range(many))
    return HEAD + fields + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + ATTACHED + b"\r\n--b--\r\n"


def message(many: int) -> bytes:
    rows = (b"OBX|1|ED|1^x||^AP^zip^Base64^%s\r" % raw for raw in [*map(coded, range(many)), CODED])
    return b"MSH|^~\\&|A|B|C|D|20260101||ORU^R01|1|P|2.5\r" + b"".join(rows)


def document(many: int) -> bytes:
    value = b'<observationMedia><value mediaType="application/zip" representation="B64">%s</value></observationMedia>'
    values = b"".join(value % raw for raw in [*map(coded, range(many)), CODED])
    return b'<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3">' + values + b"</ClinicalDocument>"


def bundle(many: int) -> bytes:
    binary = [{"resourceType": "Binary", "data": raw.decode()} for raw in [*map(coded, range(many)), CODED]]
    return json.dumps({"resourceType": "Bundle", "entry": [{"resource": one} for one in binary]}).encode()


def page(many: int) -> bytes:
    links = b"".join(b'<a href="data:application/zip;base64,%s">' % raw for raw in [*map(coded, range(many)), CODED])
    return b"<html><body>" + links


def page_of_words(many: int) -> bytes:
    return b"<html><body>" + b"some words of a page\n" * many + b"<script>eval(unescape('%u9090%u9090'))</script>"


@pytest.mark.slow
def test_a_long_page_is_read_to_its_end_or_told() -> None:
    short, long, longest = (ENGINE.judge(page_of_words(many), "a.html") for many in (10, 200_000, 900_000))
    assert "page.hides" in {one.rule for one in short.findings}
    assert "page.hides" in {one.rule for one in long.findings}
    assert (longest.verdict, [one.rule for one in longest.findings]) == (Verdicts.SUSPICIOUS, ["limit.markup"])


class Watched:
    """An unpacker that counts what it is given."""

    def __init__(self) -> None:
        self.inner, self.given = zlib.decompressobj(-15), 0

    def decompress(self, raw: bytes, most: int) -> bytes:
        self.given += len(raw)
        return self.inner.decompress(raw, most)

    @property
    def eof(self) -> bool:
        return self.inner.eof

    @property
    def unconsumed_tail(self) -> bytes:
        return self.inner.unconsumed_tail


def test_what_is_packed_large_is_handed_over_a_few_times_at_most() -> None:
    raw = random.Random(1).randbytes(24 * 1024 * 1024)
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    packed = packer.compress(raw) + packer.flush()
    watched = Watched()
    assert Budget(Limits(), len(packed)).unpack(watched.decompress, packed + b"behind") == raw
    assert watched.given < 4 * len(packed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "few", "many"),
    [
        (archive, 50, MANY),
        (tape, 50, MANY),
        (mail_of_parts, 50, MAX_PARTS + 1),
        (mail_of_mails, 5, MAX_DEPTH + 1),
        (mail_of_fields, 500, MAX_HEADER // 70),
        (message, 50, MANY),
        (document, 50, MANY),
        (bundle, 50, MANY),
        (page, 50, MANY),
    ],
)
def test_a_payload_behind_a_limit_leaves_no_file_clean(make: Callable[[int], bytes], few: int, many: int) -> None:
    name = "a.eml" if make.__name__.startswith("mail") else ""
    near = ENGINE.judge(make(few), name)
    assert any("eicar" in one.rule for one in near.findings), near
    far = ENGINE.judge(make(many), name)
    assert far.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS), far
