"""A PDF, judged: its actions, scripts and forms, its embedded files, and the doubts about what it shows."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator

from safecare.examine.api import Budget, Context, Finding, LimitError, Limits, Part, UnreadableError, Where, analyser
from safecare.examine.mail.codes import RAW, coded, joined, picture_of, told_of
from safecare.examine.mail.pictures import BYTES
from safecare.examine.pdf import actions, asks, doubt, fields, lures, notes, scripts, unseen
from safecare.examine.pdf.drawn import drawings
from safecare.examine.pdf.locked import unlock
from safecare.examine.pdf.objects import MOST_DECODED, Document, Object, bomb, decoded, find, unpack
from safecare.examine.pdf.owners import RUNNING
from safecare.examine.pdf.placed import labelled
from safecare.examine.pdf.strings import readable, string_at
from safecare.examine.pdf.words import shown
from safecare.formats.linear import linear
from safecare.model.text import say

_NOT_READ = re.compile(
    rb"/Subtype\s*/(?:Image|Type1C?|CIDFontType0C|OpenType|XML)|/FontFile|/Length[123]\b|/Type\s*/(?:XRef|ObjStm|Metadata)"
)
_FILE_HEADS = (
    b"MZ",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"%PDF-",
    b"{\\rt",
    b"<html",
    b"<script",
    b"Rar!",
    b"7z\xbc\xaf",
    b"CWS",
    b"FWS",
    b"\x7fELF",
)
MOST_PICTURES = 12
"""Pictures of a document in which a code is looked for, small files first: codes pack well. Chosen."""
_PICTURE = re.compile(rb"/Subtype\s*/Image\b")
PACKS_WELL = 0.2
"""Weight of a stream that unpacks to more than is read, and to less than harms: drawings of empty cells do."""
TEXT_TOTAL = 64 * 1024 * 1024
"""Bytes of page contents that are decoded of one file. Chosen: bounds the time to a tenth of a second."""
MOST_SCRIPTS = 500
"""Scripts of one file that are read. Chosen: the largest forms have one for each of some hundred fields."""
_OTHER_UPDATE = re.compile(
    rb"ADBE\.\w{1,40}_New_Version_URL\s{0,4}=(?!\s{0,4}[\"']https?://(?:[\w-]{1,40}\.){0,3}adobe\.com[/\"'])"
)
_MIME = linear(rb"(?im)^mime-version:\s{0,8}1\.0|\rmime-version:\s{0,8}1\.0")
_ARCHIVED = linear(rb"(?im)application/x-mso|edit-time-data|activemime|^content-location:")
_ITS_HEAD = linear(rb"(?i)multipart/related|application/(?:msword|vnd\.ms-)")
MOST_HEAD = 4096
"""Bytes behind the beginning of a web archive in which it says what it is. Chosen: heads have some hundred."""
_FILE = re.compile(rb"/(?:UF|F)\s+(\d{1,10})\s+\d{1,5}\s+R")
_FILE_NAME = re.compile(rb"/(?:UF|F)\s*(?=[(<])(?!<<)")
_MEDIA = re.compile(rb"/Subtype\s*/(?:RichMedia|Flash)\b|/RichMediaContent")
MOST_DESCRIBED = 100
"""Descriptions of one file that are read: pictures have one each. Chosen."""
MOST_MARKUP = 256 * 1024
"""Bytes of a document's description that are read. Chosen: ten times the largest seen."""
_LOADS = re.compile(
    rb"(?i)<!ENTITY\s[^>]{1,200}\s(?:SYSTEM|PUBLIC)\s|"
    rb"<\?xml-stylesheet[^>]{0,400}href\s*=\s*[\"'](?:[a-z]{2,8}:|\\\\|//)"
)
_SUBMITS = re.compile(
    rb"(?i)<(?:\w+:)?submit\b|target\s*=\s*[\"']https?:|<(?:\w+:)?wsdlConnection|<(?:\w+:)?soapAddress"
)
_SUBMITS_ALONE = linear(
    rb"(?is)<event\b[^>]{0,400}\bactivity\s*=\s*[\"'](?:initialize|docReady|ready|enter|docClose|preSave|postSave|"
    rb"prePrint|postPrint|layoutReady|indexChange)[\"'][^>]{0,400}>\s*<submit\b"
)
"""A form that is sent by an event that is no click (XFA 3.3, "Events")."""
_CALLS_ALONE = linear(
    rb"(?is)<event\b[^>]{0,400}\bactivity\s*=\s*[\"'](?:initialize|docReady|ready|enter|docClose|preSave|postSave|"
    rb"prePrint|postPrint|layoutReady|indexChange)[\"'][^>]{0,400}>\s*<script\b[^>]{0,400}>[^<]*\bgotoURL\s*\(\s*(?:[\"']|&quot;)(?:http|file:|\\\\)"
)
"""A form whose script calls an address by such an event (Adobe, "XML Form Object Model", host.gotoURL)."""
_SHOWS = linear(rb"(?i)<image\b[^>]{0,400}\bhref\s*=\s*[\"'](?:https?:|ftp:|file:|\\\\)")
"""A picture of a form that stands elsewhere (XFA 3.3, "image")."""
SENDS_ALONE = 0.6
"""Weight of a form that sends itself. Chosen: near that of other forms that do (`actions.AUTO`)."""
_POSTS = re.compile(rb"\b(?:Post|Put|Get)\s{0,4}\(\s{0,4}(?:[\"']|&quot;)")
"""Functions of FormCalc that reach addresses (XFA 3.3, "Alphabetical Functions Listing")."""


