"""Papers as PDF: a title, headings, paragraphs and tables on A4 pages, for print and for the file. Pure.

The same content gives the same bytes. Fonts are embedded (Bitstream Vera, which the library brings along); a sign that
they don't have is written as what it means or, if that is not known, as its code point: never left out.

Source: ISO 32000-1 (by ReportLab); ISO 216 for the size of the page.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

MARGIN = 36.0
"""White border of a page, points. Chosen: 12.7 mm, which every printer can do."""
SIZE = 8.0
"""Height of the letters, points. Chosen: tables of 12 columns fit on a page across and stay readable."""
MOST_SIGNS = 2_000
"""Signs of one cell or paragraph that are printed; the rest is cut with "…". Chosen: a cell must fit on a page."""
SPELLED = {
    "→": "->",
    "←": "<-",
    "⇒": "=>",
    "✓": "[x]",
    "✗": "[ ]",
    "☐": "[ ]",
    "\N{NARROW NO-BREAK SPACE}": "\N{NO-BREAK SPACE}",
    "\N{NON-BREAKING HYPHEN}": "-",
}
"""Signs that the fonts lack, and what is printed instead."""
Cell = str | int | float


class Heading(msgspec.Struct, frozen=True):
    """A line that begins a part."""

    text: str


class Paragraph(msgspec.Struct, frozen=True):
    """Running text; `strong` stands out."""

    text: str
    strong: bool = False


class Table(msgspec.Struct, frozen=True):
    """Rows under a head that is repeated on each page. `widths` are shares of the page, all alike if left out."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[float, ...] = ()


Block = Heading | Paragraph | Table


def pdf(title: str, blocks: Sequence[Block], *, language: str, across: bool = False, footer: str = "") -> bytes:
    """Return a PDF of `blocks` under `title`; `across` is landscape. Each page has `footer` and its number.

    Raises `ValueError` when a table has a row or widths of another length than its head.
    """
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.platypus import SimpleDocTemplate

    styles = _styles()
    page = landscape(A4) if across else A4
    width = page[0] - 2 * MARGIN
    story = [_words(title, styles["title"]), *(_flowable(block, styles, width) for block in blocks)]
    raw = BytesIO()

    def edge(canvas: Any, document: Any) -> None:
        canvas.saveState()
        canvas.setFont("Vera", SIZE - 1)
        canvas.drawString(MARGIN, MARGIN / 2, printable(footer)[:150])
        canvas.drawRightString(page[0] - MARGIN, MARGIN / 2, str(document.page))
        canvas.restoreState()
        canvas.setCatalogEntry("Lang", language)

    document = SimpleDocTemplate(
        raw,
        pagesize=page,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=title,
        author="Safecare",
        creator="Safecare",
        invariant=1,
    )
    document.build(story, onFirstPage=edge, onLaterPages=edge)
    return raw.getvalue()


def printable(text: str) -> str:
    """Return `text` in signs that the fonts have: others are spelled, reduced to their letter, or named U+XXXX."""
    known = _glyphs()
    return "".join(sign if ord(sign) in known else _instead(sign, known) for sign in text)


def _instead(sign: str, known: frozenset[int]) -> str:
    if sign in SPELLED:
        return SPELLED[sign]
    if sign in "\n\t":
        return " "
    letters = [one for one in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(one)]
    if letters and all(ord(one) in known for one in letters):
        return "".join(letters)
    return f"[U+{ord(sign):04X}]"


@cache
def _glyphs() -> frozenset[int]:
    """Register the fonts; return the signs that both have."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    fonts = TTFont("Vera", "Vera.ttf"), TTFont("Vera-Bold", "VeraBd.ttf")
    for font in fonts:
        pdfmetrics.registerFont(font)
    return frozenset(fonts[0].face.charToGlyph) & frozenset(fonts[1].face.charToGlyph)


def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    _glyphs()
    plain = ParagraphStyle("plain", fontName="Vera", fontSize=SIZE, leading=SIZE * 1.3, spaceAfter=3.0)
    strong = ParagraphStyle("strong", plain, fontName="Vera-Bold")
    heading = ParagraphStyle("heading", strong, fontSize=SIZE + 3, leading=SIZE + 7, spaceBefore=8.0, keepWithNext=1)
    title = ParagraphStyle("title", heading, fontSize=SIZE + 8, leading=SIZE + 13)
    return {"plain": plain, "strong": strong, "heading": heading, "title": title}


def _words(text: str, style: Any) -> Flowable:
    from reportlab.platypus import Paragraph as Words

    cut = text if len(text) <= MOST_SIGNS else text[: MOST_SIGNS - 1] + "…"
    return Words(escape(printable(cut)), style)


def _flowable(block: Block, styles: dict[str, Any], width: float) -> Flowable:
    if isinstance(block, Heading):
        return _words(block.text, styles["heading"])
    if isinstance(block, Paragraph):
        return _words(block.text, styles["strong" if block.strong else "plain"])
    return _table(block, styles, width)


def _table(table: Table, styles: dict[str, Any], width: float) -> Flowable:
    from reportlab.lib import colors
    from reportlab.platypus import LongTable

    columns = len(table.head)
    if any(len(row) != columns for row in table.rows) or len(table.widths) not in {0, columns} or not columns:
        raise ValueError("a table's rows, and its widths if given, are as many as its head has cells")
    shares = table.widths or (1.0,) * columns
    cells = [[_words(one, styles["strong"]) for one in table.head]]
    cells.extend([_words(str(one), styles["plain"]) for one in row] for row in table.rows)
    found = LongTable(cells, colWidths=[width * share / sum(shares) for share in shares], repeatRows=1)
    found.setStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
            *((name, (0, 0), (-1, -1), 2.0) for name in ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING")),
        ]
    )
    return found
