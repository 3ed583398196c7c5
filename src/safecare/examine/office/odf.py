"""OpenDocument files: macros, what starts them, and data that is taken from other programs.

Source: OpenDocument 1.3 part 3, 14.4 (event listeners), 18.3 (scripts), 14.6.5 (DDE); names of events after
LibreOffice's xmloff; CVE-2018-16858 and CVE-2019-9848 (a listener calls a function of the program's own Python).
"""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

from safecare.examine.api import Context, Finding, Part, analyser
from safecare.examine.office.document import ACTS, AUTO, FACTS, SENT
from safecare.formats.linear import linear
from safecare.formats.macros import macro_facts
from safecare.formats.zips import Zip, ZipError
from safecare.model.text import say

MOST_MODULES = 200
"""Modules that are read. Chosen: large libraries have some dozens."""
LISTENS = linear(
    rb"(?i)script:event-name=[\"'](?:(?:dom:|on-?)(?:(?:un)?load|focus|DOMFocusIn|mouse\w+)|"
    rb"office:(?:on-?load|new|create|load-finished|layout-finished|page-count-change|view-created|view-close|prepare-\w+))"
)
"""Events that come by themselves when a document is opened, shown, or closed again."""
_CALLS = linear(rb"(?i)[\"']vnd\.sun\.star\.script:")
LONGEST_CALL = 900
"""Bytes of a call that are read. Chosen: those that LibreOffice writes have at most 200."""
_STARTS = linear(rb"(?i)SystemShellExecute|\bos\.(?:system|popen|startfile)\s{0,4}\(|\bsubprocess\.\w{2,20}\s{0,4}\(")
_OPENS = linear(rb"(?i)\bloadComponentFromURL\s{0,4}\(\s{0,4}\"(?:https?|ftp|smb):|\burllib\.request\b|\burlretrieve\b")
"""What only macros of these programs do, Basic or Python, to start programs and to fetch files."""
_DDE = linear(
    rb"(?i)office:dde-application=[\"']\s*(?:cmd|powershell|pwsh|mshta|msexcel|wscript|cscript|rundll32|regsvr32)"
)
_SERVER = rb"(?:file:[/\\]{2,5}|\\\\|//)[\w-]+(?:\.[\w-]+)+[\\/]"
_LOADS = linear(
    rb"(?i)<(?:draw:object|draw:object-ole|draw:floating-frame|draw:plugin|draw:applet|text:section-source|meta:template)\b"
    rb"[^<>]*\bxlink:href=[\"'](?:https?:|ftp:|smb:|" + _SERVER + rb")"
)
"""Objects, frames, sections and templates from elsewhere (OpenDocument 1.3 part 3, 10.4.6, 10.4.10, 5.4, 4.3.2.4)."""
_FETCHES = linear(rb"(?i)<draw:(?:image|fill-image)\b[^<>]*\bxlink:href=[\"'](?:smb:|" + _SERVER + rb")")
LOADS = "office.external.object", "office.external.named-share"
"""Facts of what is loaded from elsewhere: objects, and pictures from servers that readers sign in to."""


def loads(content: bytes) -> set[str]:
    """Return the facts of what a document loads from elsewhere when it is opened."""
    return {fact for fact, pattern in zip(LOADS, (_LOADS, _FETCHES), strict=True) if pattern.search(content)}


def module_facts(source: bytes) -> set[str]:
    """Return what the macros of a document do, their text as it stands in XML."""
    plain = unescape(source.decode("utf-8", "replace")).encode()
    facts = {"office.macro", *macro_facts(plain)}
    facts |= {"office.macro.execute"} if _STARTS.search(plain) else set()
    return facts | ({"office.macro.download"} if _OPENS.search(plain) else set())


def calls(content: bytes) -> bool:
    """Tell whether a listener calls Python that is not the document's own, or goes up from a folder of scripts."""
    for found in _CALLS.finditer(content):
        quote, rest = found[0][:1], content[found.end() : found.end() + LONGEST_CALL]
        asked = unquote(unescape(rest.partition(quote)[0].decode("latin-1"))).lower().replace("\\", "/")
        if "language=python" in asked and ("../" in asked or ("$" in asked and "location=document" not in asked)):
            return True
    return False


CALLS = Finding(
    "office.calls-program",
    say("A document calls a program's own functions when it is opened or touched."),
    0.85,
    kind="office.content",
)


@analyser("odf", wants={"odf"})
class OpenDocument:
    """Judges macros and what starts them."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the findings."""
        try:
            archive = Zip(part.raw)
            content = b"".join(
                archive.read(name) for name in ("content.xml", "styles.xml", "meta.xml") if name in archive.names
            )
            modules = [
                archive.read(name)
                for name in archive.names
                if name.startswith(("Basic/", "Scripts/"))
                and not name.endswith(("/", "script-lb.xml", "script-lc.xml"))
            ]
        except ZipError:
            return  # told by who unpacks it
        facts = loads(content)
        if modules:
            facts |= module_facts(b"\n".join(modules[:MOST_MODULES]))
            facts |= {"office.limit"} if len(modules) > MOST_MODULES else set()
            if LISTENS.search(content):
                facts.add("office.macro.autoexec")
        if _DDE.search(content):
            facts.add("office.dde")
        for fact in sorted(facts & FACTS.keys()):
            weight, why = FACTS[fact]
            weight = SENT if fact == "office.external.named-share" and context.mail else weight
            yield Finding(
                fact, why, weight, kind="office.macro" if fact.startswith("office.macro") else "office.content"
            )
        if "office.macro.autoexec" in facts and facts & ACTS:
            yield AUTO
        if calls(content):
            yield CALLS
