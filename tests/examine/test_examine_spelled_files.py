"""Files spelled in text in all the ways that writers use, and text that only looks so."""

from __future__ import annotations

import base64
import io
import random
import zipfile

import pytest

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.examine.unpack.spelled_files import spelled

ENGINE = Engine()
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def zipped(raw: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.com", raw)
    return out.getvalue()


FILE = zipped(EICAR)
CODED = base64.b64encode(FILE)
HEX = FILE.hex().encode()
PAIRS = [HEX[at : at + 2] for at in range(0, len(HEX), 2)]


def lines(raw: bytes, width: int = 76) -> bytes:
    return b"\n".join(raw[at : at + width] for at in range(0, len(raw), width))


SPELLINGS = {
    "base64": CODED,
    "base64 for addresses": base64.urlsafe_b64encode(FILE),
    "base64 in lines": lines(CODED),
    "base64 turned round": CODED[::-1],
    "digits": HEX,
    "capital digits": HEX.upper(),
    "digits in lines": lines(HEX),
    "digits with their mark": b"0x" + HEX,
    "words of bytes": b", ".join(b"0x" + one for one in PAIRS),
    "bytes apart": b" ".join(PAIRS),
    "escapes": b"".join(rb"\x" + one for one in PAIRS),
    "numbers": b", ".join(b"%d" % one for one in FILE),
}
CARRIERS = {
    "a.txt": b"Dear colleague,\n%s\nRegards",
    "a.json": b'{"name": "a", "data": "%s"}',
    "a.csv": b"id,name,data\n1,a,%s\n",
    "a.xml": b'<?xml version="1.0"?>\n<r><name>a</name><data>%s</data></r>',
    "a.ini": b"[main]\nname=a\ndata=%s\n",
    "a.sql": b"INSERT INTO a VALUES (1, '%s');\n",
    "a.rtf": b"{\\rtf1\\ansi{\\*\\private %s}Menu\\par}",
}


@pytest.mark.parametrize("name", CARRIERS)
@pytest.mark.parametrize("how", SPELLINGS)
def test_a_file_spelled_in_text_is_opened(how: str, name: str) -> None:
    letters = SPELLINGS[how]
    if name == "a.json":
        letters = letters.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")
    found = ENGINE.judge(CARRIERS[name].replace(b"%s", letters), name)
    assert "rule.eicar_test_file" in {one.rule for one in found.findings}


def test_wide_text_addresses_and_settings_too() -> None:
    wide = ("data: " + CODED.decode()).encode("utf-16")
    registry = b'Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER\\A]\r\n"a"=hex:' + b",".join(PAIRS)
    for raw in (wide, registry, b"see data:application/zip;base64," + CODED, b"a: !!binary |\n  " + lines(CODED, 40)):
        assert "rule.eicar_test_file" in {one.rule for one in ENGINE.judge(raw, "a.txt").findings}


def test_letters_and_numbers_that_are_no_file_mean_nothing() -> None:
    noise = random.Random(1).randbytes(400)
    picture = b"\x89PNG\r\n\x1a\n" + noise
    for raw in (
        base64.b64encode(picture),
        b"hash: " + noise.hex().encode(),
        b"4d5a" + noise.hex().encode(),
        b"row = [77, 90, " + b", ".join(b"%d" % one for one in noise) + b"]",
        b"prices,77,90,12,13\n" * 100,
        b"the letters TVqQ and UEsDB begin programs and archives",
    ):
        found = ENGINE.judge(raw, "a.txt")
        assert found.verdict is Verdicts.CLEAN
        assert not found.findings


@pytest.mark.timeout(60)
def test_what_is_spelled_takes_time_that_grows_with_its_length_only() -> None:
    for raw in (
        b"TVqQ" * 500_000,
        b"4d5a" * 500_000,
        b"77,90," * 300_000,
        b"0x4d, " * 300_000,
        b"\\x4d\\x5a" * 200_000,
    ):
        assert len(list(spelled(raw))) < 10


def test_more_files_than_are_opened_leave_no_text_clean() -> None:
    many = b"\n".join(base64.b64encode(zipped(b"%d" % one)) + b";" for one in range(1100))
    assert ENGINE.judge(many, "a.txt").verdict is Verdicts.SUSPICIOUS


def test_the_last_of_many_objects_in_rich_text_is_opened() -> None:
    held = b"{\\object\\objemb{\\*\\objdata %s}}"
    many = b"".join(held % (b"hello %d" % one).hex().encode() for one in range(350))
    raw = b"{\\rtf1\\ansi " + many + held % HEX + b"}"
    assert "rule.eicar_test_file" in {one.rule for one in ENGINE.judge(raw, "a.rtf").findings}
    more = b"{\\rtf1\\ansi " + many * 6 + b"}"
    assert ENGINE.judge(more, "a.rtf").verdict is Verdicts.SUSPICIOUS
