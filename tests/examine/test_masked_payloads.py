"""Payloads under a key, in letters of hosts, coded twice, and images of discs in records: found; honest values: not."""

from __future__ import annotations

import base64
import json
import lzma
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.examine.medical.masked import masked
from safecare.examine.medical.payload import EICAR
from safecare.formats.wide import narrowed
from safecare.testing.medical_attacks.payloads import BINARIES
from safecare.testing.medical_attacks.writer import Image, Items

ENGINE = Engine()
FOUND = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
STUB = b"MZ" + bytes(76) + b"This program cannot be run in DOS mode.\r\r\n$" + bytes(200)
SHELL = b"var a = new ActiveXObject('WScript.Shell'); a.Run('calc');"


def under(raw: bytes, key: bytes) -> bytes:
    return bytes(one ^ key[place % len(key)] for place, one in enumerate(raw))


def private(value: bytes) -> Items:
    return {(0x00090010, "LO"): "FABRICANT", (0x00091001, "OB"): value}


@given(
    st.binary(min_size=1, max_size=4).filter(lambda key: len(key) != 3 and bytes(len(key)) != key),
    st.binary(max_size=40),
)
def test_a_program_is_seen_under_every_key_of_one_two_or_four_bytes(key: bytes, before: bytes) -> None:
    found = masked(before + under(STUB, key))
    assert found
    assert found[0] == "pe"


@pytest.mark.parametrize("raw", [STUB, EICAR, SHELL, BINARIES["elf"]])
def test_what_stands_plainly_is_none_of_its_business(raw: bytes) -> None:
    assert masked(raw) is None
    assert masked(SHELL.swapcase()) is None


@given(st.binary(max_size=300))
def test_any_bytes_under_any_key(raw: bytes) -> None:
    masked(raw)


@pytest.mark.parametrize("payload", [STUB, EICAR, SHELL, BINARIES["pe"]])
def test_a_masked_payload_in_a_private_value_or_a_record_is_found(payload: bytes) -> None:
    hidden = under(payload, b"\x5a")
    binary = {"resourceType": "Binary", "contentType": "application/pdf", "data": base64.b64encode(hidden).decode()}
    for raw in (Image(items=private(hidden)).write(), json.dumps(binary).encode()):
        assert ENGINE.judge(raw).verdict in FOUND


def test_a_masked_payload_in_the_pixels_is_found() -> None:
    verdict = ENGINE.judge(Image(pixels=bytes(range(256)) + under(STUB, b"\x91")).write())
    assert "dicom.value.masked" in {one.rule for one in verdict.findings}


@pytest.mark.parametrize(
    "pack", [lambda raw: lzma.compress(raw, lzma.FORMAT_ALONE), lambda raw: zlib.compress(raw)[2:-4]]
)
def test_a_private_value_packed_without_a_mark_is_opened(pack) -> None:  # type: ignore[no-untyped-def]
    assert ENGINE.judge(Image(items=private(pack(STUB + bytes(range(256))))).write()).verdict in FOUND


CDA = (
    '<ClinicalDocument xmlns="urn:hl7-org:v3"><component><nonXMLBody><text mediaType="application/pdf" '
    f'representation="B64">{base64.b64encode(STUB).decode()}</text></nonXMLBody></component></ClinicalDocument>'
)
MESSAGE = (
    "MSH|^~\\&|A|B|C|D|20260101||ORU^R01|1|P|2.5\r"
    f"OBX|1|ED|1^d||^application^pdf^Base64^{base64.b64encode(STUB).decode()}\r"
)


@pytest.mark.parametrize("name", ["cp037", "cp500", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_records_in_wide_letters_and_in_those_of_hosts_are_read(name: str) -> None:
    for text in (f'<?xml version="1.0" encoding="{name}"?>{CDA}', CDA, MESSAGE):
        verdict = ENGINE.judge(text.encode(name))
        assert {"cda", "hl7"} & set(verdict.type.split("+")), verdict.type
        assert verdict.verdict in FOUND


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_messages_in_wide_letters_within_frames_are_read(name: str) -> None:
    """Frames of MLLP are of 8 bits: what stands behind the first one begins at an odd place."""
    honest = MESSAGE.partition("OBX|")[0].encode(name)
    frames = [b"\x0b" + one + b"\x1c\r" for one in (honest, MESSAGE.encode(name))]
    assert ENGINE.judge(frames[1]).verdict in FOUND
    both = ENGINE.judge(b"".join(frames))
    assert (both.type, both.verdict in FOUND) == ("hl7", True), both
    clean = ENGINE.judge(frames[0] * 3)
    assert (clean.type, clean.verdict) == ("hl7", Verdicts.CLEAN), clean


@given(st.text(alphabet=st.characters(codec="cp1252"), max_size=200))
def test_ordinary_text_is_not_taken_for_that_of_a_host(text: str) -> None:
    raw = text.encode("cp1252")
    assert narrowed(raw) == raw.removeprefix(b"\xef\xbb\xbf") or raw[:1] in b"\x4c\xc0\xd4\xff\xfe\0" or b"\0" in raw


def test_what_is_coded_once_more_is_read() -> None:
    inner = base64.b64encode(base64.b64encode(STUB))
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": base64.b64encode(inner).decode()}
    assert ENGINE.judge(json.dumps(binary).encode()).verdict in FOUND


def test_the_image_of_a_disc_has_no_place_in_a_record() -> None:
    disc = bytes(32769) + b"CD001" + bytes(4096)
    binary = {
        "resourceType": "Binary",
        "contentType": "application/octet-stream",
        "data": base64.b64encode(disc).decode(),
    }
    assert "record.carries.disc" in {one.rule for one in ENGINE.judge(json.dumps(binary).encode()).findings}


@pytest.mark.parametrize(
    "value",
    [
        b"<Protocol><Name>Thorax</Name></Protocol>" * 9,
        bytes(range(256)) * 8,
        zlib.compress(bytes(9000))[2:-4],
        b"SV10\4\3\2\1" + bytes(300),
        b"POWERSHELL.EXE is not what this says, ACTIVEXOBJECT neither" * 2,
    ],
)
def test_honest_private_values_are_no_alarm(value: bytes) -> None:
    assert ENGINE.judge(Image(items=private(value)).write()).verdict is Verdicts.CLEAN
