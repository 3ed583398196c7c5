"""How the doors are, as counted by the main process: nothing on the health page is estimated."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

import msgspec

from safecare.app.floods import Flood, NotKept
from safecare.model.clock import Clock


class DoorState(msgspec.Struct, frozen=True):
    """One door: how it is, since when, what came through since the start."""

    door: str
    source: str
    state: str
    detail: str
    since: datetime
    last: datetime | None
    events: int
    rejects: int


@dataclass
class _Count:
    source: str
    state: str
    since: datetime
    detail: str = ""
    last: datetime | None = None
    events: int = 0
    rejects: int = 0


@dataclass
class Doors:
    """States and counts of all doors. May be used from any thread."""

    clock: Clock
    _counts: dict[str, _Count] = field(default_factory=dict, init=False)
    _floods: dict[str, Flood] = field(default_factory=dict, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def add(self, door: str, source: str, state: str = "waiting", detail: str = "") -> None:
        """Make `door` known before it has spoken; one that was there before keeps its counts."""
        with self._lock:
            known = self._counts.setdefault(door, _Count(source, state, self.clock.now(), detail))
            known.source, known.state, known.detail = source, state, detail

    def report(self, door: str, state: str, detail: str = "") -> None:
        """Set the state of `door`."""
        with self._lock:
            count = self._counts.setdefault(door, _Count(door, "", self.clock.now()))
            if count.state != state:
                count.since = self.clock.now()
            count.state, count.detail = state, detail

    def took(self, door: str, events: int) -> None:
        """Count `events` that came through `door`."""
        with self._lock:
            count = self._counts.setdefault(door, _Count(door, "ok", self.clock.now()))
            count.events += events
            count.last = self.clock.now()

    def refused(self, door: str) -> None:
        """Count a reject at `door`."""
        with self._lock:
            self._counts.setdefault(door, _Count(door, "ok", self.clock.now())).rejects += 1

    def may_keep(self, door: str, size: int) -> bool:
        """Tell whether a reject of `size` bytes at `door` is kept; one that is not is counted (`Flood`)."""
        now = self.clock.now()
        with self._lock:
            return self._floods.setdefault(door, Flood(now)).takes(size, now)

    def keeps_not(self, door: str, size: int) -> None:
        """Take back what `may_keep` allowed: there was no room."""
        with self._lock:
            self._floods[door].back(size)

    def untold(self, *, last: bool = False) -> dict[str, NotKept]:
        """Return by door what was not kept and is to be told now, or the `last` time; now it counts as told."""
        now = self.clock.now()
        with self._lock:
            return {door: found for door, one in self._floods.items() if (found := one.due(now, last=last))}

    def tell_again(self, missing: dict[str, NotKept]) -> None:
        """Take back what could not be told."""
        with self._lock:
            for door, one in missing.items():
                self._floods[door].again(one)

    def not_kept(self) -> dict[str, NotKept]:
        """Return by door what was not kept since the start."""
        with self._lock:
            return {door: one.total for door, one in sorted(self._floods.items()) if one.total}

    def states(self) -> list[DoorState]:
        """Return all doors by name."""
        with self._lock:
            return [
                DoorState(door, one.source, one.state, one.detail, one.since, one.last, one.events, one.rejects)
                for door, one in sorted(self._counts.items())
            ]
