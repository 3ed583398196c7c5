"""What a PDF does, by itself or on a click: scripts, programs, addresses, files elsewhere.

Source: ISO 32000-1:2008, 12.6 (actions), 7.11 (file specifications); attack classes after Müller et al., "Processing
Dangerous Paths" (NDSS 2021). Plain links that a reader clicks, and forms that are sent on a click, are no findings.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urljoin

from safecare.examine.api import Finding, Where
from safecare.examine.pdf.objects import Document, Object, references
from safecare.examine.pdf.strings import readable, string_at, unhexed
from safecare.examine.pdf.values import members
from safecare.formats.linear import linear
from safecare.model.text import Text, say

_KIND = re.compile(rb"/S\s*/(JavaScript|Launch|URI|SubmitForm|GoToR|GoToE|ImportData|Thread|GoTo|Named)\b")
AUTOMATIC = re.compile(rb"/(?:OpenAction|AA)\b")
"""What stands in each object in which something happens by an event."""
_STARTS = re.compile(
    rb"(?i)\.(?:exe|com|bat|cmd|ps1|vbs|js|scr|lnk|hta|msi|jar|sh|app|dll)\b|cmd|powershell|/Win\b|/Unix\b|/Mac\b"
)
_KEYED = re.compile(rb"/([A-Za-z0-9]{1,30})\s*(?:\(((?:[^()\\]|\\.){1,600})|<([0-9A-Fa-f\s]{8,1200})>)", re.DOTALL)
_NO_ACTION = re.compile(
    rb"/Type\s*/(?:Pages?|Catalog|Annot|XObject|Font)\b|/Subtype\s*/(?:Widget|Link|Screen)\b|/FT\s*/"
)
_TREE = linear(rb"/JavaScript\s*<<\s*(?:/Limits\s*\[[^\]]{0,400}\]\s*)?/Names\s*\[")
"""The scripts that run at opening (ISO 32000-1, 7.7.4), where they stand in the list itself."""
_CLICKS = frozenset({b"D", b"U"})
"""Events of the mouse's button (ISO 32000-1, table 194): what they start is started by a click."""
_PAGE = re.compile(rb"/Type\s*/Page\b")
_CLICKED_ON = re.compile(rb"/S\s*/(?:URI|Launch|GoToR)\b")
"""What leads to an address as a link does; where it does so by itself, that is a finding of its own."""
_ELSEWHERE = re.compile(rb"/F\s*(?:\(|<<|\d+\s+\d+\s+R)")
_FETCHED = frozenset({b"F", b"UF", b"DOS", b"Mac", b"Unix"})
"""Keys of file specifications (ISO 32000-1, 7.11.3): where one is an address, readers fetch it."""
_SHOWS = re.compile(rb"/RC\s*(?=\(|<(?!<))")
_FETCHES = re.compile(rb"(?i)<img\b[^>]{0,400}\bsrc\s*=\s*[\"'](?:https?:|ftp:|\\\\|//|file:)")
"""Text with a layout that shows a picture from elsewhere."""
_PROGRAMS = re.compile(rb"(?i)/(?:usr/)?s?bin/|/Applications/|\\windows\\|/windows/|\.(?:desktop|command|workflow)\b")
_ANNOTATION = re.compile(rb"/Type\s*/Annot|/Subtype\s*/(?:Widget|Link)")
_LINK = re.compile(rb"/URI\s*(?=\(|<(?!<))")
_BASE = linear(rb"/Base\s*[(<]")
"""Where addresses begin that are only the rest of one."""
_SCHEME = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*:")
_ADDRESS = re.compile(rb"(?i)^\s*(?:https?|ftp|smb|mhtml):[/\\]{0,4}[\w%]")
_FOREIGN = re.compile(rb"(?i)^\s*(?:\\\\[\w.-]{2,}|//[\w.-]{2,}/|file:[/\\]{2,5}[\w.-]+\.[\w.-]+[/\\]|smb:)")
_LOCAL = re.compile(rb"(?i)^\s*(?:file:/|/etc/|[a-z]:\\|\.\./\.\.|/(?:home|root|proc|users)/)")
_HARMLESS_KEYS = frozenset(
    b"URI Base Title Subject Author Creator Producer Keywords Contents T TU TM V DV Alt ActualText RegistryName "
    b"Registry Info OutputCondition "
    b"OutputConditionIdentifier Reason Location ContactInfo Name Lang E Dest D JS RC DA DS RV "
    b"Company SourceModified Comments Category Manager PTEX Fullbanner Desc CharSet Ordering".split()
)
"""Keys whose strings are shown or followed on a click, never fetched."""