@analyser("pdf", wants={"pdf", "fdf"})
class Pdf:
    """Judges a PDF by its objects as they stand in the file."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield findings, embedded files and scripts."""
        document = find(part.raw)
        if not document.objects:
            raise UnreadableError("it holds no objects")
        if document.encrypted:
            word = unlock(document, context.passwords)
            document.encrypted = word is None
            if word:
                yield Finding("pdf.opened", say("A PDF was opened with a password that was told beside it."))
            elif word is None:
                yield Finding("pdf.encrypted", say("A PDF is encrypted: its strings cannot be judged."))
        unpack(document, context.budget)
        if document.escaped:
            why = say("Names of actions in a PDF are written in a way that hides them from filters.")
            yield Finding("pdf.names-hidden", why, 0.5, kind="pdf.disguise")
        yield from actions.findings(document)
        yield from lures.findings(document, context)
        yield from lures.started(document)
        yield from _asks(document, context)
        if not document.encrypted:
            yield from _scripts(document, context)
            yield from scripts.exchanged(document)
            yield from fields.findings(document)
            yield from notes.findings(document)
            yield from unseen.findings(document)
            yield from _streams(document, part, context)
        yield from scripts.font_script(document)
        yield from _markup(document)
        yield from doubt.findings(document, part.raw)
        yield from _media(document)
        yield from _web_archive(part, context)
        if document.cut:
            why = say("A PDF holds very many objects: judged only in part.")
            yield Finding("limit.objects", why, 0.5 if document.acts else 0.2)


def _web_archive(part: Part, context: Context) -> Iterator[Finding | Part]:
    """Yield a web archive that stands in the PDF: Word opens it as such, and its macros run (JPCERT/CC, 2023)."""
    found = _MIME.search(part.raw)
    if found and (
        _ITS_HEAD.search(part.raw, found.end(), found.end() + MOST_HEAD) or _ARCHIVED.search(part.raw, found.start())
    ):
        why = say("A PDF is a web archive, too: Word opens it as that, with what it carries.")
        yield Finding("pdf.web-archive", why, 0.75, Where(bytes=(found.start(), len(part.raw))), kind="polyglot")
        raw = part.raw[found.start() :]
        context.budget.take(len(raw), "web archive")
        yield part.child("web-archive.mht", raw, origin="pdf.behind", types=("mail",))


