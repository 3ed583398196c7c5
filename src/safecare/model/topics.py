"""Topics of the log: which type travels on which, and how its bytes are written (JSON)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events import AnyEvent
from safecare.model.forecast import Forecast
from safecare.model.ids import ArtifactHash
from safecare.model.incident import Incident
from safecare.model.layout import laid_out
from safecare.model.notice import Notice, Receipt
from safecare.model.plan import Plan


class Reject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a door could not read: kept whole in the artifact store, with the reason and the place in it."""

    id: str
    at: datetime
    door: str
    artifact: ArtifactHash
    size: int
    reason: str
    place: str = ""
    context: dict[str, str] = {}


TOPICS: dict[str, Any] = {
    "event": AnyEvent,
    "alert": Alert,
    "incident": Incident,
    "forecast": Forecast,
    "plan": Plan,
    "notice": Notice,
    "receipt": Receipt,
    "reject": Reject,
}
"""Type by topic name."""

Item = Event | Alert | Incident | Forecast | Plan | Notice | Receipt | Reject

_NAMES: dict[type, str] = {
    Alert: "alert",
    Incident: "incident",
    Forecast: "forecast",
    Plan: "plan",
    Notice: "notice",
    Receipt: "receipt",
    Reject: "reject",
}
_decoders = {name: msgspec.json.Decoder(laid_out(kind)) for name, kind in TOPICS.items()}
_encoder = msgspec.json.Encoder()


def topic_of(item: Item) -> str:
    """Return the topic that `item` travels on."""
    return _NAMES.get(type(item), "event")


def encode(item: Item) -> bytes:
    """Write `item` as JSON."""
    return _encoder.encode(item)


def decode(topic: str, raw: bytes) -> Any:
    """Read an item of `topic`. Raises `KeyError` for no such topic, `msgspec.ValidationError` for bad bytes."""
    return _decoders[topic].decode(raw)