CLICKED: dict[bytes, tuple[str, float, Text]] = {
    b"JavaScript": ("pdf.javascript", 0.15, say("A PDF holds a script.")),
    b"ImportData": ("pdf.imports", 0.6, say("A PDF loads form data from another file.")),
}
"""Finding by kind of an action that a click starts."""
AUTO: dict[bytes, tuple[str, float, Text]] = {
    b"JavaScript": ("pdf.javascript.auto", 0.35, say("A PDF runs a script by itself.")),
    b"URI": ("pdf.calls.auto", 0.65, say("A PDF calls an address by itself when it is opened or read.")),
    b"SubmitForm": ("pdf.submits.auto", 0.65, say("A PDF sends its form away by itself.")),
    b"GoToR": ("pdf.other.auto", 0.6, say("A PDF opens another file by itself.")),
    b"GoToE": ("pdf.other.auto", 0.6, say("A PDF opens another file by itself.")),
    b"ImportData": ("pdf.imports", 0.65, say("A PDF loads form data from another file.")),
    b"Thread": ("pdf.other.auto", 0.5, say("A PDF opens another file by itself.")),
}
"""Finding by kind of an action that runs by itself."""
_ACTING = (*(b"/" + kind for kind in sorted(AUTO.keys() | CLICKED.keys())), b"/Launch", b"/AA")
"""What stands in each object that acts."""
_REFERRING = linear(
    rb"/(?:F|UF|DOS|Mac|Unix|RC)\s*[(<\d]|\(\s*(?:[\\/]|(?i:file:|smb:))|<\s*[0-9A-Fa-f][0-9A-Fa-f\s]{7}"
)
"""What stands in each object that may refer to something outside: files, text with a layout, strings as paths begin."""
MOST_EVENT = 60_000
"""Bytes of what an event starts. Chosen: the longest script of a form measured."""
MOST_EVENTS, MOST_EMPTY, LONG_EVENTS, SHORT_EVENT = 100, 3, 3, 1000
"""Events of one object that are followed, those that lead to nothing, those that may be long, and the bytes of others.
Chosen: a page of a form has some hundred; it bounds what thousands within each other cost to 0.3 s."""
_REFERENCE = re.compile(rb"\s*(\d{1,10})\s+\d{1,5}\s+R\b")
NEXT_TO_IT = 0.3
"""Weight of going on to another file of the same folder by itself: papers in volumes do. Chosen."""
LAUNCH = say("A PDF starts a program or opens another file.")


def findings(document: Document) -> Iterator[Finding]:
    """Yield what the actions and file references of `document` do."""
    auto = automatic(document)
    turns: list[int] = []
    for one in document.holding(*_ACTING, _REFERRING):
        where = Where(tag=f"object {one.number}", bytes=(one.at, one.at + len(one.text)))
        kinds = dict.fromkeys(_KIND.findall(one.text)) if b"/S" in one.text else {}
        events = list(_events(one, document)) if kinds and AUTOMATIC.search(one.text) else []
        inline = {kind for event in events for kind in _KIND.findall(event)}
        if b"JavaScript" in kinds and _TREE.search(one.text):
            inline.add(b"JavaScript")
        for kind in kinds:
            by_itself = one.number in auto or kind in inline
            if kind == b"Launch":
                weight = 0.85 if by_itself or _STARTS.search(_with_target(one, document)) else 0.4
                weight = max(weight, 0.65 if _leaves(one, document) else 0)
                yield Finding("pdf.launch", LAUNCH, weight, where, kind="pdf.action")
            elif kind in (AUTO if by_itself else CLICKED):
                rule, weight, why = (AUTO if by_itself else CLICKED)[kind]
                weight = NEXT_TO_IT if kind == b"GoToR" and _beside(one.text) else weight
                yield Finding(rule, why, weight, where, kind="pdf.action")
        if b"/AA" in one.text and _PAGE.search(one.text) and _turns(one, document):
            turns.append(one.number)
        yield from _outside(one, where, document)
    if len(turns) > 1:
        yield Finding(
            "pdf.turns", say("Pages of a PDF lead away from themselves when they are shown."), 0.5, kind="pdf.action"
        )


def _turns(page: Object, document: Document) -> bool:
    """Tell whether a page leads to another when it is shown or left."""
    for event in _events(page, document):
        target = document.get(references(event[:30])[0]) if event[:1].isdigit() and references(event[:30]) else None
        if {b"GoTo", b"Named"} & set(_KIND.findall(target.text if target else event)):
            return True
    return False


def _leaves(one: Object, document: Document) -> bool:
    """Tell whether a launch leads to an address, a foreign server, or a folder of programs."""
    text = _with_target(one, document)
    values = [
        literal.replace(b"\\\\", b"\\") or readable(unhexed(digits))
        for key, literal, digits in _KEYED.findall(text)
        if key in _FETCHED
    ]
    return any(_ADDRESS.match(value) or _FOREIGN.match(value) or _PROGRAMS.search(value) for value in values)


def _events(one: Object, document: Document) -> Iterator[bytes]:
    """Yield the actions of `one`, or references to them, that an event starts which is no click."""
    yield from (value for event, value in events(one, document) if event not in _CLICKS)


def events(one: Object, document: Document) -> list[tuple[bytes, bytes]]:
    """Return the events of `one` (``O`` for its opening), and the action, or a reference to it, that each starts."""
    if one.events is None:
        one.events = list(_started(one, document))
    return one.events


