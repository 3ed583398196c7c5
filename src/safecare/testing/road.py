"""Simple events and a simple stage, to test the road itself: the log, the worker, the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from safecare.exchange.log import Entry
from safecare.model.alert import Alert, Domain
from safecare.model.events.doors import BadgeGranted
from safecare.model.ids import AssetId, EventId, HolderId, SiteId, ZoneId, derived_id
from safecare.model.text import say
from safecare.model.topics import Item, encode, topic_of
from safecare.testing.clock import START

POISON = HolderId("poison")
"""Holder of the badge at which `EveryTenth` raises."""


def badge(number: int, at: datetime | None = None, holder: str = "holder-1", zone: str = "zone-1") -> BadgeGranted:
    """Return badge event `number`: always the same for the same arguments, one second after the one before it."""
    at = at or START + timedelta(seconds=number)
    return BadgeGranted(
        id=EventId(derived_id(at, "badge", str(number))),
        at=at,
        seen=at,
        source="door.test",
        site=SiteId("site-1"),
        asset=AssetId(f"door-{number % 10}"),
        zone=ZoneId(zone),
        holder=HolderId(holder),
        means="card",
    )


def entry_of(*items: Item, key: str | None = None) -> Entry:
    """Return `items`, all of one topic, as one entry for the log."""
    return Entry(topic_of(items[0]), tuple(encode(item) for item in items), key)


class _State(msgspec.Struct):
    count: int = 0


class EveryTenth:
    """A stage that raises an alert at each tenth event, counted over restarts.

    At a badge of `POISON` it changes its state and then raises: the worker must put the state back.
    `quiet` seconds after its newest event, a tick raises one more alert.
    """

    name = "test.tenth"
    version = 1
    domain = Domain.PHYSICAL
    group = "tenth"
    topics = frozenset({"event"})

    def __init__(self, quiet: float | None = None) -> None:
        self._quiet = None if quiet is None else timedelta(seconds=quiet)
        self._newest: BadgeGranted | None = None
        self._state = _State()
        self.ticks: list[datetime] = []

    @property
    def count(self) -> int:
        """Events taken so far."""
        return self._state.count

    def feed(self, items: Sequence[Any]) -> Iterable[Item]:
        """See `Stage.feed`."""
        for event in items:
            self._state.count += 1
            self._newest = event
            if event.holder == POISON:
                raise RuntimeError(f"poison in {event.id}")
            if self._state.count % 10 == 0:
                yield self._alert(event, str(self._state.count))

    def tick(self, now: datetime) -> Iterator[Item]:
        """See `Stage.tick`."""
        self.ticks.append(now)
        newest = self._newest
        if self._quiet is not None and newest is not None and now - newest.at >= self._quiet:
            self._newest = None
            yield self._alert(newest, "quiet")

    def snapshot(self) -> bytes:
        """See `Stage.snapshot`."""
        return msgspec.json.encode(self._state)

    def restore(self, state: bytes) -> None:
        """See `Stage.restore`."""
        self._state = msgspec.json.decode(state, type=_State) if state else _State()
        self._newest = None

    def _alert(self, event: BadgeGranted, window: str) -> Alert:
        title = say("Badge {count}", count=window)
        return Alert.of(self, event, severity=10, confidence=1.0, title=title, why=[title], window=window)
