"""Codes (QR) that PDFs draw, and streams behind every predictor."""

from __future__ import annotations

import io
import random
import re
import zlib
from itertools import pairwise

import numpy as np
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from safecare.examine.api import Budget, Limits
from safecare.examine.engine import Engine
from safecare.examine.mail.codes import picture_of
from safecare.examine.mail.pictures import coded_links
from safecare.examine.pdf.drawn import drawings, drawn
from safecare.examine.pdf.objects import Object, decoded, find, unpack
from safecare.formats.pdf_filters import predicted, turned_off
from safecare.testing.medical_attacks.carriers import mail

LURE = "https://attacker.example/login?id=42"


def found_in(raw: bytes) -> list[str]:
    document, budget = find(raw), Budget(Limits(), len(raw))
    unpack(document, budget)
    return coded_links(drawings(document))


def stroked(link: str = LURE, **more: str) -> bytes:
    out = io.BytesIO()
    segno.make(link).save(out, kind="pdf", scale=3, **more)
    return out.getvalue()


def on_a_page(link: str = LURE, *, upside_down: bool = False) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.drawString(72, 700, "Bonjour, scannez ce code")
    canvas.rect(40, 40, 500, 740)
    if upside_down:
        canvas.transform(1, 0, 0, -1, 0, 800)
        canvas.transform(1, 0, 0, -1, 0, 600)
    widget = Drawing(100, 100)
    widget.add(QrCodeWidget(link))
    renderPDF.draw(widget, canvas, 90, 300)
    canvas.save()
    return out.getvalue()


@pytest.mark.parametrize(
    "raw",
    [
        stroked(),
        stroked(dark="darkblue", light="white"),
        stroked(dark="white", light="black"),
        stroked(dark="#7cfc00", light="#111111"),
        stroked(LURE + "&a=" + "xyz0/" * 30),
        on_a_page(),
        on_a_page(upside_down=True),
    ],
)
def test_drawn_codes_are_read(raw: bytes) -> None:
    assert [one.split("?")[0] for one in found_in(raw)] == [LURE.split("?")[0]]


def test_a_drawn_code_in_a_mail_is_told_and_one_that_leads_home_is_not() -> None:
    engine = Engine(own=("aurore.example",))
    told = engine.judge(mail(on_a_page("https://192.0.2.7/login"), "facture.pdf", "application/pdf"), "a.eml")
    assert "code.doubtful" in [one.rule for one in told.findings]
    home = engine.judge(mail(on_a_page("https://www.aurore.example/rdv"), "rdv.pdf", "application/pdf"), "a.eml")
    assert not [one for one in home.findings if one.rule.startswith("code.")]


def test_tables_and_charts_hold_no_code() -> None:
    out = io.BytesIO()
    canvas = Canvas(out)
    for row in range(40):
        for column in range(8):
            canvas.rect(40 + 60 * column, 40 + 18 * row, 60, 18, fill=(row + column) % 2)
    canvas.save()
    assert found_in(out.getvalue()) == []


