"""Files as they are submitted: what moves, waits or has no end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from safecare.examine.api import Verdicts
from safecare.sources.files import reading
from safecare.sources.files.pool import Pool
from safecare.sources.files.reading import MAX_FILE, Slice, Stream, submitted


def growing(path: Path, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have another program write to `path` during the first `times` readings."""
    bounded, left = reading._bounded, [times]

    def written(raw: bytes) -> bytes:
        if left[0]:
            left[0] -= 1
            with path.open("ab") as other:
                other.write(b"more")
        return bounded(raw)

    monkeypatch.setattr(reading, "_bounded", written)


def test_a_copy_that_comes_to_its_end_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"words")
    growing(tmp_path / "a", 1, monkeypatch)
    given = submitted(tmp_path / "a")
    assert (given.raw, given.changed) == (b"wordsmore", False)


@pytest.mark.slow
def test_nobody_calls_a_file_clean_that_never_stands_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_bytes(b"words")
    growing(tmp_path / "a.txt", 99, monkeypatch)
    pool = Pool(workers=1)
    try:
        [(_, verdict)] = pool.each([tmp_path / "a.txt"])
    finally:
        pool.close()
    assert not isinstance(verdict, OSError)
    assert (verdict.verdict, verdict.findings[-1].rule) == (Verdicts.UNREADABLE, "file.changed")


def test_a_mail_of_which_half_is_gone_has_changed(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_bytes(b"From a mail")
    assert submitted(Slice(tmp_path / "inbox", 5, 6, 1)).changed is False
    assert submitted(Slice(tmp_path / "inbox", 5, 60, 2)).changed is True


def test_what_has_no_end_or_no_writer_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(MAX_FILE + 1)
    for path in (tmp_path / "pipe", tmp_path / "sparse", Path("/dev/zero"), tmp_path, tmp_path / "none"):
        with pytest.raises(OSError, match=r"regular|larger|directory|No such"):
            submitted(path)


def test_a_stream_is_read_to_its_end_once() -> None:
    out, into = os.pipe()
    os.write(into, b"words")
    os.close(into)
    assert submitted(Stream(out, "-")).raw == b"words"
    os.close(out)
    with pytest.raises(OSError, match="closed"):
        submitted(Stream(-1, "-"))
