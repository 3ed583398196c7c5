"""Scripts of PDFs that put their calls together, and fonts that hold text elsewhere; forms that compute are none."""

from __future__ import annotations

import base64

import pytest
from examine_pdfs import numbered
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.examine.pdf.spelled import folded, unspelled

ENGINE = Engine()
CALL = "app.launchURL('http://a.example/p')"
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/A%s>>"


def pdf(*scripts: str, font: bytes = b"", **more: bytes) -> bytes:
    """Return a document of one page whose `scripts` run when it is opened."""
    names = b"".join(
        b"(%d)<</S/JavaScript/JS<%s>>>" % (at, one.encode().hex().encode()) for at, one in enumerate(scripts)
    )
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R/Names<</JavaScript<</Names[%s]>>>>>>" % names,
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F 4 0 R>>>>>>",
        4: FONT % font,
    } | {int(name[1:]): value for name, value in more.items()}
    return numbered(objects)


def numbers(text: str, key: int) -> str:
    return ",".join(str(ord(one) ^ key) for one in text)


ATTACKS = {
    "over three scripts": pdf('var x="app.laun"', "x+=\"chURL('http://a.example/p')\"", "eval(x)"),
    "in a row of texts": pdf('var k=["la","unch","URL"].join("");app[k]("http://a.example/p",true)'),
    "in digits": pdf(f'var d="{CALL.encode().hex()}",o="";/*...*/app.setTimeOut(o,9)'),
    "in base64": pdf(f'var d="{base64.b64encode(CALL.encode()).decode()}";eval(f(d))'),
    "crossed": pdf(f"var d=[{numbers(CALL, 21)}];new Function(g(d))()"),
    "backwards": pdf(f'var d="{CALL[::-1]}";this["ev"+"al"](h(d))'),
    "by signs alone": pdf("[][(![]+[])[+[]]+" + "(![]+[])[+!+[]]+" * 30 + "[]]()"),
    "by letters that nobody sees": pdf("f('" + "\u3164\uffa0" * 60 + "')"),
    "decoded and run": pdf("var r='';for(i=0;i<q.length;i++)r+=String.fromCharCode(q[i]^9);(new Function(r))()"),
}
HONEST = {
    "a sum": pdf('AFSimple_Calculate("SUM", new Array("a", "b"));'),
    "a code of letters": pdf("event.change=String.fromCharCode(event.change.charCodeAt(0)-32);"),
    "a name put together": pdf('for(i=0;i<9;i++){this.getField("row"+i+".sum").value=0;}'),
    "a later look": pdf('app.setTimeOut("this.calculateNow()", 500);'),
    "a text of three": pdf('app.alert("The form of " + "2026" + " replaces the earlier one");'),
    "a matrix elsewhere": pdf(font=b"/FontMatrix 5 0 R", _5=b"[0.001 0 0 0.001 0 6 0 R]", _6=b"0"),
}


@pytest.mark.parametrize("raw", ATTACKS.values(), ids=ATTACKS)
def test_a_call_that_is_put_together_is_told(raw: bytes) -> None:
    assert ENGINE.judge(raw, "a.pdf").verdict is not Verdicts.CLEAN


@pytest.mark.parametrize("raw", HONEST.values(), ids=HONEST)
def test_what_forms_compute_is_not(raw: bytes) -> None:
    assert ENGINE.judge(raw, "a.pdf").verdict is Verdicts.CLEAN


@pytest.mark.parametrize(
    ("font", "more"),
    [
        (b"/FontMatrix 5 0 R", {"_5": b"[1 0 0 1 0 (1\\); alert\\(1)]"}),
        (b"/FontMatrix[1 0 0 1 0 5 0 R]", {"_5": b"<30293b616c657274283129>"}),
        (b"/FontMatrix 5 0 R", {"_5": b"[1 0 0 1 0 6 0 R]", "_6": b"(1\\);x)"}),
    ],
)
def test_text_in_the_matrix_of_a_font_is_told_wherever_it_stands(font: bytes, more: dict[str, bytes]) -> None:
    assert "pdf.font-script" in {one.rule for one in ENGINE.judge(pdf(font=font, **more), "a.pdf").findings}


def test_texts_are_joined_as_they_stand() -> None:
    assert folded("""a("x" + "y" + 'z' + 'w' + u)""") == """a("xy" + 'zw' + u)"""
    assert folded("""b(["p","q"].join(''))""") == """b("pq")"""
    assert not list(unspelled(['var x="app.launchURL(1)";x+="2"']))  # nothing runs it
    assert "app.launchURL(12)" in list(unspelled(['var x="app.launchURL(1";x+="2)";', "eval(x)"]))


@given(st.lists(st.text(max_size=200), max_size=4))
def test_any_scripts_are_read(texts: list[str]) -> None:
    assert all(isinstance(one, str) for one in unspelled([*texts, "eval(x)"]))
