"""What a signature forbids is told although another signature covers it; what it allows is not."""

from __future__ import annotations

import pytest
from examine_pdfs import written

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine

ENGINE = Engine()
RULE = "pdf.changed-after-signing"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Annots[%s]/Resources<</Font<</F 8 0 R>>>>>>"
FIELD = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(%s)/V(%s)/Rect[60 600 200 620]>>"
NOTE = b"<</Type/Annot/Subtype/FreeText/Contents(paid)/Rect[60 700 200 720]>>"
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
CERTIFIED = b"/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams%s/V/1.2>>>>]"
LOCKED = b"/Reference 30 0 R"
LOCK = b"[<</TransformMethod/FieldMDP/TransformParams<</Action/%s/Fields[%s]/V/1.2>>/Data 1 0 R>>]"


def stream(data: bytes) -> bytes:
    return b"<</Length %d>>\nstream\n%s\nendstream" % (len(data), data)


BASE = {
    1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 6 0 R]/SigFlags 3>>>>",
    2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    3: PAGE % b"5 0 R 6 0 R",
    4: stream(b"BT /F 12 Tf 60 700 Td (Bill: 100) Tj ET"),
    5: FIELD % (b"sum", b"100"),
    6: FIELD % (b"name", b"Meier"),
    8: FONT,
}


def signed(objects: dict[int, bytes], number: int, keys: bytes = b"", before: bytes = b"%PDF-1.7\n") -> bytes:
    """Return `before` with a revision that holds `objects` and the signature `number`, which covers all."""
    value = b"<" + b"%02x" % number * 40 + b">"
    sig = b"<</Type/Sig/ByteRange[0 AAAAA BBBBB CCCCC]/Contents" + value + keys + b">>"
    made = written({**objects, number: sig}, before)
    begin = made.index(value)
    end = begin + len(value)
    for name, place in ((b"AAAAA", begin), (b"BBBBB", end), (b"CCCCC", len(made) - end)):
        made = made.replace(name, b"%05d" % place)
    return made


def judged(keys: bytes, change: dict[int, bytes], **more: bytes) -> set[str]:
    """Return the rules of a document that is signed with `keys`, changed, and signed by someone else."""
    first = signed(BASE | {int(name[1:]): value for name, value in more.items()}, 20, keys)
    found = ENGINE.judge(signed(change, 21, before=first), "a.pdf")
    rules = {one.rule for one in found.findings}
    assert (RULE in rules) is (found.verdict is not Verdicts.CLEAN)
    return rules


@pytest.mark.parametrize(
    ("allowed", "change"),
    [
        pytest.param(b"/P 1", {6: FIELD % (b"name", b"Muller")}, id="a field, where nothing may be"),
        pytest.param(b"/P 2", {3: PAGE % b"5 0 R 6 0 R 7 0 R", 7: NOTE}, id="a note, where fields may be filled"),
        pytest.param(b"", {3: PAGE % b"5 0 R 6 0 R 7 0 R", 7: NOTE}, id="a note, where nothing is said"),
        pytest.param(b"/P 3", {4: stream(b"BT /F 12 Tf 60 700 Td (Bill: 900) Tj ET")}, id="words of a page"),
        pytest.param(b"/P 3", {8: FONT[:-2] + b"/Encoding<</Differences[49/nine]>>>>"}, id="letters of a font"),
        pytest.param(b"/P 2", {2: b"<</Type/Pages/Kids[3 0 R 9 0 R]/Count 2>>", 9: PAGE % b""}, id="a page more"),
    ],
)
def test_what_a_certificate_forbids_is_told(allowed: bytes, change: dict[int, bytes]) -> None:
    assert RULE in judged(CERTIFIED % allowed, change)


@pytest.mark.parametrize(
    ("allowed", "change"),
    [
        pytest.param(b"/P 1", {30: b"<</Type/DSS/Certs[]>>"}, id="proofs"),
        pytest.param(b"/P 2", {6: FIELD % (b"name", b"Muller")}, id="a field"),
        pytest.param(b"/P 3", {3: PAGE % b"5 0 R 6 0 R 7 0 R", 7: NOTE}, id="a note"),
        pytest.param(
            b"/P 1",
            {3: PAGE % b"5 0 R 6 0 R 7 0 R", 7: b"<</Type/Annot/Subtype/Widget/FT/Sig/T(s2)/V 21 0 R/Rect[0 0 0 0]>>"},
            id="a signature's place",
        ),
    ],
)
def test_what_it_allows_is_not(allowed: bytes, change: dict[int, bytes]) -> None:
    assert RULE not in judged(CERTIFIED % allowed, change)


def test_without_a_certificate_later_signers_may_add() -> None:
    assert RULE not in judged(b"", {3: PAGE % b"5 0 R 6 0 R 7 0 R", 7: NOTE, 6: FIELD % (b"name", b"Muller")})


@pytest.mark.parametrize(
    ("lock", "field", "forbidden"),
    [
        (LOCK % (b"Include", b"(sum)"), 5, True),
        (LOCK % (b"Include", b"(sum)"), 6, False),
        (LOCK % (b"Exclude", b"<6e616d65>"), 5, True),
        (LOCK % (b"Exclude", b"<6e616d65>"), 6, False),
        (LOCK % (b"All", b""), 6, True),
    ],
)
def test_fields_that_a_signature_locks(lock: bytes, field: int, forbidden: bool) -> None:
    name = b"sum" if field == 5 else b"name"
    assert (RULE in judged(LOCKED, {field: FIELD % (name, b"900")}, _30=lock)) is forbidden
    assert RULE not in judged(LOCKED, {field: BASE[field] + b" "}, _30=lock)


def test_a_field_in_a_locked_one_is_locked() -> None:
    child = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(net)/Parent 5 0 R/V(%s)/Rect[0 0 9 9]>>"
    assert RULE in judged(LOCKED, {7: child % b"9"}, _30=LOCK % (b"Include", b"(sum)"), _7=child % b"1")


def test_a_change_behind_the_only_signature_is_told_too() -> None:
    first = signed(BASE, 20, CERTIFIED % b"/P 1")
    last = written({6: FIELD % (b"name", b"Muller")}, first)
    assert RULE in {one.rule for one in ENGINE.judge(last, "a.pdf").findings}
    assert ENGINE.judge(first, "a.pdf").verdict is Verdicts.CLEAN
