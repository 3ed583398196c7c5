"""What PDFs ask a reader to do without end takes little: each took seconds once, found by changing files at random."""

from __future__ import annotations

import pytest

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine

HEAD = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"trailer<<" * 300_000, id="trailers that never end"),
        pytest.param(b"trailer" + b"\n" * 400_000 + b"trailer" * 100_000, id="trailers with nothing"),
        pytest.param(b"2 0 obj<<" + b"/Kids[" * 30_000 + b"1 0 R " * 20_000 + b">>endobj", id="lists within lists"),
        pytest.param(b"2 0 obj<<" + b"/Pattern 2 0 R" * 100_000 + b">>endobj", id="patterns of patterns"),
        pytest.param(b"2 0 obj<<" + b"/A#41 12345 678 endstrea " * 60_000, id="an object that never ends"),
        pytest.param(b"2 0 obj<<" + b"/Kids[1 1 1 1 " * 20_000 + b">>endobj", id="lists of nothing"),
    ],
)
def test_work_without_end_is_bounded(body: bytes) -> None:
    """The time-out is far above what it takes; without the bound each case takes minutes."""
    assert Engine().judge(HEAD + body + b"\n%%EOF", "a.pdf").verdict is not Verdicts.UNREADABLE


@pytest.mark.timeout(120)
def test_lists_that_never_close_behind_a_signature_are_read_once() -> None:
    head = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog " + b"/Contents[ " * 30_000 + b">>\nendobj\n"
    signed = head + b"2 0 obj\n<</Type/Sig/ByteRange[0 10 20 LENGTH]>>\nendobj\n"
    signed = signed.replace(b"LENGTH", b"%06d" % (len(signed) - 20))
    later = signed + head.partition(b"\n")[2] * 3 + b"trailer\n<</Root 1 0 R>>\n%%EOF\n"
    assert Engine().judge(later, "a.pdf").type == "pdf"
