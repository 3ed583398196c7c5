"""What links of PDFs show: words found by where they stand, whatever moves them."""

from __future__ import annotations

import io

import pytest
from reportlab.pdfgen.canvas import Canvas

from safecare.examine.pdf.objects import find
from safecare.examine.pdf.placed import labelled

PAGE = b"https://there.example/"
LINK = b"<</Type/Annot/Subtype/Link/Rect[100 700 300 720]/A<</S/URI/URI(https://there.example/)>>>>"


def document(content: bytes, annotations: bytes = b"[" + LINK + b"]", *more: bytes) -> bytes:
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Annots " + annotations + b">>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
        *more,
    )
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, one) for number, one in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R>>\n%%EOF"


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"BT /F1 12 Tf 110 705 Td (Open) Tj ET", "Open"),
        (b"BT /F1 12 Tf 1 0 0 1 110 705 Tm [(O) 5 (pen) -300 (it)] TJ ET", "Open it"),
        (b"q .5 0 0 .5 0 0 cm BT /F1 24 Tf 220 1410 Td (Open) Tj ET Q BT 110 500 Td (Else) Tj ET", "Open"),
        (b"q 1 0 0 -1 0 792 cm BT /F1 12 Tf 1 0 0 -1 110 87 Tm <4F70656E> Tj ET Q", "Open"),
        (b"BT /F1 9 Tf 12 TL 110 730 Td (Above) Tj T* T* (Open) Tj ET", "Open"),
        (b"BT /F1 12 Tf 110 705 Td (Open ) Tj (all) Tj 0 -40 TD (Below) Tj ET", "Open all"),
        (b"Q Q BT 110 400 Td (Else) Tj ET", ""),
        (b"BT 1 2 3 Tm . . Td (\\) ET " * 9, ""),
    ],
)
def test_words_over_which_a_click_leads_away(content: bytes, shown: str) -> None:
    assert labelled(find(document(content))) == ([("https://there.example/", shown)] if shown else [])


@pytest.mark.parametrize("annotations", [b"[5 0 R]", b"5 0 R", b"[" + LINK + b" 9 0 R]"])
def test_annotations_stand_in_the_page_or_elsewhere(annotations: bytes) -> None:
    held = b"[" + LINK + b"]" if annotations == b"5 0 R" else LINK
    raw = document(b"BT 110 705 Td (Open) Tj ET", annotations, held)
    assert labelled(find(raw)) == [("https://there.example/", "Open")]


def test_each_link_of_a_page_shows_its_own_words() -> None:
    out = io.BytesIO()
    canvas = Canvas(out)
    for number, name in enumerate(("one", "two")):
        canvas.drawString(80, 700 - 40 * number, name.title())
        canvas.linkURL(f"https://{name}.example/", (70, 695 - 40 * number, 200, 715 - 40 * number))
    canvas.showPage()
    canvas.save()
    found = labelled(find(out.getvalue()))
    assert sorted(found) == [("https://one.example/", "One"), ("https://two.example/", "Two")]


def test_lists_that_never_close_end() -> None:
    assert labelled(find(document(b"BT (a) Tj ET", b"[" + b"<<[" * 9000))) == []