def test_what_is_far_endless_or_painted_over_and_over_is_given_up() -> None:
    squares = b"".join(b"%d %d 1 1 re f " % (at % 20, at // 20) for at in range(200))
    assert drawn(squares)
    assert drawn(b"1e300 0 1e300 1 re f nan inf 1 1 re f " + squares) == drawn(squares)
    assert drawn(squares + b"1 g " + b"0 0 400 400 re f " * 10_000) == b""


@given(st.binary(max_size=2000))
def test_any_content_is_followed(raw: bytes) -> None:
    assert drawn(raw)[:2] in (b"", b"P5")


NUMBER = st.floats(allow_nan=True, width=32).map(lambda one: f"{one} ")
WORDS = st.sampled_from(["re ", "m ", "l ", "f ", "S ", "q ", "Q ", "cm ", "w ", "g ", "rg ", "k ", "h ", "n ", "B* "])


@given(st.lists(st.one_of(NUMBER, WORDS), max_size=300))
def test_any_operators_are_followed(words: list[str]) -> None:
    assert drawn("".join(words).encode())[:2] in (b"", b"P5")


def by_filter(kind: int, line: bytes, above: bytes, pixel: int) -> bytes:
    """Return `line` behind the predictor `kind` of PNG (ISO/IEC 15948, 9.2)."""
    out = bytearray([kind])
    for at, value in enumerate(line):
        left = line[at - pixel] if at >= pixel else 0
        corner = above[at - pixel] if at >= pixel else 0
        up = above[at]
        guess = left + up - corner
        near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
        out.append((value - (0, left, up, (left + up) // 2, near)[kind]) & 255)
    return bytes(out)


@given(st.integers(1, 12), st.integers(1, 4), st.lists(st.integers(0, 4), min_size=1, max_size=12), st.randoms())
def test_every_predictor_is_undone(columns: int, pixel: int, kinds: list[int], rng: random.Random) -> None:
    row = columns * pixel
    lines = [bytes(rng.randrange(256) for _ in range(row)) for _ in kinds]
    coded, above = b"", bytes(row)
    for kind, line in zip(kinds, lines, strict=True):
        coded += by_filter(kind, line, above, pixel)
        above = line
    assert predicted(coded, row, pixel, lambda size: size) == b"".join(lines)
    differences = np.array([list(line) for line in lines], np.uint8).reshape(len(lines), columns, pixel)
    differences[:, 1:] = np.diff(differences, axis=1)
    assert turned_off(differences.tobytes(), row, pixel) == b"".join(lines)


def test_slow_predictors_are_bounded() -> None:
    line = b"\4" + bytes(1000)
    budget = Budget(Limits(slow=10_000), 0)
    assert predicted(line * 5, 1000, 1, budget.slowly) == bytes(5000)
    assert predicted(line * 500, 1000, 1, budget.slowly) == line * 500, "beyond what is granted it stays as it is"
    assert predicted(b"\1\0" * 100_000, 1, 1, budget.slowly)[:2] == b"\1\0"


@pytest.mark.parametrize("predictor", [2, 12, 13, 14, 15])
def test_a_script_behind_any_predictor_is_read(predictor: int) -> None:
    script = b"<< /S /JavaScript /JS (app.launchURL('http://attacker.example')) >>".ljust(96)
    lines = [script[at : at + 16] for at in range(0, 96, 16)]
    if predictor == 2:
        coded = b"".join(bytes([one[0], *((b - a) & 255 for a, b in pairwise(one))]) for one in lines)
    else:
        kind = {12: 2, 13: 3, 14: 4, 15: 1}[predictor]
        coded = b"".join(by_filter(kind, one, above, 1) for one, above in zip(lines, [bytes(16), *lines], strict=False))
    text = b"<< /Filter /FlateDecode /DecodeParms << /Predictor %d /Columns 16 >> >>" % predictor
    held = Object(1, 0, 0, text, memoryview(zlib.compress(coded)))
    assert decoded(held, Budget(Limits(), 1000)) == script


def test_a_picture_with_predictors_is_read() -> None:
    grid = np.repeat(np.repeat(np.array([list(one) for one in segno.make(LURE).matrix_iter(border=4)]), 4, 0), 4, 1)
    shown = np.where(grid > 0, 0, 255).astype(np.uint8)
    height, width = shown.shape
    above, coded = bytes(width), b""
    for number, line in enumerate(shown):
        coded += by_filter(number % 5, line.tobytes(), above, 1)
        above = line.tobytes()
    keys = b"/Subtype /Image /Width %d /Height %d /BitsPerComponent 8 /DecodeParms << /Predictor 15 /Columns %d >>"
    text = keys % (width, height, width) + b" /Filter /FlateDecode /ColorSpace /DeviceGray"
    raw = decoded(Object(1, 0, 0, text, memoryview(zlib.compress(coded))), Budget(Limits(), 10_000))
    assert coded_links([picture_of(text, raw)]) == [LURE]
    assert re.match(rb"\x89PNG", picture_of(text, raw))
