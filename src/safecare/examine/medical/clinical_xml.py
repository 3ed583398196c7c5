"""CDA documents and FHIR resources in XML: embedded files, active narratives, entities, foreign stylesheets.

Source: CDA R2 section 4.3.5 (narrative block), FHIR R4 Narrative (txt-1), CVE-2014-3861 (CDA.xsl runs scripts of
the document), XML 1.0 section 4 (external entities), XInclude 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from itertools import islice

from safecare.examine.api import Context, Finding, LimitError, Part, Where, analyser
from safecare.examine.medical import commands, payload
from safecare.examine.medical.carried import carried, in_plain
from safecare.examine.medical.identity import INS, named
from safecare.examine.medical.subjects import Subject, about, subject
from safecare.formats.clinical_xml import MOST, SPLIT, SUBMITTED, ClinicalXml, read_clinical_xml
from safecare.formats.linear import linear
from safecare.model.text import Text, say

_CLINICAL = (
    b"templateId",
    b"moodCode",
    b"nonXMLBody",
    b"ClinicalDocument",
    b"NativeDicomModel",
    b":ebxml-regrep:",
    b"urn:hl7-org:v2xml",
)
"""What tells a fragment of a CDA document, and a submission of IHE XDS, from any other XML."""
_CLIMBS = re.compile(r"(?:^|[\\/])\.\.[\\/]|^\s*(?:[\\/]{2}|[A-Za-z]:[\\/]|file:)")
"""A file of a submission that lies outside of it (IHE XDM 3.32.4.1: paths from the index file)."""
_SPLIT = re.compile(rf"[^\s{SPLIT}]{SPLIT}+[^\s{SPLIT}]")
_REMARKS: dict[str, tuple[str, float, Text]] = {
    "active": ("record.active", 0.85, say("The narrative holds an element that acts: {detail}.", detail="")),
    "handler": ("record.active", 0.85, say("An attribute of the document runs a script: {detail}.", detail="")),
    "script": ("record.active", 0.9, say("A link of the document runs a script: {detail}.", detail="")),
    "include": ("xml.include", 0.85, say("The document includes another file: {detail}.", detail="")),
    "instruction": ("xml.instruction", 0.7, say("An instruction makes a program act: {detail}.", detail="")),
    "address": ("record.address", 0.6, say("The document refers to {detail}.", detail="")),
    "stylesheet": ("xml.stylesheet", 0.55, say("The document is shown by a foreign stylesheet: {detail}.", detail="")),
    "doctype": ("xml.doctype", 0.6, say("The document asks for a foreign definition: {detail}.", detail="")),
    "entity": ("xml.entity", 0.9, say("The document asks for another file as an entity: {detail}.", detail="")),
    "bomb": ("xml.bomb", 0.7, say("Entities of the document grow beyond its size: {detail}.", detail="")),
}
"""Rule, weight and sentence by kind of remark."""
_NAMED = re.compile(r"(?i)https://(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}/\S{0,300}\.xslt?$")
_OF_A_MAKER = 0.4
"""Weight of a stylesheet from a host by name and certificate: record systems put that of their maker's site. Chosen."""
_APART = bytes.maketrans(b"<>", b"\n\n")
_ANYWHERE = frozenset({"entity", "bomb"})
"""What no XML file needs; the rest is judged in health records only."""
_REACHES = re.compile(
    r"(?i)= \s*(?:file:|/(?:etc|proc|root|home|var|dev|sys|boot)/|[a-z]:[\\/]|\\\\|php:|expect:|gopher:|jar:|netdoc:)"
)
_CALLS = re.compile(r"(?i)= \s*(?:https?|ftp)://(?!(?:www\.)?(?:oasis-open\.org|docbook\.org|w3\.org|hl7\.org)/)")
"""Files of the machine, and addresses but those of the bodies that define such entities."""
_ESCAPED = (b"&lt;script", b"&#60;script", b"&#x3c;script", b"&lt;iframe", b"+adw-script")
_PIECES = linear(rb"(?i)&(?:amp;)?(?:lt|#60|#x3c);[^<]{0,500}|<!\[CDATA\[[^\]]{0,500}")
"""Text of which a page makes tags again: escaped, or in sections of CDATA; up to the longest tag that is looked for."""
FEW_PIECES = 2000
"""Such pieces that are read. Chosen: reports that hold a page in letters have some hundred."""


@analyser("record", wants={"cda", "fhir", "xml"})
class ClinicalXmlFile:
    """Judges a health record in XML and hands on what it carries."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield what is found."""
        if "json" in part.types:
            return
        clinical = not {"cda", "fhir"}.isdisjoint(part.types) or (
            "xsl" not in part.types and any(mark in part.raw for mark in _CLINICAL)
        )
        found = read_clinical_xml(part.raw)
        for kind, detail, offset in found.remarks:
            if clinical or kind in _ANYWHERE:
                rule, weight, text = _REMARKS[kind]
                weight = weight if clinical or kind != "entity" else _entity(detail)
                weight = _OF_A_MAKER if kind == "stylesheet" and _NAMED.match(detail) else weight
                yield Finding(rule, Text(text.key, {"detail": detail}), weight, Where(part.path, "", (offset, offset)))
        if clinical:
            yield from _clinical(part, found)
            yield from about(part, _subjects(found), context)
        yield from _people(part, found, clinical=clinical)
        for one in found.embedded:
            yield from carried(part, one, context)
        yield from _plain(part, found, clinical=clinical)
        if found.deep >= 0:
            raise LimitError("depth", f"byte {found.deep}")
        if len(found.embedded) >= MOST:
            raise LimitError("members", f"byte {found.embedded[-1].end}")


