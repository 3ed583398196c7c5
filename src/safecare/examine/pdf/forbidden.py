"""What a signature of a PDF forbids to change behind it, and was changed, whoever signed once more afterwards.

Whoever certifies a document says what others may still do: nothing, fill in and sign, or make notes as well (DocMDP);
a signature may lock fields (FieldMDP). A later signature covers what came in between, and hides it from a look at the
end alone. Source: ISO 32000-1:2008, 12.8.2 (transform methods), 12.7.3.2 (names of fields); Rohlmann et al., "Breaking
the Specification: PDF Certification" (IEEE S&P 2021).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from safecare.examine.api import Finding, Where
from safecare.examine.pdf.lures import PAGE
from safecare.examine.pdf.objects import Document, Object, references
from safecare.examine.pdf.signed import MOST_LOOKED, MOST_PAGES, MOST_SIGNED, Compared, Revision, rewritten
from safecare.examine.pdf.strings import readable, string_at
from safecare.examine.pdf.values import members
from safecare.model.text import say

_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+\d{1,12}\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_METHOD = re.compile(rb"/TransformMethod\s*/(DocMDP|FieldMDP)\b")
_ALLOWED = re.compile(rb"/P\s+([123])\b(?!\s+\d+\s+R)")
_ACTION = re.compile(rb"/Action\s*/(All|Include|Exclude)\b")
_WIDGET = re.compile(rb"/Subtype\s*/Widget\b")
_SIGNATURE = re.compile(rb"/FT\s*/Sig\b")
USUAL = 2
"""What others may do where a certificate doesn't say: fill in and sign (ISO 32000-1, table 254)."""
MOST_FIELDS = 2000
"""Fields of one form that are compared. Chosen: as in `fields`."""
DEEPEST = 20
"""Fields within fields. Chosen: forms have five."""


class _Rule(NamedTuple):
    """One signature: the end of what it covers, what others may do (0: not said), the fields that it locks."""

    end: int
    allowed: int
    action: bytes
    names: frozenset[bytes]

    def locks(self, name: bytes) -> bool:
        """Tell whether the field `name`, or one that it stands in, is locked."""
        if self.action == b"All":
            return True
        named = any(name == one or name.startswith(one + b".") for one in self.names)
        return bool(self.action) and named is (self.action == b"Include")


def findings(document: Document, raw: bytes) -> Iterator[Finding]:
    """Yield at most one finding: what was changed that a signature forbids."""
    if document.encrypted or not document.holding(_METHOD):
        return
    ordered = sorted(document.objects, key=lambda one: one.at)
    shown = Revision({one.number: one for one in ordered})
    for one in islice(document.holding(b"/ByteRange"), MOST_SIGNED):
        rule = _rule(one, shown, len(raw))
        if rule is None or not raw[rule.end :].strip():
            continue
        signed = Revision({each.number: each for each in ordered if each.at < rule.end})
        number = _changed(document, signed, shown, rule)
        if number:
            why = say("A signed PDF was changed in a way that its signature forbids.")
            yield Finding("pdf.changed-after-signing", why, 0.6, Where(tag=f"object {number}"), kind="pdf.doubt")
            return


def _rule(one: Object, shown: Revision, size: int) -> _Rule | None:
    """Return what the signature `one` forbids, if it does."""
    found, at = _RANGE.search(one.text), one.text.find(b"/Reference")
    if found is None or at < 0:
        return None
    end = int(found[1]) + int(found[2])
    text = _with_all(next((value for _, value in members(b"<<" + one.text[at:] + b">>")), b""), shown)
    methods = set(_METHOD.findall(text))
    if not methods or end > size:
        return None
    allowed = _ALLOWED.search(text)
    action = _ACTION.search(text) if b"FieldMDP" in methods else None
    names = re.search(rb"/Fields\s*\[([^\]]{0,20000})\]", text) if action else None
    return _Rule(
        end,
        (int(allowed[1]) if allowed else USUAL) if b"DocMDP" in methods else 0,
        action[1] if action else b"",
        frozenset(_strings(names[1]) if names else ()),
    )


def _with_all(value: bytes, shown: Revision) -> bytes:
    """Return `value` with what it refers to, two deep; the document that it speaks of is left out."""
    texts = [value]
    for _ in range(2):
        numbers = [number for text in texts for number in references(text)[:MOST_SIGNED]]
        texts += [held.text for number in numbers if (held := shown.get(number)) and b"/Catalog" not in held.text]
    return b" ".join(dict.fromkeys(texts))


def _strings(text: bytes) -> Iterator[bytes]:
    for found in islice(re.finditer(rb"\(|<(?!<)", text), MOST_FIELDS):
        if string := string_at(text, found.start()):
            yield readable(string)


def _changed(document: Document, signed: Revision, shown: Revision, rule: _Rule) -> int | None:
    """Return the number of an object that was changed although `rule` forbids it."""
    if rule.allowed:
        number = rewritten(document, rule.end) or Compared(signed, shown).other()
        if number is None and rule.allowed < 3:
            number = _noted(signed, shown)
        if number:
            return number
    every, named = rule.allowed == 1, dict[int, tuple[bytes, bytes]]()
    if not (every or rule.action):
        return None
    fields = (one for one in signed.values() if b"/T" in one.text and (b"/FT" in one.text or b"/Parent" in one.text))
    for one in islice(fields, MOST_FIELDS):
        later = shown[one.number]
        if later is one or _SIGNATURE.search(one.text):
            continue
        if _value(one, signed) != _value(later, shown) and (every or rule.locks(_name(one, signed, named))):
            return one.number
    return None


def _noted(signed: Revision, shown: Revision) -> int | None:
    """Return the number of a note, mark or link that was put on a page, taken from it or changed; fields are none."""
    pages = [one for one in signed.values() if one.stream is None and PAGE.search(one.text)]
    for page in pages[:MOST_PAGES]:
        if signed.looked + shown.looked > MOST_LOOKED:
            break
        before, now = (set(_notes(each, one)) for each, one in ((signed, page), (shown, shown[page.number])))
        for number in sorted(before ^ now):
            one = (shown if number in now else signed).get(number)
            if one is not None and not _WIDGET.search(one.text):
                return number
        for number in sorted(before & now):
            old, new = signed.at(b"%d 0 R" % number), shown.at(b"%d 0 R" % number)
            if old is not new and not _WIDGET.search(old.text) and old.text.split() != new.text.split():
                return number
    return None


def _notes(revision: Revision, page: Object) -> list[int]:
    held = dict(members(page.text)).get(b"Annots", b"")
    text = held if held.startswith(b"[") else revision.at(held).text
    revision.looked += len(page.text) + len(text)
    return references(text)


def _value(field: Object, revision: Revision) -> bytes:
    """Return what `field` holds."""
    held = dict(members(field.text)).get(b"V", b"")
    held = revision.at(held).text.strip() if held[:1].isdigit() else held.strip()
    string = string_at(held, 0)
    return held if string is None else readable(string)


def _name(field: Object, revision: Revision, known: dict[int, tuple[bytes, bytes]]) -> bytes:
    """Return the whole name of `field`; `known` holds own name and parent by number: many fields have one parent."""
    parts: list[bytes] = []
    for _ in range(DEEPEST):
        number = field.number or -1 - len(known)  # one that stands within another has none
        if number not in known:
            keys = dict(members(field.text))
            known[number] = readable(string_at(keys.get(b"T", b""), 0) or b""), keys.get(b"Parent", b"")
        part, parent = known[number]
        parts += [part] if part else []
        if not parent:
            break
        field = revision.at(parent)
    return b".".join(reversed(parts))
