"""Whom a record is about, what directories and shapes lead to, and bodies of several images."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Budget, Context, Limits, Part, Verdicts
from safecare.examine.engine import Engine
from safecare.examine.medical.subjects import MOST_NUMBERS, MOST_PEOPLE, Subject, about, others, subject
from safecare.formats.astray import leads_astray
from safecare.formats.multipart import MOST, pieces
from safecare.testing.medical_attacks import generate
from safecare.testing.medical_attacks.carriers import cda, ed, fhir, non_xml, oru
from safecare.testing.medical_attacks.payloads import pdf, pe
from safecare.testing.medical_attacks.wider import patient, told_of

INS = "1.2.250.1.213.1.4.8"
ME = subject([(INS, "270017512345678")], ["Exemple", "Alix"], "1970-01-01")


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        (subject([], ["ÉXEMPLE^ALIX"], "19451224"), False),
        (subject([], ["AUTRE^CAMILLE"], "19451224"), True),
        (subject([], ["AUTRE^CAMILLE"], "19700101"), False),
        (subject([], ["AUTRE^CAMILLE"], ""), False),
        (subject([(INS, "145127512345678")], ["AUTRE^CAMILLE"], ""), True),
        (subject([("urn:oid:" + INS, "270017512345678")], ["AUTRE"], "19451224"), False),
        (subject([("1.2.3", "270017512345678")], ["AUTRE"], ""), False),
        (subject([], [], "19451224"), False),
    ],
)
def test_two_records_differ_only_where_nothing_joins_them(other: Subject, differs: bool) -> None:
    assert others(ME, other) is others(other, ME) is differs


def test_a_document_of_another_patient_is_told_without_naming_anybody() -> None:
    other = told_of(patient("AUTRE", "CAMILLE", "19451224"), non_xml(pdf("")))
    verdict = Engine().judge(oru(ed(other, "text^XML")), "a.hl7")
    (found,) = [one for one in verdict.findings if one.rule == "record.patients"]
    assert verdict.verdict is Verdicts.SUSPICIOUS
    assert "AUTRE" not in str(found)
    assert "EXEMPLE" not in str(found)
    newborn = told_of(patient("EXEMPLE", "NOA", "20260104"), non_xml(pdf("")))
    assert Engine().judge(oru(ed(newborn, "text^XML")), "a.hl7").verdict is Verdicts.CLEAN


@pytest.mark.parametrize(("count", "told"), [(1, True), (MOST_PEOPLE, True), (MOST_PEOPLE + 1, False)])
def test_a_record_of_more_people_is_a_list_and_no_cover(count: int, told: bool) -> None:
    context = Context(Budget(Limits(), 1))
    cover = [subject([], [f"Autre {chr(65 + one) * 3}"], "19451224") for one in range(count)]
    assert not list(about(Part(b"", "a"), cover, context))
    assert bool(list(about(Part(b"", "a/b", path="a/b"), [ME], context))) is told


def test_only_so_many_numbers_of_a_person_are_compared() -> None:
    many = subject(((f"1.2.{one}", "7") for one in range(10 * MOST_NUMBERS)), ["Exemple"], "")
    assert len(many.numbers) == MOST_NUMBERS


def test_messages_about_several_people_may_carry_a_document_of_any_of_them() -> None:
    mine = told_of(patient(), non_xml(pdf("")))
    first = oru("OBX|1|ST|a^b^LN||x||||||F").replace(b"EXEMPLE^ALIX||19700101", b"AUTRE^CAMILLE||19451224")
    batch = b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + first + oru(ed(mine, "text^XML")) + b"BTS|2\rFTS|1\r"
    assert Engine().judge(batch, "a.hl7").verdict is Verdicts.CLEAN


@pytest.mark.parametrize("url", ["weasis://a", "https://pacs/a", "Binary/1", "urn:oid:1.2", "mailto:a@b.fr", "a.pdf"])
def test_addresses_of_the_house_lead_nowhere_else(url: str) -> None:
    assert not leads_astray(url)


@pytest.mark.parametrize("url", ["ms-word:a", "SEARCH-MS:q", " ldap://a/b", "http://169.254.1.1/", "jar:http://a!/b"])
def test_addresses_that_lead_astray(url: str) -> None:
    assert leads_astray(url)


def test_pointers_and_requests_that_lead_astray_are_told() -> None:
    for url, wanted in (("http://169.254.169.254/a", Verdicts.SUSPICIOUS), ("https://pacs/a", Verdicts.CLEAN)):
        pointer = oru(f"OBX|1|RP|a^b^LN||{url}^CHU^AP^PDF||||||F")
        asked = {"fullUrl": "urn:uuid:1", "request": {"method": "PUT", "url": url}}
        bundle = fhir({"resourceType": "Bundle", "type": "transaction", "entry": [asked]})
        assert Engine().judge(pointer, "a.hl7").verdict is wanted
        assert Engine().judge(bundle, "a.json").verdict is wanted


def test_commands_in_the_words_of_a_document_are_told_and_tags_are_none() -> None:
    for text, wanted in (
        ("powershell -nop -w hidden -enc AAAA", Verdicts.SUSPICIOUS),
        ("&#112;owershell -nop -w hidden -enc AAAA", Verdicts.SUSPICIOUS),
        ("PowerShell n'est pas installé", Verdicts.CLEAN),
    ):
        body = f"<structuredBody><component><section><text>{text}</text></section></component></structuredBody>"
        assert Engine().judge(cda(body), "a.xml").verdict is wanted, text


def test_parts_of_a_body_are_judged_one_by_one() -> None:
    head = b"--B\r\nContent-Type: application/dicom\r\n\r\n"
    coded = b"--B\r\nContent-Type: application/dicom\r\nContent-Transfer-Encoding: base64\r\n\r\nTVqQAAMAAAA=\r\n"
    found = list(pieces(head + b"a\r\n--B\n\r\n" + coded + b"--B--\r\nbehind"))
    assert [one.raw for one in found] == [b"a", b"\n", b"MZ\x90\0\3\0\0\0", b"behind"]
    assert found[0].media == "application/dicom"
    assert Engine().judge(head + pe() + b"\r\n--B--\r\n").verdict is Verdicts.MALICIOUS
    assert Engine().judge(head + b"x\r\n--B--\r\n" + pe()).verdict is Verdicts.MALICIOUS
    many = head + b"x\r\n" + (head + b"x\r\n") * (MOST + 10)
    assert any(one.rule == "limit.members" for one in Engine().judge(many).findings)


@given(st.binary(max_size=200), st.integers(0, 4))
def test_no_bytes_make_the_parts_go_wrong(raw: bytes, at: int) -> None:
    head = b"--B\r\nContent-Type: application/dicom\r\n\r\n"
    for one in pieces(head[: 10 * at + 20] + raw + head + raw):
        assert 0 <= one.start <= one.end


def test_what_version_three_added_is_told_by_its_own_rules() -> None:
    engine, rules = Engine(), set[str]()
    before = {one.name for one in generate(1, 2)}
    for one in generate(1):
        if one.name not in before and one.label == "attack" and len(one.raw) < 100_000:
            rules |= {each.rule for each in engine.judge(one.raw, one.name).findings if each.weight >= 0.5}
    assert rules >= {
        "dicom.directory.program",
        "dicom.directory.ring",
        "dicom.mesh.address",
        "dicom.mesh.command",
        "dicom.bomb.frame",
        "dicom.signature.broken",
        "record.patients",
        "record.script",
        "record.address",
        "xml.instruction",
    }
