"""The stage: who gets which events, what a failing detector may not do, and state that survives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.detect.api import detector, detectors
from safecare.detect.stage import FAILURES_PER_BATCH, JOURNAL_EVENTS, DetectStage, build
from safecare.exchange.stage import Stage
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted, DoorClosed, DoorOpened
from safecare.model.ids import AssetId, SiteId
from safecare.model.text import say
from safecare.testing.hospital import small_hospital

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


@detector("test.third", wants={DoorOpened}, domain=Domain.PHYSICAL)
@dataclass
class Third:
    """Alerts at every third opening of a door, and on `tick` when one has been open for an hour."""

    _count: dict[AssetId, int] = field(default_factory=dict, init=False)
    _open: dict[tuple[AssetId, str], DoorOpened] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        for event in batch:
            assert isinstance(event, DoorOpened)
            assert event.asset
            self._count[event.asset] = self._count.get(event.asset, 0) + 1
            self._open.setdefault((event.asset, "open"), event)
            if self._count[event.asset] % 3 == 0:
                yield Alert.of(self, event, severity=50, confidence=0.5, title=say("third"), why=[])

    def tick(self, now: datetime) -> Iterator[Alert]:
        for key, event in list(self._open.items()):
            if now - event.at > timedelta(hours=1):
                del self._open[key]
                yield Alert.of(self, event, severity=50, confidence=0.5, title=say("open"), why=[], window="open")


@detector("test.fragile", wants={Event}, domain=Domain.PHYSICAL)
@dataclass
class Fragile:
    """Alerts at every second event, and breaks on what the door ``bad`` says, after touching its state."""

    bad: str = "bad"
    _count: int = field(default=0, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        for event in batch:
            self._count += 1
            if event.asset == self.bad:
                raise ZeroDivisionError("bad door")
            if self._count % 2 == 0:
                yield Alert.of(self, event, severity=50, confidence=0.5, title=say("second"), why=[])


def opened(number: int, door: str = "a", kind: type[Event] = DoorOpened) -> Event:
    at = START + timedelta(seconds=number)
    return kind(
        id=Event.id_for(at, "test", f"{number}"),
        at=at,
        seen=at,
        source="test",
        site=SiteId("aurore"),
        asset=AssetId(door),
    )


def run(stage: DetectStage, events: Sequence[Event]) -> list[Alert]:
    return list(stage.feed(events))


def test_is_a_stage() -> None:
    stage: Stage = DetectStage([])
    assert stage.group == "detect"
    assert stage.topics == {"event"}


def test_builds_every_detector_found_and_gives_the_hospital() -> None:
    built: list[Any] = list(build(small_hospital()))
    assert {one.name for one in built} == set(detectors().parts)
    assert all(one.hospital.id == "small" for one in built if hasattr(one, "hospital"))


def test_gives_each_detector_what_it_wants_and_subclasses() -> None:
    stage = DetectStage([Third(), Fragile()])
    mixed = [opened(1), opened(2, kind=DoorClosed), opened(3), opened(4, kind=BadgeGranted), opened(5)]
    titles = [alert.title.key for alert in run(stage, mixed)]
    assert titles.count("third") == 1
    assert titles.count("second") == 2


def test_a_failing_detector_loses_only_what_it_cannot_judge() -> None:
    good = [opened(number) for number in range(20)]
    stage = DetectStage([Fragile(), Third()])
    with_bad = [*good[:7], opened(100, "bad"), *good[7:15], opened(101, "bad"), *good[15:]]
    alerts = run(stage, with_bad)
    assert [alert for alert in alerts if alert.rule == "test.fragile"] == run(DetectStage([Fragile()]), good)
    assert sum(alert.rule == "test.third" for alert in alerts) == 6
    assert stage.failures() == {"test.fragile": 2}
    assert stage.reasons() == {"test.fragile": "ZeroDivisionError: bad door"}


def test_a_detector_that_fails_on_all_cannot_slow_the_stage() -> None:
    stage = DetectStage([Fragile()])
    assert run(stage, [opened(number, "bad") for number in range(1000)]) == []
    assert stage.failures() == {"test.fragile": FAILURES_PER_BATCH}


def test_goes_back_right_after_its_own_save() -> None:
    stage = DetectStage([Fragile()])
    many = [opened(number) for number in range(JOURNAL_EVENTS + 1)]
    for event in many:
        run(stage, [event])
    run(stage, [opened(9000, "bad")])
    assert len(run(stage, [opened(9001)])) == 1


def test_a_failing_tick_is_counted() -> None:
    @detector("test.tick", wants={DoorOpened}, domain=Domain.PHYSICAL)
    @dataclass
    class Ticking:
        """Breaks when time passes."""

        _seen: int = field(default=0, init=False)

        def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
            self._seen += len(list(batch))
            yield from ()

        def tick(self, now: datetime) -> Iterator[Alert]:
            self._seen = 0
            yield from self._late(now)

        def _late(self, now: datetime) -> Iterator[Alert]:
            raise RuntimeError(f"late {now.year}")

    ticking = Ticking()
    stage = DetectStage([ticking, Third()])
    run(stage, [opened(1)])
    assert [alert.title.key for alert in stage.tick(START + timedelta(hours=2))] == ["open"]
    assert ticking._seen == 1
    assert stage.reasons() == {"test.tick": "RuntimeError: late 2026"}


@given(doors=st.lists(st.sampled_from(["a", "b", "bad"]), max_size=30), cut=st.integers(0, 30), size=st.integers(1, 9))
def test_any_cut_and_batch_size_give_the_same_alerts(doors: list[str], cut: int, size: int) -> None:
    events = [opened(number, door) for number, door in enumerate(doors)]
    late = START + timedelta(hours=3)
    whole = DetectStage([Third(), Fragile()])
    expected = [alert for event in events for alert in run(whole, [event])] + list(whole.tick(late))
    first = DetectStage([Third(), Fragile()])
    found = [
        alert for at in range(0, min(cut, len(events)), size) for alert in run(first, events[:cut][at : at + size])
    ]
    second = DetectStage([Third(), Fragile()])
    second.restore(first.snapshot())
    rest = events[cut:]
    found += [alert for at in range(0, len(rest), size) for alert in run(second, rest[at : at + size])]
    found += list(second.tick(late))
    if doors.count("bad") <= FAILURES_PER_BATCH:
        assert sorted(alert.id for alert in found) == sorted(alert.id for alert in expected)


def test_empty_state_is_a_fresh_start() -> None:
    stage = DetectStage([Third()])
    run(stage, [opened(1), opened(2)])
    stage.restore(b"")
    assert run(stage, [opened(3)]) == []


@pytest.mark.parametrize("change", [{"version": 2}, {"_count": dict[AssetId, list[str]]}])
def test_a_changed_detector_starts_fresh(change: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    stage = DetectStage([Third()])
    run(stage, [opened(1), opened(2)])
    state = stage.snapshot()
    if "version" in change:
        monkeypatch.setattr(Third, "version", 2)
    else:
        monkeypatch.setitem(Third.__annotations__, "_count", change["_count"])
    again = DetectStage([Third()])
    again.restore(state)
    assert run(again, [opened(3)]) == []


def test_a_detector_that_is_gone_or_new_does_not_matter() -> None:
    stage = DetectStage([Third()])
    run(stage, [opened(1), opened(2)])
    again = DetectStage([Fragile()])
    again.restore(stage.snapshot())
    assert run(again, [opened(3), opened(4)])
