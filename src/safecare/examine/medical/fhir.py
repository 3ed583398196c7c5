"""FHIR resources in JSON: what they carry (as any other JSON may), narratives that act, attachments that lie elsewhere.

Source: FHIR R4 Binary, Attachment, Narrative (txt-1: no active content).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, Where, analyser
from safecare.examine.medical import commands
from safecare.examine.medical.carried import carried, in_plain
from safecare.examine.medical.identity import named
from safecare.examine.medical.subjects import Subject, about, subject
from safecare.formats.astray import leads_astray
from safecare.formats.fhir import Fhir, FhirError, loosely, read_fhir, strings
from safecare.model.text import say

_ACTIVE = re.compile(
    r"(?is)<\s*(?:script|iframe|object|embed|form|applet|base|frame|meta)[\s>/]|<[^<>]*\son[a-z]{3,20}\s*=|"
    r"(?:href|src|action|data)\s*=\s*[\"']?\s*(?:javascript|vbscript|data:text/html)"
)
_LINK = re.compile(r"(?is)(?:href|src|action|data)\s*=\s*(\"[^\"&]{0,20}&[^\"]{0,200}|'[^'&]{0,20}&[^']{0,200})")
"""An address whose first letters are written as references to characters."""
_ACTS = re.compile(r"(?i)[\"'\s\0-\x1f]*(?:javascript|vbscript|data:text/html)")
_BLANKS = re.compile(r"[\s\0-\x1f]+")
_SAFE = re.compile(rb"(?i)\\u00(2[013-9a-f]|[346][0-9a-f]|5[0-9abd-f]|7[0-9a-e])")
"""Letters of ASCII, quotes and strokes apart, that are escaped without need: some writers of JSON do so with what pages
read (Gson, encoding/json of Go, System.Text.Json), others hide a word so; they are read as what they are."""
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
"""A name of DICOM JSON (PS3.18 F.2.2)."""
_VALUE = re.compile(r"(?:^|\.)[0-9A-Fa-f]{8}\.Value(?:\.|$)")
"""The place of a value of DICOM JSON."""
_IMAGE = re.compile(rb'"[0-9A-Fa-f]{8}"\s{0,20}:\s{0,20}\{\s{0,20}"vr"')
_HEAD = 65536
"""An element of DICOM JSON, and the bytes in which one must stand. Chosen."""
_FOREIGN = re.compile(r"(?i)\s*(?:file:|smb:|javascript:|vbscript:|data:text/html|\\\\|//)")


@analyser("fhir", wants={"fhir", "json"})
class FhirFile:
    """Judges resources and hands on what they carry."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield what is found."""
        if "json" not in part.types:
            return
        try:
            found = read_fhir(part.raw)
        except FhirError as error:
            if "fhir" not in part.types and not error.deep:
                return  # some other JSON, or none: nobody's record
            if error.deep:
                raise LimitError("depth", "JSON") from error
            for one in loosely(part.raw):
                yield from carried(part, one, context)
            raise UnreadableError(error.reason, f"byte {error.offset}") from error
        yield from about(part, _subjects(found), context)
        for one in found.embedded:
            yield from carried(part, one, context, twice=bool({"data"} & set(found.twice)))
        for place, url in found.addresses:
            if _FOREIGN.match(url) or ((found.resource or place.endswith("BulkDataURI")) and leads_astray(url)):
                why = say("An attachment lies at {text}.", text=url[:60])
                yield Finding("record.address", why, 0.7, Where(part.path, place))
        image = next((name for name in found.differ if _TAG.fullmatch(name)), "")
        people = [one for one in found.people if found.resource or _VALUE.search(one[0])]
        yield from named(people, part.path)
        if found.resource or image:
            for name in found.differ[:1]:
                why = say("{tag} stands twice with two values: readers differ on which one counts.", tag=image or name)
                yield Finding("record.twice", why, 0.55, Where(part.path, name))
        if not found.resource:
            if _IMAGE.search(part.raw[:_HEAD]):
                yield from _texts(part, found)
            return
        for place, url in found.wipes:
            why = say(
                "A request of the bundle deletes all that the server holds, or all of one type: {text}.", text=url
            )
            yield Finding("fhir.request", why, 0.6, Where(part.path, place))
        for place, url in found.requests:
            why = say("A request of the bundle leaves what its server serves: {text}.", text=url)
            yield Finding("fhir.request", why, 0.7, Where(part.path, place))
        for place, header in found.headers:
            why = say(
                "A header that a server is to send holds a line end, so a request of its own: {text}.", text=header
            )
            yield Finding("fhir.header", why, 0.85, Where(part.path, place))
        for place, xhtml in found.narratives:
            acts = _ACTIVE.search(xhtml) or next(
                (one for one in _LINK.finditer(xhtml) if _ACTS.match(_BLANKS.sub("", unescape(one[1])))), None
            )
            if acts:
                why = say("The narrative holds an element that acts: {detail}.", detail=acts.group()[:60])
                yield Finding("record.active", why, 0.85, Where(part.path, place))
        yield from _texts(part, found)
        if found.full:
            raise LimitError("members", "documents")


def _texts(part: Part, found: Fhir) -> Iterator[Finding | Part]:
    """Yield commands and files in the plain values."""
    for written in strings(part.raw, found):
        text = _SAFE.sub(_letter, written) if b"\\u00" in written else written
        for low, high in commands.scripted(text):
            shown = text[low : min(high, low + 40)].decode("latin-1")
            why = say("A value holds a script or command: {text}.", text=shown)
            yield Finding("fhir.script", why, 0.6, Where(part.path))
        yield from in_plain(part, text, 0, b'"')


def _subjects(found: Fhir) -> Iterator[Subject]:
    """Yield whom the resources are about."""
    for one in found.patients:
        names = [each for each in _list(one.get("name")) if isinstance(each, dict)]
        words = [text for each in names for text in (each.get("family"), each.get("text"), *_list(each.get("given")))]
        known = [each for each in _list(one.get("identifier")) if isinstance(each, dict)]
        numbers = [(str(each.get("system") or ""), str(each.get("value") or "")) for each in known]
        yield subject(numbers, [text for text in words if isinstance(text, str)], str(one.get("birthDate") or ""))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _letter(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode())
