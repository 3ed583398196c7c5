"""PDF papers: whole, readable again, the same twice, no sign lost."""

from __future__ import annotations

import io

import pypdf
import pytest

from safecare.formats.pdf import Heading, Paragraph, Table, pdf, printable


def read(raw: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(raw))


def test_everything_stands_on_the_pages_and_heads_are_repeated() -> None:
    rows = tuple((f"row-{number}", "<b>&amp;", number) for number in range(120))
    raw = pdf(
        "Étude des risques",
        [
            Heading("1 Événements redoutés"),
            Paragraph("L’œuvre – 3 ≥ 2", strong=True),
            Table(("Quoi", "Texte", "N"), rows),
        ],
        language="fr",
        across=True,
        footer="Hôpital de l’Aurore",
    )
    found = read(raw)
    text = [page.extract_text() for page in found.pages]
    whole = "\n".join(text)
    assert len(text) > 2
    assert all("Quoi" in page and "Hôpital de l’Aurore" in page for page in text)
    assert "Événements redoutés" in whole
    assert "L’œuvre – 3 ≥ 2" in whole
    assert whole.count("<b>&amp;") == len(rows)
    assert all(f"row-{number}\n" in whole for number in range(120))
    assert str(found.root_object["/Lang"]) == "fr"
    assert found.metadata is not None
    assert found.metadata.title == "Étude des risques"
    assert found.pages[0].mediabox.width > found.pages[0].mediabox.height


def test_the_same_content_is_the_same_file() -> None:
    assert len({pdf("T", [Paragraph("a")], language="en") for _ in range(3)}) == 1


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a → b", "a -> b"),
        ("5\N{NARROW NO-BREAK SPACE}%", "5\N{NO-BREAK SPACE}%"),
        ("ǡ", "a"),
        ("中", "[U+4E2D]"),
        ("\x00", "[U+0000]"),
        ("a\nb", "a b"),
        ("☐", "[ ]"),
    ],
)
def test_a_sign_that_the_fonts_lack_is_spelled_never_lost(text: str, printed: str) -> None:
    assert printable(text) == printed


def test_an_endless_cell_is_cut_visibly_and_does_not_break_the_page() -> None:
    raw = pdf("T", [Table(("a", "b", "c"), (("x" * 50_000, "y", "z"),))], language="en")
    assert "…" in "".join(page.extract_text() for page in read(raw).pages)


@pytest.mark.parametrize("table", [Table((), ()), Table(("a",), (("b", "c"),)), Table(("a",), (), (1.0, 2.0))])
def test_a_crooked_table_is_refused(table: Table) -> None:
    with pytest.raises(ValueError, match="as many as its head"):
        pdf("T", [table], language="en")
