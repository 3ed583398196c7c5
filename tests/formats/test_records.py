"""Documents inside HL7 v2, CDA and FHIR: found however they are written, and no bytes break the readers."""

from __future__ import annotations

import base64
import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.clinical_xml import read_clinical_xml
from safecare.formats.embedded import from_base64
from safecare.formats.fhir import FhirError, read_fhir, strings
from safecare.formats.hl7 import Hl7Error
from safecare.formats.hl7_documents import documents, messages, pointers
from safecare.testing.medical_attacks import carriers as made

FILE = bytes(range(256)) * 3


def held(raw: bytes) -> list[bytes]:
    return [one.raw for start, end, marks in messages(raw) for one in documents(raw, start, end, marks)]


@pytest.mark.parametrize("wrap", ["", "\\.br\\", "\\X0D0A\\", " ", "\n", "\r\n", "~"])
def test_hl7_documents_are_found_however_they_are_wrapped(wrap: str) -> None:
    assert held(made.oru(made.ed(FILE, wrap=wrap), "NTE|1||fin")) == [FILE]


def test_hl7_documents_of_every_coding_and_place() -> None:
    raw = made.oru(made.ed(FILE), made.ed(FILE, coding="Hex"), "OBX|1|ED|1||^TEXT^plain^A^bonjour||||||F")
    assert held(raw) == [FILE, FILE, b"bonjour"]
    one = next(iter(documents(raw, *messages(raw)[0])))
    assert (one.place, one.media) == ("OBX-5", "application/pdf")
    assert from_base64(raw[one.start : one.end]) == FILE
    assert held(b"\x0b" + raw + b"\x1c\r\x0b" + raw + b"\x1c\r") == held(raw) * 2
    pointer = made.oru("OBX|1|RP|1||http://a^^b^c||||||F")
    (start, end), *_ = pointers(pointer, *messages(pointer)[0])
    assert pointer[start:end] == b"http://a"
    with pytest.raises(Hl7Error):
        messages(b"PID|1")


@pytest.mark.parametrize("compression", ["", "DF", "ZL", "GZ"])
def test_cda_bodies_are_found(compression: str) -> None:
    (one,) = read_clinical_xml(made.cda(made.non_xml(FILE, "application/pdf", compression, 76))).embedded
    assert (one.compression, one.media) == (compression, "application/pdf")
    assert compression or one.raw == FILE


def test_fragments_and_broken_documents_are_read_as_far_as_possible() -> None:
    body = made.non_xml(FILE).encode()
    assert read_clinical_xml(body + b"<other/>").damage is None
    for broken in (b"<a>" + body, body + b"</b>", b"<a><b></a>" + body, made.cda(made.non_xml(FILE))[:-30]):
        assert [one.raw for one in read_clinical_xml(broken).embedded] == [FILE], broken[:20]


def test_documents_of_submissions_and_of_messages_in_xml_are_found() -> None:
    letters = base64.b64encode(FILE).decode()
    for holder in ("xds:Document", "ED.5"):
        raw = f"<a><{holder} id='1'>\n{letters}\n</{holder}></a>".encode()
        assert [one.raw for one in read_clinical_xml(raw).embedded] == [FILE]
    whole = b"<Document>" + made.cda(made.non_xml(FILE)).partition(b"?>")[2] + b"</Document>"
    assert [one.raw for one in read_clinical_xml(whole).embedded] == [FILE]
    assert not read_clinical_xml(b"<Document>" + b"Ein Satz. " * 20 + b"</Document>").embedded


def test_a_character_set_that_nobody_knows_hides_nothing() -> None:
    raw = made.cda(made.non_xml(FILE)).replace(b'encoding="UTF-8"', b'encoding="x-hidden"')
    assert [one.raw for one in read_clinical_xml(raw).embedded] == [FILE]


def test_xml_follows_and_expands_nothing() -> None:
    for sample in made.clinical(random.Random(1)):
        if sample.technique in ("entity", "bomb"):
            found = read_clinical_xml(sample.raw)
            assert found.remarks or found.deep >= 0 or found.embedded, sample.name


def test_fhir_in_json_xml_and_lines() -> None:
    resource = made.fhir(made.reference(FILE, "application/zip"))
    assert [(one.raw, one.media) for one in read_fhir(resource).embedded] == [(FILE, "application/zip")]
    lines = made.fhir(made.binary(FILE)).replace(b"\n", b"") + b"\n"
    assert len(read_fhir(lines * 3).embedded) == 3
    found = read_fhir(resource)
    assert b"".join(strings(resource, found)) == resource.replace(base64.b64encode(FILE), b"")
    late = b'{"contentType": "x", "data": "%b", "resourceType": "Binary"}' % base64.b64encode(FILE * 50)
    assert read_fhir(late).resource
    assert [one.raw for one in read_fhir(late).embedded] == [FILE * 50]
    with pytest.raises(FhirError) as told:
        read_fhir(b'{"resourceType": "Patient", "a": ' + b"[" * 100_000)
    assert told.value.deep
    twice = b'{"resourceType": "Binary", "data": "%b", "data": "%b"}' % (base64.b64encode(FILE), b"QUJD" * 9)
    assert [one.raw for one in read_fhir(twice).embedded] == [FILE, b"ABC" * 9]


def test_base64_is_taken_as_tolerant_readers_do() -> None:
    letters = base64.b64encode(FILE)
    assert from_base64(letters) == from_base64(b" ".join(letters[at : at + 7] for at in range(0, len(letters), 7)))
    assert from_base64(base64.b64encode(b"ab") + base64.b64encode(b"cd")) == b"abcd"
    assert from_base64(base64.urlsafe_b64encode(FILE)) == FILE


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_the_declared_errors(raw: bytes) -> None:
    read_clinical_xml(raw)
    read_clinical_xml(b"<a representation='B64'>" + raw)
    from_base64(raw)
    with contextlib.suppress(Hl7Error):
        held(b"MSH|^~\\&|" + raw + b"^Base64^" + raw)
    for text in (raw, b'{"resourceType":"Binary","data":"' + raw + b'"}'):
        with contextlib.suppress(FhirError):
            read_fhir(text)
