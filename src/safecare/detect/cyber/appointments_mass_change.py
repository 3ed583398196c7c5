"""Many different appointments are moved to one same date and hour: nobody books like this.

Source: the SAFECARE project (scenario of manipulated vaccination appointments); MITRE
ATT&CK T1565.001 (stored data manipulation). What an hour can hold is learned from the hospital's own
bookings, per resource and for the whole application: a move burst is judged against that, so a large
vaccination hall and a small consultation are both judged by their own habit.

Quiet on purpose: a busy morning of changes (they spread over many hours), a physician's absence (the list
moves to other days, hour by hour), one group session that moves as a whole (it came from one hour).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.clinical import AppointmentChanged
from safecare.model.ids import AssetId, EventId, ZoneId
from safecare.model.text import Amount, Ref, Text, When, say

KNOWN_SLOTS = 20
"""Hours with bookings from which a habit counts as known: fewer say nothing about the busiest. Chosen."""
MOST_APPOINTMENTS = 20_000
"""Appointments whose place is remembered; the longest unchanged are forgotten. Chosen: weeks of a large hospital."""
MOST_GROUPS = 300
"""Resources whose habit is remembered, those heard of longest ago forgotten first: messages name whatever they like.
Chosen: the lists of a large hospital; at worst (each with `MOST_SLOTS` hours) 60 MB."""
MOST_MOVES = 1000
"""Moves of one window that are judged: more are no longer a question. Chosen."""
MOST_SLOTS = 2000
"""Hours that are remembered per group: about nine months of opening hours. Chosen."""
MOST_BECAUSE = 50
"""Events that an alert names as its grounds. Chosen: a screen shows no more."""


class Move(msgspec.Struct):
    """One appointment that was moved: when, from which hour (empty if unknown) to which."""

    at: datetime
    before: str
    slot: str
    event: EventId


class Group(msgspec.Struct):
    """What is known of one resource, or of a whole application (resource empty)."""

    peak: dict[str, int] = {}
    """Most appointments that an hour ever held at once, moves under suspicion left out."""
    held: dict[str, int] = {}
    """Appointments that an hour holds now."""
    moves: dict[str, Move] = {}
    """Last move of each appointment within the last `window`, oldest first."""
    fresh: dict[str, int] = {}
    """How many of these moves landed in an hour."""
    told: dict[str, datetime] = {}
    """Hours alerted, and when."""


@detector("appointments.mass-change", wants={AppointmentChanged}, domain=Domain.CYBER)
@dataclass
class MassChange:
    """Alert when at least `share` of the moves of a `window` land in one hour that can't hold them."""

    window: timedelta = timedelta(hours=2)
    """Moves that are judged together."""
    least: int = 15
    """Fewest moved appointments; three times what one consultation sees in an hour."""
    factor: float = 2.0
    """How many times the busiest usual hour must be exceeded."""
    share: float = 0.5
    """Share of all moves that must land in the one hour."""
    sources: int = 3
    """Different hours that the moved appointments must come from, as far as these are known."""
    _where: dict[str, tuple[str, str]] = field(default_factory=dict, init=False)
    _groups: dict[str, Group] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge changes of appointments in order of arrival."""
        for event in batch:
            if isinstance(event, AppointmentChanged):
                yield from self._change(event)

    def _change(self, event: AppointmentChanged) -> Iterator[Alert]:
        owner = event.asset or event.source
        key = f"{owner}\x1f{event.appointment}"
        resource, before = self._where.pop(key, ("", ""))
        self._leave(owner, resource, before)
        if event.change in ("cancelled", "discontinued", "deleted", "noshow") or event.start is None:
            return
        slot = _hour(event.start)
        # A modified appointment that was never seen before stands where it says: only a detail was changed.
        moved = event.change == "moved" or (event.change == "modified" and before not in ("", slot))
        self._where[key] = (event.resource, slot)
        while len(self._where) > MOST_APPOINTMENTS:
            oldest = next(iter(self._where))
            self._leave(oldest.partition("\x1f")[0], *self._where.pop(oldest))
        for name in dict.fromkeys((event.resource, "")):
            group = self._group(f"{owner}\x1f{name}")
            group.held[slot] = group.held.get(slot, 0) + 1
            if moved and before != slot:
                yield from self._moved(event, name, group, before, slot)
            self._learn(group, slot)

    def _group(self, key: str) -> Group:
        """Return the group called `key`, made if it is new, as the one heard of last."""
        group = self._groups[key] = self._groups.pop(key) if key in self._groups else Group()
        while len(self._groups) > MOST_GROUPS:
            del self._groups[next(iter(self._groups))]
        return group

    def _leave(self, owner: str, resource: str, slot: str) -> None:
        """Take an appointment of the application `owner` out of `slot`."""
        for name in dict.fromkeys((resource, "")) if slot else ():
            group = self._groups.get(f"{owner}\x1f{name}")
            if group and slot in group.held:
                group.held[slot] -= 1
                if group.held[slot] <= 0:
                    del group.held[slot]

    def _learn(self, group: Group, slot: str) -> None:
        """Raise the peak of `slot`, without the moves that are still being judged."""
        settled = group.held.get(slot, 0) - group.fresh.get(slot, 0)
        if settled > group.peak.get(slot, 0):
            group.peak[slot] = settled
        while len(group.peak) > MOST_SLOTS:
            del group.peak[min(group.peak)]

    def _moved(self, event: AppointmentChanged, name: str, group: Group, before: str, slot: str) -> Iterator[Alert]:
        oldest = event.at - self.window
        group.told = {hour: at for hour, at in group.told.items() if at > oldest}
        _forget(group, event.appointment)
        group.moves[event.appointment] = Move(event.at, before, slot, event.id)
        group.fresh[slot] = group.fresh.get(slot, 0) + 1
        while (first := next(iter(group.moves.items())))[1].at <= oldest or len(group.moves) > MOST_MOVES:
            _forget(group, first[0])
        count = group.fresh.get(slot, 0)
        if count < max(self.least, self.share * len(group.moves)) or slot in group.told:
            return
        usual = _usual(group, slot)
        landed = [one for one in group.moves.values() if one.slot == slot]
        origins = {one.before for one in landed if one.before}
        scattered = len(origins) >= self.sources or sum(bool(one.before) for one in landed) < count / 2
        if count < self.factor * usual or not scattered:
            return
        for key, other in self._groups.items():  # the burst is one, whichever resources it went through
            if key.startswith(f"{event.asset or event.source}\x1f"):
                other.told[slot] = event.at
        yield self._alert(event, name, landed, len(group.moves), usual)

    def _alert(self, event: AppointmentChanged, name: str, landed: list[Move], moves: int, usual: int) -> Alert:
        share = len(landed) / moves
        excess = len(landed) / max(usual, self.least / self.factor)
        alert = Alert.of(
            self,
            event,
            severity=70 if usual else 65,
            confidence=round(min(0.95, 0.5 + 0.2 * share + 0.1 * min(excess - 1, 2.0) + (0.05 if usual else 0.0)), 2),
            title=say("Many appointments are moved to one same hour"),
            why=self._why(event, landed, moves, usual),
            window=f"{name}|{landed[-1].slot}",
            assets=[AssetId(event.asset)] if event.asset else [],
            zones=[ZoneId(event.zone)] if event.zone else [],
            peers=[event.peer] if event.peer else [],
            techniques=("T1565.001",),
        )
        because = tuple(one.event for one in landed[-MOST_BECAUSE:])
        return msgspec.structs.replace(alert, first=min(one.at for one in landed), because=because)

    def _why(self, event: AppointmentChanged, landed: list[Move], moves: int, usual: int) -> list[Text]:
        start = event.start or event.at
        why = [
            say(
                "{count} different appointments were moved to {hour}, out of {moves} moves in that time.",
                count=len(landed),
                hour=When(start.replace(minute=0, second=0, microsecond=0)),
                moves=moves,
            )
        ]
        if usual:
            why.append(say("The busiest usual hour holds {usual} appointments.", usual=usual))
        else:
            why.append(say("What an hour usually holds is not known yet; so many moves to one hour are rare anywhere."))
        if origins := {one.before for one in landed if one.before}:
            why.append(say("They come from {count} different hours.", count=len(origins)))
        if event.asset:
            why.append(say("The changes were sent by {application}.", application=Ref(event.asset)))
        why.append(say("Share of moves that land there: {share}.", share=Amount(round(100 * len(landed) / moves), "%")))
        return why


def _forget(group: Group, appointment: str) -> None:
    """Drop the remembered move of an appointment, if there is one."""
    move = group.moves.pop(appointment, None)
    if move is None:
        return
    group.fresh[move.slot] -= 1
    if not group.fresh[move.slot]:
        del group.fresh[move.slot]


def _hour(start: datetime) -> str:
    return start.strftime("%Y-%m-%dT%H")


def _usual(group: Group, slot: str) -> int:
    """Return what a busy hour usually holds (95th percentile of the other hours' peaks), 0 while that is not known."""
    peaks = sorted(count for hour, count in group.peak.items() if hour != slot)
    if len(peaks) < KNOWN_SLOTS:
        return 0
    return peaks[min(len(peaks) - 1, int(0.95 * len(peaks)))]
