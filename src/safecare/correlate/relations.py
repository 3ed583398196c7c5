"""What may tie two alerts, how strongly, and for how long: all constants of the room in one place.

A relation has a `weight` (0-1: how telling it is when nothing weakens it) and, for each mix of domains,
a `Fade`: how the tie weakens with the time between the two alerts. No fade for a mix means: this relation
says nothing about such a pair (two cyber alerts in one server room are not tied by the room).

Sources of the times: a physical intrusion is a matter of minutes (EN 50131 and EN 16763 plan the guard's
response in minutes, and the scripted theft of `safecare-project` section 5.1 in tens of minutes). Attackers
in networks stay for days: M-Trends 2024 and 2025 give a median dwell time of 10 and 11 days; a week is
followed here, because memory is bounded. The weights are chosen: the order of the relations is what counts,
and the threshold `JOIN` is set so that one telling relation is enough, and two vague ones are not.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from safecare.model.alert import Domain
from safecare.model.hospital import DependencyKind

MINUTE = 60.0
HOUR = 3600.0
DAY = 86_400.0

JOIN = 0.4
"""Score from which two alerts belong together. Chosen: see the module; every weight below is read against it."""

STEPS = 3
"""Most dependencies on a path. Chosen: a foothold, the machine, its application, the service; impact goes farther."""

LISTEN = 16
"""Most alerts on either side in time that one key is compared with. Chosen: single linkage needs only the nearest."""


class Mix(Enum):
    """The domains of a pair of alerts."""

    PHYSICAL = 0
    MIXED = 1
    CYBER = 2


def mix(one: Domain, other: Domain) -> Mix:
    """Return the mix of a pair of domains."""
    if one is not other:
        return Mix.MIXED
    return Mix.CYBER if one is Domain.CYBER else Mix.PHYSICAL


class Fade(NamedTuple):
    """How a tie weakens with time (seconds): full for `steady`, then halved every `half`, nothing after `limit`."""

    steady: float
    half: float
    limit: float

    def left(self, gap: float) -> float:
        """Return the share (0-1) that is left after `gap` seconds."""
        if gap <= self.steady:
            return 1.0
        return 0.0 if gap > self.limit else float(0.5 ** ((gap - self.steady) / self.half))


class Relation(NamedTuple):
    """A way in which two alerts may belong together."""

    name: str
    weight: float
    fades: dict[Mix, Fade]


_DWELL = Fade(DAY, 2 * DAY, 7 * DAY)  # foothold to next step: M-Trends, see the module
_PRESENCE = Fade(10 * MINUTE, 10 * MINUTE, HOUR)  # chosen: someone in a room does what he came for in minutes

ASSET = Relation(
    "asset",
    0.95,
    # Chosen: a thing tampered with twice within half an hour; machines keep their intruder.
    {Mix.PHYSICAL: Fade(30 * MINUTE, 30 * MINUTE, 4 * HOUR), Mix.MIXED: _DWELL, Mix.CYBER: _DWELL},
)
PERSON = Relation(
    "person",
    0.8,
    # Chosen: one shift at the doors; a stolen account or badge is used for days.
    {Mix.PHYSICAL: Fade(HOUR, HOUR, 8 * HOUR), Mix.MIXED: Fade(DAY, DAY, 3 * DAY), Mix.CYBER: _DWELL},
)
PEER = Relation("peer", 0.8, {Mix.MIXED: Fade(DAY, DAY, 3 * DAY), Mix.CYBER: Fade(DAY, DAY, 3 * DAY)})
ZONE = Relation(
    "zone",
    0.9,
    # Chosen: presence in a room and an attack on a machine in it may be half an hour apart (a USB key, a console).
    {Mix.PHYSICAL: _PRESENCE, Mix.MIXED: Fade(30 * MINUTE, 30 * MINUTE, 2 * HOUR)},
)
NEXT = Relation(
    "next",
    # Chosen: against `JOIN`, both alerts must have an evidence of 0.39 (severity 50, confidence 0.8): a day has many
    # that are mere information, and something always happens next door.
    0.7,
    # Chosen: the way from one room to the next; a diversion next door comes within minutes.
    {Mix.PHYSICAL: Fade(5 * MINUTE, 10 * MINUTE, 30 * MINUTE)},
)
"""What goes from one room to the next: people, fire, loss of a supply. A blind camera or a cold store does not."""
COMPARTMENT = Relation("compartment", 0.7, {Mix.PHYSICAL: _PRESENCE})
"""Smoke and heat stay in the compartment: counts only when one alert is about fire protection."""
SECTOR = Relation("sector", 0.7, {Mix.PHYSICAL: _PRESENCE})
"""Rooms on one electrical board: counts only when one alert is about a supply."""
PATH = Relation(
    "path",
    1.0,
    # Chosen: buffers of supplies are minutes to hours; what manipulated data sets off comes the same day or the next.
    {
        Mix.PHYSICAL: Fade(15 * MINUTE, 15 * MINUTE, 2 * HOUR),
        Mix.MIXED: Fade(12 * HOUR, DAY, 3 * DAY),
        Mix.CYBER: _DWELL,
    },
)

INSIDE = Relation(
    "inside",
    0.9,
    # Chosen: who or what is in the room acts on the thing there within the hour; a controller's sabotage shows as fast.
    {Mix.PHYSICAL: _PRESENCE, Mix.MIXED: Fade(HOUR, HOUR, 6 * HOUR)},
)
"""A path that ends with standing in a place; the weight is that of this last step."""

CARE = Relation("care", 0.95, {Mix.MIXED: Fade(12 * HOUR, DAY, 3 * DAY)})
"""A path that ends with the zone in which a care service is given; the weight is that of this last step. Manipulated
data (appointments, orders) shows there as people: so only `CROWDS` count, not somebody alone or a door."""
CROWDS = frozenset({"people.crowd", "people.counterflow", "people.line", "people.running"})
"""Alerts about many people in one place."""

LONGEST = 7 * DAY
"""Longest limit of all relations: no alert has to be remembered for longer than this plus its lateness."""

WALL = 0.8
"""Share of `NEXT` when only a wall, no door, lies between two rooms. Chosen: nobody walks through, fire may: what is
grave is tied; within one fire compartment `COMPARTMENT` says more."""

PUBLIC = 0.75
"""Share of a tie by one room that is left when the public may be there. Chosen: anybody passes through, so that only
what is grave is tied by the place alone; two alerts of evidence 0.4 are not. The same for `PASSAGES`, unless one of the
alerts is about people there: who stays in a corridor does not pass."""
PASSAGES = frozenset({"corridor", "stairs", "hall"})
"""Categories of zones that lead elsewhere."""

STRANGERS = 0.5
"""Share of a tie by one thing or name that is left when both alerts name people, and not the same. Chosen: then it
(a mail server, a log-on server, a host name that two mails link to) is what both passed through, or everyone's."""

