"""Pages and drawings that run: HTML that builds files or asks for passwords, SVG with scripts.

A page by itself is no alarm: record systems export thousands. What counts is what it does, and how it came. Source:
MITRE ATT&CK T1027.006 (HTML smuggling), T1566.001; SVG phishing: reports of 2024-2025 (Cofense, Sophos).
"""

from __future__ import annotations

import binascii
import itertools
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from safecare.examine.api import Context, Finding, LimitError, Part, analyser
from safecare.examine.code import attached
from safecare.examine.code.pages_coded import (
    deciphered,
    dotted,
    hands_over,
    literals,
    mostly_coded,
    numbered,
    pasted,
    referred,
    unseen,
)
from safecare.examine.code.scripts import text_of
from safecare.examine.mail.codes import told
from safecare.examine.mail.hosts import doubtful
from safecare.examine.mail.pictures import written_in
from safecare.formats.linear import linear
from safecare.model.text import say

MOST_TEXT = 16 * 1024 * 1024
"""Bytes of a page that are read. Chosen: eight times the largest export seen; they take 0.3 s."""
MOST_BLOCKS = 1000
"""Blocks of coded data in one page that are opened, pictures apart. Chosen: reports with drawings hold some dozens."""
_PICTURES = (b"image/p", b"image/j", b"image/g", b"font")
_NO_LETTERS = bytes(one for one in range(256) if not (chr(one).isascii() and chr(one).isalnum()) and one not in b"+/")
_DATA = linear(rb"(?i)data:([\w.+/-]{0,80})(?:;[\w=-]{1,40}){0,4};base64,([A-Za-z0-9+/=%\s]{24,})")
_LONG = linear(rb"[\"'`]([A-Za-z0-9+/]{400,}={0,2})[\"'`]")
_BUILDS = linear(
    rb"(?i)new\s+Blob\s*\(|msSaveOrOpenBlob|msSaveBlob|createObjectURL|new\s+Response\s*\(|\.download\s*=|navigator\.saveBlob|new\s+File\s*\("
)
_DECODES = linear(rb"(?i)\batob\s*\(|fromCharCode|Uint8Array|charCodeAt|decodeURIComponent|unescape\s*\(")
_FETCHED = linear(rb"(?i)\bfetch\s*\(\s*[\"'`]data:application/[\w.+-]{1,80};base64,")
"""How a page decodes a file without a word of decoding: the browser does it."""
_HANDED = linear(rb"(?i)\.click\s*\(|dispatchEvent\s*\(")
_CARRIED = rb"application/(?:zip|x-zip|octet|x-msdownload|x-7z|x-rar|vnd\.rar|x-iso|x-ms|java|hta|gzip)"
_LINKED = linear(rb"(?i)\bhref(?:[\"']\s*,|\s*=)\s*[\"'`]?data:" + _CARRIED)
_NAMED = linear(rb"(?i)<a\b[^>]{0,300}\bdownload\b|\.download\s*=|setAttribute\(\s*[\"']download")
_WRITES = linear(
    rb"(?i)document\.write(?:ln)?\s*\(\s*(?:unescape|atob|decodeURIComponent|String\.fromCharCode|window\.atob)|(?:eval|\bFunction|\.constructor)\s*\(\s*(?:unescape|atob|String\.fromCharCode|decodeURIComponent|function\s*\(p,a,c)|innerHTML\s*=\s*atob"
)
_LOADER = re.compile(rb"(?i)\s*\(\s*[\"'](?:%3C|<)script(?:%20|\s)+src=")
"""How counters of visitors are loaded: a script by its address, as any page may name one."""
_SPELLED = re.compile(rb"\s{0,4}\(\s{0,4}[\"']([%\w.@/:+-]{1,600})[\"']\s{0,4}\)\s{0,4}\)")
_MAILBOX = re.compile(rb"(?i)\s*<a\s+href=[\"']mailto:[^\"'<>]{1,200}[\"'][^<>]{0,200}>[^<>]{0,200}</a>\s*")
"""How sites hide a mail address from those who gather them: the link to write to it, spelled in numbers."""
_CODED_SCRIPT = linear(rb"(?i)<script\b[^>]{0,200}\bsrc\s*=\s*[\"']?data:")
SMALL = 20_000
"""Bytes of a page below which nothing calls for a script coded into its address. Chosen: reports that bring whole
libraries along in this way (R Markdown, notebooks) take half a megabyte and more."""
_LEADS = linear(
    rb"(?i)(?:window|document|top|self|parent)?\.?location(?:\.href|\.replace\s*\(|\.assign\s*\(|\s*=)|http-equiv\s*=\s*[\"']?refresh"
)
_TARGET = linear(
    rb"(?i)(?:\burl\s*=\s*[\"']?|\blocation(?:\.href)?\s*=\s*[\"']|\b(?:replace|assign)\s*\(\s*[\"'])(https?://[^\s\"'<>]{4,1000})"
)
MOST_LED = 20
"""Addresses to which one page leads that are looked at. Chosen: pages that lead on have one."""
_PASSWORD = linear(rb"(?i)<input\b[^>]{0,400}type\s*=\s*[\"']?password")
_ACTION = linear(rb"(?i)<form\b[^>]{0,600}action\s*=\s*[\"']?(https?://[^\s\"'>]{3,300})")
_MAILED = linear(rb"(?i)[\w.+-]{2,64}@[\w.-]{3,190}\.[a-z]{2,10}")
_SCRIPT = linear(rb"(?i)<script\b|\son(?:load|error|click|mouseover|begin|end|focus)\s*=|javascript:")
_FRAMES = linear(rb"(?i)<(?:\w{1,20}:)?(?:iframe|embed|object)\b[^>]{0,300}(?:src|data)\s*=\s*[\"']?https?:")
_CARRIES = linear(rb"(?i)" + _CARRIED)
_PROTOCOL = linear(
    rb"(?i)[\"'=(\s](?:search-ms|search|ms-msdt|ms-officecmd|ms-appinstaller|ms-search|ms-cxh\w{0,6}|shell):[^\s\"']{0,200}(?:crumb|location|param|source|skip|query|\\\\|::)"
)
"""Addresses that hand over to programs of Windows: T1204.001; reports on search-ms (2023), ms-msdt (2022)."""
_STARTER = linear(rb"(?i)adb880a6-d8ff-11cf-9377-00aa003b7a11|52a2aaae-085d-4187-97ea-8c30db990436")
_COMMANDS = linear(rb"(?i)name\s*=\s*[\"']?item1[\"']?\s+value\s*=\s*[\"']?,?[^\"'>]{2}|value\s*=\s*[\"']?shortcut")
"""HTML Help's control in its two versions, and the parameters by which it starts programs: MITRE ATT&CK T1218.001."""
_SHARED = linear(
    rb"(?i)<(?:\w{1,20}:)?(?:img|image|iframe|embed|object|link|script|video|audio|source|use|body|input)\b[^>]{0,400}?"
    rb"(?:src|href|data|background)\s*=\s*[\"']?(?:file:(?://|\\\\){1,2}[\w.-]{1,200}\.[\w-]{1,63}(?:[@:]\w{1,6})?[/\\]|"
    rb"\\\\[\w.-]{1,200}\.[\w-]{1,63}(?:@\w{1,6})?\\)|"
    rb"(?:\burl\(\s*|@import\s*)[\"']?(?:file:(?://|\\\\)|\\{2,4})[\w.-]{1,200}\.[\w-]{1,63}(?:[@:]\w{1,6})?[/\\]"
)
"""What a page loads by itself from a share of a server that has a full name or a number (MITRE ATT&CK T1187)."""
_FOREIGN = linear(rb"(?i)<(?:\w{1,20}:)?foreignObject\b")
_DRAWN = linear(rb"(?i)\beval\s*\(|window\.open|CDATA\[[^\]]{0,200}atob")
_FORM = linear(rb"(?i)<form\b|<input\b")
_COLLECTS = linear(
    rb"(?i)api\.telegram\.org/bot|formspree|formsubmit\.co|getform\.io|discord(?:app)?\.com/api/webhooks|"
    rb"\bemailjs\.send|script\.google\.com/macros/s/"
)
"""Who takes what is typed, without a server of one's own: reports on attached pages of 2021-2025."""
_SENDS = linear(
    rb"(?i)\b(?:fetch|sendBeacon|\$\.post|axios\.post)\s*\(\s*[\"'`]https?:|\.open\s*\(\s*[\"'`]POST[\"'`]\s*,\s*[\"'`]https?:|"
    rb"\burl\s*:\s*[\"'`]https?:"
)
"""A script that sends to an address of its own."""
_SENDS_CODED = linear(rb"(?i)\b(?:fetch|open|sendBeacon|post|ajax|action)\s*[(=:][^;]{0,120}?\batob\s*\(")
"""A page that sends to an address which nobody is to read."""
_FILLED = linear(rb"(?i)value\s*=\s*[\"'][\w.+-]{2,64}@")


