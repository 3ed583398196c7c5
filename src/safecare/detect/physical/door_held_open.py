"""A door to a restricted place that stays open.

Source: access-control practice (EN 60839-11-1:2013, "open too long" event); the time is chosen: a bed or a
trolley passes in well under a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.doors import DoorClosed, DoorOpened
from safecare.model.events.panels import PanelSignal
from safecare.model.hospital import Hospital, Zone
from safecare.model.text import Ref, Span, Text, say

SHIFT = timedelta(hours=8)
"""Time after which a door that was told, and is said to be open again, is told again (chosen: once in each shift)."""
SEVERITY = {"restricted": 40, "critical": 55}
"""Severity by the most protected side of the door; other doors may stand open (chosen)."""


MOMENT = timedelta(seconds=60)
"""Longest time of a passage (chosen: as `longest`, a bed or a trolley)."""
TURNED = 5
"""Times in a row that a door was closed for the time of a passage, between openings that were too long, from which its
contact is taken to tell the contrary, or the door to be wedged all day (chosen: one delivery has fewer)."""


SETTLED = timedelta(seconds=10)
"""Time without a further word after which what a controller hands over late counts as whole (chosen: it does so in one
piece, as fast as the line is)."""
MOST = 5000
"""Most words that wait so (chosen: a controller's buffer)."""


class Turned(msgspec.Struct):
    """How many times in a row a door was closed for a moment only, and when that was told last."""

    times: int = 0
    told: datetime | None = None


class Opening(msgspec.Struct):
    """A door that is open: since when (or since when its controller says too long), and whether that was told."""

    event: DoorOpened | PanelSignal
    told: bool = False

    def again(self, event: DoorOpened | PanelSignal) -> bool:
        """Tell whether `event` is to be told although this opening was: its end was lost, or it still lasts."""
        return self.told and event.at - self.event.at >= SHIFT


@detector("door.held-open", wants={DoorOpened, DoorClosed, PanelSignal}, domain=Domain.PHYSICAL)
@dataclass
class HeldDoor:
    """Alert once when a door to a restricted or critical zone stays open longer than `longest` (time).

    Where the door's controller judges that by itself, its word is taken, as often as the door was closed in between.

    How long a door has been open is told by its own two times when it closes; as long as it is open, by our
    clock and the time when we heard of it, so that a device with a wrong clock alerts nobody. A door that stands open
    when we begin to listen has been open since then at least.

    A contact that is wired the other way around, or set so in its system, tells each passage as a closing and all the
    rest as an opening: from the sixth on it is told once in a shift, with that hint.
    """

    hospital: Hospital
    longest: timedelta = timedelta(seconds=60)
    _open: dict[str, Opening] = field(default_factory=dict, init=False)
    _closed: dict[str, DoorClosed] = field(default_factory=dict, init=False)
    """Last closing of each door: an opening may be heard of after it."""
    _turned: dict[str, Turned] = field(default_factory=dict, init=False)
    _late: dict[str, DoorOpened | DoorClosed] = field(default_factory=dict, init=False)
    """What was handed over late, by its id, until no more of it comes."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow openings and closings of doors to guarded places."""
        for event in batch:
            history = (
                isinstance(event, DoorOpened | DoorClosed) and not event.kept and self._severity(event.asset or "")
            )
            if history and event.seen - event.at > self.longest and len(self._late) < MOST:
                self._late[event.id] = event  # type: ignore[assignment]  # one of both
            else:
                yield from self._step(event)

    def _step(self, event: Event) -> Iterator[Alert]:
        """Follow one word."""
        match event:
            case DoorOpened(asset=str(door)) if self._severity(door):
                closed = self._closed.get(door)
                if event.kept and closed and closed.at > event.at:
                    return  # kept since before it closed
                if closed and closed.at > event.at and event.seen - closed.seen < self.longest:
                    if closed.at - event.at > self.longest:  # heard of after its end
                        yield from self._tell(door, event)
                else:
                    self._take(door, event)
            case PanelSignal(what="held", on=True, asset=str(door)) if self._severity(door):
                held = self._take(door, event)
                if not held.told:
                    held.told = True
                    yield self._alert(door, event)
            case PanelSignal(what="held", on=False, asset=str(told)):
                self._open.pop(told, None)
            case DoorClosed(asset=str(door)) if self._severity(door):
                known, self._closed[door] = self._open.get(door), event
                if known and event.at < known.event.at and event.seen - known.event.seen < self.longest:
                    return  # of an opening before this one
                opening = self._open.pop(door, None)
                if opening and event.at - opening.event.at <= self.longest:
                    self._turned.pop(door, None)
                elif opening and not opening.told:
                    yield from self._tell(door, opening.event)
            case _:
                pass

    def _history(self, now: datetime) -> Iterator[Alert]:
        """Judge what a controller handed over late, in the order of its own times, once no more of it comes."""
        heard = [one.seen for one in self._late.values()]
        if not heard or (now - max(heard) < SETTLED and now - min(heard) < self.longest):
            return
        late, self._late = sorted(self._late.values(), key=lambda one: (one.at, one.id)), {}
        opened: dict[str, DoorOpened] = {}
        for event in late:
            door = str(event.asset)
            if isinstance(event, DoorOpened):
                opened.setdefault(door, event)
            elif (begun := opened.pop(door, None)) is None:
                yield from self._step(event)
            else:
                if event.at - begun.at > self.longest:
                    yield from self._tell(door, begun)
                closed = self._closed.get(door)
                if closed is None or closed.at < event.at:
                    self._closed[door] = event
        for door, event in opened.items():
            closed = self._closed.get(door)
            if closed is None or closed.at < event.at or event.seen - closed.seen < self.longest:
                yield from self._step(event)

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Judge the doors that are open at `now`."""
        yield from self._history(now)
        for door, opening in self._open.items():
            if not opening.told and now - opening.event.seen > self.longest:
                opening.told = True
                yield from self._tell(door, opening.event)

    def _take(self, door: str, event: DoorOpened | PanelSignal) -> Opening:
        known = self._open.get(door)
        closed = self._closed.get(door)
        if known is None and closed and isinstance(event, DoorOpened):
            if event.at - closed.at <= MOMENT:
                self._turned.setdefault(door, Turned()).times += 1
            else:
                self._turned.pop(door, None)
        if known is None or known.again(event):
            known = self._open[door] = Opening(event)
        return known

    def _tell(self, door: str, event: DoorOpened | PanelSignal) -> Iterator[Alert]:
        """Tell that a door is open for too long; with a hint, and once in a shift, where it is nothing else."""
        turned = self._turned.get(door, Turned())
        if turned.times < TURNED:
            yield self._alert(door, event)
        elif turned.told is None or event.at - turned.told >= SHIFT:
            turned.told = event.at
            yield self._alert(
                door,
                event,
                say("It closes for moments only, {count} times in a row: it is wedged all day, or its contact tells"
                    " the contrary. Then turn it in the system that reports it, or name it in the site's files as"
                    " inverted.", count=turned.times),
            )  # fmt: skip

    def _sides(self, door: str) -> list[Zone]:
        asset = self.hospital.asset(door)
        return [zone for zone in map(self.hospital.zone, asset.between or ()) if zone] if asset else []

    def _severity(self, door: str) -> int:
        """Return 0 for a door that may stand open, and for one that the hospital does not know."""
        return max((SEVERITY.get(zone.security, 0) for zone in self._sides(door)), default=0)

    def _alert(self, door: str, event: DoorOpened | PanelSignal, *more: Text) -> Alert:
        return Alert.of(
            self,
            event,
            severity=self._severity(door),
            confidence=0.9,
            title=say("{door} stays open", door=Ref(door)),
            why=[
                say("The door's controller reports it.")
                if isinstance(event, PanelSignal)
                else say("It has been open for more than {longest}.", longest=Span(self.longest.total_seconds())),
                *more,
            ],
            zones=[zone.id for zone in self._sides(door)],
        )
