"""One MQTT message to events: the topic names the asset, the payload says what happened.

The id of an event is made from topic, payload and time. A device that tells its time may send a message as
often as it likes: it stays one event. Besides devices, Zigbee2MQTT tells which of them it hears
(``<topic>/availability``) and whether it is there itself (``.../bridge/state``), and Frigate what its cameras see.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

import msgspec

from safecare.formats.field import FieldError, Signal, read_field
from safecare.model.event import Event
from safecare.model.hospital import Hospital
from safecare.model.ids import SiteId
from safecare.sources.api import Intake, UnreadableError
from safecare.sources.mqtt.frigate import Frigate
from safecare.sources.signals import Telling, events_about

AVAILABILITY = "/availability"
COMMANDS = ("/set", "/get")
"""Ends of topics by which somebody speaks to a device."""
BRIDGE = "/bridge/"
"""In the topics of Zigbee2MQTT about itself."""


def events_of(
    topic: str,
    payload: bytes,
    source: str,
    intake: Intake,
    seen: datetime,
    frigate: Frigate | None = None,
    *,
    kept: bool = False,
) -> Iterator[Event]:
    """Yield the events of one message. Raises `UnreadableError`.

    `frigate`: what the door knows of Frigate's people. `kept`: the broker had it before we asked (MQTT's retain).
    """
    asset = intake.hospital.at_address("mqtt", topic)
    if asset is None:
        told = (frigate or Frigate()).events(topic, payload, source, intake, seen, kept=kept)
        if told is not None:
            yield from told
            return
        asset = intake.hospital.at_address("mqtt", topic.removesuffix(AVAILABILITY))
        if asset is not None and topic.endswith(AVAILABILITY):
            telling = Telling(source, f"{topic}\x1f{payload[:40]!r}", None, seen, kept)
            yield from events_about(asset, [_availability(payload, topic)], telling, intake, called=topic)
            return
        if _is_said_to(topic, intake.hospital):
            return
        if BRIDGE in topic and (site := _site_of(topic.partition(BRIDGE)[0], intake.hospital)):
            yield from _bridge(topic, payload, Telling(source, topic, None, seen, kept), site, intake)
            return
    if asset is not None and not payload:
        return  # a broker forgets what it had kept
    try:
        message = read_field(payload)
    except FieldError as error:
        raise UnreadableError(error.reason, error.place or topic) from error
    ref = f"{topic}\x1f{hashlib.sha256(payload).hexdigest()[:32]}"
    yield from events_about(asset, message.signals, Telling(source, ref, message.at, seen, kept), intake, called=topic)


def _is_said_to(topic: str, hospital: Hospital) -> bool:
    """Tell whether by `topic` somebody speaks to a device, rather than it to us."""
    device = next((topic.removesuffix(end) for end in COMMANDS if topic.endswith(end)), None)
    return device is not None and hospital.at_address("mqtt", device) is not None


def _site_of(base: str, hospital: Hospital) -> SiteId | None:
    """Return the site of the first device that a Zigbee2MQTT with the base topic `base` speaks for."""
    start = f"{base}/"
    return next((one.site for one in hospital.assets if one.addresses.get("mqtt", "").startswith(start)), None)


def _bridge(topic: str, payload: bytes, telling: Telling, site: SiteId, intake: Intake) -> Iterator[Event]:
    """Yield what Zigbee2MQTT says of itself: that it is there, or that nobody hears its devices any more."""
    base, _, rest = topic.partition(BRIDGE)
    if rest != "state":
        return  # its log, its settings, its list of devices
    asset = intake.hospital.at_address("mqtt", f"{base}/bridge")
    yield from events_about(
        asset, [_availability(payload, topic)], telling, intake, called=topic, site=site, part="" if asset else base
    )


def _availability(payload: bytes, topic: str) -> Signal:
    """Return what Zigbee2MQTT says of a device: ``online`` or ``offline``, as it is or as ``{"state": ...}``."""
    word = payload[:40].decode("utf-8", "replace").strip()
    if word.startswith("{"):
        try:
            word = msgspec.json.decode(payload, type=dict[str, str]).get("state", "")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UnreadableError(str(error), topic) from error
    if word not in {"online", "offline"}:
        raise UnreadableError(f"must be online or offline, not {word[:40]!r}", topic)
    return Signal(what="panel", name="silent", on=word == "offline", code=word)
