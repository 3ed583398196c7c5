"""The words that the pages of a short PDF show, roughly in the order in which they stand: enough to tell what it asks.

Only what a judgement of words needs is followed: strings that are shown, the fonts that say which letters they are,
and gaps that are wide enough for a space. Source: ISO 32000-1:2008, 9.4 (text objects), 9.6.6 (encodings), 9.10.3
(ToUnicode), annex D (names of letters).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import islice

from safecare.examine.pdf.drawn import NO_CONTENT, writes
from safecare.examine.pdf.objects import Document, Object, begun
from safecare.examine.pdf.strings import STRING, bytes_of, unhexed
from safecare.formats.linear import linear

MOST_SHOWN = 64 * 1024
"""Bytes of page contents that are read. Chosen: a page of 3,000 letters, each placed by itself, has 60,000."""
MOST_STREAMS, MOST_FONTS = 40, 40
"""Streams and fonts that are looked at. Chosen: two pages have some ten of each."""
MOST_MAP, MOST_CODES = 64 * 1024, 4000
"""Bytes of a font's map from codes to letters, and codes of it. Chosen: a subset of a Latin font has 200."""
WIDE = 180.0
"""Thousandths of the letters' height by which a gap within a line is a space. Chosen: a space is 250, kerning 120."""
STRINGS = rb"\((?:[^()\\]|\\(?s:.)|\((?:[^()\\]|\\(?s:.))*\))*\)|<[0-9A-Fa-f\s]*>"
"""Pattern of strings, literal or hexadecimal."""
_TOKEN = linear(
    STRINGS + rb"|/[^\s/<>\[\]()%]{1,60}\s+[\d.+-]{1,12}\s+Tf\b|"
    rb"[\d.+-]{1,16}\s+[\d.+-]{1,16}\s+T[dDm]\b|T\*|\bET\b|-\d{3,6}(?:\.\d*)?"
)
_FONTS = re.compile(rb"/Font\s*(?:<<((?:[^<>]|<<[^<>]*>>){0,8000})>>|(\d{1,10})\s+\d{1,5}\s+R)")
_NAMED = re.compile(rb"/([^\s/<>\[\]()%]{1,60})\s+(\d{1,10})\s+\d{1,5}\s+R\b")
_TO_UNICODE = re.compile(rb"/ToUnicode\s+(\d{1,10})\s+\d{1,5}\s+R\b")
_ENCODING = re.compile(rb"/Encoding\s+(\d{1,10})\s+\d{1,5}\s+R\b")
_DIFFERENCES = re.compile(rb"/Differences\s*\[([^\]]{0,8000})\]")
_DIFFERENCE = re.compile(rb"(\d{1,3})|/([A-Za-z0-9.]{1,30})")
_CODES = linear(rb"begin(bfchar|bfrange)\b((?:[^e]|e[^n]|en[^d])*)end")
_HEX = re.compile(rb"<([0-9A-Fa-f\s]{1,400})>|(\[)|(\])")
_BY_NAME = {
    name: letter
    for letter, names in {
        " ": "space nbspace", ".": "period", ",": "comma", ":": "colon", ";": "semicolon", "-": "hyphen minus endash",
        "'": "quoteright quotesingle", "/": "slash", "@": "at", "$": "dollar", "€": "Euro", "(": "parenleft",
        ")": "parenright", "+": "plus", "?": "question", "!": "exclam", "%": "percent", "fi": "fi", "fl": "fl",
        "ff": "ff", "ffi": "ffi", "0": "zero", "1": "one", "2": "two", "3": "three", "4": "four", "5": "five",
        "6": "six", "7": "seven", "8": "eight", "9": "nine", "_": "underscore", "&": "ampersand", "=": "equal",
    }.items()
    for name in names.split()
}  # fmt: skip
"""Letters whose names are not themselves (ISO 32000-1, annex D.2); those with accents lose them (`_ACCENTED`)."""
_ACCENTED = re.compile(r"([A-Za-z])(?:acute|grave|circumflex|dieresis|cedilla|tilde|ring|caron)")

Letters = dict[int, str]


class Font:
    """How the strings of one font are read: bytes per code, and letter by code; plain Latin where nothing is told."""

    def __init__(self, letters: Letters, encoding: str = "cp1252", *, wide: bool = False) -> None:
        self._wide, self._letters, self._encoding = wide, letters, encoding

    def read(self, raw: bytes) -> str:
        """Return the letters of the string `raw`; nothing for codes of which nobody says what they are."""
        if self._wide:
            codes = (int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2))
            return "".join([self._letters.get(code, "") for code in codes])
        plain = raw.decode(self._encoding, "replace")
        if not self._letters:
            return plain
        return "".join([self._letters.get(code, letter) for code, letter in zip(raw, plain, strict=False)])


PLAIN = Font({})


def shown(document: Document, most: int) -> str:
    """Return the first `most` letters that the pages of `document` show."""
    letters: dict[bytes, Font] | None = None
    pieces: list[str] = []
    room, left = MOST_SHOWN, most
    for stream in islice((one for one in document.streams if not NO_CONTENT.search(one.text)), MOST_STREAMS):
        content = begun(stream, room)
        if not writes(content):
            continue
        room -= len(content)
        letters = fonts(document) if letters is None else letters
        for piece in _read(content, letters):
            pieces.append(piece)
            left -= len(piece)
            if left <= 0:
                return "".join(pieces)[:most]
        pieces.append("\n")
        if room <= 0:
            break
    return "".join(pieces)


