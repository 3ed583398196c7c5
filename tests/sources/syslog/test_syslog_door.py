"""`SyslogDoor` and `WazuhFile`: what counts as an alert of the sender, and what does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from safecare.model.event import Event
from safecare.model.events.logs import LogRecorded
from safecare.sources.api import UnreadableError
from safecare.sources.syslog.door import SyslogDoor
from safecare.sources.syslog.wazuh import WazuhFile
from safecare.testing.intake import MemoryIntake

CEF = "<134>1 - fw1 asa - - - CEF:0|Acme|Wall|9|100|Port scan|{}|src=10.1.10.31"


def read(raw: str) -> list[Event]:
    record, *alerts = SyslogDoor("logs").decode(raw.encode(), {}, MemoryIntake())
    assert isinstance(record, LogRecorded)
    return alerts


@pytest.mark.parametrize(("level", "priority"), [("3", None), ("5", 2), ("8", 1), ("High", 1), ("low", None)])
def test_level_of_the_sender_decides(level: str, priority: int | None) -> None:
    assert [event.priority for event in read(CEF.format(level))] == ([priority] if priority else [])  # type: ignore[attr-defined]


def test_an_alert_takes_only_a_time_that_cannot_be_a_local_one() -> None:
    seen = MemoryIntake().clock.now()
    [by_old] = read(CEF.format(8).replace("1 - fw1 asa - - -", "Jan  2 03:00:00 fw1"))
    [by_new] = read(CEF.format(8).replace("1 -", "1 2026-01-02T03:00:00+01:00"))
    assert (by_old.at, by_new.at.isoformat()) == (seen, "2026-01-02T02:00:00+00:00")


def test_odd_alerts_do_not_stop_the_door() -> None:
    assert read(CEF.format("²")) == []
    assert [event.dst_port for event in read(CEF.format(8) + " dpt=²")] == [0]  # type: ignore[attr-defined]
    assert [event.dst_port for event in read(CEF.format(8) + " dpt=999999")] == [0]  # type: ignore[attr-defined]


def test_plain_lines_are_no_alerts_and_junk_is_told() -> None:
    assert read("<13>1 2026-11-26T03:00:00Z host app - - - all is well") == []
    assert read("words") == []
    with pytest.raises(UnreadableError, match="empty"):
        read(" ")


def test_wazuh_counts_from_medium_on() -> None:
    intake, door = MemoryIntake(), WazuhFile("wazuh", Path("alerts.json"))
    rows = [
        {"timestamp": "2026-11-26T03:00:00Z", "rule": {"level": level, "description": f"level {level}", "id": "1"}}
        for level in (3, 7, 12, 15)
    ]
    events, errors = door.lines(b"\n".join(json.dumps(row).encode() for row in rows) + b"\n{\n", intake)
    assert [event.priority for event in events] == [2, 1, 1]  # type: ignore[attr-defined]
    assert [error.line for error in errors] == [5]
