"""FHIR messages of locating systems: where a tag is, and that a member of staff calls for help by it. Pure and bounded.

Source: HL7 FHIR "Real Time Location Services" guide, 1.0.0-ballot2 (a draft on R4): message Bundles with a
MessageHeader, and Parameters of its auxiliary function. In the guide's examples a Bundle may hold a Bundle; places are
told by Location, tags by Device. Whatever else stands in a message is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

LIMIT = 1 << 20
"""Largest message, bytes (chosen: the examples have 4 kB)."""
RESOURCES = 200
"""Most resources of one message that are looked at (chosen)."""
DEEPEST = 4
"""Deepest nesting of Bundles (the guide's examples: 2)."""
EVENTS = frozenset({"location-update", "staff-duress", "enroll-tag", "unenroll-tag"})
"""Codes of the guide's code system rtlsMessageEvents."""


class RtlsError(ValueError):
    """A message that can't be read: why, and the place in it."""

    def __init__(self, reason: str, place: str = "") -> None:
        """Keep reason and place."""
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason, self.place = reason, place


class Rtls(msgspec.Struct, frozen=True):
    """One message. `places` are what the location is called, most certain first: identifiers, id, name."""

    event: Literal["location-update", "staff-duress", "enroll-tag", "unenroll-tag"]
    tag: str
    places: tuple[str, ...]
    at: datetime | None
    ref: str


_decoder = msgspec.json.Decoder(dict[str, Any])


def read_rtls(raw: bytes) -> Rtls:
    """Read a message. Raises `RtlsError`."""
    if len(raw) > LIMIT:
        raise RtlsError(f"{len(raw)} bytes are over the limit of {LIMIT}")
    try:
        told = _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RtlsError(f"no JSON: {error}") from error
    match told.get("resourceType"):
        case "Bundle":
            resources = [*_resources(told, 0)]
            header = next((one for one in resources if one.get("resourceType") == "MessageHeader"), {})
            event, at = _code(header.get("eventCoding")), told.get("timestamp")
        case "Parameters":
            parameters = [one for one in _list(told.get("parameter")) if isinstance(one, dict)]
            resources = [one["resource"] for one in parameters if isinstance(one.get("resource"), dict)]
            event = next((_code(one.get("valueCoding")) for one in parameters if one.get("name") == "event"), "")
            stamp: dict[str, Any] = next((one for one in parameters if one.get("name") == "timestamp"), {})
            at = stamp.get("valueInstant") or stamp.get("valueDateTime")
        case other:
            raise RtlsError(f"a {str(other)[:40]}, no Bundle or Parameters", "resourceType")
    if not event:
        raise RtlsError("the event is not told", "eventCoding")
    if event not in EVENTS:
        raise RtlsError(f"events of kind {event[:60]} are not taken", "eventCoding")
    device = next((one for one in resources if one.get("resourceType") == "Device"), {})
    tag = next(_names(device), "")
    if not tag:
        raise RtlsError("the tag is not told", "Device.identifier")
    location = next((one for one in resources if one.get("resourceType") == "Location"), {})
    places = tuple(dict.fromkeys(_names(location)))
    return Rtls(event, tag, places, _time(at), str(told.get("id", ""))[:100])  # type: ignore[arg-type]


def _resources(bundle: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    for entry in _list(bundle.get("entry"))[:RESOURCES]:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            if resource.get("resourceType") == "Bundle" and depth < DEEPEST:
                yield from _resources(resource, depth + 1)
            else:
                yield resource


def _names(resource: dict[str, Any]) -> Iterator[str]:
    """Yield what a resource is called: its identifiers, its id, its name."""
    for identifier in _list(resource.get("identifier"))[:RESOURCES]:
        value = identifier.get("value") if isinstance(identifier, dict) else None
        if isinstance(value, str) and value:
            yield value[:200]
    yield from (value[:200] for key in ("id", "name") if isinstance(value := resource.get(key), str) and value)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _code(coding: object) -> str:
    code = coding.get("code") if isinstance(coding, dict) else None
    return code if isinstance(code, str) else ""


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    head, dot, fraction = value.partition(".")
    if dot:  # the guide's own example has seven digits
        zone = fraction.lstrip("0123456789")
        digits = fraction[: len(fraction) - len(zone)]
        value = f"{head}.{digits[:6].ljust(6, '0')}{zone}"
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
