"""The words over which a click leads away: what the links of a short PDF show to their reader.

Of how a page is drawn only what moves text is followed; how wide a string is, is estimated. Source: ISO 32000-1:2008,
8.3.4 (transformation), 9.4.2 and 9.4.3 (text), 12.5.2 (annotations of a page).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from safecare.examine.pdf.drawn import Matrix, times
from safecare.examine.pdf.lures import MOST_PAGES, PAGE, Box, linked
from safecare.examine.pdf.objects import Document, Object, begun, references
from safecare.examine.pdf.shown import contents
from safecare.examine.pdf.strings import STRING, bytes_of
from safecare.examine.pdf.values import tokens
from safecare.examine.pdf.words import MOST_SHOWN, PLAIN, STRINGS, WIDE, Font, fonts
from safecare.formats.linear import linear

MOST_LINKS, MOST_PIECES, MOST_NESTED = 40, 4000, 100
"""Links of a page that are looked at, strings of it, and states within states. Chosen: lures have one to three links,
a page whose letters stand one by one has 3,000 strings, drawings nest some ten states."""
MOST_LABEL = 100
"""Letters that a link shows. Chosen: buttons have three words, addresses some 60 letters."""
ABOVE, BESIDE = 4.0, 3.0
"""Points by which words may begin below and left of the place that is clicked. Chosen: the depth of a letter."""
LETTER = 0.5
"""Width of a letter, of its height. Chosen: mean of Helvetica's small letters (Adobe, "Core 14 AFM files")."""
_NUMBER = rb"[\d.+-]{1,16}\s+"
_TOKEN = linear(
    STRINGS + rb"|/[^\s/<>\[\]()%]{1,60}\s+[\d.+-]{1,12}\s+Tf\b|(?:" + _NUMBER + rb"){6}(?:cm|Tm)\b|"
    rb"(?:" + _NUMBER + rb"){2}T[dD]\b|" + _NUMBER + rb"TL\b|T\*|\bBT\b|\bq\b|\bQ\b|-\d{3,6}(?:\.\d*)?"
)
_ANNOTATIONS = re.compile(rb"/Annots\s*(?:(\d{1,10})\s+\d{1,5}\s+R|(?=\[))")
_OPENS, _CLOSES = (b"<<", b"["), (b">>", b"]")
_SAME: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Piece(NamedTuple):
    """A string, where it begins, and whether it stands apart from the one before."""

    text: str
    x: float
    y: float
    apart: bool


def labelled(document: Document) -> list[tuple[str, str]]:
    """Return where the links of `document` lead, each with the words that it shows; none that is empty."""
    found: list[tuple[str, str]] = []
    letters = None
    for page in [one for one in document.holding(b"/Page") if PAGE.search(one.text)][:MOST_PAGES]:
        links = [link for one in _annotations(page, document) for link in linked(one, document)]
        if not links:
            continue
        letters = fonts(document) if letters is None else letters
        streams = [one for number in contents(page, document) if (one := document.get(number))]
        content = b"\n".join(begun(one, MOST_SHOWN) for one in streams[:MOST_LINKS])[:MOST_SHOWN]
        pieces = list(islice(_Text(letters).read(content), MOST_PIECES))
        found += [(target, label) for box, target in links if (label := _label(box, pieces))]
    return found


def _annotations(page: Object, document: Document) -> list[Object]:
    """Return the annotations of a page: objects of their own, or dictionaries within the page's list of them."""
    found = _ANNOTATIONS.search(page.text)
    listed = document.get(int(found[1])) if found and found[1] else None
    text = listed.text if listed else page.text[found.end() :] if found else b""
    held: list[Object] = []
    depth, start, apart = 0, 0, b""
    for token, begin, end in tokens(text):
        depth += (token in _OPENS) - (token in _CLOSES)
        if depth <= 0 or len(held) >= MOST_LINKS:
            break
        if depth == 1 and token == b">>":
            held.append(Object(page.number, page.generation, page.at, text[start:end]))
        elif depth == 1:
            apart += token + b" "
        elif depth == 2 and token == b"<<":
            start = begin
    return [*held, *(one for number in references(apart)[:MOST_LINKS] if (one := document.get(number)))]


def _label(box: Box, pieces: list[Piece]) -> str:
    """Return the words that begin within `box`."""
    left, low, right, high = box
    held = [one for one in pieces if left - BESIDE <= one.x <= right and low - ABOVE <= one.y <= high]
    text = "".join(" " + one.text if one.apart else one.text for one in held[:MOST_LABEL])
    return " ".join(text.split())[:MOST_LABEL]


class _Text:
    """Follows where the strings of one page's contents begin."""

    def __init__(self, letters: dict[bytes, Font]) -> None:
        self._letters, self._font, self._size = letters, PLAIN, 1.0
        self._page, self._line, self._along, self._lead = _SAME, _SAME, 0.0, 0.0
        self._kept: list[Matrix] = []
        self._apart = True

    def read(self, content: bytes) -> Iterator[Piece]:
        """Yield the strings that `content` shows."""
        for found in _TOKEN.finditer(content):
            token = found.group()
            if token[:1] in b"(<":
                string = STRING.fullmatch(token)
                if text := self._font.read(bytes_of(string)) if string else "":
                    yield self._piece(text)
            elif token[:1] == b"/":
                name, size, _ = token.split()
                self._font, self._size = self._letters.get(name[1:], PLAIN), _value(size)
            elif token[-1:].isdigit() or token.endswith(b"."):
                self._apart |= float(token) <= -WIDE
            else:
                self._move(token.split())

    def _piece(self, text: str) -> Piece:
        a, b, _, _, e, f = times(self._line, self._page)
        piece = Piece(text, e + a * self._along, f + b * self._along, self._apart)
        self._along += LETTER * self._size * len(text)
        self._apart = False
        return piece

    def _move(self, words: list[bytes]) -> None:
        operator, numbers = words[-1], [_value(one) for one in words[:-1]]
        if operator == b"q":
            self._kept = [*self._kept[-MOST_NESTED:], self._page]
        elif operator == b"Q":
            self._page = self._kept.pop() if self._kept else self._page
        elif operator == b"cm":
            self._page = times((*numbers[:4], *numbers[4:]), self._page)  # type: ignore[arg-type]
        elif operator == b"TL":
            self._lead = numbers[0]
        else:
            self._along, self._apart = 0.0, True
            if operator == b"BT":
                self._line = _SAME
            elif operator == b"Tm":
                self._line = tuple(numbers)  # type: ignore[assignment]
            else:
                across, down = numbers or (0.0, -self._lead)
                self._lead = -down if operator == b"TD" else self._lead
                self._line = times((1.0, 0.0, 0.0, 1.0, across, down), self._line)


def _value(token: bytes) -> float:
    try:
        return float(token)
    except ValueError:
        return 0.0