def _plain(part: Part, found: ClinicalXml, *, clinical: bool) -> Iterator[Finding | Part]:
    """Yield files coded in attributes and notes of a record, and messages of HL7 v2 that XML only wraps."""
    at = 0
    if clinical:
        for one in sorted(found.embedded, key=lambda each: each.start):
            if one.start > at:
                yield from in_plain(part, part.raw[at : one.start], at, b"<>")
                yield from _commands(part, at, one.start)
            at = max(at, one.end)
        yield from in_plain(part, part.raw[at:], at, b"<>")
        yield from _commands(part, at, len(part.raw))
    start = part.raw.find(b"MSH|")
    if start >= 0:
        message = part.raw[
            start : min(x for x in (part.raw.find(b"<", start), part.raw.find(b"]]>", start), len(part.raw)) if x > 0)
        ]
        yield part.child("message", unescape(message.decode("utf-8", "replace")).encode(), origin="record.message")


def _commands(part: Part, start: int, stop: int) -> Iterator[Finding]:
    """Tell of a command in the words of a record: its tags set apart, references to letters read."""
    words = part.raw[start:stop].translate(_APART)
    plain = unescape(words.decode("latin-1")).encode("latin-1", "ignore") if b"&" in words else words
    for low, high in commands.scripted(plain):
        shown = plain[low : min(high, low + 40)].decode("latin-1")
        why = say("A value holds a script or command: {text}.", text=shown)
        yield Finding("record.script", why, 0.6, Where(part.path, "", (start, stop)))
        return


def _people(part: Part, found: ClinicalXml, *, clinical: bool) -> Iterator[Finding]:
    """Tell of names that readers take for different ones, of a document of two patients, of files out of place."""
    for element, text, offset in found.said:
        where = Where(part.path, element, (offset, offset))
        if element == "URI":
            if _CLIMBS.search(text):
                yield Finding("record.address", say("The document refers to {detail}.", detail=text[:60]), 0.7, where)
        elif (clinical or element == "NameID") and _SPLIT.search(text):
            shown = text.replace(SPLIT, "<!-- -->")[:60]
            why = say("A comment stands in the middle of a name, where some readers end: {text}.", text=shown)
            yield Finding("record.identity", why, 0.6, where)
    if not clinical:
        place = commands.read_back(part.raw)
        if place:
            shown = part.raw[place[0] : place[1]].decode("latin-1")[:40]
            why = say("A value holds a script or command: {text}.", text=shown)
            yield Finding("xml.object", why, 0.85, Where(part.path, "", place))
        return
    yield from named(((element, text) for element, text, _ in found.said if element not in SUBMITTED), part.path)
    if len({tuple(one) for one in found.patients if one}) > 1:
        why = say(
            "The document is about {count} patients: a reader files it under one of them.", count=len(found.patients)
        )
        yield Finding("record.patients", why, 0.5, Where(part.path, "recordTarget"))
    elif any(len({one for one in each if one[0] == root}) > 1 for each in found.patients for root in INS):
        why = say("The document gives one patient two national numbers.")
        yield Finding("record.patients", why, 0.55, Where(part.path, "patientRole/id"))


def _subjects(found: ClinicalXml) -> Iterator[Subject]:
    """Yield whom a document, or a submission of some, is about."""
    for numbers, said in zip(found.patients, found.persons, strict=False):
        names = [text for element, text in said if element != "birthTime"]
        yield subject(numbers, names, next((text for element, text in said if element == "birthTime"), ""))
    told = [text.partition("|") for element, text, _ in found.said if element == "sourcePatientInfo"]
    names = [text for field, _, text in told if field == "PID-5"]
    births = [text for field, _, text in told if field == "PID-7"]
    if names and len({*names}) == 1:
        yield subject([], names[:1], births[0] if births else "")


def _entity(detail: str) -> float:
    """Return the weight of an entity (``name = address``) in XML that is no record: books are put together so."""
    if _REACHES.search(detail):
        return 0.9
    return 0.5 if _CALLS.search(detail) else 0.1


def _clinical(part: Part, found: ClinicalXml) -> Iterator[Finding]:
    low = part.raw.lower() if b"cript" in part.raw or b"CRIPT" in part.raw or b"frame" in part.raw else b""
    for mark in _ESCAPED:
        at = low.find(mark) if low else -1
        if at >= 0:
            why = say("Escaped letters become a script where a page shows them as they are.")
            yield Finding("record.escaped", why, 0.6, Where(part.path, "", (at, at + len(mark))))
            break
    else:
        for place in islice(_PIECES.finditer(part.raw), FEW_PIECES):
            if (b"=" in place[0] or b"cript" in place[0]) and commands.names_command(
                unescape(unescape(place[0].decode("latin-1"))).encode()
            ):
                why = say("Escaped letters become a script where a page shows them as they are.")
                yield Finding("record.escaped", why, 0.6, Where(part.path, "", place.span()))
                break
    if b"${jndi" in part.raw:
        at = part.raw.find(b"${jndi")
        why = say("A value holds a script or command: {text}.", text="${jndi")
        yield Finding("record.active", why, 0.9, Where(part.path, "", (at, at + 6)))
    if payload.EICAR in part.raw:
        at = part.raw.find(payload.EICAR)
        why = say("The record carries the EICAR test file.")
        yield Finding("record.carries.eicar", why, 0.95, Where(part.path, "", (at, at)))
    if found.damage and found.deep < 0 and part.types[:1] != ("xml",):
        reason, offset = found.damage
        why = say("The document is not well-formed: {reason}.", reason=reason)
        yield Finding("record.malformed", why, 0.1, Where(part.path, f"byte {offset}"), unreadable=part.depth == 0)
