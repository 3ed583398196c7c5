"""What the pages of a PDF show, read strictly: readers that meet an error each guess, and show different pages.

Whoever wants a file to show one thing here and another there writes an error into what a page shows: the page, its list
of contents, the streams in that list, or the directory that leads to them. Programs that write PDFs make none there.
Source: Mueller et al., "Processing Dangerous Paths" (NDSS 2021), content masking; ISO 32000-1:2008, 7.3.8 (streams),
7.3.10 (indirect objects), 7.5 (file structure), 7.7.3.3 (pages).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise

from safecare.examine.api import Finding, Where
from safecare.examine.pdf.directory import Directory
from safecare.examine.pdf.objects import Document, Object, begun, filters, references
from safecare.examine.pdf.values import tokens
from safecare.formats.linear import linear
from safecare.model.text import Text, say

MOST_PAGES = 2000
"""Pages whose contents are looked at. Chosen: the longest manuals have as many."""
MOST_CONTENT = 64 * 1024
"""Bytes of contents that are read for what does not belong there. Chosen: 1 ms; a forged page is short."""
MOST_LINES = 500
"""Lines of contents with a ``%`` that are looked at. Chosen: a table of percentages."""
MOST_PICTURES = 200
"""Pictures within contents that are passed over. Chosen: pages of dotted leaders have some dozens."""
LONGEST_GAP = 16_384
"""White space in contents that no writer leaves. Chosen: above the buffers of readers that stop at such gaps."""
LONGEST_WORD = 4096
"""Bytes at the end of what was read of longer contents that may be a word cut off. Chosen: strings stay below."""
DOUBT = 0.55
"""Weight of one error in what a page shows: writers never make it, but damage in transport does at times."""
_CONTENTS = re.compile(rb"/Contents(?![A-Za-z0-9])([^\s\[(</\d%]*)\s*(?=[\[\d])")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_NO_LIST = re.compile(rb"[^\s\x00\[\]\dR%]")
_AFTER_HEAD = re.compile(rb"\d{1,10}[\s\x00]{1,16}\d{1,5}[\s\x00]{1,16}obj([\s\x00]*)([^\s\x00])")
_AFTER_DATA = re.compile(
    rb"[\s\x00]{0,4}endstream(?:endobj\b|\b(?:[\s\x00]|%[^\r\n]{0,200}){0,40}(?:endobj\b|(?=\d{1,10}\s+\d{1,5}\s+obj\b)))"
)
"""Readers go by the length and are not misled by a line end that lacks between the two words."""
_COMMENTED = re.compile(rb"%[ \t]*$")
_HIDDEN_KEY = re.compile(rb"%[^\r\n]{0,40}/(?:Type|Contents|Kids|Parent)\b")
_HIDDEN_TEXT = linear(rb"[^\r\n]*%[^\r\n]*[)\]>][\t ]{0,4}T[jJ]\b")
_SHOWN = re.compile(rb"[(\[<][^\r\n]*?[)\]>][ \t]{0,4}T[jJ]\b")
_EDGE = re.compile(rb"\\.|[()%]", re.DOTALL)
_GAP = linear(rb"[\x00\t\n\x0c\r ]{1000}")
_HEAD = re.compile(rb"(?i)(?:^|[\r\n])%{1,2}(?:!PS-Adobe-\d\.\d[ \t]{0,4})?PDF(?:-\d?|(?=[\r\n]))")
_KNOWN = frozenset(
    b"FlateDecode Fl LZWDecode LZW ASCIIHexDecode AHx ASCII85Decode A85 RunLengthDecode RL CCITTFaxDecode CCF "
    b"DCTDecode DCT JBIG2Decode JPXDecode Crypt".decode().split()
)
"""Filters of streams (ISO 32000-1, table 6) and their short names."""
_STRING = rb"\((?:[^()\\]|\\[\s\S]|\((?:[^()\\]|\\[\s\S])*\))*\)"
_OPERATORS = (
    rb"BDC|BMC|BT|BX|b\*|B\*|b|B|cm|CS|cs|c|Do|DP|d0|d1|d|EMC|ET|EX|f\*|F|f|gs|G|g|h|i|j|J|K|k|l|MP|M|m|n|Q|q|RG|re|rg|ri|"
    rb"SCN|scn|SC|sc|sh|S|s|'|\"|T\*|Tc|Td|TD|Tf|Tj|TJ|TL|Tm|Tr|Ts|Tw|Tz|v|W\*|W|w|y"
)
_WORDS = linear(
    rb"(?:[\x00\t\n\x0c\r ]+|%[^\r\n]*|[-+]*[\d.]+(?:-\d*)?|/[^\x00\t\n\x0c\r /<>\[\]()%{}]*|"
    rb"<[0-9A-Fa-f\s]*>|<<|>>|[\[\]]|" + _STRING + rb"|(?:true|false|null|" + _OPERATORS + rb"))*"
)
"""What contents are made of, up to where something else stands (inline pictures end the reading)."""
_PICTURE_ENDS = linear(rb"[\s\x00>]EI[\s\x00]")
_PAINTS = linear(rb"\b(?:T[jJ]|Do|re|f|S)\b")
ERROR = say("What a page of a PDF shows is written with an error that readers take differently.")
HIDDEN = say("A page of a PDF holds text or objects that some readers leave out.")
ELSEWHERE = say("What a page of a PDF shows stands where some readers do not look.")
LISTED = say("The directory of a PDF does not lead to what a page shows: readers choose differently.")


def findings(document: Document, directory: Directory, raw: bytes) -> Iterator[Finding]:
    """Yield the errors in what the pages of `document` show, each kind once."""
    told: set[str] = set()
    for rule, why, number in _errors(document, directory, raw):
        if rule not in told:
            told.add(rule)
            yield Finding(rule, why, DOUBT, Where(tag=f"object {number}"), kind="pdf.doubt")


def _errors(document: Document, directory: Directory, raw: bytes) -> Iterator[tuple[str, Text, int]]:
    shown: dict[int, Object | None] = {}
    room = 0 if document.encrypted else MOST_CONTENT
    for page in islice(_pages(document, directory), MOST_PAGES):
        yield from _page(page)
        numbers = [number for number in contents(page, document) if number not in shown]
        shown |= {number: document.get(number) for number in numbers}
        if room > 0:
            text = b"\n".join(begun(one, room) for number in numbers if (one := shown[number]))
            room -= len(text)
            yield from ((rule, why, page.number) for rule, why in _read(text, cut=room <= 0))
    yield from _placed(document, directory, raw, shown)
    for number, one in shown.items():
        if one is not None and not one.inside:
            yield from (("pdf.doubt.content", why, number) for why in _written(one, raw))


def _pages(document: Document, directory: Directory) -> Iterator[Object]:
    tabled = directory.tabled
    for one in document.holding(b"/Page"):
        if _PAGE.search(one.text) and not (tabled and one.inside):
            yield one


def _page(page: Object) -> Iterator[tuple[str, Text, int]]:
    """Yield errors of a page and of its list of contents."""
    if b"%" in page.text and _HIDDEN_KEY.search(page.text):
        yield "pdf.doubt.hidden", HIDDEN, page.number
    found = _CONTENTS.search(page.text)
    listed = _list(page.text, found.end()) if found else b""
    if (found and found[1]) or listed.count(b"[") > 1 or (listed and _NO_LIST.search(listed)):
        yield "pdf.doubt.content", ERROR, page.number
    if page.text.count(b"/Contents") > 1 and len(_outer(page.text)) > 1:
        yield "pdf.doubt.content", ERROR, page.number


def _list(text: bytes, at: int) -> bytes:
    """Return the list of contents that begins at `at`, without comments; empty for a single reference."""
    if text[at : at + 1] != b"[":
        return b""
    depth, out = 0, []
    for token, _, _ in tokens(text, at):
        depth += (token == b"[") - (token == b"]")
        out.append(token)
        if depth <= 0:
            break
    return b" ".join(out)


def _outer(text: bytes) -> list[int]:
    """Return where dictionaries begin that stand beside each other in one object."""
    begins, depth = [], 0
    for token, at, _ in tokens(text):
        if token == b"<<":
            if depth == 0:
                begins.append(at)
            depth += 1
        elif token == b">>":
            depth -= 1
    return begins


def contents(page: Object, document: Document) -> list[int]:
    """Return the numbers of the streams that a page shows, also where they stand in a list of its own."""
    found = _CONTENTS.search(page.text)
    if not found:
        return []
    numbers = references(
        _list(page.text, found.end()) or page.text[found.end() : found.end() + 24].split(b"R")[0] + b"R"
    )
    lists = [one for number in numbers[:1] if (one := document.get(number)) and one.stream is None and not _is_cut(one)]
    return [inner for one in lists for inner in references(one.text)[:MOST_PAGES]] or numbers


def _is_cut(one: Object) -> bool:
    return b"stream" in one.text.lower()


def _written(one: Object, raw: bytes) -> Iterator[Text]:
    """Yield errors in how a stream that a page shows is written."""
    head = _AFTER_HEAD.match(raw, one.at)
    if head and head[2] not in b"<[%n":
        yield ERROR
    if _COMMENTED.search(raw[max(0, one.at - 40) : one.at].rpartition(b"\n")[2]):
        yield HIDDEN
    if one.stream is None:
        if _is_cut(one):
            yield ERROR
        return
    if one.end >= 0 and not _AFTER_DATA.match(raw, one.end):
        yield ERROR
    if any(name not in _KNOWN for name in filters(one.text)):
        yield ERROR
    if b"/Length" not in one.text or (one.length >= 0 and abs(len(bytes(one.stream).strip()) - one.length) > 64):
        yield ERROR


def _placed(
    document: Document, directory: Directory, raw: bytes, shown: dict[int, Object | None]
) -> Iterator[tuple[str, Text, int]]:
    """Yield what pages show that stands outside of the body, or is not where the directory says."""
    first = raw.find(b"%PDF-")
    last = directory.starts[-1][0] if directory.starts else len(raw)
    listed = directory.listed()
    places = {one.at: one for one in document.outer}
    whole = sum(at in places for at, letter in listed.values() if letter == b"n")
    sound = bool(listed) and not directory.streams and whole > len(listed) // 2
    highest = max(listed, default=0)
    for number, one in shown.items():
        place, letter = listed.get(number, (-1, b""))
        if one is None:
            if sound and letter == b"n" and place < len(raw):
                yield "pdf.doubt.directory", LISTED, number
            continue
        if one.inside:
            continue
        if one.at < first or one.at > last:
            yield "pdf.doubt.outside", ELSEWHERE, number
        if not sound:
            continue
        unlisted = letter == b"f" or (letter == b"" and number < highest)
        if unlisted or (letter == b"n" and place != one.at and not _same(places.get(place), one)):
            yield "pdf.doubt.directory", LISTED, number
    again = {number for table in directory.tables for number in (*table.again, *table.letters)}
    if again & shown.keys():
        yield "pdf.doubt.directory", LISTED, min(again & shown.keys())
    yield from _heads(document, raw, first)
    yield from _ends(document, directory, raw, shown)


def _same(listed: Object | None, last: Object) -> bool:
    """Tell whether what the directory leads to says the same as the last object of that number."""
    return listed is not None and (listed.text, listed.stream) == (last.text, last.stream)


def _heads(document: Document, raw: bytes, first: int) -> Iterator[tuple[str, Text, int]]:
    """Yield that a second head stands among the objects, with no end before it."""
    if document.heads < 2 and not raw[:first].strip():
        return
    held = [(one.at, one.end) for one in document.streams if one.end >= 0]
    heads = [
        found.start()
        for found in _HEAD.finditer(raw)
        if not any(start < found.start() < end for start, end in held[:2000])
    ]
    for before, at in pairwise(heads):
        if b"%%EOF" not in raw[before:at] and re.search(rb"\d\s+\d+\s+obj\b", raw[before:at]):
            yield "pdf.doubt.outside", ELSEWHERE, 0
            return


def _ends(
    document: Document, directory: Directory, raw: bytes, shown: dict[int, Object | None]
) -> Iterator[tuple[str, Text, int]]:
    """Yield that a revision gives pages other contents, and its directory or its end is damaged."""
    if directory.streams or not directory.starts:
        return
    before: dict[int, Object] = {}
    changed = 0
    for one in document.outer:
        if one.number in shown:
            if one.number in before and not _same(before[one.number], one):
                changed = one.number
            before[one.number] = one
    if not changed:
        return
    _, start, ended = directory.starts[-1]
    tables = {table.at: table for table in directory.tables}
    if not any(at in tables for _, at, _ in directory.starts):
        return
    if not ended or start not in tables or not tables[start].trailer:
        yield "pdf.doubt.directory", LISTED, changed


def _commented(line: bytes) -> bool:
    """Tell whether a line shows text after a ``%`` that stands in no string."""
    depth = 0
    for edge in _EDGE.finditer(line):
        if edge.group() == b"%" and depth <= 0:
            return _SHOWN.search(line, edge.end()) is not None
        depth += (edge.group() == b"(") - (edge.group() == b")")
    return False


def _understood(text: bytes) -> int:
    """Return how far `text` is made of words that contents may have; pictures within are passed over."""
    at = 0
    for _ in range(MOST_PICTURES):
        words = _WORDS.match(text, at)
        at = words.end() if words else at
        if text[at - 1 : at + 1] != b"BI":
            return at
        close = _PICTURE_ENDS.search(text, at)
        if not close:
            return len(text)
        at = close.end()
    return len(text)


def _read(text: bytes, *, cut: bool) -> Iterator[tuple[str, Text]]:
    """Yield what contents hold that readers leave out or stumble over."""
    if b"%" in text and any(_commented(found.group()) for found in islice(_HIDDEN_TEXT.finditer(text), MOST_LINES)):
        yield "pdf.doubt.hidden", HIDDEN
    gap = _GAP.search(text)
    if gap and len(text[gap.start() :]) - len(text[gap.start() :].lstrip()) > LONGEST_GAP:
        yield "pdf.doubt.hidden", HIDDEN
    rest = text[_understood(text) : len(text) - (LONGEST_WORD if cut else 0)]
    if _PAINTS.search(rest):
        yield "pdf.doubt.content", ERROR
