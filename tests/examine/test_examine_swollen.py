"""Small files that would make their reader work for minutes, and honest ones that look alike."""

from __future__ import annotations

import pytest

from safecare.examine.api import Verdicts
from safecare.examine.code import scripts
from safecare.examine.code.scripts import MOST_PUT, Seen
from safecare.examine.engine import Engine
from safecare.examine.pdf import forbidden
from safecare.examine.pdf.objects import find
from safecare.examine.pdf.signed import Revision


def test_variables_of_a_batch_file_are_put_in_as_far_as_they_do_not_swell() -> None:
    seen = Seen(windows=True)
    seen.add(b"set a=" + b"x" * 199 + b"\r\n" + b"%a%" * (MOST_PUT // 199))
    within = seen.unread
    seen.add(b"%a%" * (MOST_PUT // 100))
    assert (within, seen.unread) == (False, True)
    swollen = Engine().judge(b"@echo off\r\nset a=" + b"x" * 199 + b"\r\n" + b"%a%" * (MOST_PUT // 100), "a.bat")
    assert "limit.script" in {one.rule for one in swollen.findings}
    letters = b"".join(b"set v%d=%c\r\n" % (one, one) for one in range(97, 123)) + b"%v97%%v98%" * 1000
    assert Engine().judge(letters, "a.bat").verdict is not Verdicts.UNREADABLE


def test_a_parent_of_many_fields_is_read_once_for_all_of_them() -> None:
    document = find(
        b"%PDF-1.7\n1 0 obj <</T(form)>> endobj\n2 0 obj <</T(a)/Parent 1 0 R>> endobj\n"
        b"3 0 obj <</Parent<</T(x)>>/T(b)>> endobj\n4 0 obj <</Parent<</T(y)>>/T(c)>> endobj\n%%EOF\n"
    )
    revision = Revision({one.number: one for one in document.objects})
    known: dict[int, tuple[bytes, bytes]] = {}
    names = [forbidden._name(revision[number], revision, known) for number in (2, 3, 4)]
    assert names == [b"form.a", b"x.b", b"y.c"]
    assert {1, 2} <= known.keys()


@pytest.mark.parametrize(
    ("between", "told"),
    [(b"rem \0\r\n" + b"echo a step of the list\r\n" * 40, True), (bytes(range(256)) * 5, False)],
)
def test_a_zero_here_and_there_makes_no_text_packed_data(
    between: bytes, *, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("MOST_TEXT", 20_000), ("WINDOW", 4000), ("OVERLAP", 100)):
        monkeypatch.setattr(scripts, name, value)
    raw = b"@echo off\r\n" + b"echo a\r\n" * 1200 + between * 60 + b"echo b\r\n" * 1200
    rules = {one.rule for one in Engine().judge(raw, "a.bat").findings}
    assert ("limit.script" in rules) is told
