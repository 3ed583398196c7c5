"""What a signed PDF shows other than what was signed: what was added behind the part that its signature covers.

Source: Mainka et al., "Shadow Attacks" (NDSS 2021): hide, replace; Mladenov et al., "1 Trillion Dollar Refund" (CCS
2019), signature wrapping; ISO 32000-1:2008, 7.8.3 (resources), 8.11.4 (layers), 12.5.3 (flags of annotations).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from safecare.examine.api import Finding, Where
from safecare.examine.pdf.lures import PAGE
from safecare.examine.pdf.objects import Document, Object, begun, references
from safecare.examine.pdf.values import MOST_TOKENS, members, tokens
from safecare.formats.linear import linear
from safecare.model.text import say

_SIGNED = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_DIGITS = b"0123456789ABCDEFabcdef \r\n\t\0"
_LEADS = tuple(
    linear(rb"/" + key + rb"\s*(\[[^\]]*\]|\d{1,10}\s+\d{1,5}\s+R)") for key in (b"Contents", b"Kids", b"Pages")
)
_ONE = re.compile(rb"(\d{1,10})\s+\d{1,5}\s+R")
_ANY = re.compile(rb"\b\d{1,10}\s+\d{1,5}\s+R\b")
_NONE = Object(0, 0, -1, b"")
_DRAWN = (b"Font", b"XObject", b"ExtGState", b"ColorSpace", b"Pattern", b"Shading")
"""Resources by which contents are drawn."""
_BESIDE = frozenset(b"Length Filter DecodeParms Parent P Metadata PieceInfo LastModified StructParent OC Name".split())
"""Keys that don't tell how something looks."""
_MARK = linear(rb"/Subtype\s*/(?:Stamp|FreeText|Square|Circle|Polygon|Ink|Watermark)\b")
"""Annotations that may lie over a page, and that no form hides by itself, as it does with its fields."""
_HIDES = 2 | 32
"""Flags of annotations that aren't shown (ISO 32000-1, table 165)."""
MOST_SIGNED = 20
"""Signatures of one file whose places are looked at. Chosen: a contract has some five."""
MOST_PAGES, MOST_DEEP = 500, 30
"""Pages of a signed document that are compared, and values within values. Chosen: fonts nest six deep."""
MOST_LOOKED = 4 * 1024 * 1024
"""Bytes of dictionaries that are followed, of both revisions. Chosen: a contract of 100 pages has 200,000; 0.5 s."""
MEMORY = 64
"""Bytes that are compared as they stand in the time in which one is read. Chosen: far below what is measured."""
MOST_STREAM = 1024 * 1024
"""Bytes of a stream packed anew that are compared. Chosen: forms that pages draw have some thousand."""


def findings(document: Document, raw: bytes) -> Iterator[Finding]:
    """Yield that pages of a signed document show other things than were signed, or may do so."""
    if document.holding(b"/ByteRange"):
        yield from _changed(document, raw)
        yield from _wrapped(raw)


def _changed(document: Document, raw: bytes) -> Iterator[Finding]:
    """Yield that pages of a signed document were given other contents behind what the signature covers.

    Signatures, their proofs, notes and filled fields are added there honestly; pages, their contents and the list of
    pages are not, nor are other letters for a font.
    """
    ends = [int(found[3]) + int(found[4]) for found in _SIGNED.finditer(raw)]
    covered = max((end for end in ends if end <= len(raw)), default=0)
    if not covered or not raw[covered:].strip():
        return
    number = rewritten(document, covered)
    if number is None and not document.encrypted:  # what is encrypted anew differs without being other
        ordered = sorted(document.objects, key=lambda one: one.at)
        signed = Revision({one.number: one for one in ordered if one.at < covered})
        number = Compared(signed, Revision({one.number: one for one in ordered})).other()
    if number is not None:
        why = say("A signed PDF shows other pages than those that were signed.")
        yield Finding("pdf.changed-after-signing", why, 0.6, Where(tag=f"object {number}"), kind="pdf.doubt")


def rewritten(document: Document, covered: int) -> int | None:
    """Return the number of an object of the file itself that leads to other pages or holds other contents."""
    before: dict[int, Object] = {}
    for one in document.outer:
        earlier = before.get(one.number)
        if one.at < covered:
            before[one.number] = one
        elif earlier is not None and _shows_other(earlier, one):
            return one.number
    return None


def _shows_other(one: Object, later: Object) -> bool:
    """Tell whether a page, a list of pages or a page's contents are others in the later version of an object."""
    for mark in _LEADS:
        old, new = mark.search(one.text), mark.search(later.text)
        if old and new and old[1].split() != new[1].split():
            return True
    if (
        one.stream is None
        or later.stream is None
        or re.search(rb"/Type\s*/(?:XRef|ObjStm|Metadata)|/Subtype", one.text)
    ):
        return False
    return one.stream.tobytes() != later.stream.tobytes()


class Revision(dict[int, Object]):
    """The objects of one revision by number, and how many bytes of their dictionaries were followed."""

    looked = 0

    def at(self, value: bytes) -> Object:
        """Return what `value` refers to, or `value` itself."""
        found = _ONE.fullmatch(value)
        return self.get(int(found[1]), _NONE) if found else Object(0, 0, -1, value)

    def within(self, one: Object, *keys: bytes) -> Object:
        """Return what stands in `one` by `keys`, one within the other."""
        for key in keys:
            self.looked += len(one.text)
            one = self.at(dict(members(one.text)).get(key, b""))
        return one

    def drawn(self, page: Object) -> dict[tuple[bytes, bytes], bytes]:
        """Return what the contents of `page` draw by, by kind and name; pages have it from their list, too."""
        for _ in range(MOST_DEEP):
            if b"/Resources" in page.text or b"/Parent" not in page.text:
                break
            page = self.within(page, b"Parent")
        held = self.within(page, b"Resources")
        return {(kind, name): value for kind in _DRAWN for name, value in members(self.within(held, kind).text)}

    def off(self, catalog: Object) -> set[int]:
        """Return the layers that aren't shown at first."""
        return set(references(self.within(catalog, b"OCProperties", b"D", b"OFF").text))


