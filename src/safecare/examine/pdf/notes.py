"""Notes laid over pages of a PDF: whether one gives another bank account than the page beneath it.

Whoever changes a bill on its way (business mail compromise: FBI IC3; Europol, "invoice fraud") needs no tool but a
viewer: a text box with a white ground. Source: ISO 32000-1:2008, 12.5.6.6 (free text), 12.5.6.12 (stamps).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.examine.api import Finding, Where
from safecare.examine.pdf.objects import Document, Object, begun
from safecare.examine.pdf.shown import contents
from safecare.examine.pdf.words import MOST_SHOWN, fonts, said
from safecare.model.text import say

MOST_NOTES, MOST_PAGES = 100, 10
"""Notes and pages that are read. Chosen: a bill has two pages; a reviewed paper has some hundred notes."""
_NOTE = re.compile(rb"/Subtype\s*/(?:FreeText|Stamp)\b")
_SHOWN = re.compile(rb"/N\s+(\d{1,10})\s+\d{1,5}\s+R")
_PAGE = re.compile(rb"/Type\s*/Page\b")
_ACCOUNT = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}")
"""ISO 13616: country, two check digits, 12 to 30 letters and digits."""


def findings(document: Document) -> Iterator[Finding]:
    """Yield at most one finding."""
    notes = [one for one in document.holding(b"/FreeText", b"/Stamp") if _NOTE.search(one.text)][:MOST_NOTES]
    streams = [one for note in notes if (found := _SHOWN.search(note.text)) and (one := document.get(int(found[1])))]
    laid = _accounts(document, streams) if streams else set()
    if not laid:
        return
    pages = [one for one in document.holding(b"/Page") if _PAGE.search(one.text)][:MOST_PAGES]
    beneath = [one for page in pages for number in contents(page, document) if (one := document.get(number))]
    printed = _accounts(document, beneath)
    if printed and laid - printed:
        why = say("A note laid over a page of a PDF gives another bank account than the page.")
        yield Finding("pdf.note.account", why, 0.55, Where(tag=f"object {notes[0].number}"), kind="pdf.doubt")


def _accounts(document: Document, streams: list[Object]) -> set[str]:
    letters = fonts(document)
    held = {one.number: one for one in streams[:MOST_NOTES]}
    content = b"\n".join(begun(one, MOST_SHOWN // 4) for one in held.values())[: 2 * MOST_SHOWN]
    text = said(content, letters)
    return {found.group().replace(" ", "")[:34] for found in _ACCOUNT.finditer(text)}