def _asks(document: Document, context: Context) -> Iterator[Finding]:
    """Yield what a short document says, and where its links and codes lead; of longer ones in mails only the codes."""
    said = shown(document, asks.MOST_SAID) if lures.is_short(document) and not document.encrypted else ""
    short = lures.is_short(document) and len(said) < asks.MOST_SAID
    codes: list[str] = []
    if context.mail or (short and asks.may_hold_code(said)):
        drawn = itertools.chain([asks.lettered(said)], _pictures(document), drawings(document))
        codes = coded(filter(None, drawn), context)
        yield from told_of(codes) if context.mail else ()
    if short and (said.strip() or codes):
        led = lures.addresses(document)
        yield from asks.findings(said, led, labelled(document) if led else (), codes, context)


def _pictures(document: Document) -> Iterator[bytes]:
    """Yield the pictures of `document`, largest files last, and what two of them are side by side."""
    budget = Budget(Limits(), 0)  # its own: a picture that is too large for a code is no bomb
    shown: list[tuple[int, bytes]] = []
    pictures = [one for one in document.streams if _PICTURE.search(one.text)]
    for one in sorted(pictures, key=lambda one: len(one.stream or b""))[:MOST_PICTURES]:
        if one.stream is None or len(one.stream) > BYTES:
            continue
        with contextlib.suppress(UnreadableError, LimitError):
            raw = decoded(one, budget, RAW)
            picture = raw if raw[:2] == b"\xff\xd8" else picture_of(one.text, raw)
            yield picture
            shown.append((one.number, picture))
    shown.sort()
    for (_, first), (_, second) in itertools.pairwise(shown):
        yield from joined(first, second)


def _scripts(document: Document, context: Context) -> Iterator[Finding]:
    seen: dict[tuple[bytes, bool], None] = {}  # in the order of the file, in which they run
    auto: set[int] | None = None
    eventful = {id(one) for one in document.holding(actions.AUTOMATIC, b"/OnInstantiate")}
    for one, script in itertools.islice(scripts.scripts(document), MOST_SCRIPTS):
        auto = actions.automatic(document) if auto is None else auto
        raw = script if isinstance(script, bytes) else _held(document, script, context)
        by_itself = one.number in auto or id(one) in eventful
        if (raw, by_itself) not in seen:
            seen[raw, by_itself] = None
            yield from scripts.judged(raw, one, auto=by_itself)
    yield from scripts.spelled(dict.fromkeys(raw for raw, _ in seen))
    if any(_OTHER_UPDATE.search(raw) for raw, _ in seen):
        why = say("A script in a PDF offers another program in place of Adobe's update.")
        yield Finding("pdf.javascript.update", why, 0.6, kind="pdf.script")


def _held(document: Document, number: int, context: Context) -> bytes:
    target = document.get(number)
    if target is None:
        return b""
    if target.stream is None:
        return readable(string_at(target.text, 0) or b"")
    try:
        return decoded(target, context.budget)
    except UnreadableError:
        return b""


