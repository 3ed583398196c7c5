"""What devices and panels say, as events about the hospital's things: one way for every door that hears them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from safecare.formats.field import Signal
from safecare.model.clock import Clock
from safecare.model.event import Event
from safecare.model.events.building import FireSignal, PointChanged, PowerSignal, Reading
from safecare.model.events.doors import BadgeDenied, BadgeGranted, DoorClosed, DoorOpened, HolderPlaced
from safecare.model.events.panels import DeviceHeard, PanelSignal
from safecare.model.hospital import Asset, Hospital
from safecare.model.ids import HolderId, SiteId, ZoneId
from safecare.sources.api import UnreadableError

FUTURE = timedelta(minutes=5)
"""A device's clock that is further ahead than this is wrong; the time of receipt is taken (chosen)."""
PAST = timedelta(days=7)
"""So is one further behind: it was never set (chosen: longer than a broker keeps messages over a long week-end)."""

CALLS = frozenset({"emergency", "panic", "panic_button", "sos"})
"""What buttons and key pads call a press for help (Zigbee2MQTT's pages of devices)."""
FIRE = frozenset({"fire"})
"""The fire key of a key pad (Zigbee cluster IAS ACE)."""
FRESH = timedelta(minutes=15)
"""A press of a button that a broker had kept is a call for help if it is no older (chosen: somebody may still wait)."""
CONTRARY = {"opened": "closed", "closed": "opened", "alarm": "normal", "normal": "alarm"}
"""What is meant by a word of a contact that is wired the other way around."""
BUTTON = "panic_button"
"""Kind of assets of which each press is a call for help, whatever the maker calls it: single, hold, on."""


class Known(Protocol):
    """What reading needs to know of the site: the part of an `Intake` that stores nothing."""

    @property
    def clock(self) -> Clock:
        """The clock of the platform."""
        ...

    @property
    def hospital(self) -> Hospital:
        """The site's own model."""
        ...

    def pseudonym(self, kind: str, value: str) -> str:
        """Return the site's keyed pseudonym of a clear identity."""
        ...


@dataclass(frozen=True)
class Telling:
    """One message: by which door it came, when it was said (None: not told) and heard, and what it is known by.

    `ref` is the sender's own id of it, or its topic and hash: with a time, sent again it is one event. `kept`: somebody
    had kept it for us, so that it tells how things stand and not what happens.
    """

    source: str
    ref: str
    at: datetime | None
    seen: datetime
    kept: bool = False

    @property
    def past(self) -> bool:
        """Whether it was kept, and nobody can say that it is of these minutes."""
        return self.kept and not (self.at and abs(self.seen - self.at) <= FRESH)

    def common(self, number: int) -> dict[str, Any]:
        """Return what the message's signal `number` (0 = first) shares with the others, and its id."""
        at = self.at if self.at and self.seen - PAST <= self.at <= self.seen + FUTURE else self.seen
        return {
            "id": Event.id_for(at, self.source, f"{self.ref}\x1f{number}"),
            "at": at,
            "seen": self.seen,
            "source": self.source,
            "kept": self.kept,
        }


def events_about(
    asset: Asset | None,
    signals: Iterable[Signal],
    telling: Telling,
    known: Known,
    *,
    called: str,
    site: SiteId | None = None,
    part: str = "",
) -> Iterator[Event]:
    """Yield the events of one message about `asset`, which its sender calls `called`. Raises `UnreadableError`.

    `part`: the sender's own number of a part of `asset` that the hospital's files do not name.

    Whereabouts need no asset. With `site`, nothing does: an alarm must not be lost because a list of detectors is not
    up to date.
    """
    for number, signal in enumerate(signals):
        common = telling.common(number)
        if asset is not None and not part and asset.inverted:
            signal = turned(signal, asset.inverted)  # noqa: PLW2901
        if telling.past and _of_a_moment(signal, asset.kind if asset else ""):
            word = signal.code or f"access {signal.state}"
            signal = Signal(what="panel", name="note", on=True, code=f"kept: {word}"[:200])  # noqa: PLW2901
        if signal.what == "placed":
            yield placed(signal, common, known)
        elif asset is None and site is None:
            raise UnreadableError("no asset of the hospital has this address", called)
        elif asset is None:
            yield _event(signal, common | {"site": site}, "", known, part)
        else:
            about = {"site": asset.site, "asset": asset.id, "zone": place_of(asset)}
            yield _event(signal, common | about, asset.kind, known, part)