@analyser("page", wants={"html", "svg"})
class Pages:
    """Judges pages and drawings, and opens the data in them."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield findings and the files coded in the page."""
        text = text_of(part.raw, MOST_TEXT).encode(errors="replace")
        if spelled := referred(text):
            text += b"\n" + spelled
        scripted = bool(_SCRIPT.search(text))
        if "svg" in part.types:
            yield from _drawing(text, part, scripted=scripted)
        mailed = part.depth > 0 and (context.mail or part.origin == "pdf.attachment")
        if scripted:
            text = dotted(text)
        if scripted and (_builds(text, mailed=mailed) or _hands_out(text)):
            yield Finding("page.smuggling", say("A page builds a file out of its own text."), 0.75, kind="page.builds")
        if scripted and (unseen(text) or (mostly_coded(text) and not _FORM.search(text))):
            yield Finding("page.hides", say("A page writes itself out of coded text."), 0.55, kind="page.hides")
        if _SHARED.search(text):
            why = say("A page loads something from a foreign server, which gets the reader's credentials.")
            yield Finding("page.foreign-server", why, 0.6, kind="page.starts")
        if _STARTER.search(text) and _COMMANDS.search(text):
            why = say("A page starts a program by the help viewer's control.")
            yield Finding("page.starts", why, 0.85, kind="page.starts")
        if _PROTOCOL.search(text):
            why = say("A page leads into a program of Windows with commands of its own.")
            yield Finding("page.protocol", why, 0.7, kind="page.starts")
        if any(
            not (_LOADER.match(text, found.end()) or _mailbox(text, found.end())) for found in _WRITES.finditer(text)
        ):
            yield Finding("page.hides", say("A page writes itself out of coded text."), 0.5, kind="page.hides")
        if mailed and len(text) < SMALL and _CODED_SCRIPT.search(text):
            yield Finding("page.hides", say("A page writes itself out of coded text."), 0.5, kind="page.hides")
        if scripted and pasted(text):
            why = say("A page lays a command into the clipboard and has its reader paste and run it.")
            yield Finding("page.pasted", why, 0.75, kind="page.starts")
        if _PASSWORD.search(text):
            yield from _asks(text, mailed=mailed)
        if scripted and mailed:
            weight = 0.55 if _LEADS.search(text) else 0.4
            yield Finding("page.script", say("An attached page runs a script."), weight, kind="page.runs")
        elif mailed and _LEADS.search(text):
            doubt = any(doubtful(one.decode("latin-1")) for one in itertools.islice(_TARGET.findall(text), MOST_LED))
            why = say("An attached page leads elsewhere by itself.")
            yield Finding("page.leads", why, 0.55 if doubt else 0.45, kind="page.runs")
        if mailed:
            yield from told(written_in(text.decode("utf-8", "replace")), context)
            yield from attached.findings(text, context, drawing="svg" in part.types, scripted=scripted)
        yield from _blocks(text, part, context)
        if scripted:
            for number, raw in enumerate(deciphered(text), 1):
                yield Finding("page.hides", say("A page writes itself out of coded text."), 0.55, kind="page.hides")
                context.budget.take(len(raw), f"letters {number}")
                yield part.child(f"letters-{number}.html", raw, origin="page.data")
        if len(part.raw) > MOST_TEXT:
            raise LimitError("markup", f"byte {MOST_TEXT}")


