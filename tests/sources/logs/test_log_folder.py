"""Files are read in a confined process, published once, and put away; what can't be read goes to the rejects."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from safecare.model.events.logs import LogRecorded
from safecare.sources.api import UnreadableError
from safecare.sources.logs.folder import LogFolder
from safecare.testing.intake import MemoryIntake, running


async def read(folder: Path, done: int) -> MemoryIntake:
    intake, door = MemoryIntake(), LogFolder(door="logs", folder=folder, settle=0.05)
    async with running(door, intake):
        async with asyncio.timeout(30):
            while len([*folder.glob("done/*"), *folder.glob("bad/*")]) < done:
                await asyncio.sleep(0.05)
    return intake


@pytest.mark.slow
async def test_files_are_read_and_put_away(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text('{"a": 1, "host": "h"}\nbroken\n{"a": 2, "timestamp": "2026-01-01T00:00:00Z"}\n')
    (tmp_path / "b.log").write_text("nothing known\n")
    intake = await read(tmp_path, 2)
    found = [event for event in intake.events if isinstance(event, LogRecorded)]
    assert [event.fields["a"] for event in found] == [1, 2]
    assert str(found[1].at) == "2026-01-01 00:00:00+00:00"
    assert {reject.place for reject in intake.rejects} == {"a.ndjson: line 2", "b.log: line 1"}
    assert [path.name for path in (tmp_path / "done").iterdir()] == ["a.ndjson"]
    assert [path.name for path in (tmp_path / "bad").iterdir()] == ["b.log"]


@pytest.mark.slow
async def test_windows_event_logs_are_read_confined(tmp_path: Path) -> None:
    root = os.environ.get("SAFECARE_DATA")
    if not root:
        pytest.skip("no data")
    first = min(Path(root, "sigma", "regression").glob("*/*.evtx"))
    (tmp_path / "x.evtx").write_bytes(first.read_bytes())
    intake = await read(tmp_path, 1)
    assert not intake.rejects
    assert all("Channel" in event.fields for event in intake.events if isinstance(event, LogRecorded))
    assert intake.events


def test_a_reject_is_read_again() -> None:
    door, intake = LogFolder(door="logs", folder=Path("nowhere")), MemoryIntake()
    (event,) = door.decode(b'{"a": 1}', {}, intake)
    assert isinstance(event, LogRecorded)
    with pytest.raises(UnreadableError, match="line 1"):
        list(door.decode(b'{"a": ', {}, intake))
