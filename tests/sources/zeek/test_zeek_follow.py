"""`ZeekFile`: lines without their header are told by place, other logs give nothing."""

from __future__ import annotations

from pathlib import Path

from safecare.sources.zeek.follow import ZeekFile
from safecare.testing.intake import MemoryIntake

HEADER = b"#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tconn_state\n"
LINE = b"1750000000.5\tC1\t10.1.10.31\t50000\t10.1.20.10\t445\ttcp\tREJ\n"


def test_lines_with_and_without_their_header() -> None:
    intake, door = MemoryIntake(), ZeekFile("zeek", Path("conn.log"))
    events, errors = door.lines(HEADER + LINE + b"short\n", intake)
    assert [(event.asset, event.outcome) for event in events] == [("ws.ward.1", "refused")]  # type: ignore[attr-defined]
    assert len(errors) == 1
    assert "columns" in errors[0].reason
    assert door.lines(LINE, intake)[1][0].reason.startswith("has 8 columns")
    assert door.lines(HEADER.replace(b"conn", b"x509") + LINE, intake) == ([], [])
