"""What a reader sees of an HTML page, and where its links lead: one pass over the tags, bounded and linear."""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from typing import NamedTuple

MAX_HTML = 2_000_000
"""Letters of one page that are read. Chosen: ten times the largest newsletter seen."""
MAX_LINKS = 500
"""Links of one page that are kept. Chosen: digests stay below 300."""
MAX_PICTURES = 10
"""Pictures whose address is kept. Chosen: a logo stands on top."""
MAX_HIDING = 200
"""Tags within one hidden tag that are counted. Chosen: deeper nesting stays hidden to its end."""

LONG_STYLE, MAX_STYLES = 2000, 3
"""Letters from which a style sheet is kept, and how many are. Chosen: padding is long."""
AT_ONCE = 4096
"""Tags that are cut out at once. Chosen: most pages whole, and little memory for those that are nothing but tags."""

SHORT_TAG = 120
"""Letters up to which a tag is remembered from page to page. Chosen: nearly all are, and 2,048 take below 1 MB."""

_GONE, _UNSEEN, _TINY = 4, 2, 1
"""How a tag hides what stands in it: for good, or until a tag within says otherwise (CSS 2.1 sections 11.2 and 15.7: a
hidden box and a size of letters are inherited). Layouts of mail set letters to 0 around columns, and back within."""
_HIDDEN = re.compile(
    r"""(display\s*:\s*none|opacity\s*:\s*0(?:\.0+)?\s*(?:[;!"'>]|$)|mso-hide\s*:\s*all)|(visibility\s*:\s*hidden)"""
    r"""|(font-size\s*:\s*0(?:\.0+)?(?:px|pt|r?em|%)?\s*(?:[;!"'>]|$))"""
)
_AGAIN = re.compile(
    r"(visibility\s*:\s*visible)|font(?:-size\s*:\s*|\s*:\s{0,99}(?:[^;:]{0,60}?\s)?)"
    r"(?:(?:0{0,9}[1-9]\d{0,9}(?:\.\d{1,9})?|0{0,9}\.0{0,9}[1-9]\d{0,9})(?:px|pt|rem|pc|cm|mm|in|vw|vh)|(?:x{0,2}-)?(?:small|large|medium))"
)
"""What shows the letters of a hidden tag again: a size that is no share of the one around it.

Rows of digits and blanks are bounded: of 20,000 digits in one tag each would be tried with each."""
_SIZED = re.compile(r"\bsize\s*=", re.IGNORECASE)
PLAIN_LINK = re.compile(r"https?://[^\s<>\"')\]]{3,2000}", re.IGNORECASE)
"""An address that stands in text."""
_MARKUP = re.compile(r"<!--|<!|<\?")
_TAG = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30})([^<>]{0,20000})")
_VALUE = re.compile(r"""([\w:-]{1,40})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_BREAK = frozenset("br p div tr li td h1 h2 h3 table".split())
_SILENT = frozenset("script style title".split())
_DULL = frozenset("table tbody tr td th p div span font b i u strong em center h1 h2 h3 br ul ol li".split())
"""Tags that tell nothing as long as they hide nothing: most of a page."""
_HIDES = re.compile(r"lay\s*:\s*none|hid|(?:size|acity)\s*:\s*0", re.IGNORECASE)
"""What an attribute that hides holds; more than `_HIDDEN` finds, and faster."""
_READ = frozenset("form input meta a area".split())
_NO_BREAKS = dict.fromkeys(map(ord, "\t\r\n"))


@dataclass
class Page:
    """What was found: seen text, links as (target, shown text), facts without prefix, and some counts."""

    text: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)
    facts: set[str] = field(default_factory=set)
    images: int = 0
    """Pictures that are shown."""
    pictures: list[tuple[str, str]] = field(default_factory=list)
    """Address of the first pictures, and what is said in place of each."""
    styles: list[str] = field(default_factory=list)
    """The first long style sheets."""
    written: list[str] = field(default_factory=list)
    """Addresses that stand in the text and are no links of the page: mail programs make them links."""
    unseen: int = 0
    """Letters inside style sheets and hidden tags."""


class _Tag(NamedTuple):
    """What stands between ``<`` and ``>``; no name: no tag."""

    name: str = ""
    raw: str = ""
    closes: bool = False
    dull: bool = False
    breaks: bool = False


def _tag(inside: str) -> _Tag:
    return _short_tag(inside) if len(inside) <= SHORT_TAG else _read_tag(inside)


def _read_tag(inside: str) -> _Tag:
    found = _TAG.fullmatch(inside)
    if not found:
        return _Tag()
    closes, name, raw = bool(found[1]), found[2].lower(), found[3]
    dull = name in _DULL and (closes or not _HIDES.search(raw))
    return _Tag(name, raw, closes, dull, name in _BREAK and not closes)


_short_tag = lru_cache(maxsize=2048)(_read_tag)


class _Reader:
    """Collects text and links; knows only so much structure as hiding and links need."""

    def __init__(self) -> None:
        self.page = Page()
        self._text: list[str] = []
        self._target: str | None = None
        self._shown: list[str] = []
        self._silent = ""
        self._hiding: list[tuple[str, int]] = []
        """Tags that are open within the first one that hides, and how what stands in each is hidden; 0: shown again."""
        self._hidden_letters = 0

    def read(self, text: str) -> Page:
        known: dict[str, _Tag] = {}  # in one page most tags are the same
        bare: dict[str, bool] = {}  # dull tags with nothing behind, and whether they break the line
        breaks_of, written = bare.get, self._text
        shown = True  # neither silent nor in a tag that hides
        data, _, rest = text.partition("<")
        while rest:
            *pieces, rest = rest.split("<", AT_ONCE) if "<" in rest else (rest, "")
            for piece in pieces:
                if shown and (breaks := breaks_of(piece)) is not None:
                    if data:
                        self._data(data)
                        data = ""
                    if breaks:
                        written.append("\n")
                    continue
                inside, end, after = piece.partition(">")
                tag = known.get(inside)
                if tag is None:
                    tag = known[inside] = _tag(inside)
                name, raw, closes, dull, breaks = tag
                if not (end and name):
                    data += "<" + piece
                    continue
                if data:
                    self._data(data)
                data = after
                if dull and not after:
                    bare[piece] = breaks
                if dull and shown:
                    if breaks:
                        written.append("\n")
                    continue
                if closes:
                    self._end(name)
                elif not self._silent:
                    self._start(name, raw)
                shown = not (self._silent or self._hiding)
        self._data(data)
        self._close_link()
        self.page.text = "".join(self._text)
        if self._hidden_letters > max(300, len(self.page.text)):  # preheaders of newsletters are shorter
            self.page.facts.add("hidden-text")
        self.page.unseen += self._hidden_letters
        return self.page

    def _start(self, tag: str, raw: str) -> None:
        facts = self.page.facts
        if tag not in _VOID and len(self._hiding) < MAX_HIDING:
            around = self._hiding[-1][1] if self._hiding else 0
            how = _hiding(tag, raw, around)
            if how or self._hiding:
                self._hiding.append((tag, how))
        if tag in _SILENT:
            self._silent = tag
        if tag == "script":
            facts.add("script")
        elif tag == "img":
            self.page.images += 1
            if len(self.page.pictures) < MAX_PICTURES:
                values = _values(raw)
                self.page.pictures.append((values.get("src", "")[:300], values.get("alt", "")[:100]))
        elif tag in ("iframe", "object", "embed"):
            facts.add("frame")
        if tag in _READ:
            self._values(tag, _values(raw))
        if tag in _BREAK:
            self._text.append("\n")

    def _values(self, tag: str, values: dict[str, str]) -> None:
        if tag == "form":
            self.page.facts.add("form")
            self._link(values.get("action", ""), "")
        elif tag == "input" and values.get("type", "").lower() == "password":
            self.page.facts.add("password")
        elif tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            self.page.facts.add("refresh")
            self._link(values.get("content", "").partition("=")[2].strip("'\" "), "")
        elif tag in ("a", "area") and "href" in values:
            self._close_link()
            self._target = values["href"]

    def _end(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""
        if self._hiding and any(tag == one for one, _ in self._hiding):
            while self._hiding.pop()[0] != tag:
                pass
        if tag == "a":
            self._close_link()

    def _data(self, data: str) -> None:
        if self._silent:
            if self._silent == "style":
                self.page.unseen += len(data)
                if len(data) >= LONG_STYLE and len(self.page.styles) < MAX_STYLES:
                    self.page.styles.append(data)
            return
        if self._hiding and self._hiding[-1][1]:
            self._hidden_letters += len(data.strip())
            return
        if "&" in data:
            data = unescape(data)
        self._text.append(data)
        if self._target is None:
            if "://" in data and len(self.page.written) < MAX_LINKS:
                self.page.written += PLAIN_LINK.findall(data)
        elif len(self._shown) < 50:
            self._shown.append(data)

    def _close_link(self) -> None:
        if self._target is not None:
            self._link(self._target, " ".join("".join(self._shown).split())[:300])
        self._target, self._shown = None, []

    def _link(self, target: str, shown: str) -> None:
        target = target.translate(_NO_BREAKS).strip()
        if target and len(self.page.links) < MAX_LINKS:
            self.page.links.append((target[:2000], shown))


def read_html(text: str) -> Page:
    """Read a page. Never raises; a tag that is never closed and what it would hide are left out."""
    return _Reader().read(_without_comments(text[:MAX_HTML]))


def _hiding(tag: str, raw: str, around: int) -> int:
    """Return how what stands in a tag is hidden, given how it is `around` it; 0 where it is shown."""
    if around & _TINY and tag == "font" and _SIZED.search(raw):
        around &= ~_TINY
    if not ("yle" in raw or "idden" in raw or "YLE" in raw):
        return around
    low = raw.lower()
    if "hidden" in low and re.search(r"(?:^|\s)hidden(?:\s|$|=)", low):
        return around | _GONE
    if "style" not in low:
        return around
    if around & (_UNSEEN | _TINY):
        for unseen in _AGAIN.findall(low):
            around &= ~(_UNSEEN if unseen else _TINY)
    for gone, unseen, _ in _HIDDEN.findall(low):
        around |= _GONE if gone else _UNSEEN if unseen else _TINY
    return around


def _values(raw: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, double, single, bare in _VALUE.findall(raw):
        value = double or single or bare
        values.setdefault(name.lower(), unescape(value) if "&" in value else value)
    return values


def _without_comments(text: str) -> str:
    """Cut out comments and declarations in one pass."""
    out: list[str] = []
    place = 0
    while found := _MARKUP.search(text, place):
        out.append(text[place : found.start()])
        close = "-->" if found.group() == "<!--" else ">"
        end = text.find(close, found.end())
        if end < 0:  # never closed: a browser shows nothing of what follows either
            return _without_open_tag("".join(out))
        place = end + len(close)
    return _without_open_tag("".join((*out, text[place:])))


def _without_open_tag(text: str) -> str:
    """Cut off a last tag that is never closed; plain text behind the last tag stays."""
    last = text.rfind(">") + 1
    start = text.find("<", last)
    return text if start < 0 else text[:start]
