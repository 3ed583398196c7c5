"""FHIR resources in JSON: embedded files, narratives, addresses. Also bulk exports (one resource per line), DICOM JSON.

Source: FHIR R4 Binary, Attachment (data, url), Narrative, base64Binary; RFC 8259. A name that stands twice in one
object is told: readers differ on which one counts.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sized
from dataclasses import dataclass, field
from typing import Any

import msgspec

from safecare.formats.astray import leads_astray
from safecare.formats.embedded import Embedded, from_base64, from_letters, from_url
from safecare.formats.linear import linear
from safecare.formats.wide import narrowed

MOST_TWICE = 20
"""Names that stand twice in one object and whose values are all kept. Chosen: honest objects have none."""
FEW_VALUES, BYTES_EACH = 200_000, 32
"""Lists and objects that any file may have, and bytes for each further one. Chosen: honest files stay below a third."""
MOST = 5000
"""Embedded files, narratives and addresses of one file. Chosen: bundles of 1,000 documents are the largest in use."""
MOST_BACK = 100
"""Times that a place is looked for in the whole file. Chosen: with what stands in order it never is."""
_LOOSE = linear(rb"[\"']?(data|\w*Base64Binary|InlineBinary)[\"']?\s*:\s*[\"']([A-Za-z0-9+/=\\_-]{16,})")
_LEAVES = re.compile(r"(?i)(?:^|[/\\])(?:\.|%2e){2}(?:[/\\]|%2f|%5c|$)|^\s*(?!https?:|urn:)[a-z][a-z0-9+.-]{0,20}:/")
_CLIMBS = re.compile(r"(?i)(?:^|[/\\])(?:\.|%2e){2}(?:[/\\]|%2f|%5c|$)")
_WIPES = re.compile(
    r"(?i)(?:^|/)\$(?:expunge|hapi\.fhir\.(?:purge|delete)\S{0,40}|delete-expunge)(?:[/?]|$)|"
    r"^/?[A-Z][a-z][A-Za-z]{1,40}/?(?:\?(?:_(?:lastUpdated|expunge|cascade|count|total|format|pretty|summary)=[^&]*&?)*)?$"
)
"""A deletion of all there is, or of all of one type: the operations of HAPI's servers, and a conditional deletion (FHIR
R4 3.1.0.7.1) whose criteria choose nothing."""
_GAP = linear(rb'"(?:[\t\r\n][ \t\r\n]*| [ \t\r\n]+):')
"""What stands between a name and its colon, if it is more than one space: names are counted without it."""
_SPELLED = re.compile(rb"\\u00[4-7]")
"""A letter of a name that is written as its number, which no writer does."""
_PEOPLE, _PLACES = (
    frozenset({"family", "given", "Alphabetic"}),
    (
        *(
            f"{one}.{place}"
            for one in ("Patient", "Person", "RelatedPerson", "Practitioner")
            for place in ("identifier.value", "name.text")
        ),
        "00100020.Value",
    ),
)
"""Names of people (HumanName; PN of DICOM JSON), and places of names and identifiers."""
SHORTEST = 16
"""Letters of coded data that are worth decoding. Chosen: less holds no file."""


class FhirError(ValueError):
    """No JSON: `reason`, and `offset` of the byte. `deep` where it is nested beyond any use."""

    def __init__(self, reason: str, offset: int, *, deep: bool = False) -> None:
        """Keep reason, offset and whether depth was the reason."""
        super().__init__(f"byte {offset}: {reason}")
        self.reason, self.offset, self.deep = reason, offset, deep


@dataclass
class Fhir:
    """What was found."""

    embedded: list[Embedded] = field(default_factory=list)
    narratives: list[tuple[str, str]] = field(default_factory=list)
    """Place and XHTML."""
    addresses: list[tuple[str, str]] = field(default_factory=list)
    """Place and URL of attachments that are elsewhere."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Place and URL of requests (Bundle.entry.request) that climb out of the server's base, or go elsewhere."""
    wipes: list[tuple[str, str]] = field(default_factory=list)
    """Place and URL of requests that delete all there is, or all of one type."""
    people: list[tuple[str, str]] = field(default_factory=list)
    """Place and text of names and identifiers that are not plain ASCII."""
    patients: list[dict[str, Any]] = field(default_factory=list)
    """Patient resources, as they are."""
    headers: list[tuple[str, str]] = field(default_factory=list)
    """Place and beginning of headers of HTTP (Subscription.channel.header) that hold a line end."""
    twice: list[str] = field(default_factory=list)
    """Names that stand twice in one object, all their values kept."""
    differ: list[str] = field(default_factory=list)
    """Those of them whose values differ."""
    resource: bool = False
    """Whether any object says that it is a FHIR resource."""
    full: bool = False
    """Whether there was more of one kind than `MOST`."""
    _last: int = 0
    _back: int = 0

    def filled(self, kept: Sized) -> bool:
        """Tell, and keep, whether nothing more may be `kept`."""
        self.full |= len(kept) >= MOST
        return len(kept) >= MOST

    def kept(self) -> tuple[int, ...]:
        """Return how much was found so far."""
        return (self._last, self._back, *(len(one) for one in self._lists()))

    def forget(self, kept: tuple[int, ...]) -> None:
        """Forget what was found since `kept`."""
        self._last, self._back = kept[:2]
        for one, count in zip(self._lists(), kept[2:], strict=True):
            del one[count:]

    def _lists(self) -> tuple[list[Any], ...]:
        return (
            self.embedded,
            self.narratives,
            self.addresses,
            self.requests,
            self.wipes,
            self.people,
            self.headers,
            self.patients,
        )

    def place(self, data: bytes, letters: bytes) -> int:
        """Return where `letters` stand in `data`: behind those of the last call, or else before; roughly, if often."""
        at = data.find(letters, self._last)
        if at < 0 and self._back < MOST_BACK:
            self._back += 1
            at = data.find(letters, 0, self._last + len(letters))
        self._last = max(at, 0) or self._last
        return self._last


