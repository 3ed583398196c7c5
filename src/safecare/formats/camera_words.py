"""What cameras, recorders and door controllers judge by themselves: words with the keys of a field message.

Here: ONVIF notifications, and what they share with Hikvision's alerts (`isapi`). Pure and bounded. Sources: ONVIF Core
24.12 chapter 9 and the topics of the imaging, analytics, device, access
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
    kept: bool = False
    """True for a state that the device tells because we have just asked for its events."""


def alarm(kind: str) -> dict[str, Any]:
    """Return what an alarm of `kind` says."""
    return {"alarm": kind}


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


INPUT = {"input": True}
"""What a wired input says that is active: the hospital's files name the button or the door that it belongs to."""
ONVIF: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("CellMotionDetector/Motion", "IsMotion", {"occupancy": True}),
    ("VideoSource/MotionAlarm", "State", {"occupancy": True}),
    ("LineDetector/Crossed", "", alarm("intrusion")),
    ("CellMotionDetector/LineCross", "IsLineCross", alarm("intrusion")),
    ("CellMotionDetector/Intrusion", "IsIntrusion", alarm("intrusion")),
    ("FieldDetector/ObjectsInside", "IsInside", alarm("intrusion")),
    ("LoiteringDetector/ObjectIsLoitering", "", alarm("intrusion")),
    ("CameraApplicationPlatform/FenceGuard", "active", alarm("intrusion")),
    ("CameraApplicationPlatform/LoiteringGuard", "active", alarm("intrusion")),
    ("CameraApplicationPlatform/ObjectAnalytics", "active", alarm("intrusion")),
    ("CameraApplicationPlatform/MotionGuard", "active", {"occupancy": True}),
    ("CameraApplicationPlatform/VMD", "active", {"occupancy": True}),
    ("IVA/LoiteringDetection", "State", alarm("intrusion")),
    ("IVA/Fire", "State", {"fire": "prealarm"}),
    ("IVA/Smoke", "State", {"fire": "prealarm"}),
    ("TamperDetector/Tamper", "IsTamper", alarm("tamper")),
    ("CellMotionDetector/Tamper", "IsTamper", alarm("tamper")),
    ("VideoSource/Tampering", "", alarm("tamper")),
    ("Device/Tampering/ShockDetected", "", alarm("tamper")),
    ("Device/Casing", "Open", alarm("tamper")),
    ("Trigger/DigitalInput", "LogicalState", INPUT),
    ("Device/IO/Port", "state", INPUT),
    ("VideoSource/GlobalSceneChange", "State", alarm("tamper")),
    ("VideoSource/ImageTooBlurry", "State", alarm("tamper")),
    ("VideoSource/ImageTooDark", "State", alarm("tamper")),
    ("VideoSource/SignalLoss", "State", LOST),
    ("HardwareFailure/StorageFailure", "Failed", alarm("trouble")),
    ("HardwareFailure/PowerSupplyFailure", "Failed", alarm("trouble")),
    ("HardwareFailure/FanFailure", "Failed", alarm("trouble")),
    ("HardwareFailure/TemperatureCritical", "Critical", alarm("trouble")),
    ("AccessControl/AccessGranted", "", {"access": "granted"}),
    ("AccessControl/Denied", "", {"access": "denied"}),
    ("AccessControl/Duress", "", alarm("duress")),
    ("Door/State/DoorTamper", "State", alarm("tamper")),
    ("Door/State/DoorFault", "State", alarm("trouble")),
)
"""Part of a topic, the item that tells whether it holds (empty: a thing of a moment), and what it means.

Topics of makers (Axis' applications, Hanwha's IVA, TP-Link's rules) as public integrations name them.
"""
DOORS: dict[tuple[str, str], dict[str, Any]] = {
    ("DoorAlarm", "DoorForcedOpen"): alarm("forced"),
    ("DoorAlarm", "DoorOpenTooLong"): alarm("held"),
    ("DoorPhysicalState", "Open"): {"access": "opened"},
    ("DoorPhysicalState", "Closed"): {"access": "closed"},
    ("DoorPhysicalState", "Tampered"): alarm("tamper"),
    ("DoorPhysicalState", "Fault"): alarm("trouble"),
    ("DoorTamper", "TamperDetected"): alarm("tamper"),
    ("DoorFault", "FaultDetected"): alarm("trouble"),
}
"""States of doors (Profile C) that are told as words, by topic and word."""
NORMAL = {"DoorAlarm": ("forced", "held"), "DoorTamper": ("tamper",), "DoorFault": ("trouble",)}
"""What is over when such a state is back to normal."""
TRUE = frozenset({"true", "1", "active", "on"})
TOKENS = (
    "Source",
    "VideoSourceConfigurationToken",
    "VideoSourceToken",
    "DoorToken",
    "AccessPointToken",
    "InputToken",
    "port",
)
"""Items that tell which part of the device is meant."""


