"""What field devices say in JSON, over MQTT or a webhook, as plain signals. Pure and bounded.

Understood: Zigbee2MQTT payloads (https://www.zigbee2mqtt.io, "MQTT topics and messages": ``contact``,
``smoke``, ``temperature``, ...), and a small JSON of our own for access control, power and whereabouts
(docs/reference/field-messages.md). Unknown keys are passed over: devices add what they like. Makers write truth and
numbers as text, or in capitals: that is read. A key that can't be read does not hide the others of its message.
"""

from __future__ import annotations

import contextlib
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any

import msgspec

from safecare.model.events.panels import PANEL_KINDS

LIMIT = 65_536
"""Largest payload, bytes (chosen: a sensor's state is below 2 kB)."""

QUANTITIES = {
    "temperature": "Cel",
    "humidity": "%",
    "pressure": "hPa",
    "co2": "[ppm]",
    "voltage": "V",
    "current": "A",
    "power": "W",
}
"""Measured values that Zigbee2MQTT names, with the UCUM unit that its pages give them."""
BINARY = ("water_leak", "tamper", "vibration", "occupancy", "presence", "lid", "gas", "carbon_monoxide", "mains")
"""Binary states that are passed on under their own name."""
ACCESS = {"granted", "denied", "opened", "closed"}
FIRE = {"alarm", "prealarm", "fault", "normal"}
POWER = {"lost", "battery", "generator", "normal"}
MEANS = {"card", "code", "phone"}
PLACED_BY = {"roster", "tag", "logon"}
WAYS = {"", "in", "out"}
LONGEST = 86_400.0
"""Longest agreed time between two signs of life, seconds (chosen: a daily test call)."""
OWN = ("contact", "input", "smoke", "fire", "access", "supply", "placed", "alarm", "heard", "battery_low", "action")
ALARMS_BY_CONTACT = ("intrusion", "panic", "medical", "forced", "held", "tamper", "trouble")
"""Panel kinds that a contact tells: begun when it leaves its rest, over when it is back."""
INVERTIBLE = frozenset({"contact", "input", "fire", *BINARY, *ALARMS_BY_CONTACT})
"""What an asset of the hospital's files may say that its sender tells the contrary of."""
WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
"""Truth as makers write it, in small letters. A contact is open or closed by words of its own: on is either."""
CONTACTS = {"true": True, "closed": True, "close": True, "false": False, "open": False, "opened": False}
"""Whether a contact is closed (Zigbee2MQTT: true), by word."""
SIGNS = frozenset({"linkquality", "battery", "action", "update"})
"""Keys of Zigbee2MQTT by which a device that says nothing else says at least that it is there."""
MILLIVOLTS = 100.0
"""Voltage of a battery from which it is told in mV, as Zigbee2MQTT does (chosen: no sensor has a battery of 100 V)."""
UNDERSTOOD = tuple(sorted((*QUANTITIES, *BINARY, *OWN)))
"""Keys that give a signal, in the order in which their signals are told."""


class FieldError(ValueError):
    """A payload that can't be read: reason, and the key that is wrong."""

    def __init__(self, reason: str, place: str = "") -> None:
        """Keep reason and place."""
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason = reason
        self.place = place


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a device says. `what` is the kind.

    It is one of contact, input (of a camera or controller), fire, access, power, placed, reading, point, panel (`name`:
    a `PanelKind`), heard, and action (of a button; `code`: its word).
    """

    what: str
    name: str = ""
    on: bool = False
    value: float = 0.0
    unit: str = ""
    state: str = ""
    badge: str = ""
    means: str = "unknown"
    duress: bool = False
    reason: str = ""
    place: str = ""
    egress: bool = False
    way: str = ""
    code: str = ""


class FieldMessage(msgspec.Struct, frozen=True):
    """All signals of one payload, and the device's own time (UTC) if it gave one."""

    signals: tuple[Signal, ...]
    at: datetime | None


_decoder = msgspec.json.Decoder(dict[str, Any])


def read_field(raw: bytes) -> FieldMessage:
    """Read a device's JSON. Raises `FieldError` where it is no object, too large, or a known key is wrong."""
    if len(raw) > LIMIT:
        raise FieldError(f"{len(raw)} bytes are over the limit of {LIMIT}")
    try:
        said = _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FieldError(f"not a JSON object: {error}") from error
    signals, wrong = _readable(said)
    if not signals and not wrong and not said.keys().isdisjoint(SIGNS):
        signals = [Signal(what="heard")]
    if not signals:
        raise wrong[0] if wrong else FieldError("no key that is understood")
    at = None
    try:
        at = _time(said)
    except FieldError as error:
        wrong.append(error)
    notes = (Signal(what="panel", name="note", on=True, code=f"can't be read: {one}"[:200]) for one in wrong)
    return FieldMessage((*signals, *notes), at)


def signals_of(said: dict[str, Any]) -> tuple[Signal, ...]:
    """Return what the keys of `said` tell. Raises `FieldError` where a known key is wrong, or none is known."""
    signals, wrong = _readable(said)
    if wrong or not signals:
        raise wrong[0] if wrong else FieldError("no key that is understood")
    return tuple(signals)


