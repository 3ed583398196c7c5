"""Records that readers take for somebody else's, or that say something else to each reader; and their honest twins."""

from __future__ import annotations

import json
from typing import Any

import pytest

from safecare.examine.api import Verdict, Verdicts
from safecare.examine.engine import Engine
from safecare.testing.medical_attacks.writer import Image, Items

ENGINE = Engine(only=("dicom", "hl7", "record", "fhir"))
PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Durand", "given": ["Lucie"]}]}
DISGUISED = ("Dur\u0430nd", "Durand\u202e eicuL", "Du\u200brand")
"""A Cyrillic letter in a Latin name; a direction turned; a letter that nobody sees."""
HONEST = ("Дюран", "Παπαδόπουλος", "Müller-Østergård", "حسن", "می\u200cخواهم", "山田 Taro", "Durand\u00a0Petit")
INS = "1.2.250.1.213.1.4.8"
GADGET = "<e class='org.apache.commons.collections4.functors.ChainedTransformer'/>"


def verdict(raw: str | bytes) -> Verdict:
    return ENGINE.judge(raw.encode() if isinstance(raw, str) else raw)


def rules(raw: str | bytes) -> set[str]:
    return {one.rule for one in verdict(raw).findings}


def fhir(**more: Any) -> str:
    return json.dumps({**PATIENT, **more}, ensure_ascii=False)


def bundle(**entry: Any) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [entry]})


def page(url: str) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "link": [{"relation": "next", "url": url}]})


def hl7(
    *segments: str, kind: str = "ORU^R01", pid: str = "PID|1||4711^^^CHU||DURAND^LUCIE", marks: str = "|^~\\&|"
) -> str:
    return "\r".join([f"MSH{marks}L|CHU|D|CHU|20260114||{kind}|M1|P|2.5", pid, *segments]) + "\r"


def number(root: str, text: str) -> str:
    return f'<id root="{root}" extension="{text}"/>'


ID = number(INS, "1")


def patient(number: str = ID, name: str = "<family>Durand</family>") -> str:
    return f"<recordTarget><patientRole>{number}<patient><name>{name}</name></patient></patientRole></recordTarget>"


def cda(*patients: str) -> str:
    return f'<ClinicalDocument xmlns="urn:hl7-org:v3"><title>CR</title>{"".join(patients)}</ClinicalDocument>'


def image(items: Items) -> bytes:
    return Image(items={(0x00080005, "CS"): "ISO_IR 192", **items}).write()


def icon(side: int) -> Items:
    return {(0x00280010, "US"): side, (0x00280011, "US"): side, (0x7FE00010, "OB"): bytes(4096)}


def submission(uri: str) -> str:
    slot = f'<r:Slot name="URI"><r:ValueList><r:Value>{uri}</r:Value></r:ValueList></r:Slot>'
    return f'<s xmlns:r="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><r:ExtrinsicObject>{slot}</r:ExtrinsicObject></s>'


def subject(name: str) -> str:
    return f'<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion"><a:NameID>{name}</a:NameID></a:Assertion>'


def called(name: str) -> list[str | bytes]:
    """Return records of all kinds about somebody of that name."""
    return [
        fhir(name=[{"family": name}]),
        f'<Patient xmlns="http://hl7.org/fhir"><name><family value="{name}"/></name></Patient>',
        hl7(pid=f"PID|1||4711^^^CHU||{name}^LUCIE"),
        cda(patient(name=f"<family>{name}</family>")),
        image({(0x00100010, "PN"): name}),
        json.dumps([{"00100010": {"vr": "PN", "Value": [{"Alphabetic": name}]}}], ensure_ascii=False),
    ]


@pytest.mark.parametrize("name", DISGUISED)
def test_a_name_in_disguise_is_told_wherever_it_stands(name: str) -> None:
    for raw in called(name):
        found = verdict(raw)
        assert found.verdict is Verdicts.SUSPICIOUS, raw
        assert {one.rule for one in found.findings} == {"record.identity"}


