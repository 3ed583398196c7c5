"""What cameras, recorders and door controllers judge by themselves: Hikvision ISAPI alerts and ONVIF notifications.

Both become words with the keys of a field message. Pure and bounded. Sources: Hikvision ISAPI, "Event notification"
(``EventNotificationAlert``); ONVIF Core 24.12 chapter 9 and the topics of the imaging, analytics, device, access
control and door control services; WS-BaseNotification 1.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import Any

import msgspec

from safecare.formats.markup import Element, parse_markup
from safecare.formats.problem import ModelFileError

LIMIT = 262_144
"""Largest alert or answer, bytes (chosen: an answer holds 100 notifications of 1 kB)."""
HEARTBEAT = "heartbeat"
"""The code of a word that says only: I am there."""
SIGN_OF_LIFE: dict[str, Any] = {"heard": 60.0}
"""What a heartbeat says: there will be another within a minute (chosen: devices send them each 0.3 to 30 s)."""
LOST = {"camera": "lost"}
BACK = {"camera": "ok"}


class CameraWordError(ValueError):
    """Bytes that are no alert or answer: why."""


class Word(msgspec.Struct, frozen=True):
    """One thing that a device says about its part `channel` (empty: itself). `said` is empty for what nobody needs."""

    channel: str
    code: str
    said: dict[str, Any]
    at: datetime | None = None
    now: bool = False
    """True for a thing of a moment, which never ends by itself."""


def alarm(kind: str) -> dict[str, Any]:
    """Return what an alarm of `kind` says."""
    return {"alarm": kind}


ISAPI: dict[str, dict[str, Any]] = {
    "fielddetection": alarm("intrusion"),
    "linedetection": alarm("intrusion"),
    "regionentrance": alarm("intrusion"),
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


def read_isapi(raw: bytes, zone: tzinfo) -> Word:
    """Read one ``EventNotificationAlert``. Times without an offset are of `zone`. Raises `CameraWordError`."""
    root = _root(raw)
    if _local(root.tag) != "EventNotificationAlert":
        raise CameraWordError(f"a {_local(root.tag)[:40]}, no EventNotificationAlert")
    told = {_local(one.tag): one.text.strip() for one in root.children}
    type = told.get("eventType", "")
    active = told.get("eventState", "active").lower() == "active"
    channel = told.get("channelID") or told.get("dynChannelID") or ""
    if not type:
        raise CameraWordError("no eventType")
    if type.lower() == "videoloss" and not active:
        return Word(channel, HEARTBEAT, SIGN_OF_LIFE)
    said = ended(ISAPI.get(type.lower(), alarm("note")), active=active)
    return Word(channel, type[:100], said, time_of(told.get("dateTime", ""), zone))


def ended(said: dict[str, Any], *, active: bool) -> dict[str, Any]:
    """Return `said`, or what is said when it is over."""
    match said:
        case _ if active:
            return said
        case {"alarm": _}:
            return said | {"active": False}
        case {"fire": _}:
            return {"fire": "normal"}
        case {"camera": _}:
            return BACK
        case _:
            return dict.fromkeys(said, False)


ONVIF: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("CellMotionDetector/Motion", "IsMotion", {"occupancy": True}),
    ("VideoSource/MotionAlarm", "State", {"occupancy": True}),
    ("LineDetector/Crossed", "", alarm("intrusion")),
    ("FieldDetector/ObjectsInside", "IsInside", alarm("intrusion")),
    ("TamperDetector/Tamper", "IsTamper", alarm("tamper")),
    ("VideoSource/GlobalSceneChange", "State", alarm("tamper")),
    ("VideoSource/ImageTooBlurry", "State", alarm("tamper")),
    ("VideoSource/ImageTooDark", "State", alarm("tamper")),
    ("VideoSource/SignalLoss", "State", LOST),
    ("HardwareFailure/StorageFailure", "Failed", alarm("trouble")),
    ("HardwareFailure/PowerSupplyFailure", "Failed", alarm("trouble")),
    ("AccessControl/AccessGranted", "", {"access": "granted"}),
    ("AccessControl/Denied", "", {"access": "denied"}),
    ("AccessControl/Duress", "", alarm("duress")),
    ("Door/State/DoorTamper", "State", alarm("tamper")),
    ("Door/State/DoorFault", "State", alarm("trouble")),
)
"""Part of a topic, the item that tells whether it holds (empty: a thing of a moment), and what it means."""
DOORS: dict[tuple[str, str], dict[str, Any]] = {
    ("DoorAlarm", "DoorForcedOpen"): alarm("forced"),
    ("DoorAlarm", "DoorOpenTooLong"): alarm("held"),
    ("DoorPhysicalState", "Open"): {"access": "opened"},
    ("DoorPhysicalState", "Closed"): {"access": "closed"},
    ("DoorTamper", "TamperDetected"): alarm("tamper"),
    ("DoorFault", "FaultDetected"): alarm("trouble"),
}
"""States of doors (Profile C) that are told as words, by topic and word."""
NORMAL = {"DoorAlarm": ("forced", "held"), "DoorTamper": ("tamper",), "DoorFault": ("trouble",)}
"""What is over when such a state is back to normal."""
TRUE = frozenset({"true", "1", "active", "on"})
TOKENS = ("Source", "VideoSourceConfigurationToken", "VideoSourceToken", "DoorToken", "AccessPointToken", "InputToken")
"""Items that tell which part of the device is meant."""


def read_notifications(raw: bytes) -> list[Word]:
    """Return the words of a PullMessages answer; topics that nobody needs give notes. Raises `CameraWordError`."""
    root = _root(raw)
    words: list[Word] = []
    for message in _found(root, "NotificationMessage"):
        topic = next((one.text.strip() for one in _found(message, "Topic")), "")
        inner = next((one for one in _found(message, "Message") if "UtcTime" in one.attributes), None)
        if topic and inner is not None:
            words += _words(topic, inner)
    return words


def _words(topic: str, message: Element) -> Iterator[Word]:
    path = "/".join(step.rpartition(":")[2] for step in topic.split("/"))
    items = {one.attributes.get("Name", ""): one.attributes.get("Value", "") for one in _found(message, "SimpleItem")}
    channel = next((items[name] for name in TOKENS if items.get(name)), "")[:100]
    at = time_of(message.attributes["UtcTime"], UTC)
    first = message.attributes.get("PropertyOperation", "") in ("Initialized", "Deleted")

    def word(said: dict[str, Any], *, moment: bool = False) -> Word:
        return Word(channel, path[:100], said, at, moment)

    state = path.rpartition("/")[2]
    if state in NORMAL or state == "DoorPhysicalState":
        value = items.get("State", "")
        meaning = DOORS.get((state, value))
        if meaning is not None:
            if not (first and "access" in meaning):
                yield word(meaning)
        elif not first:
            yield from (word(alarm(kind) | {"active": False}) for kind in NORMAL.get(state, ()))
        return
    for end, item, said in ONVIF:
        if end not in path:
            continue
        if not item:
            badge = items.get("CredentialToken", "")[:200]
            yield word(said | ({"badge": badge} if badge and "access" in said else {}), moment=True)
        elif not (first and items.get(item, "").lower() not in TRUE):
            yield word(ended(said, active=items.get(item, "").lower() in TRUE))
        return
    yield word(alarm("note"), moment=True)


def text_of(raw: bytes, tag: str) -> str:
    """Return the text of the first element called `tag` (without its name space); empty without one.

    Raises `CameraWordError`.
    """
    return next((one.text.strip() for one in _found(_root(raw), tag)), "")


def numbers_of(raw: bytes, tags: tuple[str, ...], within: str) -> tuple[int, ...]:
    """Return the numbers in elements `tags` within the first element `within`. Raises `CameraWordError`."""
    for part in _found(_root(raw), within):
        told = {_local(one.tag): one.text.strip() for one in _walk(part)}
        if all(told.get(tag, "").isdecimal() for tag in tags):
            return tuple(int(told[tag][:6]) for tag in tags)
    return ()


def elements_of(raw: bytes, tag: str, most: int) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Yield up to `most` elements called `tag`: their attributes, and the first text of each tag below.

    Raises `CameraWordError`.
    """
    for one in islice(_found(_root(raw), tag), most):
        texts: dict[str, str] = {}
        for part in _walk(one):
            texts.setdefault(_local(part.tag), part.text.strip())
        yield {_local(name): value for name, value in one.attributes.items()}, texts


def _root(raw: bytes) -> Element:
    if len(raw) > LIMIT:
        raise CameraWordError(f"{len(raw)} bytes are over the limit of {LIMIT}")
    try:
        return parse_markup(raw, "answer", texts=True)
    except ModelFileError as error:
        raise CameraWordError(str(error)) from error


def _walk(root: Element) -> Iterator[Element]:
    """Yield `root` and all below it, in the order in which they begin."""
    waiting = [root]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += reversed(one.children)


def _found(root: Element, tag: str) -> Iterator[Element]:
    return (one for one in _walk(root) if _local(one.tag) == tag)


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


def time_of(text: str, zone: tzinfo) -> datetime | None:
    """Return the time of an ISO text in UTC, that of `zone` without an offset; None for what is no time."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
