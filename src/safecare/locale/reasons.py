"""Reasons that machines' parts give in English (a door's state, why something was refused), in the reader's language.

Parsers and doors write plain English with values in it: it goes into logs and files and must not depend on a reader.
For people each such sentence is known by its template, which `safecare.locale.extract` finds in the code; a sentence
that no template fits is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A named place in a sentence. Not `str.format`: that would let a catalogue reach into objects."""

_DEPTH = 4
"""Reasons inside reasons that are looked at (chosen: a door, what it read, and why not)."""
_LONGEST = 2000
"""Most letters that are looked at (chosen: longer ones are data, not a sentence)."""
_WORD = re.compile(r"[A-Za-z]{3,}")


class Reasons:
    """Templates and their translations, longest first: the more of a sentence is known, the surer it is meant."""

    def __init__(self, translations: Mapping[str, str]) -> None:
        """Take French by English template."""
        known = [(key, value) for key, value in translations.items() if value and _WORD.search(PLACE.sub("", key))]
        known.sort(key=lambda pair: (-len(PLACE.sub("", pair[0])), pair[0]))
        self._templates = [(_anchor(key), _pattern(key), PLACE.findall(key), value) for key, value in known]
        self.say = lru_cache(maxsize=1024)(self._say)

    def _say(self, text: str, depth: int = _DEPTH) -> str:
        """Return `text` in the language of the translations, as far as its templates are known."""
        if depth == 0 or len(text) > _LONGEST or not _WORD.search(text):
            return text
        for anchor, pattern, names, translation in self._templates:
            if anchor not in text:
                continue
            match = pattern.fullmatch(text)
            if match is not None:
                return _filled(translation, names, [self._say(one, depth - 1) for one in match.groups()])
        return text


def _filled(translation: str, names: list[str], values: list[str]) -> str:
    known = dict(zip(names, values, strict=True))
    return PLACE.sub(lambda place: known.get(place[1], place[0]), translation)


def _anchor(key: str) -> str:
    """Return the longest part of a template that stands in every sentence made of it."""
    return max(PLACE.sub("\0", key).split("\0"), key=len)


def _pattern(key: str) -> re.Pattern[str]:
    parts = PLACE.sub("\0", key).split("\0")
    return re.compile("(.*?)".join(map(re.escape, parts)), re.DOTALL)
