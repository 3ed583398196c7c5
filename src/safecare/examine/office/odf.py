"""OpenDocument files: macros, what starts them, and data that is taken from other programs.

Source: OpenDocument 1.3 part 3, 14.4 (event listeners), 18.3 (scripts), 14.6.5 (DDE); CVE-2018-16858 (a listener that
calls a function of the program's own Python).
"""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

from safecare.examine.api import Context, Finding, Part, analyser
from safecare.examine.office.document import ACTS, AUTO, FACTS
from safecare.formats.linear import linear
from safecare.formats.macros import macro_facts
from safecare.formats.zips import Zip, ZipError
from safecare.model.text import say

MOST_MODULES = 200
"""Modules that are read. Chosen: large libraries have some dozens."""
_LISTENS = linear(
    rb"(?i)script:event-name=[\"'](?:dom:load|office:(?:load-finished|on-?load|view-created)|on-?(?:load|focus|mouse\w+))|"
    rb"script:event-name=[\"']dom:mouse\w+"
)
_CALLS = linear(rb"(?i)vnd\.sun\.star\.script:[^\"'<>]{0,200}(?:\.\.(?:/|%2F)|\$)[^\"'<>]{0,400}language=Python")
_DDE = linear(
    rb"(?i)office:dde-application=[\"']\s*(?:cmd|powershell|pwsh|mshta|msexcel|wscript|cscript|rundll32|regsvr32)"
)


@analyser("odf", wants={"odf"})
class OpenDocument:
    """Judges macros and what starts them."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the findings."""
        try:
            archive = Zip(part.raw)
            content = b"".join(archive.read(name) for name in ("content.xml", "styles.xml") if name in archive.names)
            modules = [
                archive.read(name)
                for name in archive.names
                if name.startswith(("Basic/", "Scripts/"))
                and not name.endswith(("/", "script-lb.xml", "script-lc.xml"))
            ][:MOST_MODULES]
        except ZipError:
            return  # told by who unpacks it
        facts = set[str]()
        if modules:
            source = unescape(b"\n".join(modules).decode("utf-8", "replace")).encode()
            facts = {"office.macro", *macro_facts(source)}
            if _LISTENS.search(content):
                facts.add("office.macro.autoexec")
        if _DDE.search(content):
            facts.add("office.dde")
        for fact in sorted(facts & FACTS.keys()):
            weight, why = FACTS[fact]
            yield Finding(
                fact, why, weight, kind="office.macro" if fact.startswith("office.macro") else "office.content"
            )
        if "office.macro.autoexec" in facts and facts & ACTS:
            yield AUTO
        if _CALLS.search(content):
            why = say("A document calls a program's own functions when it is opened or touched.")
            yield Finding("office.calls-program", why, 0.85, kind="office.content")
