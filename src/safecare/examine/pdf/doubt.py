"""Where readers of one PDF would disagree about what it shows, and where they would never end.

Each reader repairs damaged files its own way. A forger uses that: the same file shows one content here and another
there. Source: Müller et al., "Processing Dangerous Paths" (NDSS 2021), content masking and infinite loops; ISO
32000-1:2008, 7.5.4 (cross-reference table), 7.5.6 (incremental updates).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from safecare.examine.api import Finding, Where
from safecare.examine.pdf import forbidden, loops, shown, signed
from safecare.examine.pdf.directory import Directory, directory
from safecare.examine.pdf.objects import Document
from safecare.examine.pdf.values import twice
from safecare.formats.linear import linear
from safecare.model.text import say

_ONCE = frozenset(b"Contents Kids Pages Root Length Filter MediaBox Resources Annots Count URI JS".split())
"""Keys that a dictionary may have once."""
_LINK = re.compile(rb"(?:<<|/Type\s*/Action)\s*/S\s*/URI(?![A-Za-z0-9])")
"""What kind an action is: no key, though it is called as one."""
_KEYS = re.compile(rb"/(" + b"|".join(sorted(_ONCE)) + rb")(?![A-Za-z0-9])")
_TWICE = linear(b"|".join(rb"/%s[^\x00]*/%s" % (key, key) for key in sorted(_ONCE - {b"URI"})))
"""What stands in each object that may say one thing twice; of its links it does so each time."""
_PRINTS = re.compile(rb"/PrintState\s*/(ON|OFF)")
_SHOWS = re.compile(rb"/ViewState\s*/(ON|OFF)")
_PLAIN = re.compile(rb"/Subtype\s*/Image|/FontFile|/EmbeddedFile|/Length[123]\b")
_RUN = linear(
    rb"(?i)(?:^|\n)\s*(?:@?echo\s+off|#!/|rem\s|<\?php|powershell|pwsh|cmd(?:\.exe)?\s+/[ck]|mshta|[wc]script|iex[\s(]|"
    rb"invoke-expression|start\s+/|curl\s|certutil|rundll32|set-executionpolicy|createobject\()|new-object\s+(?:net|system)\."
    rb"|new\s+activexobject|wscript\.shell"
)
"""Lines of scripts; what stands before or behind a PDF is no part of it for its readers."""
MOST_BEHIND = 64 * 1024
"""Bytes behind the end that are looked at. Chosen: loaders are short, what is long is opened by itself."""
_CATALOG = re.compile(rb"/Type\s*/Catalog\b")
_LENGTH_WHY = say("A stream of a PDF is longer or shorter than it says.")
SLACK = 64
"""Bytes by which writers get the length of a stream wrong. Measured on 176 honest files: line ends, 4 at most."""
DOUBT = 0.55
"""Weight of a place where readers disagree: writers never make it, but damage in transport does at times."""


def findings(document: Document, raw: bytes) -> Iterator[Finding]:
    """Yield the places of doubt."""
    listed = directory(document, raw)
    yield from _twice(document, listed)
    yield from _roots(document, raw)
    yield from _keys(document)
    yield from loops.findings(document, listed)
    yield from shown.findings(document, listed, raw)
    yield from signed.findings(document, raw)
    yield from forbidden.findings(document, raw)
    yield from _layers(document)


def _layers(document: Document) -> Iterator[Finding]:
    """Yield that a page prints other layers than it shows: one that only prints, and one that only shows."""
    seen: set[bytes] = set()
    for one in document.holding(b"/PrintState"):
        if b"/ViewState" in one.text:
            print_, view = _PRINTS.search(one.text), _SHOWS.search(one.text)
            if print_ and view and print_[1] != view[1]:
                seen.add(print_[1])
    if len(seen) > 1:
        why = say("A PDF prints something else than it shows.")
        yield Finding("pdf.doubt.layers", why, 0.5, kind="pdf.doubt")


def _twice(document: Document, listed: Directory) -> Iterator[Finding]:
    """Yield objects of one number that stand in the file more than once without a later revision that says so."""
    revisions = max(1, len(listed.starts))
    counts = Counter((one.number, one.generation) for one in document.outer)
    often = [number for (number, _), count in counts.items() if count > revisions]
    if often and len(often) <= max(20, len(counts) // 2):
        why = say("A PDF holds one object several times, with nothing that says which one counts.")
        yield Finding("pdf.doubt.object", why, DOUBT, Where(tag=f"object {often[0]}"), kind="pdf.doubt")
    places = {one.at: one.number for one in document.outer}
    wrong = [
        number
        for number, (at, letter) in listed.listed().items()
        if letter == b"n" and places.get(at, number) != number and number in document.last
    ]
    if wrong:
        why = say("The directory of a PDF gives another object than the one that stands there.")
        yield Finding("pdf.doubt.directory", why, DOUBT, Where(tag=f"object {wrong[0]}"), kind="pdf.doubt")


def _roots(document: Document, raw: bytes) -> Iterator[Finding]:
    roots = {found for one in document.trailers for found in re.findall(rb"/Root\s+(\d{1,10})\s", one)}
    if len(roots) > 1:
        why = say("A PDF names several beginnings: readers show different documents.")
        yield Finding("pdf.doubt.root", why, DOUBT, kind="pdf.doubt")
    catalogs = {one.number for one in document.holding(b"/Catalog") if _CATALOG.search(one.text)}
    if document.heads > 1 and len(catalogs) > 1:  # the same document twice is what some writers leave
        heads = [found.start() for found in re.finditer(rb"%PDF-\d", raw)]
        if any(raw[max(0, at - 40) : at].rstrip().endswith(b"%%EOF") for at in heads[1:]):
            yield Finding("pdf.doubt.joined", say("Several PDFs are joined into one file."), DOUBT, kind="pdf.doubt")
    start, end = raw.find(b"%PDF-"), raw.rfind(b"%%EOF")
    ran = (start > 0 and _RUN.search(raw, 0, start)) or (end > 0 and _RUN.search(raw, end, end + MOST_BEHIND))
    if ran:
        why = say("A PDF is a script, too, by what stands before or behind it.")
        yield Finding("pdf.script-around", why, 0.6, Where(bytes=ran.span()), kind="polyglot")
    if start > 0 and raw[:start].strip(b"\x00\r\n\t \xef\xbb\xbf"):
        yield Finding(
            "pdf.head-late", say("A PDF begins with something else."), 0.15, Where(bytes=(0, start)), kind="pdf.doubt"
        )


def _keys(document: Document) -> Iterator[Finding]:
    """Yield dictionaries that say the same thing twice."""
    for one in document.holding(_TWICE, b"/URI"):
        if len(one.text) > 20_000 or one.text.count(b"/") < 2:
            continue
        keys = _KEYS.findall(_LINK.sub(b" ", one.text) if b"/URI" in one.text else one.text)
        if len(keys) > len(set(keys)) and (key := twice(one.text, _ONCE)):
            why = say("A PDF says one thing twice in one place: readers choose differently.")
            where = Where(tag=f"object {one.number} {key.decode('latin-1')}")
            yield Finding("pdf.doubt.key", why, DOUBT, where, kind="pdf.doubt")
            return
    for one in document.streams:
        if one.stream is None or _PLAIN.search(one.text):
            continue
        if one.length >= 0 and len(bytes(one.stream).strip()) - one.length > SLACK and not document.encrypted:
            yield Finding("pdf.doubt.length", _LENGTH_WHY, 0.45, Where(tag=f"object {one.number}"), kind="pdf.doubt")
            return
        if b"endstream" in one.stream.tobytes() and b"%PDF-" not in one.stream.tobytes()[:2000]:
            yield Finding("pdf.doubt.length", _LENGTH_WHY, DOUBT, Where(tag=f"object {one.number}"), kind="pdf.doubt")
            return
