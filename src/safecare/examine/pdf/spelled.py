"""What the scripts of a PDF put together or decode before they run it, read one step further.

Scripts of one document share their names, and a loader spreads its text over several of them, over variables, or over
rows of digits. Only text counts that calls beyond the document once it is put together, and that doesn't before: no
form spells its calls. Source: JavaScript for Acrobat API Reference (Adobe, 2007), "Document-level scripts"; Corkami,
"PDF tricks" (2013); MITRE ATT&CK T1027.010 (command obfuscation).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import unquote

MOST_TEXT = 200_000
"""Letters of all scripts of a document that are put together. Chosen: as of one script (`scripts.MOST_SCRIPT`)."""
MOST_VALUES = 500
"""Texts of variables, and rows that may be coded, that are followed. Chosen: loaders have some ten."""
LEAST_CODED = 16
"""Letters of coded text that is decoded. Chosen: the shortest call with an address has twenty."""
FIRST, MOST_KEYS = 80, 40
"""Letters of a row in which its first call begins, and keys that are tried. Chosen: the longest name of one has 30."""
_QUOTED = r"\"(?:[^\"\\\n]|\\.){0,20000}\"|'(?:[^'\\\n]|\\.){0,20000}'"
_PLUS = re.compile(r"([\"'])\s{0,9}\+\s{0,9}\1")
"""Between two texts in the same quotation marks that are joined."""
_ROW = re.compile(
    rf"\[\s{{0,9}}((?:{_QUOTED})(?:\s{{0,9}},\s{{0,9}}(?:{_QUOTED})){{1,400}})\s{{0,9}}\]\s{{0,9}}\.join\(\s{{0,9}}(?:\"\"|'')\s{{0,9}}\)"
)
_SET = re.compile(rf"\b([A-Za-z_$][\w$]{{0,40}})\s{{0,9}}(\+?=)\s{{0,9}}({_QUOTED})")
_STRING = re.compile(_QUOTED)
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_NUMBERS = re.compile(r"\d{1,3}(?:\s{0,4},\s{0,4}\d{1,3}){15,}")
_RUNS = re.compile(
    r"\beval\b|\bFunction\s{0,9}\(|\bset(?:TimeOut|Interval)\s{0,9}\(|\bconstructor\b|"
    r"\[\s{0,9}(?:\w{1,40}|[\"']\w{1,40}[\"'])\s{0,9}\+|\[[\"'](?:ev|al|e|va)"
)
"""How text is run as a script."""


def folded(text: str) -> str:
    """Return the script `text` with the texts in it joined that it joins as they stand."""
    if ".join" in text:
        text = _ROW.sub(lambda row: '"' + "".join(one[1:-1] for one in _STRING.findall(row[1])) + '"', text)
    return _PLUS.sub("", text) if "+" in text else text


def unspelled(texts: Iterable[str]) -> Iterator[str]:
    """Yield the texts that the scripts `texts` of one document put together in variables, or hold coded.

    Nothing if none of them runs text.
    """
    whole = folded("\n".join(texts)[:MOST_TEXT])
    if not _RUNS.search(whole):
        return
    values: dict[str, str] = {}
    for found in islice(_SET.finditer(whole), MOST_VALUES):
        before = values.get(found[1], "") if found[2] == "+=" else ""
        values[found[1]] = (before + _plain(found[3]))[:MOST_TEXT]
    yield from values.values()
    for one in islice(_STRING.finditer(whole), MOST_VALUES):
        if len(one.group()) > LEAST_CODED:
            yield from _decoded(_plain(one.group()))
    for row in islice(_NUMBERS.finditer(whole), MOST_VALUES):
        yield from _crossed(row.group())


def _plain(quoted: str) -> str:
    """Return the text that stands in quotation marks, with the letters that are written by numbers."""
    inner = quoted[1:-1]
    return _ESCAPE.sub(_letter, inner) if "\\" in inner else inner


_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|([0-7]{1,3})|(.))", re.DOTALL)


def _letter(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    if code:
        return chr(int(code, 16))
    return chr(int(found[3], 8)) if found[3] else found[4]


def _decoded(text: str) -> Iterator[str]:
    """Yield what `text` may be coded of: each way in which loaders do, one after the other."""
    yield text[::-1]
    if "%" in text:
        yield unquote(text, "latin-1")
    if _HEX.fullmatch(text):
        yield bytes.fromhex(text).decode("latin-1")
    elif _BASE64.fullmatch(text):
        try:
            yield base64.b64decode(text + "=" * (-len(text) % 4)).decode("latin-1")
        except (binascii.Error, ValueError):
            return
    elif _NUMBERS.match(text):
        yield from _crossed(text)


def _crossed(row: str) -> Iterator[str]:
    """Yield the letters that numbers in a `row` stand for, each crossed (XOR) with the same number.

    Each of the first letters may be the parenthesis in which a call begins.
    """
    values = [int(one) for one in re.findall(r"\d{1,3}", row)]
    if max(values) > 255:
        return
    raw = bytes(values)
    for key in sorted({0, *(value ^ 0x28 for value in raw[:FIRST])})[:MOST_KEYS]:
        yield raw.translate(bytes(one ^ key for one in range(256))).decode("latin-1")


__all__ = ["folded", "unspelled"]