def read_fhir(raw: bytes) -> Fhir:
    """Read one resource, or one per line. Raises `FhirError`."""
    data = narrowed(raw)
    found = Fhir()
    if data.count(b"{") + data.count(b"[") > FEW_VALUES + len(data) // BYTES_EACH:
        raise FhirError("more lists and objects than any record needs", 0, deep=True)
    try:
        try:
            _read(data, found)
        except msgspec.DecodeError as error:
            lines = data.split(b"\n")
            if len(lines) < 2 or not lines[0].rstrip().endswith(b"}"):
                raise FhirError(str(error), 0) from error
            for line in lines:
                if line.strip():
                    _read(line, found)
    except RecursionError as error:
        raise FhirError("nested too deeply", 0, deep=True) from error
    except (ValueError, msgspec.DecodeError) as error:
        if isinstance(error, FhirError):
            raise
        raise FhirError(str(error), 0) from error
    return found


def loosely(raw: bytes) -> list[Embedded]:
    """Return the embedded files of what is no proper JSON, as readers find them that forgive commas, ends and notes."""
    found = []
    for count, one in enumerate(_LOOSE.finditer(narrowed(raw))):
        if count >= MOST:
            break
        found.append(Embedded(one[1].decode(), "", from_base64(one[2].replace(b"\\/", b"/")), *one.span(2)))
    return found


def _read(data: bytes, found: Fhir) -> None:
    """Read the JSON of one resource. Names that stand twice keep all their values, as a list.

    The text is read again, by names, only where it may have more of them than the value that was made of it.
    """
    value = msgspec.json.decode(data)
    if data.count(b'"data"') > 1 or _SPELLED.search(data):
        _walk(_strictly(data, found), data, found)
        return
    kept = found.kept()
    names = _walk(value, data, found)
    if data.count(b'":') + data.count(b'" :') != names or _GAP.search(data):
        found.forget(kept)
        _walk(_strictly(data, found), data, found)