class Compared:
    """What was signed beside what is shown."""

    def __init__(self, signed: Revision, shown: Revision) -> None:
        self._signed, self._shown = signed, shown
        self._seen: set[tuple[int, int]] = set()

    def other(self) -> int | None:
        """Return the number of a page that draws by other fonts or forms than were signed, of a mark or of layers."""
        if all(self._shown[number] is one for number, one in self._signed.items()):
            return None
        for number, one in self._signed.items():
            if self._spent():
                break
            later = self._shown[number]
            if b"/OCProperties" in one.text and self._switched(one, later):
                return number
            if later is not one and _MARK.search(one.text) and self._gone(one, later):
                return number
        pages = (one for one in self._signed.values() if one.stream is None and PAGE.search(one.text))
        return next((one.number for one in islice(pages, MOST_PAGES) if not self._kept(one)), None)

    def _spent(self) -> bool:
        return self._signed.looked + self._shown.looked > MOST_LOOKED

    def _switched(self, catalog: Object, later: Object) -> bool:
        """Tell whether layers are shown that weren't when they were signed, or the other way round."""
        layers = set(references(self._signed.within(catalog, b"OCProperties", b"OCGs").text))
        return bool((self._signed.off(catalog) ^ self._shown.off(later)) & layers)

    def _gone(self, mark: Object, later: Object) -> bool:
        """Tell whether a mark over a page was hidden or emptied, so that what it covered comes out."""
        drawn = self._signed.within(mark, b"AP", b"N")
        now = self._shown.within(later, b"AP", b"N")
        return _hides(later) > _hides(mark) or (bool(drawn.stream) and not begun(now, 64).strip())

    def _kept(self, page: Object) -> bool:
        """Tell whether all that a page draws by was left as it was."""
        if self._spent():
            return True
        new = self._shown.drawn(self._shown[page.number])
        return all(name in new and self._same(value, new[name]) for name, value in self._signed.drawn(page).items())

    def _same(self, value: bytes, later: bytes, depth: int = 0) -> bool:
        """Tell whether two values, and what they refer to, say the same; what is too deep or too much is left out."""
        if depth > MOST_DEEP or self._spent():
            return True
        one, new = self._signed.at(value), self._shown.at(later)
        if one.number and new.number:
            if (one.number, new.number) in self._seen:
                return True
            self._seen.add((one.number, new.number))
        self._shown.looked += len(one.text) + len(new.text)
        if (one.stream is None) != (new.stream is None) or not self._same_stream(one, new):
            return False
        whole = max(len(one.text), len(new.text)) < MOST_TOKENS
        if not whole or not (one.text.lstrip().startswith(b"<<") and new.text.lstrip().startswith(b"<<")):
            return _plain(one.text) == _plain(new.text) and all(
                self._same(b"%d 0 R" % old, b"%d 0 R" % other, depth + 1)
                for old, other in zip(references(one.text), references(new.text), strict=False)
            )
        old, other = ({key: held for key, held in members(each.text) if key not in _BESIDE} for each in (one, new))
        return old.keys() == other.keys() and all(self._same(old[key], other[key], depth + 1) for key in old)

    def _same_stream(self, one: Object, new: Object) -> bool:
        """Tell whether two streams hold the same, however they are packed."""
        if one.stream is None or new.stream is None or one is new:
            return True
        self._shown.looked += len(one.stream) // MEMORY
        if one.stream == new.stream:
            return True
        held, other = begun(one, MOST_STREAM), begun(new, MOST_STREAM)
        self._shown.looked += len(held) + len(other)
        return held == other


def _hides(mark: Object) -> bool:
    flags = dict(members(mark.text)).get(b"F", b"0")
    return flags.isdigit() and int(flags[:9]) & _HIDES > 0


def _plain(text: bytes) -> list[bytes]:
    """Return the words of `text`, of references only that they are there."""
    plain = _ANY.sub(b"R", text)
    return plain.split() if len(text) >= MOST_TOKENS else [token for token, _, _ in tokens(plain)]


def _wrapped(raw: bytes) -> Iterator[Finding]:
    """Yield that a signature leaves out more than itself, from where it begins on: objects may be hidden there.

    Source: Mladenov et al., "1 Trillion Dollar Refund" (CCS 2019), signature wrapping. Files that were saved anew keep
    the old places of a signature, at which something else stands by chance.
    """
    for found in islice(_SIGNED.finditer(raw), MOST_SIGNED):
        start, size, behind, _ = map(int, found.groups())
        begin = start + size
        if raw[begin : begin + 1] != b"<" or raw[begin : begin + 2] == b"<<":
            continue
        end = raw.find(b">", begin, behind)
        if (
            end >= 0
            and not raw[begin + 1 : end].translate(None, _DIGITS)
            and raw[end + 1 : behind].strip(b"\0 \r\n\t>")
        ):
            why = say(
                "The parts of a PDF that its signature leaves out hold more than the signature: "
                "what is shown may stand there."
            )
            yield Finding("pdf.doubt.signature", why, 0.6, Where(bytes=(end + 1, behind)), kind="pdf.doubt")
            return