def _mailbox(text: bytes, at: int) -> bool:
    """Tell whether what is written there is a link to write to somebody, and nothing else."""
    found = _SPELLED.match(text, at)
    return bool(found and _MAILBOX.fullmatch(unquote_to_bytes(found[1])))


def _builds(text: bytes, *, mailed: bool) -> bool:
    """Tell whether a script makes a file out of what stands coded in its page."""
    if not _BUILDS.search(text) or not (_DECODES.search(text) or _FETCHED.search(text)):
        return False
    if mailed or hands_over(text):
        return True
    return bool(_LONG.search(text) or _DATA.search(text) or (numbered(text) and _HANDED.search(text)))


def _hands_out(text: bytes) -> bool:
    """Tell whether a page presses its own link to an archive or program that stands in the link's address."""
    return bool(_HANDED.search(text) and _NAMED.search(text) and _LINKED.search(text))


def _drawing(text: bytes, part: Part, *, scripted: bool) -> Iterator[Finding]:
    if any(_CARRIES.match(found[1]) for found in itertools.islice(_DATA.finditer(text), MOST_BLOCKS)):
        yield Finding("drawing.carries", say("A drawing carries a program or an archive."), 0.7, kind="page.builds")
    if not scripted and not _FOREIGN.search(text):
        return
    if scripted and (_LEADS.search(text) or _DECODES.search(text) or _WRITES.search(text) or _DRAWN.search(text)):
        yield Finding(
            "drawing.acts", say("A drawing runs a script that leads elsewhere or hides."), 0.75, kind="page.runs"
        )
    elif _FRAMES.search(text):
        yield Finding("drawing.frame", say("A drawing holds a page of another address."), 0.6, kind="page.runs")
    elif scripted and part.depth and part.origin.startswith("mail."):
        yield Finding("drawing.script", say("A drawing runs a script."), 0.6, kind="page.runs")
    elif scripted:
        yield Finding("drawing.script", say("A drawing runs a script."), 0.25, kind="page.runs")
    if _FORM.search(text):
        yield Finding("drawing.form", say("A drawing holds a form."), 0.6, kind="page.asks")