@pytest.mark.parametrize("name", HONEST)
def test_names_of_all_scripts_are_nobodys_disguise(name: str) -> None:
    for raw in called(name):
        assert verdict(raw).verdict is Verdicts.CLEAN, raw


def test_an_unseen_letter_counts_where_it_stands_for_a_person() -> None:
    """HL7's own value sets hold such letters in their identifiers, copied from a page."""
    wrong = [{"system": "urn:oid:1.2", "value": "urn:oid:1.\u200b2"}]
    assert rules(fhir(identifier=wrong)) == {"record.identity"}
    assert not rules(fhir(resourceType="ValueSet", identifier=wrong))
    for kind, found in (("Patient", {"record.identity"}), ("ValueSet", set())):
        raw = f'<{kind} xmlns="http://hl7.org/fhir"><identifier><value value="1.\u200b2"/></identifier></{kind}>'
        assert rules(raw) == found


def test_scripts_of_one_set_of_characters_are_read() -> None:
    for code, name in (
        ("ISO_IR 144", "Dur\u0430nd".encode("iso8859_5")),
        ("ISO_IR 126", "NIK\u039fS".encode("iso8859_7")),
    ):
        assert "record.identity" in rules(image({(0x00080005, "CS"): code, (0x00100010, "PN"): name}))
    code = "ISO 2022 IR 100\\ISO 2022 IR 144"
    assert "record.identity" in rules(image({(0x00080005, "CS"): code, (0x00100010, "PN"): b"MOREAU^P\x1b-L\xd0ul"}))
    assert not rules(image({(0x00080005, "CS"): code, (0x00100010, "PN"): b"MOREAU^P\x1b-L\xbf\xd0\xe3"}))
    assert not rules(image({(0x00080005, "CS"): "ISO_IR 100", (0x00100010, "PN"): "Müller".encode("latin-1")}))