def _streams(document: Document, part: Part, context: Context) -> Iterator[Finding | Part]:
    total, names, cut = 0, None, False
    for one in document.streams:
        if b"/XRef" in one.text and bomb(one):
            why = say("A PDF unpacks to far more than its size.")
            yield Finding("limit.size", why, 0.6, Where(tag=f"object {one.number}"))
        if _NOT_READ.search(one.text):
            continue
        embedded = b"/EmbeddedFile" in one.text
        room = context.budget.limits.member if embedded else MOST_DECODED
        if total > TEXT_TOTAL and not embedded:
            cut = True
            continue
        try:
            raw = decoded(one, context.budget, room)
        except UnreadableError:
            continue
        except LimitError:
            weight = 0.6 if bomb(one) else PACKS_WELL
            why = say("A PDF unpacks to far more than its size.")
            yield Finding("limit.size", why, weight, Where(tag=f"object {one.number}"))
            return
        total += len(raw)
        if embedded:
            names = _file_names(document) if names is None else names
            name = names.get(one.number, f"attachment-{one.number}")
            if name.lower().endswith(RUNNING):
                why = say("A PDF carries a file that runs, or is opened as a drive.")
                yield Finding("pdf.carries", why, 0.55, Where(tag=f"object {one.number}"), kind="pdf.attachment")
            yield part.child(name, raw, origin="pdf.attachment")
        elif raw.startswith(_FILE_HEADS):
            yield part.child(f"object-{one.number}", raw, origin="pdf.stream")
        elif b"<xdp" in raw[:2000] or b"<template" in raw[:400] or b"http://www.xfa.org" in raw[:4000]:
            yield from _form(raw, one)
        elif raw[:100].lstrip().startswith(b"<?xml"):
            yield from _loads(raw[:MOST_MARKUP], one)
    if cut:
        yield Finding("limit.text", say("A PDF holds very much text: judged only in part."), 0.2)


def _markup(document: Document) -> Iterator[Finding]:
    """Yield what the description of a document (XMP), which stands in it as XML, loads."""
    budget = Budget(Limits(), 0)
    for one in [one for one in document.streams if b"/XML" in one.text][:MOST_DESCRIBED]:
        with contextlib.suppress(UnreadableError, LimitError):
            yield from _loads(decoded(one, budget, 4 * MOST_MARKUP)[:MOST_MARKUP], one)


def _loads(raw: bytes, one: Object) -> Iterator[Finding]:
    if _LOADS.search(raw):
        why = say("XML in a PDF loads something from outside, or a file of the machine.")
        yield Finding("pdf.xml.loads", why, 0.65, Where(tag=f"object {one.number}"), kind="pdf.outside")


def _form(raw: bytes, one: Object) -> Iterator[Finding]:
    """Yield what an XFA form does."""
    where = Where(tag=f"object {one.number}")
    yield from _loads(raw, one)
    if _SUBMITS.search(raw):
        weight = SENDS_ALONE if _SUBMITS_ALONE.search(raw) else 0.45
        yield Finding(
            "pdf.xfa.sends", say("A form in a PDF sends data to an address."), weight, where, kind="pdf.script"
        )
    if _SHOWS.search(raw):
        why = say("A PDF loads something from outside when it is shown.")
        yield Finding("pdf.external", why, 0.55, where, kind="pdf.outside")
    if _CALLS_ALONE.search(raw):
        why = say("A PDF calls an address by itself when it is opened or read.")
        yield Finding("pdf.calls.auto", why, SENDS_ALONE, where, kind="pdf.script")
    if _POSTS.search(raw):
        why = say("A form in a PDF sends data to an address by a script.")
        yield Finding("pdf.xfa.sends", why, 0.55, where, kind="pdf.script")
    if b"application/x-javascript" in raw or b"x-formcalc" in raw.lower():
        yield from scripts.judged(raw, one, auto=True)


def _file_names(document: Document) -> dict[int, str]:
    """Return the names of embedded files by the number of the object that holds the file."""
    names: dict[int, str] = {}
    for one in document.holding(b"/EF"):
        numbers = [int(found[1]) for found in _FILE.finditer(one.text)]
        named = next(_FILE_NAME.finditer(one.text), None) if numbers else None
        string = string_at(one.text, named.end()) if named else None
        if string:
            names |= dict.fromkeys(numbers, readable(string).decode("utf-8", "replace"))
    return names


def _media(document: Document) -> Iterator[Finding]:
    for one in document.holding(b"/RichMedia", b"/Flash"):
        if _MEDIA.search(one.text):
            yield Finding(
                "pdf.rich-media",
                say("A PDF holds a Flash film or other rich media."),
                0.45,
                Where(tag=f"object {one.number}"),
                kind="pdf.action",
            )
            return
