"""What a plant is told and what its sensors say do not fit: a value moves untold, or does not move when told.

Source: Urbina et al., "Limiting the Impact of Stealthy Attacks on Industrial Control Systems" (CCS 2016): false
readings and commands are found where both are watched; MITRE ATT&CK for ICS T0831 (Manipulation of Control), T0832
(Manipulation of View). Which commands move which value, how fast and in which direction, is learned; nothing is
configured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.building.names import called
from safecare.detect.memory import remember
from safecare.detect.written import number_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import Reading
from safecare.model.events.network import CommandSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Amount, Ref, Span, Text, say

ACTS = frozenset({"write", "operate", "force", "start", "stop", "mode"})
"""Operations that may move a value."""
POINTS = 5000
"""Most values followed at the same time (chosen: more than a hospital's measured points)."""
BEFORE, AFTER = 8, 3
"""Readings that make up the level before, and the level now (chosen: noise is averaged, moves show soon)."""
MOVES = 6.0
"""Times the usual difference of two readings by which the level must change to count as a move (chosen)."""
LEAST = 5
"""Commands, or moves, that must be known before anything is judged (chosen)."""
SURE = 0.8
"""Share of them that must have fitted (chosen: a door that stands open may explain one in five)."""


class Told(msgspec.Struct):
    """A command that may move a value: the event, and by how much it changed what was written there (0: not known)."""

    event: CommandSeen
    change: float = 0.0
    moved: bool = False


class Bond(msgspec.Struct):
    """A value and the commands to its plant: what is known of how they hang together."""

    recent: list[float] = []
    noise: float = 0.0
    """Usual difference of two readings that follow each other."""
    count: int = 0
    rest: int = 0
    """Readings until the next move may count: one move is one."""
    pending: Told | None = None
    commands: int = 0
    followed: int = 0
    moves: int = 0
    explained: int = 0
    same: int = 0
    against: int = 0
    """Moves in the direction of the change that was written, and against it."""


@detector("reading.against-command", wants={Reading, CommandSeen}, domain=Domain.PHYSICAL)
@dataclass
class AgainstCommand:
    """Alert when a value moves without a command, though only commands move it; does not move, or the wrong way.

    `reach`: time within which a command shows its effect. `pause`: time until the same value is told again.
    """

    hospital: Hospital
    reach: timedelta = timedelta(minutes=30)
    pause: timedelta = timedelta(hours=6)
    _bonds: dict[str, Bond] = field(default_factory=dict, init=False)
    _of: dict[str, list[str]] = field(default_factory=dict, init=False)
    """By asset: its values."""
    _written: dict[str, float] = field(default_factory=dict, init=False)
    _alerted: dict[str, datetime] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow commands and values."""
        for event in batch:
            if isinstance(event, Reading) and event.asset:
                yield from self._read(event)
            elif isinstance(event, CommandSeen) and event.operation in ACTS and _is_request(event):
                self._command(event)

    def _command(self, event: CommandSeen) -> None:
        place = f"{event.dst_ip}\x1f{event.protocol}\x1f{event.unit}\x1f{event.target}"
        change, value = 0.0, number_of(event.value)
        if value is not None:
            before = self._written.get(place)
            remember(self._written, place, value, POINTS)
            if before is not None and before == value:
                return  # what is written again and again moves nothing
            change = value - before if before is not None else 0.0
        for asset in self._plants(event):
            for key in self._of.get(asset, ()):
                self._bonds[key].pending = Told(event, change)

    def _plants(self, event: CommandSeen) -> Iterator[str]:
        """Yield the assets that a command may move: the one that is told, and those that it controls."""
        place = f"{event.dst_ip}:{event.dst_port}/{event.unit}"
        named = (
            ("modbus", place),
            ("wire", f"{event.dst_ip}/{event.unit}"),
            ("wire", event.dst_ip),
            ("ip", event.dst_ip),
        )
        told = next((one for system, value in named if (one := self.hospital.at_address(system, value))), None)
        if told is None:
            return
        yield told.id
        for edge in self.hospital.dependencies_at(told.id):
            if edge.kind == "controls" and edge.of == told.id:
                yield from edge.on

    def _read(self, event: Reading) -> Iterator[Alert]:
        key = f"{event.asset}\x1f{event.quantity}"
        bond = self._bonds.get(key)
        if bond is None:
            bond = Bond()
            known = self._of.setdefault(str(event.asset), [])
            known.append(key)
        remember(self._bonds, key, bond, POINTS)
        if bond.pending and event.at - bond.pending.event.at > self.reach:
            yield from self._over(event, bond, key)
        moved = _moved(bond, event.value)
        if not moved:
            return
        bond.rest = BEFORE
        told = bond.pending
        if told is not None and not told.moved:
            told.moved = True
            yield from self._followed(event, bond, key, told, moved)
        elif told is None:
            yield from self._untold(event, bond, key)

    def _over(self, event: Reading, bond: Bond, key: str) -> Iterator[Alert]:
        """Close a command whose time is over."""
        told = bond.pending
        if told is None:
            return
        bond.pending = None
        sure = bond.commands >= LEAST and bond.followed >= SURE * bond.commands
        if not told.moved and sure:
            title = say("{asset}: {quantity} does not follow a command", **self._words(event))
            why = say(
                "{followed} of {count} commands before moved it within {time}; this one did not.",
                followed=bond.followed,
                count=bond.commands,
                time=Span(self.reach.total_seconds()),
            )
            yield from self._alert(event, key, title, why, told.event)
        bond.commands += 1
        bond.followed += told.moved

    def _followed(self, event: Reading, bond: Bond, key: str, told: Told, moved: float) -> Iterator[Alert]:
        bond.moves += 1
        bond.explained += 1
        if not told.change:
            return
        up = (moved > 0) == (told.change > 0)
        usual, other = (bond.same, bond.against) if up else (bond.against, bond.same)
        if other >= LEAST and usual == 0:
            title = say("{asset}: {quantity} moves against a command", **self._words(event))
            why = say("In {count} commands before, it moved the other way.", count=other)
            yield from self._alert(event, key, title, why, told.event)
            return  # what is told is not learned
        bond.same += up
        bond.against += not up

    def _untold(self, event: Reading, bond: Bond, key: str) -> Iterator[Alert]:
        if bond.moves >= LEAST and bond.explained >= SURE * bond.moves:
            title = say("{asset}: {quantity} moves without a command", **self._words(event))
            why = say(
                "{explained} of {count} moves before followed a command; before this one, none was given.",
                explained=bond.explained,
                count=bond.moves,
            )
            yield from self._alert(event, key, title, why, None)
        bond.moves += 1

    def _words(self, event: Reading) -> dict[str, Ref | Text | str]:
        return {"asset": Ref(event.asset or ""), "quantity": called(event.quantity)}

    def _alert(self, event: Reading, key: str, title: Text, why: Text, command: CommandSeen | None) -> Iterator[Alert]:
        last = self._alerted.get(key)
        if last is not None and abs(event.at - last) < self.pause:
            return
        remember(self._alerted, key, event.at, POINTS)
        asset = self.hospital.asset(event.asset)
        yield Alert.of(
            self,
            event,
            *([command] if command else []),
            severity=65 if asset and asset.criticality >= 3 else 50,
            confidence=0.6,
            title=title,
            why=[why, say("It is {value} now.", value=Amount(event.value, event.unit))],
            assets=[asset.id] if asset else None,
            zones=[asset.zone] if asset and asset.zone else None,
            techniques=("T0831",),
        )


def _is_request(event: CommandSeen) -> bool:
    return event.facts.get("kind", "request") == "request"


def _moved(bond: Bond, value: float) -> float:
    """Take a reading; return by how much the level has moved, 0 if it has not."""
    recent = bond.recent
    if recent:
        step = abs(value - recent[-1])
        bond.count += 1
        weight = max(1.0 / bond.count, 0.02)
        bond.noise += weight * (min(step, 4 * bond.noise if bond.count > BEFORE else step) - bond.noise)
    recent.append(value)
    del recent[: -BEFORE - AFTER]
    if bond.rest > 0:
        bond.rest -= 1
        return 0.0
    if len(recent) < BEFORE + AFTER or bond.count < 3 * BEFORE:
        return 0.0
    change = sum(recent[-AFTER:]) / AFTER - sum(recent[:BEFORE]) / BEFORE
    return change if abs(change) > MOVES * max(bond.noise, 1e-9) else 0.0