def _strictly(data: bytes, found: Fhir) -> Any:
    """Return the JSON's value, and tell `found` of the names that stand twice in one object."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) < len(items):
            for name, count in Counter(name for name, _ in items).most_common(MOST_TWICE):
                if count > 1:
                    found.twice.append(name[:60])
                    made[name] = [one for other, one in items if other == name]
                    if any(one != made[name][0] for one in made[name]):
                        found.differ.append(name[:60])
        return made

    return json.loads(data, object_pairs_hook=pairs)


def _walk(value: Any, data: bytes, found: Fhir) -> int:
    """Take what the objects hold; return how many names they have."""
    names = 0
    stack: list[tuple[str, Any]] = [("", value)]
    while stack:
        place, one = stack.pop()
        if isinstance(one, list):
            stack += [(place, each) for each in reversed(one)]
            continue
        if not isinstance(one, dict):
            continue
        names += len(one)
        kind = one.get("resourceType")
        found.resource |= kind is not None
        here = kind if isinstance(kind, str) else place
        if kind == "Patient" and not found.filled(found.patients):
            found.patients.append(one)
        for name, inner in one.items():
            if isinstance(inner, str):
                _string(f"{here}.{name}"[-80:], name, inner, one, data, found)
            elif isinstance(inner, list) and inner and isinstance(inner[0], str):
                for each in inner:
                    if isinstance(each, str):
                        _string(f"{here}.{name}"[-80:], name, each, one, data, found)
            elif inner is not None:
                stack.append((f"{here}.{name}"[-80:], inner))
    return names


def _string(place: str, name: str, value: str, holder: dict[str, Any], data: bytes, found: Fhir) -> None:
    odd = not value.isascii() or "\0" in value
    if odd and (name in _PEOPLE or place.endswith(_PLACES)) and not found.filled(found.people):
        found.people.append((place, value[:400]))
    if name == "div":
        if not found.filled(found.narratives):
            found.narratives.append((place, value))
    elif name == "header" and ("\n" in value or "\r" in value):
        if not found.filled(found.headers):
            found.headers.append((place, " ".join(value[:60].split())))
    elif name == "url" and "method" in holder:
        wipes = ("$" in value or holder["method"] == "DELETE") and _WIPES.search(value[:2000])
        kept = (
            found.requests
            if _LEAVES.search(value[:2000]) or leads_astray(value[:2000])
            else found.wipes
            if wipes
            else None
        )
        if kept is not None and not found.filled(kept):
            kept.append((place, value[:60]))
    elif name == "reference" and (".." in value or "%" in value) and _CLIMBS.search(value[:2000]):
        if not found.filled(found.requests):
            found.requests.append((place, value[:60]))
    elif (name == "url" and "relation" in holder) or name in ("BulkDataURI", "endpoint", "address"):
        if not found.filled(found.addresses):
            found.addresses.append((place, value))
    elif value[:4] == "MSH|" and len(value) >= SHORTEST and not found.filled(found.embedded):
        at = found.place(data, b"MSH|")
        found.embedded.append(Embedded(place, "x-application/hl7-v2+er7", value.encode("utf-8", "replace"), at, at))
    elif name == "url" and value[:5].lower() == "data:" and not found.filled(found.embedded):
        said, raw = from_url(value)
        at = found.place(data, value[:64].encode("utf-8", "replace"))
        found.embedded.append(Embedded(place, said, raw, at, at + len(value)))
    elif name == "url" and ("contentType" in holder or place.endswith("ttachment.url")):
        if not found.filled(found.addresses):
            found.addresses.append((place, value))
    elif (
        (name in ("data", "InlineBinary") or name.endswith("Base64Binary"))
        and len(value) >= SHORTEST
        and not found.filled(found.embedded)
    ):
        if " " in value[:64].strip():  # SampledData.data: numbers divided by spaces
            return
        letters = value.encode("ascii", "ignore")
        at = found.place(data, letters[:64])
        media = holder.get("contentType")
        raw = from_letters(letters)
        found.embedded.append(Embedded(place, media if isinstance(media, str) else "", raw, at, at + len(letters)))


def strings(data: bytes, found: Fhir) -> Iterator[bytes]:
    """Yield the stretches of `data` around the embedded files."""
    at = 0
    for one in sorted(found.embedded, key=lambda each: each.start):
        if one.start >= at:
            yield data[at : one.start]
            at = one.end
    yield data[at:]
