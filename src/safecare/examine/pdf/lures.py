"""Lures: short PDFs that are nothing but a button, which leads to a page that takes passwords or hands out programs.

They hold no attack: one page, nearly nothing to read (the words are part of a picture: a document behind frosted glass,
"protected", "shared with you"), and a link over most of it, so that a click anywhere leads on. Posters, tickets and
scanned papers have their links where they stand, or text that can be read, or no link. Source: Stivala et al., "From
Attachments to SEO: Click Here to Learn More about Clickbait PDFs" (ACSAC 2023); ISO 32000-1:2008, 12.5.6.5 (links).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from safecare.examine.api import Context, Finding
from safecare.examine.mail.hosts import doubtful
from safecare.examine.mail.relations import common
from safecare.examine.pdf import actions
from safecare.examine.pdf.drawn import NO_CONTENT, writes
from safecare.examine.pdf.objects import Document, Object, begun
from safecare.formats.brands import known
from safecare.formats.domains import host_of, registered
from safecare.formats.linear import linear
from safecare.formats.reach import STARTING
from safecare.model.text import say

MOST_PAGES, MOST_HOSTS = 2, 3
"""Pages of a document that is only there for its link, and hosts that it links to. Chosen: a button and a logo."""
COVERS, BUTTON = 0.5, 0.01
"""Share of the page over which a click leads away, and that of a button. Chosen: lures cover 0.6 to 1, a line 0.005."""
MOST_LINKS = 2000
"""Places and addresses of a short document that are looked at. Chosen: the longest form of two pages has 400 fields."""
MOST_READ = 400
"""Letters of a document that has nearly nothing to read. Chosen: six lines; letters and tickets have a thousand."""
MOST_CONTENT, MOST_STREAMS = 64 * 1024, 40
"""Bytes of each stream, and streams, in which letters are counted. Chosen: 2 ms."""
PICTURED = 0.4
"""Weight of a picture with a button. Chosen: less than what alone is suspicious."""
USUAL = (0.0, 0.0, 612.0, 792.0)
"""Page that is taken where none is told: US Letter, in points."""
_NOBODYS = frozenset({"example.com", "example.net", "example.org"})
"""Names under which nobody can set up a page (RFC 2606, 3)."""
PAGE = re.compile(rb"/Type\s*/Page\b")
_LINK = re.compile(rb"/Subtype\s*/(?:Link|Widget|Screen)\b")
_RECT = re.compile(rb"/Rect\s*\[([\d\s.+-]{7,200})\]")
_MEDIA_BOX = re.compile(rb"/MediaBox\s*\[([\d\s.+-]{7,200})\]")
_ADDRESS = re.compile(rb"(?i)https?:(?:\\?/){2}[^\s()<>\"'\\]{3,2000}")
_LEADS_AWAY = re.compile(rb"/S\s*/(?:SubmitForm|JavaScript|Launch|GoTo[RE]|Thread)\b")
_ACTION = re.compile(rb"/A\s+(\d{1,10})\s+\d{1,5}\s+R\b")
_SHOWN = linear(rb"(?s)\(((?:[^()\\]|\\.)*)\)|<([0-9A-Fa-f\s]+)>")

Box = tuple[float, float, float, float]

_STARTED = linear(
    rb"(?i)/URI\s*\(\s*(?:(javascript|vbscript):|(data:text/html|data:application/(?:x?html|javascript))|"
    + STARTING
    + rb"|ms-(?:word|excel|powerpoint|access|visio|publisher):[^)]{0,900}\.(?:do[ct]m|xl[ast]m|xlam?|"
    rb"p[op][ts]m|ppam?|dotx?|xll)\b)"
)
"""Addresses that are no pages but scripts, pages written into the address, or what starts programs."""
_GAPPED = linear(rb"(?i)/URI\s*\(\s*[a-z]{1,12}(?:\\[tnr]|[\t\r\n]|\\0?1[125])[a-z\\\t\r\n]{0,16}:")
"""The kind of an address with a tab or line end in it, which browsers leave out and filters stumble over."""
SCRIPTED, WRITTEN, MISUSED = 0.3, 0.55, 0.65
"""Weights of these: readers start no scripts by links, and printed web pages hold some; the others have no reason."""


def is_short(document: Document) -> bool:
    """Tell whether `document` has so few pages that it may be there only for its link."""
    return 1 <= sum(bool(PAGE.search(one.text)) for one in document.holding(b"/Page")) <= MOST_PAGES


def addresses(document: Document) -> set[str]:
    """Return where clicks in `document` lead."""
    found = (target for one in document.holding(b"/URI")[:MOST_LINKS] for target in actions.links(one, document))
    return set(islice(found, MOST_LINKS))


def started(document: Document) -> Iterator[Finding]:
    """Yield what links of `document` start that are no addresses of pages."""
    weights = [
        SCRIPTED if found[1] else WRITTEN if found[2] else MISUSED
        for one in document.holding(b"/URI")[:MOST_LINKS]
        if (found := _STARTED.search(one.text))
    ] + [MISUSED for one in document.holding(b"/URI")[:MOST_LINKS] if _GAPPED.search(one.text)]
    if weights:
        why = say("A link in a PDF is no address of a page: it holds a script or starts a program.")
        yield Finding("pdf.lure.starts", why, max(weights), kind="pdf.action")


def findings(document: Document, context: Context) -> Iterator[Finding]:
    """Yield at most one finding: where a click leads, and how much of the document is there for it."""
    if not is_short(document):
        return
    links = [(box, target) for one in document.holding(b"/Rect")[:MOST_LINKS] for box, target in linked(one, document)]
    led = addresses(document) if context.mail else set()
    if led and len({host_of(one) for one in led}) <= MOST_HOSTS and any(map(doubtful, led)):
        why = say("A short PDF in a mail leads to a page that anyone can set up, or by an address that deceives.")
        yield Finding("pdf.lure", why, 0.5, kind="pdf.lure")
        return
    home = {registered(one) for one in context.own} | _NOBODYS
    page = _page(document)
    shares = {
        target: _share(box, page) for box, target in links if (host := host_of(target)) and registered(host) not in home
    }
    covering = [one for one, share in shares.items() if share >= COVERS and not known(host_of(one))]
    buttons = [one for one, share in shares.items() if share >= BUTTON and doubtful(one)]
    if len({host_of(one) for one in shares}) > MOST_HOSTS:
        return
    if not (covering or buttons):
        yield from _pictured(document, shares) if context.mail else ()
        return
    if _letters(document) > MOST_READ:
        return
    why = say("A PDF has nearly nothing to read: it is a button that leads to a page of someone unknown.")
    yield Finding("pdf.lure.button", why, 0.55 if buttons else 0.5, kind="pdf.lure")


def _pictured(document: Document, shares: dict[str, float]) -> Iterator[Finding]:
    """Yield that pages are nothing but pictures, with a button that leads to someone unknown.

    Flyers are so, too: it weighs beside what a mail around it says, and is not enough alone.
    """
    led = {host_of(one) for one, share in shares.items() if share >= BUTTON}
    if not led or any(map(common, led)) or not document.holding(b"/Image") or _letters(document):
        return
    why = say(
        "A page of a PDF is a picture, which hides its words from filters, and leads to a page of someone unknown."
    )
    yield Finding("pdf.lure.picture", why, PICTURED, kind="pdf.lure")


def linked(one: Object, document: Document) -> Iterator[tuple[Box, str]]:
    """Yield the place of a link, and the address to which a click there leads."""
    rect = _RECT.search(one.text) if _LINK.search(one.text) else None
    if rect is None or (box := _box(rect[1])) is None:
        return
    action = _ACTION.search(one.text)
    target = document.get(int(action[1])) if action else None
    for held in (one, target) if target else (one,):
        address = _ADDRESS.search(held.text) if _LEADS_AWAY.search(held.text) else None
        found = next(
            actions.links(held, document),
            address.group().replace(b"\\", b"").decode("utf-8", "replace") if address else "",
        )
        if found:
            yield box, found
            return


def _box(numbers: bytes) -> Box | None:
    try:
        left, low, right, high = map(float, numbers.split())
    except ValueError:
        return None
    return min(left, right), min(low, high), max(left, right), max(low, high)


def _page(document: Document) -> Box:
    boxes = [
        box
        for one in document.holding(b"/MediaBox")
        if (found := _MEDIA_BOX.search(one.text)) and (box := _box(found[1])) and box[0] < box[2] and box[1] < box[3]
    ]
    return boxes[0] if boxes else USUAL


def _share(box: Box, page: Box) -> float:
    """Return how much of `page` lies within `box`, of 1."""
    across = max(0.0, min(box[2], page[2]) - max(box[0], page[0]))
    down = max(0.0, min(box[3], page[3]) - max(box[1], page[1]))
    return across * down / ((page[2] - page[0]) * (page[3] - page[1]))


def _letters(document: Document) -> int:
    """Return about how many letters the streams of `document` show."""
    count = 0
    contents = [one for one in document.streams if not NO_CONTENT.search(one.text)]
    for one in contents[:MOST_STREAMS]:
        text = begun(one, MOST_CONTENT)
        if writes(text):
            count += sum(len(literal) + len(digits) // 4 for literal, digits in _SHOWN.findall(text))
        if count > MOST_READ:
            break
    return count