def _started(one: Object, document: Document) -> Iterator[tuple[bytes, bytes]]:
    done, empty = -1, 0
    for count, event in enumerate(islice(AUTOMATIC.finditer(one.text), MOST_EVENTS)):
        if event.start() < done or empty > MOST_EMPTY:
            continue  # it stands within the one before, or nothing here ever closes
        start = one.text[event.end() : event.end() + (MOST_EVENT if count < LONG_EVENTS else SHORT_EVENT)]
        if event.group() == b"/OpenAction":
            opening = dict(islice(members(b"<</O " + start + b">>"), 1)).get(b"O", b"")
            empty += not opening
            yield b"O", opening
            continue
        found = _REFERENCE.match(start)
        target = document.get(int(found[1])) if found else None
        found_members = list(members(target.text[:MOST_EVENT] if target else start))
        empty += not found_members
        done = event.end() + (0 if target else sum(len(key) + len(value) for key, value in found_members))
        yield from found_members


def _beside(text: bytes) -> bool:
    """Tell whether the file that an action leads to lies beside the PDF."""
    values = [
        literal or readable(unhexed(digits)) for key, literal, digits in _KEYED.findall(text) if key in (b"F", b"UF")
    ]
    return bool(values) and not any(_FOREIGN.match(one) or _ADDRESS.match(one) or _LOCAL.match(one) for one in values)


def automatic(document: Document) -> set[int]:
    """Return the numbers of the objects that are reached from an automatic event, without a click."""
    found: set[int] = set()
    queue: list[int] = []
    for one in document.holding(b"/AA", b"/OpenAction", b"/JavaScript"):
        if b"/AA" in one.text or b"/OpenAction" in one.text:
            for value in _events(one, document):
                queue += references(value)[: None if value.startswith(b"<<") else 1]
        if b"/JavaScript" in one.text and b"/S" not in one.text:  # the tree of scripts that run at opening
            queue += references(one.text[one.text.find(b"/JavaScript") :][:40])[:1]
    while queue and len(found) < 5000:
        number = queue.pop()
        target = document.get(number)
        if number in found or target is None or _NO_ACTION.search(target.text):
            continue
        found.add(number)
        queue += references(target.text)[:100]
    return found


def _with_target(one: Object, document: Document) -> bytes:
    return one.text + b" ".join(
        target.text[:500] for number in references(one.text)[:5] if (target := document.get(number))
    )


def _outside(one: Object, where: Where, document: Document) -> Iterator[Finding]:
    """Yield references that readers follow without being asked: addresses, foreign servers, files of the machine."""
    if b"(" not in one.text and b"<" not in one.text.replace(b"<<", b"") and one.stream is None:
        return
    clicked = b"SubmitForm" in one.text or _CLICKED_ON.search(one.text)
    for key, literal, digits in _KEYED.findall(one.text):
        value = literal.replace(b"\\\\", b"\\").replace(b"\\/", b"/") if literal else readable(unhexed(digits))
        if _FOREIGN.match(value) and key not in (b"Title", b"Contents", b"V", b"T", b"TU", b"Alt", b"ActualText"):
            why = say("A PDF refers to a file on a foreign server, which gets the reader's credentials.")
            yield Finding("pdf.foreign-server", why, 0.65, where, kind="pdf.outside")
        elif key in _HARMLESS_KEYS or clicked or not key.isalnum():
            continue
        elif key in _FETCHED and _ADDRESS.match(value):
            why = say("A PDF loads something from outside when it is shown.")
            yield Finding("pdf.external", why, 0.55, where, kind="pdf.outside")
        elif _LOCAL.match(value) and key in (b"F", b"UF") and not re.search(rb"/EF\b", one.text):
            yield Finding(
                "pdf.local-file",
                say("A PDF reads a file of the machine that it is shown on."),
                0.5,
                where,
                kind="pdf.outside",
            )
    shown = _SHOWS.search(one.text) if b"/RC" in one.text else None
    if shown and _FETCHES.search(readable(string_at(one.text, shown.end()) or b"")):
        why = say("A PDF loads something from outside when it is shown.")
        yield Finding("pdf.external", why, 0.55, where, kind="pdf.outside")
    elsewhere = one.stream is not None and _ELSEWHERE.search(one.text)
    if elsewhere and not document.encrypted and not _ANNOTATION.search(one.text) and b"F" in dict(members(one.text)):
        why = say("A PDF loads something from outside when it is shown.")
        yield Finding("pdf.external", why, 0.55, where, kind="pdf.outside")


def links(one: Object, document: Document) -> Iterator[str]:
    """Yield the addresses to which a click on `one` leads; those without a host begin where the document says."""
    for found in _LINK.finditer(one.text):
        if string := string_at(one.text, found.end()):
            address = readable(string)[:2000].decode("utf-8", "replace")
            yield address if _SCHEME.match(address) else _based(address, document)


def _based(address: str, document: Document) -> str:
    """Return what `address` is together with the base of `document` (ISO 32000-1:2008, 12.6.4.7)."""
    for one in document.holding(_BASE)[:1]:
        found = _BASE.search(one.text)
        base = readable(string_at(one.text, found.end() - 1) or b"")[:2000].decode("utf-8", "replace") if found else ""
        with contextlib.suppress(ValueError):  # a host that is none
            return urljoin(base, address)
    return address
