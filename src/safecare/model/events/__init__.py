"""All kinds of events, one file per domain. A new file here is found by itself."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import msgspec

from safecare.model.event import Event
from safecare.model.layout import laid_out

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def _leaves(base: type[Event]) -> list[type[Event]]:
    found: list[type[Event]] = []
    for child in base.__subclasses__():
        found += _leaves(child) if child.__subclasses__() else [child]
    return found


KINDS: dict[str, type[Event]] = {str(kind.__struct_config__.tag): kind for kind in _leaves(Event)}
"""Event classes by kind."""

_union: Any = KINDS[next(iter(KINDS))]
for _kind in KINDS.values():
    _union = _union | _kind
AnyEvent: Any = _union
"""Union of all event classes, for msgspec decoders."""

_decoder = msgspec.json.Decoder(laid_out(AnyEvent))
_encoder = msgspec.json.Encoder()


def decode_event(raw: bytes) -> Event:
    """Read one event from JSON. Raises `msgspec.ValidationError` with the path of what is wrong."""
    event: Event = _decoder.decode(raw)
    return event


def encode_event(event: Event) -> bytes:
    """Write one event as JSON."""
    return _encoder.encode(event)
