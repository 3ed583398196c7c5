"""What is added behind a signature: other letters, forms, marks and layers are told; what honest hands add is not."""

from __future__ import annotations

import pytest
from examine_pdfs import written

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine

ENGINE = Engine()
RULE = "pdf.changed-after-signing"
FONT = b"<</Type/Font/Subtype/Type3/FontMatrix[.001 0 0 .001 0 0]/CharProcs 7 0 R/Encoding 8 0 R/Widths[600]>>"
FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 200 20]"
PAGE = (
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Annots[%s]"
    b"/Resources<</Font<</F1 5 0 R>>/XObject<</X1 6 0 R>>>>>>"
)
STAMP = b"<</Type/Annot/Subtype/Stamp/Rect[60 690 300 712]/F %d/AP<</N 12 0 R>>>>"
LAYERS = b"<</OCGs[13 0 R]/D<</ON[]/OFF[%s]>>>>"
FIELD = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(%s)/Rect[60 600 200 620]/AP<</N 11 0 R>>>>"


def stream(keys: bytes, data: bytes) -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (keys, len(data), data)


def signed() -> bytes:
    value = b"<" + b"30" * 60 + b">"
    made = written(
        {
            1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[10 0 R]/DR<</Font<</F1 5 0 R>>>>>>/OCProperties 14 0 R"
            b">>",
            2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            3: PAGE % b"9 0 R 10 0 R",
            4: stream(b"", b"BT /F1 12 Tf 60 700 Td (1234) Tj ET /X1 Do"),
            5: FONT,
            6: stream(FORM, b"1 g 0 0 200 20 re f"),
            7: b"<</one 15 0 R/two 16 0 R>>",
            8: b"<</Type/Encoding/Differences[49/one/two]>>",
            9: STAMP % 4,
            10: FIELD % b"",
            11: stream(FORM, b"BT () Tj ET"),
            12: stream(FORM, b"1 g 0 0 200 20 re f"),
            13: b"<</Type/OCG/Name(a)>>",
            14: LAYERS % b"13 0 R",
            15: stream(b"", b"600 0 d0 0 0 100 700 re f"),
            16: stream(b"", b"600 0 d0 0 0 300 700 re f"),
            17: b"<</Type/Sig/ByteRange[0 AAAA BBBB CCCC]/Contents" + value + b">>",
        }
    )
    begin = made.index(value)
    end = begin + len(value)
    for name, number in ((b"AAAA", begin), (b"BBBB", end), (b"CCCC", len(made) - end)):
        made = made.replace(name, b"%04d" % number)
    return made


def judged(objects: dict[int, bytes]) -> tuple[set[str], Verdicts]:
    found = ENGINE.judge(written(objects, signed()), "a.pdf")
    return {one.rule for one in found.findings}, found.verdict


@pytest.mark.parametrize(
    "objects",
    [
        pytest.param({5: FONT.replace(b"8 0 R", b"18 0 R"), 18: b"<</Differences[49/two/one]>>"}, id="font"),
        pytest.param({8: b"<</Type/Encoding/Differences[49/two/one]>>"}, id="encoding of a font"),
        pytest.param({5: FONT.replace(b"600", b"100")}, id="widths"),
        pytest.param({7: b"<</one 16 0 R/two 15 0 R>>"}, id="letters of a font"),
        pytest.param({5: FONT.replace(b">>", b"/ToUnicode 18 0 R>>"), 18: stream(b"", b"begincmap")}, id="map"),
        pytest.param({3: (PAGE % b"9 0 R").replace(b"5 0 R", b"18 0 R"), 18: FONT[:-7] + b"[0]>>"}, id="other font"),
        pytest.param({6: stream(FORM, b"")}, id="form emptied"),
        pytest.param({6: stream(FORM.replace(b"200 20", b"0 0"), b"1 g 0 0 200 20 re f")}, id="form made small"),
        pytest.param({9: STAMP % 6}, id="mark hidden"),
        pytest.param({12: stream(FORM, b" "), 9: STAMP % 4 + b"\n"}, id="mark emptied"),
        pytest.param({14: LAYERS % b""}, id="layer shown"),
    ],
)
def test_a_signed_page_that_is_drawn_otherwise_is_told(objects: dict[int, bytes]) -> None:
    rules, verdict = judged(objects)
    assert RULE in rules
    assert verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)


@pytest.mark.parametrize(
    "objects",
    [
        pytest.param({10: FIELD % b"Meier", 11: stream(FORM, b"BT (Meier) Tj ET")}, id="field filled"),
        pytest.param(
            {3: PAGE % b"9 0 R 10 0 R 18 0 R", 18: b"<</Type/Annot/Subtype/Text/Contents(seen)/Rect[0 0 9 9]>>"},
            id="note added",
        ),
        pytest.param(
            {3: (PAGE % b"10 0 R").replace(b"<</F1 5 0 R", b"<</F9 18 0 R/F1 5  0 R"), 18: b"<</Type/Font>>"},
            id="stamp taken away, font added",
        ),
        pytest.param({5: b"<< /Widths [ 600 ]\n/Type /Font " + FONT[12:-14] + b">>"}, id="font written anew"),
        pytest.param(
            {
                1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[10 0 R]>>/OCProperties 14 0 R/DSS 18 0 R>>",
                18: b"<</Type/DSS/Certs[19 0 R]>>",
                19: stream(b"", b"0"),
            },
            id="proofs added",
        ),
        pytest.param({14: LAYERS % b"13 0 R 18 0 R", 18: b"<</Type/OCG/Name(b)>>"}, id="layer added"),
        pytest.param({6: stream(FORM + b"/Metadata 18 0 R", b"1 g 0 0 200 20 re f")}, id="form with its origin"),
    ],
)
def test_what_is_honestly_added_to_a_signed_document_is_not(objects: dict[int, bytes]) -> None:
    rules, verdict = judged(objects)
    assert RULE not in rules
    assert verdict is Verdicts.CLEAN


def test_what_nests_without_end_is_compared_within_bounds() -> None:
    round_ = {18: b"<</A 19 0 R>>", 19: b"<</A 18 0 R/B[" + b"18 0 R " * 9000 + b"]>>"}
    assert RULE not in judged({**round_, 3: PAGE % b"9 0 R"})[0]
    assert RULE not in judged({**round_, 5: FONT[:-2] + b"% 1 0 R\n>>"})[0]
    many = {6: stream(FORM + b"/B[" + b"1 0 R " * 30_000 + b"]", b"1 g 0 0 200 20 re f")}
    assert RULE in judged(many)[0]
    deep = b"<</A" * 3000 + b" 1" + b">>" * 3000
    assert RULE in judged({6: stream(FORM + b"/B " + deep, b"1 g 0 0 200 20 re f")})[0]
