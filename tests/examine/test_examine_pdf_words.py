"""The words that pages of a PDF show: plain ones, by a font's own codes, by names of letters, letter by letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Budget, Limits
from safecare.examine.pdf.objects import find, unpack
from safecare.examine.pdf.words import MOST_CODES, shown

MAP = b"1 beginbfrange <0001> <001A> <0061> endbfrange 2 beginbfchar <0020> <0020> <0021> <00E9> endbfchar"
LISTED = b"1 beginbfrange <01> <03> [<0061> <0062> <00660069>] endbfrange"


def page(
    content: bytes, font: bytes = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", mapped: bytes = b""
) -> bytes:
    """Return a PDF of one page that shows `content`, by the font F1."""
    return (
        b"%%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\n"
        b"endobj\n3 0 obj\n<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>\nendobj\n"
        b"4 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n5 0 obj\n%s\nendobj\n"
        b"6 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\ntrailer\n<</Root 1 0 R/Size 7>>\n%%%%EOF\n"
    ) % (len(content), content, font, len(mapped), mapped)


def read(raw: bytes, most: int = 1000) -> str:
    document = find(raw)
    unpack(document, Budget(Limits(), len(raw)))
    return " ".join(shown(document, most).split())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"BT /F1 9 Tf (Open the) Tj 0 -12 Td (document) Tj ET", "Open the document", id="two lines"),
        pytest.param(b"BT /F1 9 Tf [(Op) -20 (en) -250 (it)] TJ ET", "Open it", id="gaps narrow and wide"),
        pytest.param(b"BT /F1 9 Tf (O) Tj 5 0 Td (p) Tj 5 0 Td (en) Tj ET", "Open", id="letter by letter"),
        pytest.param(b"BT /F1 9 Tf <4F70656E> Tj 1 0 0 1 0 9 Tm (it) Tj ET", "Open it", id="in hexadecimal"),
        pytest.param(b"BT /F1 9 Tf (re\\347u \\(1\\)) Tj ET", "reçu (1)", id="octal, in the letters of Windows"),
        pytest.param(b"BT /F1 9 Tf (a\\9b\\8\\53) Tj ET", "a9b8+", id="digits that are none of octal numbers"),
        pytest.param(b"q 1 0 0 1 0 0 cm (no text) pop Q", "", id="strings outside of text"),
        pytest.param(b"BT /F1 9 Tf (never closed Tj ET", "", id="a string that never ends"),
    ],
)
def test_words_of_a_plain_font(content: bytes, told: str) -> None:
    assert read(page(content)) == told


@pytest.mark.parametrize(
    ("font", "mapped", "string", "told"),
    [
        pytest.param(
            b"<</Subtype/Type0/ToUnicode 6 0 R>>", MAP, b"<0003000100020021>", "cabé", id="two bytes"
        ),
        pytest.param(b"<</Subtype/TrueType/ToUnicode 6 0 R>>", LISTED, b"<010203>", "abfi", id="listed"),
        pytest.param(
            b"<</Subtype/Type1/Encoding<</Differences[1/space/eacute/fi 200/T/period]>>>>", b"", b"<C80203C9>", "Tefi.",
            id="by names",
        ),
        pytest.param(b"<</Subtype/Type0/Encoding/Identity-H>>", b"", b"<00030001>", "", id="nobody says which letters"),
        pytest.param(b"<</Subtype/TrueType/Encoding/MacRomanEncoding>>", b"", b"<8E>", "é", id="of the Macintosh"),
    ],
)  # fmt: skip
def test_words_by_the_codes_of_a_font(font: bytes, mapped: bytes, string: bytes, told: str) -> None:
    assert read(page(b"BT /F1 9 Tf " + string + b" Tj ET", font, mapped)) == told


def test_no_more_is_read_than_asked_for() -> None:
    assert len(read(page(b"BT /F1 9 Tf " + b"(word ) Tj " * 3000 + b"ET"), most=500)) <= 500


def test_a_map_of_all_codes_many_times_is_cut() -> None:
    wide = b"1 beginbfrange " + b"<0000> <FFFF> <0020> " * 300 + b"endbfrange"
    raw = page(b"BT /F1 9 Tf <0041> Tj ET", b"<</Subtype/Type0/ToUnicode 6 0 R>>", wide)
    assert MOST_CODES > 0x41
    assert read(raw) == "a"


@pytest.mark.parametrize("inner", [b"<0041> ]", b"[ <0041> ]", b"] <0041> <0042>", b"<41> <42> [", b"<> <0041>"])
@pytest.mark.parametrize("kind", [b"bfchar", b"bfrange"])
def test_maps_whose_lists_are_out_of_place_are_read_without_a_fault(kind: bytes, inner: bytes) -> None:
    read(page(b"BT /F1 9 Tf <0041> Tj ET", b"<</Subtype/Type0/ToUnicode 6 0 R>>", b"begin%s %s end" % (kind, inner)))


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_whatever_stands_there_is_read_without_a_fault(content: bytes, mapped: bytes) -> None:
    read(page(b"BT /F1 9 Tf " + content, b"<</Subtype/Type0/ToUnicode 6 0 R>>", b"beginbfrange " + mapped))