def read_notifications(raw: bytes) -> list[Word]:
    """Return the words of a PullMessages answer; topics that nobody needs give notes. Raises `CameraWordError`."""
    root = root_of(raw)
    words: list[Word] = []
    for message in _found(root, "NotificationMessage"):
        topic = next((one.text.strip() for one in _found(message, "Topic")), "")
        inner = next((one for one in _found(message, "Message") if "UtcTime" in one.attributes), None)
        if topic and inner is not None:
            words += _words(topic, inner)
    return words


def _words(topic: str, message: Element) -> Iterator[Word]:
    path = "/".join(step.rpartition(":")[2] for step in topic.split("/"))
    items = _items(message)
    data = {name: value for part in _found(message, "Data") for name, value in _items(part).items()}
    channel = next((items[name] for name in TOKENS if items.get(name)), "")[:100]
    at = time_of(message.attributes["UtcTime"], UTC)
    operation = message.attributes.get("PropertyOperation", "")
    first, over = operation == "Initialized", operation == "Deleted"

    def word(said: dict[str, Any], *, moment: bool = False) -> Word:
        return Word(channel, path[:100], said, at, moment, kept=first)

    state = path.rpartition("/")[2]
    if state in NORMAL or state == "DoorPhysicalState":
        value = items.get("State", "")
        meaning = DOORS.get((state, value))
        if meaning is not None and not over:
            yield word(meaning)
        elif state in NORMAL:
            yield from (word(alarm(kind) | {"active": False}) for kind in NORMAL.get(state, ()))
        return
    for end, item, said in ONVIF:
        if end not in path:
            continue
        told = items.get(item, next(iter(data.values()), ""))  # some name it otherwise
        active = not over and told.lower() in TRUE
        if not item and (first or over):
            return  # what some devices tell at the subscription: nothing has happened
        if not item:
            badge = items.get("CredentialToken", "")[:200]
            yield word(said | ({"badge": badge} if badge and "access" in said else {}), moment=True)
        elif said == INPUT:
            yield word({"input": active}, moment=active and not first)
        else:
            yield word(ended(said, active=active))
        return
    yield word(alarm("note"), moment=True)


def _items(within: Element) -> dict[str, str]:
    return {one.attributes.get("Name", ""): one.attributes.get("Value", "") for one in _found(within, "SimpleItem")}


def text_of(raw: bytes, tag: str) -> str:
    """Return the text of the first element called `tag` (without its name space); empty without one.

    Raises `CameraWordError`.
    """
    return next((one.text.strip() for one in _found(root_of(raw), tag)), "")


def numbers_of(raw: bytes, tags: tuple[str, ...], within: str) -> tuple[int, ...]:
    """Return the numbers in elements `tags` within the first element `within`. Raises `CameraWordError`."""
    for part in _found(root_of(raw), within):
        told = {local(one.tag): one.text.strip() for one in _walk(part)}
        if all(told.get(tag, "").isdecimal() for tag in tags):
            return tuple(int(told[tag][:6]) for tag in tags)
    return ()


def elements_of(raw: bytes, tag: str, most: int) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Yield up to `most` elements called `tag`: their attributes, and the first text of each tag below.

    Raises `CameraWordError`.
    """
    for one in islice(_found(root_of(raw), tag), most):
        texts: dict[str, str] = {}
        for part in _walk(one):
            texts.setdefault(local(part.tag), part.text.strip())
        yield {local(name): value for name, value in one.attributes.items()}, texts


def root_of(raw: bytes) -> Element:
    """Return the root of an answer or alert. Raises `CameraWordError`."""
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
    return (one for one in _walk(root) if local(one.tag) == tag)


def local(tag: str) -> str:
    """Return a tag without its name space."""
    return tag.rpartition(":")[2]


def time_of(text: str, zone: tzinfo) -> datetime | None:
    """Return the time of an ISO text in UTC, that of `zone` without an offset; None for what is no time."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
