"""What a reader sees of an HTML page, and where its links lead: standard-library tokenizer, bounded."""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

MAX_HTML = 2_000_000
"""Letters of one page that are read. Chosen: ten times the largest newsletter seen."""
MAX_LINKS = 500
"""Links of one page that are kept. Chosen: digests stay below 300."""

_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt|em)?\s*(?:;|$)|opacity\s*:\s*0\s*(?:;|$)"
)
_MARKUP = re.compile(r"<!--|<!|<\?")
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())


@dataclass
class Page:
    """What was found: seen text, links as (target, shown text), and facts without prefix."""

    text: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)
    facts: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    """Collects text and links; knows only so much structure as hiding and links need."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._text: list[str] = []
        self._target: str | None = None
        self._shown: list[str] = []
        self._silent = ""
        self._hidden: list[str] = []
        self._hidden_letters = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if (self._hidden and tag not in _VOID and len(self._hidden) < 200) or (
            tag not in _VOID and ("hidden" in values or _HIDDEN.search(values.get("style", "").lower()))
        ):
            self._hidden.append(tag)
        if tag in ("script", "style", "title"):
            self._silent = tag
        if tag == "script":
            self.page.facts.add("script")
        elif tag == "form":
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
        elif tag in ("iframe", "object", "embed"):
            self.page.facts.add("frame")
        if tag in ("br", "p", "div", "tr", "li", "td", "h1", "h2", "h3"):
            self._text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""
        if self._hidden and tag in self._hidden:
            while self._hidden.pop() != tag:
                pass
        if tag == "a":
            self._close_link()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._hidden:
            self._hidden_letters += len(data.strip())
            return
        self._text.append(data)
        if self._target is not None and len(self._shown) < 50:
            self._shown.append(data)

    def finish(self) -> Page:
        """Return the page once all was fed."""
        self._close_link()
        self.page.text = "".join(self._text)
        if self._hidden_letters > max(300, len(self.page.text)):  # preheaders of newsletters are shorter
            self.page.facts.add("hidden-text")
        return self.page

    def _close_link(self) -> None:
        if self._target is not None:
            self._link(self._target, " ".join("".join(self._shown).split())[:300])
        self._target, self._shown = None, []

    def _link(self, target: str, shown: str) -> None:
        target = re.sub(r"[\t\r\n]", "", target).strip()
        if target and len(self.page.links) < MAX_LINKS:
            self.page.links.append((target[:2000], shown))


def read_html(text: str) -> Page:
    """Read a page. Never raises: the tokenizer takes anything, and what it gives up on is left out."""
    reader = _Reader()
    try:
        reader.feed(_without_comments(text[:MAX_HTML]))
        reader.close()
    except (AssertionError, ValueError, RecursionError):
        reader.page.facts.add("broken")
    return reader.finish()


def _without_comments(text: str) -> str:
    """Cut out comments and declarations in one pass: the tokenizer searches the rest again for each unclosed one."""
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
    """Cut off a last tag that is never closed, for the same reason; plain text behind the last tag stays."""
    last = text.rfind(">") + 1
    start = text.find("<", last)
    return text if start < 0 else text[:start]