def said(content: bytes, letters: dict[bytes, Font]) -> str:
    """Return what the operators of `content` show."""
    return "".join(_read(content, letters))


def _read(content: bytes, letters: dict[bytes, Font]) -> Iterator[str]:
    """Yield what the operators of `content` show, with spaces and ends of lines in between."""
    font, high = PLAIN, None
    for found in _TOKEN.finditer(content):
        token = found.group()
        if token[:1] == b"(" or token[:1] == b"<":
            if string := STRING.fullmatch(token):
                yield font.read(bytes_of(string))
        elif token.endswith(b"Tf"):
            font = letters.get(token[1:].split(None, 1)[0], PLAIN)
        elif token[:1] == b"-" and b"T" not in token:
            if float(token) <= -WIDE:
                yield " "
        elif token.endswith(b"Tm"):
            place = token.split()[1]
            if place != high:
                yield "\n"
            high = place
        elif token[:1] == b"T" or not token.endswith((b"Td", b"TD")) or _moves(token):
            yield "\n"


def _moves(token: bytes) -> bool:
    """Tell whether a move leads to another line."""
    try:
        return float(token.split()[1]) != 0
    except ValueError:
        return True


def fonts(document: Document) -> dict[bytes, Font]:
    """Return the fonts of `document` by the names that pages give them; of two called alike, the first."""
    numbers: dict[bytes, int] = {}
    for one in document.holding(b"/Font"):
        for found in _FONTS.finditer(one.text):
            target = document.get(int(found[2])) if found[2] else None
            for name, number in _NAMED.findall(found[1] or (target.text if target else b"")):
                numbers.setdefault(name, int(number))
        if len(numbers) >= MOST_FONTS:
            break
    return {
        name: _font(target, document)
        for name, number in islice(numbers.items(), MOST_FONTS)
        if (target := document.get(number))
    }


def _font(one: Object, document: Document) -> Font:
    found = _TO_UNICODE.search(one.text)
    target = document.get(int(found[1])) if found else None
    wide = b"/Type0" in one.text
    letters = _mapped(begun(target, MOST_MAP)) if target else {}
    if wide or letters:
        return Font(letters, wide=wide)
    held = _ENCODING.search(one.text)
    named = document.get(int(held[1])) if held else None
    text = named.text if named else one.text
    encoding = "mac_roman" if b"/MacRomanEncoding" in text else "cp1252"
    differences = _DIFFERENCES.search(text)
    return Font(_differing(differences[1]) if differences else {}, encoding)


def _differing(text: bytes) -> Letters:
    """Return the letters by code that an encoding names."""
    letters: Letters = {}
    code = 0
    for number, name in _DIFFERENCE.findall(text):
        if number:
            code = int(number)
            continue
        called = name.decode("ascii")
        accented = _ACCENTED.fullmatch(called)
        letter = accented[1] if accented else _BY_NAME.get(called, called if len(called) == 1 else "")
        if letter:
            letters[code] = letter
        code += 1
    return letters


def _mapped(text: bytes) -> Letters:
    """Return the letters by code of a map (``ToUnicode``), the first `MOST_CODES` of them."""
    letters: Letters = {}
    for kind, inner in _CODES.findall(text):
        if kind == b"bfchar":
            pairs = ((int.from_bytes(code[:2], "big"), _letter(value)) for code, value, _ in _rows(inner, 2))
            letters.update(islice(pairs, MOST_CODES))
        else:
            for first, last, values in _rows(inner, 3):
                letters.update(_ranged(first, last, values))
                if len(letters) > MOST_CODES:
                    return letters
    return letters


def _rows(inner: bytes, width: int) -> Iterator[tuple[bytes, bytes, list[bytes] | bytes]]:
    """Yield the rows of a map: two strings, and the third one, or a list of them, where rows have three."""
    row: list[bytes] = []
    values: list[bytes] | None = None
    for found in _HEX.finditer(inner):
        if found[2]:
            values = []
        elif found[1]:
            (row if values is None else values).append(unhexed(found[1]))
        if len(row) == width and values is None:
            yield row[0], row[1], row[-1]
            row = []
        elif found[3]:
            if len(row) == 2 < width:
                yield row[0], row[1], values or []
            row, values = [], None


def _ranged(first: bytes, last: bytes, values: list[bytes] | bytes) -> Letters:
    """Return the letters of the codes from `first` to `last`: each one's own, or counted up from the first one's."""
    start = int.from_bytes(first[:2], "big")
    codes = range(start, min(int.from_bytes(last[:2], "big"), start + MOST_CODES) + 1)
    if isinstance(values, list):
        return {code: _letter(value) for code, value in zip(codes, values, strict=False)}
    text = _letter(values)
    return {code: text[:-1] + chr(min(ord(text[-1]) + step, sys.maxunicode)) for step, code in enumerate(codes) if text}


def _letter(raw: bytes) -> str:
    return raw[:8].decode("utf-16-be", "replace")
