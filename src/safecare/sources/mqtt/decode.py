"""One MQTT message to events: the topic names the asset, the payload says what happened.

The id of an event is made from topic, payload and time. A device that tells its time may send a message as
often as it likes: it stays one event.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from safecare.formats.field import FieldError, read_field
from safecare.model.event import Event
from safecare.sources.api import Intake, UnreadableError
from safecare.sources.signals import Telling, events_about


def events_of(topic: str, payload: bytes, source: str, intake: Intake, seen: datetime) -> Iterator[Event]:
    """Yield the events of one message. Raises `UnreadableError`."""
    try:
        message = read_field(payload)
    except FieldError as error:
        raise UnreadableError(error.reason, error.place or topic) from error
    ref = f"{topic}\x1f{hashlib.sha256(payload).hexdigest()[:32]}"
    asset = intake.hospital.at_address("mqtt", topic)
    yield from events_about(asset, message.signals, Telling(source, ref, message.at, seen), intake, called=topic)