@pytest.mark.parametrize(
    ("rule", "attack", "twin"),
    [
        ("record.identity", hl7(pid="PID|1||47\x0011^^^CHU||DURAND^L"), hl7("NTE|1||a\tb")),
        (
            "record.identity",
            cda(patient(name="<family>Dur<!-- -->and</family>")),
            cda(patient(name="<!-- a --><family>Durand<!-- b --></family>")),
        ),
        ("record.identity", subject("8997<!-- -->.evil"), subject("8997<!-- RPPS -->")),
        ("record.patients", cda(patient(), patient(number(INS, "2"))), cda(patient())),
        (
            "record.patients",
            cda(patient(ID + number(INS, "2"))),
            cda(patient(ID + number("1.2.250.1.213.1.4.9", "2") + number("1.2.3", "3"))),
        ),
        ("record.twice", fhir()[:-1] + ', "id": "p2"}', fhir()[:-1] + ', "note": "a \\":\\" b"}'),
        (
            "record.twice",
            '[{"00100020": {"Value": ["1"]}, "00100020" : {"Value": ["2"]}}]',
            '[{"00100020": {"Value": ["1"]}}]',
        ),
        (
            "fhir.request",
            bundle(request={"method": "DELETE", "url": "Patient?_lastUpdated=gt1900-01-01"}),
            bundle(request={"method": "DELETE", "url": "Patient?identifier=123456"}),
        ),
        (
            "fhir.request",
            bundle(request={"method": "POST", "url": "$expunge"}),
            bundle(request={"method": "POST", "url": "Patient/$validate"}),
        ),
        (
            "fhir.request",
            bundle(resource={"resourceType": "Observation", "subject": {"reference": "Patient/%2e%2e/../admin"}}),
            bundle(resource={"resourceType": "Observation", "subject": {"reference": "Patient/p1/_history/2"}}),
        ),
        (
            "record.address",
            page("http://169.254.169.254/latest/meta-data/"),
            page("https://fhir.example/Patient?page=2"),
        ),
        (
            "record.address",
            '[{"7FE00010": {"BulkDataURI": "http://169.254.169.254/x"}}]',
            '[{"7FE00010": {"BulkDataURI": "http://10.0.0.5:8042/x"}}]',
        ),
        ("record.address", submission("../../Startup/a.bat"), submission("IHE_XDM/SUBSET01/DOC00001.PDF")),
        (
            "hl7.patients",
            hl7("PID|2||4712^^^CHU||MARTIN^P", kind="ADT^A01"),
            hl7("PID|2||4712^^^CHU||MARTIN^P", kind="ADT^A17"),
        ),
        ("hl7.separators", hl7(marks="|||||"), hl7().replace("|", "#").replace("^", "*")),
        (
            "hl7.batch",
            f"BHS|^~\\&|L\r{hl7()}{hl7()}BTS|1\r",
            f"BHS|^~\\&|L\r{hl7()}{hl7()}BTS|2\rBHS|^~\\&|L\r{hl7()}BTS|1\r",
        ),
        (
            "limit.members",
            hl7(pid="PID|1||" + "~".join(map(str, range(2000)))),
            hl7(pid="PID|1||" + "~".join(map(str, range(8)))),
        ),
        ("xml.object", f"<sorted-set><dynamic-proxy/>{GADGET}</sorted-set>", f"<classes>{GADGET}</classes>"),
        ("dicom.value.script", image({(0x00104000, "LT"): "a\x1b]0;b\x07c"}), image({(0x00104000, "LT"): "a\r\nb"})),
        (
            "dicom.uid.path",
            image({(0x30060020, "SQ"): [{(0x30060026, "LO"): "..\\..\\a.bat"}]}),
            image({(0x30060020, "SQ"): [{(0x30060026, "LO"): "PTV/2..3"}]}),
        ),
        (
            "dicom.directory.path",
            image({(0x00041500, "CS"): "IMAGES\\CON"}),
            image({(0x00041500, "CS"): "IMAGES\\CON1"}),
        ),
        ("dicom.bomb.pixels", image({(0x00880200, "SQ"): [icon(60000)]}), image({(0x00880200, "SQ"): [icon(64)]})),
        (
            "dicom.pixels.unsound",
            image({(0x00280002, "US"): 0, (0x7FE00010, "OB"): b"ab"}),
            image({(0x00280002, "US"): 1, (0x7FE00010, "OB"): b"ab"}),
        ),
    ],
)
def test_each_rule_speaks_of_the_attack_and_not_of_its_twin(rule: str, attack: str | bytes, twin: str | bytes) -> None:
    found = verdict(attack)
    assert rule in {one.rule for one in found.findings}
    assert found.verdict is not Verdicts.CLEAN
    honest = verdict(twin)
    assert rule not in {one.rule for one in honest.findings}
    assert honest.verdict is Verdicts.CLEAN, honest.findings


@pytest.mark.parametrize("gap", ["", " ", "\n", "\t \r\n"])
def test_a_name_that_stands_twice_is_seen_however_it_is_spaced(gap: str) -> None:
    assert rules(f'{fhir()[:-1]}, "id"{gap}: "p2"}}') == {"record.twice"}
    assert rules(f'{fhir()[:-1]}, "id"{gap}: "p1"}}') == set()
    assert rules(f'{fhir()[:-1]}, "i\\u0064"{gap}: "p2"}}') == {"record.twice"}
    if "\n" not in gap:
        assert rules(f'{fhir()}\n{fhir()[:-1]}, "id"{gap}: "p2"}}\n') == {"record.twice"}


def test_two_transfer_syntaxes_are_two_readings() -> None:
    raw = image({})
    place = raw.index(b"\x02\x00\x10\x00UI")
    length = int.from_bytes(raw[place + 6 : place + 8], "little")
    second = b"\x02\x00\x10\x00UI\x12\x001.2.840.10008.1.2\0"
    total = int.from_bytes(raw[140:144], "little") + len(second)
    twice = raw[:140] + total.to_bytes(4, "little") + raw[144 : place + 8 + length] + second + raw[place + 8 + length :]
    assert "dicom.twice" in rules(twice)
    assert "dicom.twice" not in rules(raw)
