"""Documents written as text: Word and Excel XML of 2003, flat OOXML, CSV, SYLK, web queries.

Source: WordprocessingML 2003 (`w:binData`, `w:instrText`), SpreadsheetML 2003, flat OPC (`pkg:binaryData`); formulas
that start programs: OWASP "CSV Injection"; SYLK with Excel 4 macros: outflank.nl 2019.
"""

from __future__ import annotations

import binascii
import re
import zlib
from collections.abc import Iterator

from safecare.examine.api import Context, Finding, LimitError, Part, analyser
from safecare.examine.office.document import ACTS, AUTO, FACTS
from safecare.examine.office.odf import CALLS, LISTENS, calls, loads, module_facts
from safecare.formats.linear import linear
from safecare.formats.office_links import relation_facts
from safecare.formats.reach import is_abroad, is_here
from safecare.model.text import say

MOST_BLOCKS = 2000
"""Embedded blocks that are opened. Chosen: pictures of a long report."""
_BLOCK = linear(rb"<(?:w:binData|pkg:binaryData)\b[^>]{0,400}>([A-Za-z0-9+/=\s]{16,})<")
_DDE_FIELD = linear(rb"(?i)(?:<w:instrText\b[^>]{0,200}>|w:instr\s*=\s*[\"'])\s*(?:&quot;|\"|\\)?\s*DDE(?:AUTO)?\b")
_DDE_CELL = linear(
    rb"(?im)(?:<(?:ss:)?Formula\b|ss:Formula\s*=\s*[\"']|<(?:x:)?(?:OLELink|SupBook|DDELink)\b|(?:^|[,;\t\"\n])\s*[=+@-]\s*)"
    rb"[^<>\n]{0,200}?\b(?:cmd|powershell|mshta|rundll32|regsvr32|msexcel|certutil|wscript|cscript|bitsadmin)(?:\.exe)?\s*\|"
)
_DDE_LINK = linear(rb"(?i)<(?:\w{1,10}:)?(?:DDELink|ddeLink)\b|<(?:x:)?Path>[^<]{0,80}\b(?:cmd|powershell|mshta)\b")
_SYLK_CALL = linear(rb"(?im)^C;.{0,200};E[^;\r\n]{0,60}\|'?[^\r\n]{0,200}(?:\.exe|cmd|powershell|mshta|\\)")
HERE = 0.3
"""Weight of a web query to a server of the house, or for a list that SharePoint exports so: a click on its page."""
_SYLK = linear(
    rb"(?im)^(?:C;.{0,400};?E(?:EXEC|CALL|REGISTER|RUN|HALT)\(|O;E\s*$|O;.{0,40};E|NN;N(?:Auto_?open|.{0,60};E(?:F|R)))"
)
_TEMPLATE = linear(
    rb"(?i)<w:attachedTemplate\b[^<>]*\bw:val\s*=\s*[\"'](?:https?:|ftp:|\\\\[\w-]+\.|file:/{2,5}[\w-]+\.)"
)
_MODULE = linear(rb"(?s)<(?:\w{1,20}:)?source-code\b[^<>]*>(.*?)</(?:\w{1,20}:)?source-code>")
_SENDS = linear(
    rb"(?im)(?:^|[,;\t\"])\s*=\s*(?:(?:WEBSERVICE|IMPORTDATA|IMPORTXML|IMPORTFEED|IMAGE)\(\s*\"{1,2}(?:https?:|\\\\)|HYPERLINK\([^()\n]{0,300}&\s*\$?[A-Z]{1,3}\$?\d)"
)
"""Formulas that give cells to an address: OWASP, "CSV Injection"."""
_FIELD_PARTS = linear(rb"<w:instrText\b[^>]{0,200}>([^<]{0,400})</w:instrText>")
_DDE_WORD = linear(rb"\bDDE\b\s")


@analyser("flat", wants={"xml", "spreadsheet-text", "text"})
class Flat:
    """Finds fields, formulas and blocks in documents that are text."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield findings and embedded blocks."""
        raw = part.raw
        head = raw[:4096]
        weight, why = FACTS["office.dde"]
        if "xml" in part.types:
            codes = b"".join(_FIELD_PARTS.findall(raw)).upper()
            if _DDE_FIELD.search(raw) or b"DDEAUTO" in codes or _DDE_WORD.search(codes) or _DDE_LINK.search(raw):
                yield Finding("office.dde", why, weight, kind="office.content")
            yield from _told(raw, head)
            if b"macrosPresent" in head and b'macrosPresent="yes"' in raw[:20_000]:
                yield Finding("office.macro", FACTS["office.macro"][1], FACTS["office.macro"][0], kind="office.macro")
            for number, found in enumerate(_BLOCK.finditer(raw), 1):
                if number > MOST_BLOCKS:
                    raise LimitError("members", "blocks")
                yield from _block(found[1], number, part, context)
        if _DDE_CELL.search(raw):
            yield Finding("office.dde", why, weight, kind="office.content")
        if "spreadsheet-text" in part.types and _SENDS.search(raw):
            why = say("A table sends what its cells hold to an address.")
            yield Finding("office.formula.sends", why, 0.55, kind="office.content")
        if head.startswith(b"ID;P") and (_SYLK.search(raw) or _SYLK_CALL.search(raw)):
            yield Finding("office.macro.xlm", FACTS["office.macro.xlm"][1], 0.7, kind="office.macro")
        asked = re.match(rb"(?i)\s*WEB\r?\n1\r?\nhttps?://([\w.-]+|\[[\da-f:.]+\])", raw)
        if asked:
            weight = (
                HERE
                if is_here(asked[1])
                or (b"SharePointListName=" in raw[: asked.end() + 4096] and not is_abroad(asked[1]))
                else 0.6
            )
            yield Finding("office.web-query", say("A web query fetches data and formulas from outside."), weight)


def _told(raw: bytes, head: bytes) -> Iterator[Finding]:
    """Yield what documents of Office and OpenDocument say that are written as one text."""
    facts = set[str]()
    if b"schemas.microsoft.com/office/2006/xmlPackage" in head:
        facts = relation_facts(raw)
    elif b"schemas.microsoft.com/office/word/2003" in head and _TEMPLATE.search(raw):
        facts.add("office.external.template")
    elif b"urn:oasis:names:tc:opendocument" in head:
        facts = loads(raw)
        modules = _MODULE.findall(raw)[:MOST_BLOCKS]
        if modules:
            facts |= module_facts(b"\n".join(modules))
            facts |= {"office.macro.autoexec"} if LISTENS.search(raw) else set()
        if calls(raw):
            yield CALLS
    for fact in sorted(facts & FACTS.keys()):
        weight, why = FACTS[fact]
        yield Finding(fact, why, weight, kind="office.macro" if fact.startswith("office.macro") else "office.content")
    if "office.macro.autoexec" in facts and facts & ACTS:
        yield AUTO


def _block(text: bytes, number: int, part: Part, context: Context) -> Iterator[Part]:
    try:
        raw = binascii.a2b_base64(text)
    except binascii.Error:
        return
    if raw.startswith(b"ActiveMime"):
        at = raw.find(b"\x78\x9c", 0x20)
        raw = context.budget.inflate(raw[at:], f"block {number}", zlib.MAX_WBITS) if at > 0 else b""
    if raw.startswith((b"\xd0\xcf\x11\xe0", b"PK\x03\x04", b"MZ", b"%PDF", b"{\\rt")):
        context.budget.take(len(raw), f"block {number}")
        yield part.child(f"block-{number}", raw, origin="xml.block")
