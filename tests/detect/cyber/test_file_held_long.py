"""`HeldLong`: told after an hour and after a day, each time once; never of what was decided and arrived."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from safecare.detect.cyber.file_held_long import MOST, HeldLong
from safecare.model.event import Event
from safecare.model.events.acts import HeldDecided
from safecare.model.events.files import FileJudged, HeldForwarded
from safecare.model.ids import ArtifactHash, EventId
from safecare.testing.hospital_building import SITE

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def stamp(minutes: float, what: str) -> dict[str, Any]:
    at = AT + timedelta(minutes=minutes)
    return {"id": Event.id_for(at, "hl7-inspect", what), "at": at, "seen": at, "source": "hl7-inspect", "site": SITE}


def judged(minutes: float = 0, act: Any = "held", number: int = 0) -> FileJudged:
    rest: Any = {"size": 1, "type": "hl7", "verdict": "malicious", "score": 0.9, "act": act, "peer": "10.1.40.7 LAB"}
    return FileJudged(**stamp(minutes, f"file {number}"), artifact=ArtifactHash("0" * 64), **rest)


def decided(minutes: float, decision: Any) -> HeldDecided:
    rest: Any = {"actor": "someone", "door": "hl7-inspect", "artifact": ArtifactHash("0" * 64), "reason": "seen"}
    return HeldDecided(**stamp(minutes, decision), file=judged().id, decision=decision, **rest)


def forwarded(minutes: float, outcome: Any) -> HeldForwarded:
    return HeldForwarded(**stamp(minutes, outcome), file=judged().id, act=EventId("a"), outcome=outcome)


def told(events: list[Event], minutes: float) -> list[tuple[str, int]]:
    rule = HeldLong()
    alerts = list(rule.feed(events))
    for minute in range(0, int(minutes), 30):
        alerts += rule.tick(AT + timedelta(minutes=minute))
    return [(one.title.key, one.severity) for one in alerts]


def test_an_undecided_file_is_told_twice() -> None:
    first = ("A held file waits for a decision", 45)
    assert told([judged()], 50) == []
    assert told([judged()], 600) == [first]
    assert told([judged()], 5000) == [first, (first[0], 60)]


@pytest.mark.parametrize(
    "events",
    [
        [judged(act="passed")],
        [judged(act="refused")],
        [judged(), decided(30, "discard")],
        [judged(), decided(30, "release"), forwarded(31, "waiting"), forwarded(50, "sent")],
    ],
)
def test_what_does_not_wait_is_not_told(events: list[Event]) -> None:
    assert told(events, 5000) == []


def test_what_was_released_and_does_not_arrive_is_told() -> None:
    assert told([judged(), decided(30, "release"), forwarded(31, "waiting")], 600) == [
        ("A released file has not arrived", 45)
    ]
    again = told([judged(), decided(30, "release"), forwarded(31, "refused")], 600)
    assert again == [("A held file waits for a decision", 45)]


def test_the_state_is_bounded() -> None:
    rule = HeldLong()
    assert not list(rule.feed(judged(number=number) for number in range(MOST + 5)))
    assert len(rule._waiting) == MOST
