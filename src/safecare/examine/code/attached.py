"""What a page or drawing that came by mail shows its reader, and what it wants of him.

Honest ones show what they are about: a report, a plan, a bill. Lures show a button, another's page, or nothing until
their script has run. Source: Cofense, "SVG and HTML attachments" (2025); MITRE ATT&CK T1566.001, T1027.006.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from safecare.examine.api import Context, Finding
from safecare.examine.mail.hosts import doubtful
from safecare.examine.pdf import asks
from safecare.formats.brands import known
from safecare.formats.domains import host_of, registered
from safecare.formats.html import Page, read_html
from safecare.formats.linear import linear
from safecare.model.finding import strength
from safecare.model.text import say

MOST_PAGE = 200_000
"""Bytes of a page whose words are read. Chosen: lures with pictures coded into them have half of it."""
FEW = 60
"""Letters of a page that shows nothing. Chosen: "Loading, please wait" and a title."""
NOTHING = 12
"""Letters of a page that is empty until a script has run. Chosen: a dot, or a word that turns."""
MOST_LEADS = 50
"""Links, frames and scripts that are looked at. Chosen: lures have one or two."""
LURED = 0.6
"""Weight of a lure at most. Chosen: the words in it weigh beside it."""
_FRAMED = linear(rb"(?i)<(?:i?frame|embed|object)\b[^>]{0,400}?\b(?:src|data)\s*=\s*[\"']?(https?://[^\s\"'<>]{4,900})")
_FILLS = linear(rb"(?i)<frameset\b|(?:width|height)\s*[=:]\s*[\"']?\s*100\s*(?:%|v[wh])|inset\s*:\s*0")
"""A frame over the whole page; players and maps have a size."""
_OWN_SIZE = linear(rb"(?i)<(?:svg|canvas|table|picture|video|form|input|button)\b")
"""What a page shows without words."""
_LOADED = linear(rb"(?i)<script\b[^>]{0,400}?\bsrc\s*=\s*[\"']?([^\s\"'<>]{4,900})")
_MADE = linear(
    rb"(?i)\batob\s*\(|fromCharCode|charCodeAt|\bunescape\s*\(|decodeURIComponent|\bdecrypt\s*\(|\breverse\s*\(|"
    rb"\bimport\s*\(|createElement\s*\(\s*[\"']script|TextDecoder"
)
"""Text that a script decodes, or another script that it fetches."""
_LIBRARY = re.compile(
    r"(?i)\b(?:plotly|d3|jquery|bootstrap|leaflet|chart|vega\w*|echarts|highcharts|mathjax|require|three|bokeh\w*|"
    r"mermaid|datatables|react\w*|vue|knockout|angular|gtag|polyfill)\b"
)
"""Libraries by which reports draw."""
_TYPED = linear(rb"(?i)<form\b[^>]{0,600}?\baction\s*=\s*[\"']?(https?://[^\s\"'<>]{4,900})")
_PERSONAL = linear(
    rb"(?i)\bvalue\s*=\s*[\"'][\w.+-]{2,64}@|-webkit-text-security|\bname\s*=\s*[\"']?(?:otp|pass\w{0,8}|pwd|pin|cvv|iban)\b"
)
"""The reader's own address in a form, or a field for what nobody is to see."""
_STYLED_BY = linear(rb"(?i)<\?xml-stylesheet\b[^>]{0,400}?href\s*=\s*[\"'](?:https?:)?//([^/\"']{3,250})")
_LINK = linear(rb"(?i)<(?:\w{1,20}:)?a\b[^>]{0,600}?\bhref\s*=\s*[\"']?(https?://[^\s\"'<>]{4,900})")


def findings(text: bytes, context: Context, *, drawing: bool, scripted: bool) -> Iterator[Finding]:
    """Yield what the page, or drawing, of `text` is there for; `scripted`: it runs scripts."""
    if len(text) > MOST_PAGE:
        return
    page = read_html(text.replace(b"xlink:href", b"href").decode("utf-8", "replace"))
    yield from _wants(page, context)
    home = frozenset(map(registered, context.own))
    letters = len("".join(page.text.split()))
    silent = letters < FEW
    if silent and _FILLS.search(text) and any(_strange(one, home) for one in _first(_FRAMED, text)):
        why = say("An attached page shows nothing but a page of another address.")
        yield Finding("page.frame", why, 0.6, kind="page.asks")
    made = _MADE.search(text) or any(not _LIBRARY.search(one) for one in _first(_LOADED, text))
    if scripted and made and not drawing and letters < NOTHING and not _OWN_SIZE.search(text):
        why = say("An attached page shows nothing until its script has run.")
        yield Finding("page.silent", why, 0.35, kind="page.hides")
    if any(_strange(one, home) for one in _first(_TYPED, text)) and _PERSONAL.search(text):
        why = say("An attached page sends what is typed to someone unknown.")
        yield Finding("page.form", why, 0.6, kind="page.asks")
    if drawing and any(not known(one) for one in _first(_STYLED_BY, text)):
        why = say("A drawing takes what it shows from another address.")
        yield Finding("drawing.loads", why, 0.6, kind="page.runs")
    led = [one for one in _first(_LINK, text) if _strange(one, home)] if drawing and silent else []
    if led:
        why = say("An attached drawing says next to nothing and leads to a page of someone unknown.")
        yield Finding("drawing.leads", why, 0.55 if any(map(doubtful, led)) else 0.3, kind="page.asks")


def _first(pattern: re.Pattern[bytes], text: bytes) -> list[str]:
    return [found[1].decode("latin-1") for found in itertools.islice(pattern.finditer(text), MOST_LEADS)]


def _strange(address: str, home: frozenset[str]) -> bool:
    """Tell whether `address` is of somebody unknown."""
    host = host_of(address)
    return bool(host) and registered(host) not in home and not known(host)


def _wants(page: Page, context: Context) -> Iterator[Finding]:
    """Yield what the words of a page ask for, as those of a short paper are judged."""
    if not page.text.strip() or len(page.text) >= asks.MOST_SAID:
        return
    led = dict.fromkeys(target for target, _ in page.links[:MOST_LEADS])
    told = list(asks.findings(page.text, led, page.links[:MOST_LEADS], (), context))
    yield from (one for one in told if one.rule.startswith("mail."))
    lured = strength(one.weight for one in told if one.rule.startswith("pdf."))
    if lured:
        why = say("An attached page says little, and wants a click that leads to someone unknown.")
        yield Finding("page.lure", why, min(lured, LURED), kind="page.asks")
