"""Where mails stand in a file of many."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safecare.formats import mbox
from safecare.formats.mbox import mails_in

LINE = b"From a@b.example Mon Mar  2 08:00:00 2026\n"
MAIL = b"Subject: x\n\nFrom here on all is well at 8:00.\n"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_mails_are_found_without_the_lines_between_them(tmp_path: Path, end: bytes) -> None:
    file = tmp_path / "inbox"
    raw = ((LINE + MAIL + b"\n") * 3).replace(b"\n", end)
    file.write_bytes(raw)
    assert [raw[start : start + size].strip() for start, size in mails_in(file)] == [
        MAIL.strip().replace(b"\n", end)
    ] * 3


@pytest.mark.parametrize(
    "raw", [b"", b"From", LINE + MAIL, MAIL * 3, LINE * 3, b"PK\x03\x04" + (LINE + MAIL + b"\n") * 2]
)
def test_other_files_are_left_whole(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a").write_bytes(raw)
    assert mails_in(tmp_path / "a") == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([LINE, MAIL, b"\n", b"From ", b"\x00"]), max_size=12))
def test_slices_never_overlap(tmp_path: Path, pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    (tmp_path / "a").write_bytes(raw)
    found = mails_in(tmp_path / "a")
    assert all(one[0] + one[1] <= other[0] for one, other in pairwise(found))
    assert all(start and start + size <= len(raw) for start, size in found)


@pytest.mark.parametrize("shift", range(-400, 400, 37))
def test_lines_between_mails_are_found_wherever_blocks_end(
    tmp_path: Path, shift: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mbox, "_BLOCK", 2048)
    body = b"Subject: x\n\n" + b"a" * (2048 + shift) + b"\n"
    raw = (LINE + body + b"\n") * 5
    (tmp_path / "inbox").write_bytes(raw)
    assert [raw[start : start + size].strip() for start, size in mails_in(tmp_path / "inbox")] == [body.strip()] * 5
