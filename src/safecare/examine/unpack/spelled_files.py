r"""Files spelled in text: in Base64, turned round, in hexadecimal digits or numbers, however a writer sets them apart.

Settings, tables, messages and sources hold them on one line of any length, in words of bytes (``0x4d, 0x5a``), escapes
(``\x4d\x5a``) or lines. A row counts if it begins as a file does and the bytes are one. Source: MITRE ATT&CK T1027.009
and T1140; RFC 4648; RFC 2397 (``data:``).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from safecare.examine.api import Context, Finding, LimitError, Part, analyser
from safecare.examine.medical import payload
from safecare.formats.linear import linear
from safecare.formats.wide import is_wide, narrowed

MOST_FILES = 1000
"""Files of one text that are opened. Chosen: exports of records hold some hundreds."""
_LETTERS = rb"[A-Za-z0-9+/_-]"
_BREAK = rb"(?:[ \t\r\n\\]{1,16}|\\[rn])"
_BEGUN = (
    rb"TV[opqr]|f0VM|UEsD|z/rt|z_rt|yv66|JVBERi|0M8R4KGx|N3q8|UmFyI|WDVPIV|H4sI|TVNDRg|TAAAAAEUAg|e1xydGYx|5FJce4|"
    rb"QlpoOTFBWSZTW|/Td6WFo"
)
_BASE64 = linear(
    rb"(?:^|[^A-Za-z0-9+/_-])((?:" + _BEGUN + rb")" + _LETTERS + rb"{20,}(?:" + _BREAK + _LETTERS + rb"{2,})*)"
)
_TURNED = linear(rb"={0,2}([A-Za-z0-9+/]{60,}(?:[rqpo]VT|DsEU|8q3N|IyFmU|MV0f|xGK4R8M0|iREBVJ))(?:$|[^A-Za-z0-9+/=])")
"""Base64 that is written from its end."""
_APART = rb"(?:,?\s{0,8}0x|\\{1,4}x|,\s{0,8}|\\\r?\n\s{0,8}|,\\\r?\n\s{0,8}|[ :;%-]|\s{1,4})?"
_HEADS = (
    b"4d5a 504b0304 377abcaf 526172211a 7f454c46 d0cf11e0 25504446 4d534346 4c00000001140200 7b5c727466 1f8b08 58354f21"
).split()
_HEX = linear(
    rb"(?i)(?:^|[^0-9a-z]|0x|\\x)((?:"
    + b"|".join(_APART.join(one[at : at + 2] for at in range(0, len(one), 2)) for one in _HEADS)
    + rb")(?:"
    + _APART
    + rb"[0-9a-f]{2}){30,})"
)
_NUMBERS = linear(
    rb"(?:^|[^0-9.])((?:77\s{0,4},\s{0,4}90|80\s{0,4},\s{0,4}75|55\s{0,4},\s{0,4}122|82\s{0,4},\s{0,4}97|"
    rb"127\s{0,4},\s{0,4}69|208\s{0,4},\s{0,4}207|37\s{0,4},\s{0,4}80)(?:\s{0,4},\s{0,4}\d{1,3}){30,})"
)
_WORDS = re.compile(rb"(?i)(?:0x|\\{1,4}x)?([0-9a-f]{2})")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_OWN = frozenset({"hl7", "cda", "fhir", "html", "svg", "mail", "pdf"})
"""Types whose analysers read what is coded in them."""


@analyser("spelled", wants={"text", "json", "xml", "spreadsheet-text", "script", "rtf"})
class SpelledFiles:
    """Opens files that stand in text, spelled."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the files. Raises `LimitError` where there are too many."""
        if not _OWN.isdisjoint(part.types):
            return
        raw = narrowed(part.raw) if is_wide(part.raw) else part.raw
        number = 0
        for place, found in spelled(raw):
            if payload.begins(found) or payload.EICAR in found[:4096]:
                number += 1
                if number > MOST_FILES:
                    raise LimitError("members", "files in a text")
                context.budget.take(len(found), f"byte {place}")
                yield part.child(f"spelled-{place}", found, origin="text.coded")


def spelled(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (place, bytes) of what is spelled in `raw` and begins like a file."""
    for found in _BASE64.finditer(raw):
        yield found.start(1), _unbased(found[1])
    for found in _TURNED.finditer(raw):
        yield found.start(1), _unbased(found[1][::-1])
    for found in _HEX.finditer(raw):
        yield found.start(1), bytes.fromhex(b"".join(_WORDS.findall(found[1])).decode())
    for found in _NUMBERS.finditer(raw):
        values = [int(one) for one in found[1].split(b",")]
        if max(values) < 256:
            yield found.start(1), bytes(values)


def _unbased(letters: bytes) -> bytes:
    if b"\\" in letters:
        letters = letters.replace(b"\\r", b"").replace(b"\\n", b"")
    clean = letters.translate(_URL_SAFE, b" \t\r\n\\=")
    try:
        return binascii.a2b_base64(clean[: len(clean) // 4 * 4] + _rest(clean[len(clean) // 4 * 4 :]))
    except binascii.Error:
        return b""


def _rest(last: bytes) -> bytes:
    """Return the last letters with their pads; one alone says nothing."""
    return last + b"=" * (4 - len(last)) if len(last) > 1 else b""