def _readable(said: dict[str, Any]) -> tuple[list[Signal], list[FieldError]]:
    """Return what the known keys tell, and what is wrong with those that can't be read."""
    signals: list[Signal] = []
    wrong: list[FieldError] = []
    for key in UNDERSTOOD:
        if key not in said or (said[key] is None and key != "placed") or (key == "action" and said[key] == ""):
            continue  # an empty action follows each, where the site wants it so
        try:
            signals.append(_signal(key, said))
        except FieldError as error:
            wrong.append(error)
    return signals, wrong


def _signal(key: str, said: dict[str, Any]) -> Signal:
    value = said[key]
    match key:
        case "contact":  # Zigbee2MQTT: true = closed
            return Signal(what="contact", on=not _flag(key, value, CONTACTS), egress=_egress(said))
        case "input":
            return Signal(what="input", on=_flag(key, value), code="input")
        case "action":
            return Signal(what="action", on=True, code=_word(key, value))
        case "voltage" if "battery" in said or "battery_low" in said:
            volts = _number(key, value)
            return Signal(
                what="reading", name=key, value=volts / (1000 if volts >= MILLIVOLTS else 1), unit=QUANTITIES[key]
            )
        case "smoke":
            return Signal(what="fire", state="alarm" if _flag(key, value) else "normal")
        case "fire":
            return Signal(what="fire", state=_one_of(key, value, FIRE))
        case "access":
            return _access(_one_of(key, value, ACCESS), said)
        case "supply":
            return Signal(what="power", state=_one_of(key, value, POWER))
        case "placed":
            place = "" if value is None else _word(key, value)
            by = _one_of("by", said.get("by", "roster"), PLACED_BY)
            return Signal(what="placed", badge=_badge(said), place=place, state=by)
        case "alarm":
            return _panel(_one_of(key, value, PANEL_KINDS), said)
        case "heard":
            return Signal(what="heard", value=_seconds(key, value))
        case _ if key in QUANTITIES:
            return Signal(what="reading", name=key, value=_number(key, value), unit=QUANTITIES[key])
        case _:
            return Signal(what="point", name=key, on=_flag(key, value))


def _access(state: str, said: dict[str, Any]) -> Signal:
    means = said.get("means")
    return Signal(
        what="access",
        state=state,
        badge=_badge(said),
        means=means if isinstance(means, str) and means in MEANS else "unknown",
        duress=said.get("duress") is True,
        reason=_word("reason", said.get("reason", "")),
        egress=_egress(said),
        way=_one_of("way", said.get("way", ""), WAYS),
    )


def _panel(kind: str, said: dict[str, Any]) -> Signal:
    return Signal(
        what="panel",
        name=kind,
        on=_flag("active", said.get("active", True)),
        badge=_badge(said),
        code=_word("code", said.get("code", "")),
    )


def _badge(said: dict[str, Any]) -> str:
    number = said.get("badge", "")
    return _word("badge", str(number) if isinstance(number, int) and not isinstance(number, bool) else number)


def _egress(said: dict[str, Any]) -> bool:
    return _flag("egress", said.get("egress", False))


def _flag(key: str, value: object, words: dict[str, bool] = WORDS) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and (told := words.get(value.strip().lower())) is not None:
        return told
    raise FieldError(f"must be true or false, not {_shown(value)}", key)


def _number(key: str, value: object) -> float:
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value.strip().replace(",", "."))
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9:
        return float(value)
    raise FieldError(f"must be a number, not {_shown(value)}", key)


def _seconds(key: str, value: object) -> float:
    number = _number(key, value)
    if 0.0 <= number <= LONGEST:
        return number
    raise FieldError(f"must be 0 to {LONGEST:.0f} seconds, not {_shown(value)}", key)


def _one_of(key: str, value: object, allowed: AbstractSet[str]) -> str:
    if isinstance(value, str) and (told := value.strip().lower()) in allowed:
        return told
    raise FieldError(f"must be one of {', '.join(sorted(allowed))}, not {_shown(value)}", key)


def _word(key: str, value: object) -> str:
    if isinstance(value, str) and len(value) <= 200:
        return value
    raise FieldError("must be a text of at most 200 characters", key)


def _time(said: dict[str, Any]) -> datetime | None:
    """Return the device's own time: ``at`` (ISO 8601) or Zigbee2MQTT's ``last_seen`` (ISO 8601 or epoch ms)."""
    value = said.get("at", said.get("last_seen"))
    if value is None:
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
        at = datetime.fromisoformat(value if isinstance(value, str) else "")
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise FieldError(f"not a time: {_shown(value)}", "at") from error
    raise FieldError("a time needs its offset from UTC", "at")


def _shown(value: object) -> str:
    """Return `value` as a reason may tell it: plain values shortened, others by their type."""
    return repr(value)[:40] if isinstance(value, str | int | float | None) else type(value).__name__
