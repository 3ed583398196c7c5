"""The stage that drives all detectors: events in, alerts out, state saved by its type hints.

A detector that raises never stops the others. The batch is halved until the one event that it can't
judge is alone; that event is left out for this detector, counted, and told as a health reason.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, get_type_hints

import msgspec

from safecare.detect.api import Detector, Timed, detectors
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.hospital import Hospital
from safecare.model.layout import laid_out

JOURNAL_EVENTS = 2000
"""Events after which a detector's state is saved anew. Chosen: two full batches, so that going back is short."""

FAILURES_PER_BATCH = 8
"""Events that one detector may fail on in one batch before the rest of the batch is left out too.
Chosen: a few odd events are isolated, and a detector broken for all of them can't slow the stage."""


def build(hospital: Hospital, **given: Any) -> list[Detector]:
    """Return one instance of every detector found, in order of name, with what of `hospital` and `given` it names."""
    built: list[Detector] = []
    for kind in detectors().parts.values():
        wanted = {field.name for field in dataclasses.fields(kind) if field.init}
        things = {"hospital": hospital, **given}
        built.append(kind(**{name: thing for name, thing in things.items() if name in wanted}))
    return built


class Saved(msgspec.Struct, frozen=True):
    """State of one detector: MessagePack of each of its `init=False` fields."""

    version: int
    fields: dict[str, bytes]


class _Driven:
    """A detector with a way back to the state before its last batch: a saved state, and what came since."""

    def __init__(self, detector: Detector) -> None:
        kind: Any = type(detector)
        self.detector = detector
        self._timed = detector if isinstance(detector, Timed) else None
        self.failures = 0
        self.reason = ""
        self._hints = get_type_hints(kind)
        self._state = tuple(field for field in dataclasses.fields(kind) if not field.init)
        self._since: list[Sequence[Event] | datetime] = []
        self._events_since = 0
        self._saved = self.save()

    def save(self) -> Saved:
        """Save the state, and go back to it from now on."""
        fields = {field.name: msgspec.msgpack.encode(getattr(self.detector, field.name)) for field in self._state}
        self._saved = Saved(self.detector.version, fields)
        self._since = []
        self._events_since = 0
        return self._saved

    def load(self, saved: Saved) -> bool:
        """Take on a state saved before; False, and unchanged, where it does not fit this detector."""
        names = {field.name for field in self._state}
        if saved.version != self.detector.version or set(saved.fields) != names:
            return False
        try:
            values = {
                name: msgspec.msgpack.decode(raw, type=laid_out(self._hints[name]))
                for name, raw in saved.fields.items()
            }
        except msgspec.MsgspecError:
            return False
        for name, value in values.items():
            setattr(self.detector, name, value)
        self.save()
        return True

    def reset(self) -> None:
        """Start with fresh state."""
        kind: Any = type(self.detector)
        settings = {field.name: getattr(self.detector, field.name) for field in dataclasses.fields(kind) if field.init}
        fresh = kind(**settings)
        for field in self._state:
            setattr(self.detector, field.name, getattr(fresh, field.name))
        self.save()

    def feed(self, batch: Sequence[Event]) -> list[Alert]:
        """Judge `batch`, leaving out what the detector can't judge."""
        return self._feed(batch, self.failures + FAILURES_PER_BATCH)

    def _feed(self, batch: Sequence[Event], most: int) -> list[Alert]:
        if self.failures >= most:
            return []
        try:
            alerts = list(self.detector.feed(batch))
        except Exception as error:  # noqa: BLE001 - a detector may fail in any way; it must not stop the others
            self._back()
            if len(batch) == 1:
                self._failed(error)
                return []
            middle = len(batch) // 2
            return self._feed(batch[:middle], most) + self._feed(batch[middle:], most)
        self._done(batch, len(batch))
        return alerts

    def tick(self, now: datetime) -> list[Alert]:
        """Let time pass, if the detector cares."""
        if self._timed is None:
            return []
        try:
            alerts = list(self._timed.tick(now))
        except Exception as error:  # noqa: BLE001 - as above
            self._back()
            self._failed(error)
            return []
        self._done(now, 1)
        return alerts

    def _done(self, step: Sequence[Event] | datetime, size: int) -> None:
        self._since.append(step)
        self._events_since += size
        if self._events_since >= JOURNAL_EVENTS:
            self.save()

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        self.reason = f"{type(error).__name__}: {error}"

    def _back(self) -> None:
        """Go back to before the failed step: the saved state, then again what went well since."""
        steps, saved = self._since, self._saved
        if not self.load(saved):
            self.reset()
        for step in steps:
            if not isinstance(step, datetime):
                deque(self.detector.feed(step), 0)  # raised already
            elif self._timed is not None:
                deque(self._timed.tick(step), 0)
        self._saved, self._since = saved, steps
        self._events_since = sum(1 if isinstance(step, datetime) else len(step) for step in steps)


class DetectStage:
    """All detectors as one stage of the road."""

    group = "detect"
    topics = frozenset({"event"})

    def __init__(self, detectors: Iterable[Any]) -> None:
        """Drive `detectors` (each a `Detector`, known by its name; the decorator's marks escape type checkers)."""
        self._driven = {detector.name: _Driven(detector) for detector in detectors}
        self._wanting: dict[type[Event], tuple[str, ...]] = {}

    def feed(self, items: Sequence[Event]) -> Iterator[Alert]:
        """Give each detector the events that it wants, in order, and yield what they raise."""
        parts: dict[str, list[Event]] = {}
        for event in items:
            for name in self._who_wants(type(event)):
                parts.setdefault(name, []).append(event)
        for name in sorted(parts):
            yield from self._driven[name].feed(parts[name])

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Let time pass for the detectors that care."""
        for driven in self._driven.values():
            yield from driven.tick(now)

    def snapshot(self) -> bytes:
        """Return the state of all detectors."""
        return msgspec.msgpack.encode({name: driven.save() for name, driven in self._driven.items()})

    def restore(self, state: bytes) -> None:
        """Go back to a snapshot. A detector that is not in it, or has changed since, starts fresh."""
        saved = msgspec.msgpack.decode(state, type=laid_out(dict[str, Saved])) if state else {}
        for name, driven in self._driven.items():
            if name not in saved or not driven.load(saved[name]):
                driven.reset()

    def failures(self) -> Counter[str]:
        """Return how many events (or ticks) each detector could not judge since the start."""
        return Counter({name: driven.failures for name, driven in self._driven.items() if driven.failures})

    def reasons(self) -> dict[str, str]:
        """Return, for the health page, the latest reason why a detector failed, by its name."""
        return {name: driven.reason for name, driven in self._driven.items() if driven.reason}

    def _who_wants(self, kind: type[Event]) -> tuple[str, ...]:
        found = self._wanting.get(kind)
        if found is None:
            wants = {name: tuple(driven.detector.wants) for name, driven in self._driven.items()}
            found = self._wanting[kind] = tuple(name for name, kinds in wants.items() if issubclass(kind, kinds))
        return found
