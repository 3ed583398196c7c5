"""Hikvision's alerts: XML of cameras and recorders, JSON of door controllers and intercoms, on one kind of stream.

``{"eventType": "AccessControllerEvent", "dateTime": ..., "AccessControllerEvent": {"majorEventType": 5,
"subEventType": 1, "doorNo": 1, "cardNo": ...}}``, or an ``EventNotificationAlert`` that says the same. Names and
pictures of people in it are never read. Source: ISAPI, "Event notification" and "Access control event types"; numbers
as in the maker's public header (HCNetSDK, ``MAJOR_EVENT``, ``MAJOR_ALARM``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

import msgspec

from safecare.formats.alarm.codes import cid_meaning
from safecare.formats.camera_words import (
    HEARTBEAT,
    LIMIT,
    LOST,
    SIGN_OF_LIFE,
    CameraWordError,
    Word,
    alarm,
    ended,
    local,
    root_of,
    time_of,
)

CONTROLLER, PANEL = "AccessControllerEvent", "CIDEvent"
LONGEST = 9
"""Most digits of a number (chosen: event numbers have five)."""
DEEPEST = 32
"""Deepest nesting (chosen: alerts have three)."""


ISAPI: dict[str, dict[str, Any]] = {
    "fielddetection": alarm("intrusion"),
    "linedetection": alarm("intrusion"),
    "regionentrance": alarm("intrusion"),
    "loitering": alarm("intrusion"),
    "pir": alarm("intrusion"),
    "tamperdetection": alarm("tamper"),
    "shelteralarm": alarm("tamper"),
    "scenechangedetection": alarm("tamper"),
    "defocus": alarm("tamper"),
    "firedetection": {"fire": "prealarm"},
    "smokedetection": {"fire": "prealarm"},
    "vmd": {"occupancy": True},
    "videoloss": LOST,
    "diskfull": alarm("trouble"),
    "diskerror": alarm("trouble"),
    "nicbroken": alarm("trouble"),
    "ipconflict": alarm("trouble"),
    "badvideo": alarm("trouble"),
}
"""What types of event mean (in small letters); all others are notes."""


def _all(numbers: Iterable[int], said: dict[str, Any]) -> dict[int, dict[str, Any]]:
    return dict.fromkeys(numbers, said)


EVENTS: dict[int, dict[str, Any]] = {
    **_all((0x01, 0x10), {"access": "granted", "means": "card"}),
    **_all((0x02, 0x28, 0x2B, 0x3C, 0x42), {"access": "granted", "means": "card"}),
    **_all((0x26, 0x2E, 0x36, 0x39, 0x3F, 0x45, 0x48, 0x4B, 0x4D, 0x65, 0x69, 0x99), {"access": "granted"}),
    **_all((0x03, 0x06, 0x07, 0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x27, 0x29, 0x2C), {"access": "denied"}),
    **_all((0x2F, 0x31, 0x37, 0x3A, 0x3D, 0x40, 0x43, 0x46, 0x49, 0x4C, 0x4E, 0x50, 0x66), {"access": "denied"}),
    **_all((0x68, 0x70, 0x71, 0x73, 0x77, 0x97, 0x98), {"access": "denied"}),
    0x0A: alarm("passback"),
    0x19: {"access": "opened"},
    0x1A: {"access": "closed"},
    0x1B: alarm("forced"),
    0x1C: alarm("held"),
    **_all(range(0x53, 0x5D), alarm("trouble")),
    **_all((0x87, 0x88, 0x8A), alarm("intrusion")),
}
"""What events (major 5) mean, by minor number; those that are not here are notes."""
ALARMS: dict[int, dict[str, Any]] = {
    0x404: alarm("tamper"),  # of the device
    0x405: alarm("tamper") | {"active": False},
    0x406: alarm("tamper"),  # of a reader
    0x407: alarm("tamper") | {"active": False},
    0x40A: alarm("duress"),
}
"""What alarms (major 1) mean."""
MAJOR_ALARM, MAJOR_EVENT = 1, 5

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[{}]', re.DOTALL)
"""Strings (one without an end goes up to the end, so that nothing is looked at twice) and braces."""


def object_end(held: bytes, start: int) -> int:
    """Return where the object that begins at `start` ends (behind its brace), -1 if it has no end (yet)."""
    depth = 0
    for token in _TOKENS.finditer(held, start):
        depth += {b"{": 1, b"}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
        if depth > DEEPEST:
            break
    return -1


def read_isapi(raw: bytes, zone: tzinfo) -> Word:
    """Read one alert. Times without an offset are of `zone`. Raises `CameraWordError`."""
    told = _json(raw) if raw.startswith(b"{") else _xml(raw)
    type = _text(told, "eventType")
    if not type:
        raise CameraWordError("no eventType")
    active = _text(told, "eventState").lower() in ("", "active")
    channel = _text(told, "channelID") or _text(told, "dynChannelID")
    at = time_of(_text(told, "dateTime"), zone)
    match type.lower(), told.get(CONTROLLER), told.get(PANEL):
        case _, dict(inner), _:
            return _controller(inner, channel, at)
        case _, _, dict(inner):
            return _panel(inner, at)
        case "io", _, _:
            port = _text(told, "inputIOPortID") or channel
            return Word(f"io{port}"[:100], type, {"input": active}, at, now=active)
        case ("heartbeat", _, _) | ("videoloss", _, _) if type.lower() == "heartbeat" or not active:
            return Word(channel, HEARTBEAT, SIGN_OF_LIFE, at)
    return Word(channel, type[:100], ended(ISAPI.get(type.lower(), alarm("note")), active=active), at)


def _controller(inner: dict[str, Any], channel: str, at: datetime | None) -> Word:
    """Return what a door controller says about one of its doors."""
    major, minor = _number(inner, "majorEventType"), _number(inner, "subEventType")
    if major == MAJOR_EVENT and minor == 0x83:
        return Word("", HEARTBEAT, SIGN_OF_LIFE, at)
    table = {MAJOR_EVENT: EVENTS, MAJOR_ALARM: ALARMS}.get(major, {})
    said = table.get(minor, alarm("note"))
    badge = (_text(inner, "cardNo") or _text(inner, "employeeNoString"))[:200]
    if badge and "access" in said:
        said = said | {"badge": badge}
    return Word(_text(inner, "doorNo")[:100] or channel, f"{major}/{minor}", said, at, now=True)


def _panel(inner: dict[str, Any], at: datetime | None) -> Word:
    """Return what an alarm panel says about one of its zones: a Contact ID code with its qualifier."""
    code = _text(inner, "code")
    meaning = cid_meaning(code[0], code[1:]) if re.fullmatch(r"[136]\d{3}", code) else None
    return Word(_text(inner, "zone")[:100], code[:100], meaning.said if meaning else alarm("note"), at, now=True)


def _json(raw: bytes) -> dict[str, Any]:
    if len(raw) > LIMIT:
        raise CameraWordError(f"{len(raw)} bytes are over the limit of {LIMIT}")
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CameraWordError(f"no JSON alert: {error}") from error


def _xml(raw: bytes) -> dict[str, Any]:
    root = root_of(raw)
    if local(root.tag) != "EventNotificationAlert":
        raise CameraWordError(f"a {local(root.tag)[:40]}, no EventNotificationAlert")
    return {
        local(one.tag): {local(part.tag): part.text.strip() for part in one.children}
        if local(one.tag) in (CONTROLLER, PANEL)
        else one.text.strip()
        for one in root.children
    }


def _text(told: dict[str, Any], key: str) -> str:
    value = told.get(key)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _number(told: dict[str, Any], key: str) -> int:
    value = told.get(key)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= LONGEST:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
