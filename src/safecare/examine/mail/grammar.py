"""Asks and lures as meanings that stand together: words are sorted by what they mean, in all languages at once.

A table gives each meaning its words (stems end with ``*``), a second one says which meanings make an ask or a lure when
they stand within some words of one sentence, by different words. So "send me your mobile number" and its like in twelve
languages are one row, not twelve patterns. Text is levelled first (`safecare.formats.wording.level`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from safecare.formats.wording import level

TOKEN = re.compile(r"[a-z0-9$€\u0621-\u064a][a-z0-9$€'\u0621-\u064a-]*|[.!?\u061f](?=\s|$)|\n")
"""Words of Latin and Arabic letters, and ends of sentences: a dot inside an address is none."""
MOST_KNOWN = 65536
"""Words whose meanings are kept. Chosen: those of a day."""
BEFORE = 6
"""Words before an act among which ``never`` takes it back. Chosen: "we will never ask you to send it" has five."""
_ENDS = ".!?\u061f\n"
_END = ("",)
"""What stands for the end of a sentence among meanings."""
_NOT = frozenset({
    "not", "don't", "never", "ne", "pas", "jamais", "nicht", "kein", "keine", "keinen", "niet", "geen", "no", "non",
    "nao", "ikke", "inte", "nie", "\u0644\u0627", "\u0644\u0646",
})  # fmt: skip
_NEVER = frozenset({
    "never", "jamais", "nie", "niemals", "nooit", "nunca", "mai", "aldrig", "nigdy", "\u0627\u0628\u062f\u0627",
})  # fmt: skip
_CLITIC = re.compile(r"(?:[\u0648\u0641]?(?:\u0627\u0644|\u0628\u0627\u0644|\u0644\u0644)|[\u0648\u0641\u0628\u0644])")
"""What Arabic writes before a word and in one with it: and, so, the, by, for."""

_ONE_WORD = ("mot de passe", "motdepasse")
"""What French writes in three words that mean other things each."""


@lru_cache(maxsize=4)
def _words(levelled: str, most: int) -> tuple[str, ...]:
    words = TOKEN.findall(levelled[: 8 * most].replace(*_ONE_WORD))
    if len(words) <= most:  # the last one may be cut
        words = TOKEN.findall(levelled.replace(*_ONE_WORD))
    return tuple(words[:most])


class _Meanings(dict[str, tuple[str, ...]]):
    """The meanings of words, kept as they were met."""

    def __init__(self, table: Mapping[str, str]) -> None:
        super().__init__()
        exact: dict[str, set[str]] = {}
        stems: dict[str, set[str]] = {}
        for meaning, words in table.items():
            for word in level(words).split():
                known, name = (stems, word[:-1]) if word.endswith("*") else (exact, word)
                known.setdefault(name, set()).add(meaning)
        self._exact, self._stems = exact, stems
        self._sizes = tuple(sorted({len(stem) for stem in stems}))

    def __missing__(self, word: str) -> tuple[str, ...]:
        """Return the meanings of `word`, or `_END` where it is the end of a sentence."""
        if len(self) >= MOST_KNOWN:
            self.clear()
        found = self._of(word)
        if word[0] > "\u0600" and (joined := _CLITIC.match(word)) and len(word) - joined.end() > 2:
            found |= self._of(word[joined.end() :])
        self[word] = meanings = _END if word in _ENDS else tuple(found)
        return meanings

    def _of(self, word: str) -> set[str]:
        found = set(self._exact.get(word, ()))
        for size in self._sizes:
            found |= self._stems.get(word[:size], set()) if len(word) >= size else set()
        return found


class Grammar:
    """A table of meanings, and the names of what they make together.

    `near`: words between the first and the last of them. `most`: words that are read. `acts`: meanings that don't count
    where they are negated.
    """

    def __init__(
        self,
        meanings: Mapping[str, str],
        kinds: tuple[tuple[str, tuple[str, ...]], ...],
        near: int,
        most: int,
        acts: frozenset[str],
    ) -> None:
        self._known = _Meanings(meanings)
        self._by_first = {first: [one for one in kinds if one[1][0] == first] for first in {one[1][0] for one in kinds}}
        self._first = frozenset(self._by_first)
        self._near, self._most, self._acts = near, most, acts

    def told(self, levelled: str) -> dict[str, int]:
        """Return what stands in a text, and in how many of its sentences."""
        found: dict[str, int] = {}
        places: list[tuple[int, str]] = []
        words = _words(levelled, self._most)
        known = self._known
        for number, meanings in enumerate([known[word] for word in words]):
            if not meanings:
                continue
            if meanings is not _END:
                if self._acts.isdisjoint(meanings) or not _negated(words, number):
                    places += [(number, meaning) for meaning in meanings]
            elif places:
                self._count(places, found)
                places = []
        self._count(places, found)
        return found

    def meanings(self, levelled: str) -> set[str]:
        """Return all that words of a text mean, wherever they stand."""
        known = self._known
        return {meaning for word in _words(levelled, self._most) for meaning in known[word]}

    def words(self, levelled: str, meaning: str) -> set[str]:
        """Return the different words of a text that mean `meaning`."""
        return {word for word in _words(levelled, self._most) if meaning in self._known[word]}

    def _count(self, places: list[tuple[int, str]], found: dict[str, int]) -> None:
        """Add what is made by meanings that stand near each other in a sentence, by different words."""
        if len(places) < 2:
            return
        kinds = {meaning for _, meaning in places}
        told: set[str] = set()
        for first in kinds & self._first:
            for name, wanted in self._by_first[first]:
                if name not in told and kinds.issuperset(wanted) and self._together(places, wanted):
                    told.add(name)
        for name in told:
            found[name] = found.get(name, 0) + 1

    def _together(self, places: list[tuple[int, str]], wanted: tuple[str, ...]) -> bool:
        asked = [place for place in places if place[1] in wanted]
        for first, (start, _) in enumerate(asked[:60]):
            window = [place for place in asked[first:] if place[0] <= start + self._near]
            if len({at for at, _ in window}) >= len(wanted) == len({one for _, one in window}):
                return True
        return False


def _negated(words: tuple[str, ...], at: int) -> bool:
    """Tell whether the reader is told not to do it, or that nobody will ever ask for it."""
    before, after = words[max(0, at - BEFORE) : at], words[at + 1 : at + 2]
    return (
        not _NOT.isdisjoint(before[-1:])
        or before[-2:] == ("before", "you")
        or not _NOT.isdisjoint(after)
        or not _NEVER.isdisjoint(before)
    )


__all__ = ["Grammar"]
