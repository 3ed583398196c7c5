"""FHIR messages of locating systems: where a tag is, and that a member of staff calls for help by it. Pure and bounded.

Source: HL7 FHIR "Real Time Location Services" guide, 1.0.0-ballot2 (a draft on R4): message Bundles with a
MessageHeader, and Parameters of its auxiliary function. In the guide's examples a Bundle may hold a Bundle; places are
told by Location, tags by Device, which names its own. Whatever else stands in a message is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from safecare.formats.markup import Element, parse_markup
from safecare.formats.problem import ModelFileError

LIMIT = 1 << 20
"""Largest message, bytes (chosen: the examples have 4 kB)."""
RESOURCES = 200
"""Most resources of one message that are looked at (chosen)."""
DEEPEST = 4
"""Deepest nesting of Bundles (the guide's examples: 2)."""
NESTED = 16
"""Deepest nesting of XML (chosen: the guide's examples have nine)."""
REPEATED = frozenset({"entry", "identifier", "parameter", "contained"})
"""Elements that are lists in JSON."""
EVENTS = frozenset({"location-update", "staff-duress", "enroll-tag", "unenroll-tag"})
"""Codes of the guide's code system rtlsMessageEvents."""


class RtlsError(ValueError):
    """A message that can't be read: why, and the place in it."""

    def __init__(self, reason: str, place: str = "") -> None:
        """Keep reason and place."""
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason, self.place = reason, place


class Tag(msgspec.Struct, frozen=True):
    """A tag, and what the place is called where it is, most certain first: identifiers, id, name. Empty: not told."""

    name: str
    places: tuple[str, ...]


class Rtls(msgspec.Struct, frozen=True):
    """One message, about one tag or several."""

    event: Literal["location-update", "staff-duress", "enroll-tag", "unenroll-tag"]
    tags: tuple[Tag, ...]
    at: datetime | None
    ref: str


_decoder = msgspec.json.Decoder(dict[str, Any])


def read_rtls(raw: bytes) -> Rtls:
    """Read a message, in JSON or XML. Raises `RtlsError`."""
    if len(raw) > LIMIT:
        raise RtlsError(f"{len(raw)} bytes are over the limit of {LIMIT}")
    told = _xml(raw) if raw.lstrip()[:1] == b"<" else _json(raw)
    match told.get("resourceType"):
        case "Bundle":
            found = [*_resources(told, 0)]
            header = next((one for _, one in found if one.get("resourceType") == "MessageHeader"), {})
            event, at = _code(header.get("eventCoding")) or _last(header.get("eventUri")), told.get("timestamp")
        case "Parameters":
            parameters = [one for one in _list(told.get("parameter")) if isinstance(one, dict)]
            found = [("", one["resource"]) for one in parameters if isinstance(one.get("resource"), dict)]
            event = next((_code(one.get("valueCoding")) for one in parameters if one.get("name") == "event"), "")
            stamp: dict[str, Any] = next((one for one in parameters if one.get("name") == "timestamp"), {})
            at = stamp.get("valueInstant") or stamp.get("valueDateTime")
        case other:
            raise RtlsError(f"a {str(other)[:40]}, no Bundle or Parameters", "resourceType")
    if not event:
        raise RtlsError("the event is not told", "eventCoding")
    if event not in EVENTS:
        raise RtlsError(f"events of kind {event[:60]} are not taken", "eventCoding")
    tags = tuple(
        Tag(name, tuple(dict.fromkeys(_places(one, found))))
        for _, one in found
        if one.get("resourceType") == "Device" and (name := next(_names(one), ""))
    )
    if not tags:
        raise RtlsError("the tag is not told", "Device.identifier")
    return Rtls(event, tags, _time(at), str(told.get("id", ""))[:100])  # type: ignore[arg-type]


def _json(raw: bytes) -> dict[str, Any]:
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RtlsError(f"no JSON: {error}") from error


def _xml(raw: bytes) -> dict[str, Any]:
    try:
        root = parse_markup(raw, "message")
    except ModelFileError as error:
        raise RtlsError(str(error)) from error
    return {"resourceType": root.tag} | _fields(root, 0)


def _fields(element: Element, depth: int) -> dict[str, Any]:
    """Return an element of FHIR's XML as its JSON has it: one that comes again, or may, is a list."""
    told: dict[str, Any] = {}
    for child in element.children[:RESOURCES]:
        value: Any = child.attributes.get("value")
        if child.tag in ("resource", "contained") and child.children and depth < NESTED:
            inner = child.children[0]
            value = {"resourceType": inner.tag} | _fields(inner, depth + 1)
        elif child.children and depth < NESTED:
            value = _fields(child, depth + 1)
        if child.tag in REPEATED:
            told.setdefault(child.tag, []).append(value)
        else:
            told.setdefault(child.tag, value)
    return told


Found = list[tuple[str, dict[str, Any]]]
"""The resources of a message, each with the address by which others name it."""


def _places(device: dict[str, Any], found: Found) -> Iterator[str]:
    """Yield what the place of a tag is called: of the Location that it names, else of the message's only one."""
    link = device.get("location")
    locations = [(full, one) for full, one in found if one.get("resourceType") == "Location"]
    if isinstance(link, dict):
        inside = [one for one in _list(device.get("contained")) if isinstance(one, dict)]
        reference = link.get("reference")
        known = [*locations, *(("", one) for one in inside)]
        named = [
            one
            for full, one in known
            if isinstance(reference, str) and reference in (full, f"#{one.get('id')}", f"Location/{one.get('id')}")
        ]
        for one in named[:1]:
            yield from _names(one)
        identifier = link.get("identifier")
        yield from _names({"identifier": [identifier], "id": _last(reference), "name": link.get("display")})
        if named:
            return
    if len(locations) == 1 or not isinstance(link, dict):
        for _, one in locations[:1]:
            yield from _names(one)


def _resources(bundle: dict[str, Any], depth: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in _list(bundle.get("entry"))[:RESOURCES]:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            if resource.get("resourceType") == "Bundle" and depth < DEEPEST:
                yield from _resources(resource, depth + 1)
            else:
                yield str(entry.get("fullUrl", ""))[:200], resource


def _names(resource: dict[str, Any]) -> Iterator[str]:
    """Yield what a resource is called: its identifiers, its id, its name."""
    for identifier in _list(resource.get("identifier"))[:RESOURCES]:
        value = identifier.get("value") if isinstance(identifier, dict) else None
        if isinstance(value, str) and value:
            yield value[:200]
    yield from (value[:200] for key in ("id", "name") if isinstance(value := resource.get(key), str) and value)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _last(address: object) -> str:
    """Return the last part of an address."""
    return re.split("[/#]", address)[-1] if isinstance(address, str) else ""


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