_BOTH = frozenset({Mix.PHYSICAL, Mix.MIXED, Mix.CYBER})
_NOT_CYBER = frozenset({Mix.PHYSICAL, Mix.MIXED})
_NOT_PHYSICAL = frozenset({Mix.CYBER, Mix.MIXED})

STRENGTH: dict[DependencyKind, tuple[float, frozenset[Mix]]] = {
    # Weight of one dependency on a path, and the pairs for which it is a road that trouble takes (`impact` 3.3).
    # Weights are chosen: sharing fate (hosts, opens) over commanding and keeping, over mere connection.
    "hosts": (0.9, _BOTH),
    "opens": (0.9, _NOT_CYBER),
    "controls": (0.85, _BOTH),
    "stores": (0.85, _BOTH),
    "feeds": (0.8, _NOT_PHYSICAL),
    "needs": (0.8, _BOTH),
    "powers": (0.75, frozenset({Mix.PHYSICAL})),
    "connects": (0.7, frozenset({Mix.CYBER})),
    "allows": (0.5, frozenset({Mix.CYBER})),
}
BODILESS = frozenset({"credential", "dataset", "appointment_list"})
"""Kinds of assets that stand nowhere, whatever zone the site's files give them."""

AFTER = 5 * MINUTE
"""Seconds by which somebody may be noticed in a room after he attacked a machine there. Chosen: clocks and detectors of
machines and doors differ by so much; who comes later did not do it."""

FREE_DOORS = 16
"""Doors of a zone from which it is a thoroughfare. Chosen: a ward corridor serves a dozen rooms and has its ends."""
FREE_THINGS = 24
"""Assets in a zone from which standing in it says little. Chosen: a well-equipped room has fewer."""
FREE_LINKS = 12
"""Dependencies of an asset from which it is a hub (core switch, main board, the whole site's network). Chosen: an
application with its host, network, storage, directory and the services that it serves has about as many."""
FREE_NEEDS = 16
"""Dependencies and zones of a care service from which it says little that two things both serve it."""
FREE_ROOMS = 12
"""Zones of a compartment or sector from which it says little that two things are both in it."""
FREE_NAMED = 16
"""Things and people that an alert names from which each of them says little (a mail to everybody, a wide scan)."""
REFUSE = 4
"""A thing with more than this many times its free number is never passed through."""


def thinned(degree: int, free: int) -> float:
    """Return the share (0-1) that is left of a tie through a thing with `degree` neighbours (inverse degree)."""
    return 1.0 if degree <= free else free / degree