def _asks(text: bytes, *, mailed: bool) -> Iterator[Finding]:
    """Yield that a page asks for a password, by how it does: where it came from, and where it sends."""
    why = say("A page asks for a password and sends it away.")
    if mailed:
        yield Finding("page.password", say("An attached page asks for a password."), 0.7, kind="page.asks")
    elif _COLLECTS.search(text) or _SENDS_CODED.search(text):
        yield Finding("page.password", why, 0.8, kind="page.asks")
    elif (
        (_ACTION.search(text) or _SENDS.search(text))
        and _MAILED.search(text[:20000].replace(b"mailto:", b""))
        and _FILLED.search(text)
    ):
        yield Finding("page.password", why, 0.55, kind="page.asks")


def _blocks(text: bytes, part: Part, context: Context) -> Iterator[Part]:
    coded = (found[2] for found in _DATA.finditer(text) if not found[1].startswith(_PICTURES))
    blocks = itertools.chain(coded, (found[1] for found in _LONG.finditer(text)), literals(text))
    for number, one in enumerate(blocks, 1):
        if number > MOST_BLOCKS:
            raise LimitError("members", "blocks of coded text")
        raw = unbase64(one)
        if raw:
            context.budget.take(len(raw), f"block {number}")
            yield part.child(f"data-{number}", raw, origin="page.data")


def unbase64(text: bytes) -> bytes:
    """Return the bytes of base64 `text`; what is damaged at its end falls off, other text gives nothing."""
    for coded, letter in ((b"%2B", b"+"), (b"%2F", b"/"), (b"%3D", b"="), (b"&#43;", b"+"), (b"&#47;", b"/")):
        text = text.replace(coded, letter)
    clean = text.translate(None, _NO_LETTERS)
    try:
        return binascii.a2b_base64(clean[: len(clean) // 4 * 4])
    except binascii.Error:
        return b""