def turned(signal: Signal, inverted: Container[str]) -> Signal:
    """Return what is meant by `signal` of a thing whose sender tells the contrary of what stands in `inverted`."""
    match signal.what:
        case "contact" | "input" if signal.what in inverted:
            return msgspec.structs.replace(signal, on=not signal.on)
        case "point" | "panel" if signal.name in inverted:
            return msgspec.structs.replace(signal, on=not signal.on)
        case "access" if "contact" in inverted and signal.state in CONTRARY:
            return msgspec.structs.replace(signal, state=CONTRARY[signal.state])
        case "fire" if "fire" in inverted and signal.state in CONTRARY:
            return msgspec.structs.replace(signal, state=CONTRARY[signal.state])
        case _:
            return signal


def place_of(asset: Asset) -> ZoneId | None:
    """Return the zone of `asset`; for a door the inner one of the two that it joins."""
    return asset.zone or (asset.between[1] if asset.between else None)


def _event(signal: Signal, common: dict[str, Any], kind: str, known: Known, part: str) -> Event:
    state: Any = signal.state  # one of the words that `formats.field` lets through, as are the three below
    means: Any = signal.means
    way: Any = signal.way
    what: Any = signal.name
    match signal.what:
        case "contact" if kind in {"door", "exit"}:
            return DoorOpened(**common, egress=signal.egress) if signal.on else DoorClosed(**common)
        case "input" if kind in {"door", "exit"}:
            return DoorOpened(**common) if signal.on else DoorClosed(**common)
        case "input":
            call = signal.on and kind == BUTTON
            return PanelSignal(**common, what="panic" if call else "note", on=signal.on, code=signal.code, part=part)
        case "contact":
            return PointChanged(**common, point="contact", on=signal.on)
        case "access" if signal.state == "opened":
            return DoorOpened(**common, egress=signal.egress)
        case "access" if signal.state == "closed":
            return DoorClosed(**common)
        case "access" if signal.state == "denied":
            return BadgeDenied(**common, holder=holder_of(signal.badge, known), means=means, reason=signal.reason)
        case "access":
            holder = holder_of(signal.badge, known)
            return BadgeGranted(**common, holder=holder, means=means, duress=signal.duress, way=way)
        case "fire":
            return FireSignal(**common, state=state, part=part)
        case "power":
            return PowerSignal(**common, state=state)
        case "panel":
            holder = holder_of(signal.badge, known)
            return PanelSignal(**common, what=what, on=signal.on, holder=holder, code=signal.code, part=part)
        case "action" if signal.code.lower() in FIRE or _is_call(signal.code.lower(), kind):
            if signal.code.lower() in FIRE:
                return FireSignal(**common, state="alarm", part=part)
            return PanelSignal(**common, what="panic", code=signal.code, part=part)
        case "action":
            return PanelSignal(**common, what="note", code=signal.code, part=part)
        case "heard":
            return DeviceHeard(**common, every=signal.value)
        case "reading":
            return Reading(**common, quantity=signal.name, value=signal.value, unit=signal.unit)
        case _:
            return PointChanged(**common, point=signal.name, on=signal.on)


def _of_a_moment(signal: Signal, kind: str) -> bool:
    """Tell whether `signal` of a thing of this `kind` is of a moment: said later, it did not happen then."""
    pressed = signal.what == "input" and signal.on and kind == BUTTON
    return pressed or signal.what == "action" or (signal.what == "access" and signal.state in {"granted", "denied"})


def _is_call(action: str, kind: str) -> bool:
    """Tell whether what was done with a button of this kind of asset is a call for help; letting it go is none."""
    return action in CALLS or (kind == BUTTON and not action.endswith("release"))


def placed(signal: Signal, common: dict[str, Any], known: Known) -> HolderPlaced:
    """Return where a holder is; somebody who is away is told at the own site, as far as it is known."""
    hospital, by = known.hospital, signal.state
    holder = holder_of(signal.badge, known)
    if holder is None:
        raise UnreadableError("whereabouts without a badge", "badge")
    if signal.place:
        zone = hospital.zone(signal.place)
        if zone is None:
            raise UnreadableError(f"no zone of the hospital is called {signal.place}", "placed")
        return HolderPlaced(**common, site=zone.site, zone=zone.id, holder=holder, by=by)  # type: ignore[arg-type]
    person = hospital.person("holder", holder)
    site = person.site if person else next((one.id for one in hospital.sites), SiteId(""))
    return HolderPlaced(**common, site=site, holder=holder, by=by)  # type: ignore[arg-type]


def holder_of(badge: str, known: Known) -> HolderId | None:
    """Return the pseudonym of who carries `badge`: the site's own, or one made from the number. None without one."""
    if not badge:
        return None
    person = known.hospital.person("badge", badge)
    return person.holder if person else HolderId(known.pseudonym("badge", badge))
