"""`safecare scan`: what is written, and how it ends."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from safecare.cli import main


@pytest.mark.slow
def test_scan_writes_one_object_per_file_in_order_and_tells_what_it_can_not_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "note.txt").write_bytes(b"plain words")
    (tmp_path / "a.txt").write_bytes(b"other words")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/b/\xff.txt")).write_bytes(b"more words")  # a name that is no UTF-8
    with pytest.raises(SystemExit) as ended:
        main(["scan", "--format", "ndjson", str(tmp_path), str(tmp_path / "missing")])
    out, err = capfd.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [Path(line["path"]).name for line in lines] == ["a.txt", "note.txt", "\\xff.txt"]
    assert set(lines[0]) == {"path", "sha256", "type", "verdict", "score", "findings"}
    assert [(line["verdict"], line["type"]) for line in lines] == [("clean", "text")] * 3
    assert "missing: No such file" in err
    assert ended.value.code == 2
