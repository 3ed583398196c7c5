"""Locked PDF files are opened: without a password, as their readers do, or with one that was told in the mail."""

from __future__ import annotations

import re
from collections.abc import Iterable

from safecare.examine.pdf.objects import ACTS, Document, Object
from safecare.examine.pdf.strings import STRING, bytes_of, string_at
from safecare.formats.pdf_lock import Lock, Method, key_of, opened

MOST_TRIED = 8
"""Passwords tried on one file. Chosen: those of revision 6 take 2 ms each."""
MOST_STRINGS = 20_000
"""Strings of one file that are opened. Chosen: a book of 1,000 pages has 8,000; more take 14 us each."""
_REFERENCE = re.compile(rb"/Encrypt\s+(\d{1,10})\s+\d{1,5}\s+R")
_INLINE = re.compile(rb"/Encrypt\s*(<<.{0,4000})", re.DOTALL)
_ID = re.compile(rb"/ID\s*\[\s*(?=[(<])")
_NUMBER = {name: re.compile(rb"/" + name + rb"\s+(-?\d{1,12})") for name in (b"R", b"V", b"P")}
_SIZE = re.compile(rb"/Length\s+(\d{1,4})")
_STRING = {name: re.compile(rb"/" + name + rb"\s*(?=[(<])") for name in (b"O", b"U", b"OE", b"UE")}
_FILTER = re.compile(rb"/CFM\s*/(\w{1,10})")
_PLAIN = re.compile(rb"/Type\s*/XRef\b")
_DESCRIPTION = re.compile(rb"/Type\s*/Metadata\b")


def unlock(document: Document, words: Iterable[str]) -> str | None:
    """Open all strings and streams of `document`; return the password that did (empty: none asked), or None."""
    found = lock_of(document)
    if found is None:
        return None
    lock, holder = found
    for word in dict.fromkeys(("", *list(words)[:MOST_TRIED])):
        key = key_of(lock, word)
        if key is not None:
            left = MOST_STRINGS
            for one in document.objects:
                if one is not holder and not _PLAIN.search(one.text):
                    left -= _open(one, lock, key, left)
                    if left <= 0:
                        document.cut, document.acts = True, document.acts or ACTS.search(one.text) is not None
            return word
    return None


def lock_of(document: Document) -> tuple[Lock, Object | None] | None:
    """Return the lock and the object that describes it; None where it is not the standard one or damaged."""
    heads = [*document.trailers, *(one.text for one in document.streams if b"/XRef" in one.text)]
    head = next((one for one in reversed(heads) if b"/Encrypt" in one), b"")
    reference, inline = _REFERENCE.search(head), _INLINE.search(head)
    holder = document.get(int(reference[1])) if reference else None
    text = holder.text if holder else inline[1] if inline else b""
    revision, version = _number(text, b"R"), _number(text, b"V")
    if b"/Standard" not in text or not 2 <= revision <= 6:
        return None
    first = next((value for one in reversed(heads) if (at := _ID.search(one)) and (value := _string(one, at))), b"")
    size = _SIZE.search(text)
    method = _FILTER.search(text)
    told = method[1].decode() if method else ""
    kind = Method.RC4 if version < 4 else Method(told) if told in {one.value for one in Method} else Method.RC4
    values = {name: _string(text, pattern.search(text)) for name, pattern in _STRING.items()}
    bits = int(size[1]) if size and version in (2, 3) else 128 if version == 4 else 256 if version == 5 else 40
    return Lock(
        revision=revision,
        size=max(5, min(16, (bits if bits >= 40 else 8 * bits) // 8)),
        owner=values[b"O"],
        user=values[b"U"],
        owner_key=values[b"OE"],
        user_key=values[b"UE"],
        permissions=_number(text, b"P"),
        first_id=first,
        metadata=b"/EncryptMetadata false" not in text,
        streams=Method.NONE if re.search(rb"/StmF\s*/Identity", text) else kind,
        strings=Method.NONE if re.search(rb"/StrF\s*/Identity", text) else kind,
    ), holder


def _number(text: bytes, name: bytes) -> int:
    found = _NUMBER[name].search(text)
    return int(found[1]) if found else 0


def _string(text: bytes, at: re.Match[bytes] | None) -> bytes:
    return (string_at(text, at.end()) if at else None) or b""


def _open(one: Object, lock: Lock, key: bytes, left: int) -> int:
    """Open `one`, of its strings at most `left`, and return how many those were."""
    count = 0
    if left > 0 and (b"(" in one.text or b"<" in one.text.replace(b"<<", b"")):
        one.text, count = STRING.subn(lambda found: _again(one, lock, key, found), one.text, count=left)
    if one.stream is not None and (lock.metadata or not _DESCRIPTION.search(one.text)):
        one.stream = memoryview(opened(lock, key, one.number, one.generation, bytes(one.stream), lock.streams))
    return count


def _again(one: Object, lock: Lock, key: bytes, found: re.Match[bytes]) -> bytes:
    plain = opened(lock, key, one.number, one.generation, bytes_of(found), lock.strings)
    return b"(" + re.sub(rb"([\\()])", rb"\\\1", plain).replace(b"\r", b"\\r").replace(b"\n", b"\\n") + b")"
