"""Many patterns looked for in one text at once: Hyperscan, and a plain index of triples where that is not there.

A scan gives a superset of what holds only for regular expressions; literals are exact.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, Protocol

import msgspec

from safecare.model.plugins import lacking

GRAM = 3
"""Characters of the pieces that the plain index is made of (chosen: rare enough in text, short enough for literals)."""

LITERAL = "surrogatepass"
"""How halves of characters are written for literals, so that they equal themselves only; expressions see ``?``."""
LONGEST = 10_000
"""Longest pattern that Hyperscan is given, bytes (its own limit is 16,000 characters)."""


class Pattern(msgspec.Struct, frozen=True):
    """`text` that must stand anywhere, at the start, at the end, or is a regular expression; `number` is reported."""

    number: int
    text: str
    place: Literal["any", "start", "end", "regex"] = "any"


class Scanner(Protocol):
    """Looks for all its patterns in a text."""

    def scan(self, text: str) -> list[int]:
        """Return the numbers of the patterns found, each once."""
        ...


def scanner(patterns: Sequence[Pattern], compiled: bytes = b"") -> Scanner:
    """Return the best scanner here for `patterns`; `compiled` is what `HyperScanner.dump` gave for the same ones."""
    if lacking(("hyperscan",)):
        return PlainScanner(patterns)
    return HyperScanner(patterns, compiled)


class HyperScanner:
    """Hyperscan (Intel, BSD-3): one automaton for all patterns. Patterns that it refuses are always reported."""

    def __init__(self, patterns: Sequence[Pattern], compiled: bytes = b"") -> None:
        """Compile `patterns`, or take on `compiled`."""
        import hyperscan

        self._database: Any = None
        self._errors = "replace" if any(one.place == "regex" for one in patterns) else LITERAL
        wanted: list[tuple[int, bytes, int]] = []
        self._always: list[int] = []
        for one in patterns:
            expression = _expression(one)
            if expression is None:
                self._always.append(one.number)
            else:
                wanted.append((one.number, expression, _flags(hyperscan, one)))
        kept = _Kept.loads(compiled)
        if kept is not None:
            self._database = kept.database(hyperscan)
            if self._database is not None or not kept.automaton:
                self._always = kept.always
                return
        if any(one.place == "regex" for one in patterns):
            wanted, refused = _accepted(hyperscan, wanted)
            self._always += refused
        if wanted:
            self._database = _compile(hyperscan, wanted)

    def dump(self) -> bytes:
        """Return the compiled form, to be given again."""
        import hyperscan

        automaton = bytes(hyperscan.dumpb(self._database)) if self._database is not None else b""
        return msgspec.msgpack.encode(_Kept(self._always, automaton))

    def scan(self, text: str) -> list[int]:
        """Return the numbers of the patterns found, each once."""
        hits = self._always.copy()
        if self._database is not None:
            try:
                raw = text.encode()
            except UnicodeEncodeError:
                raw = text.encode("utf-8", self._errors)
            self._database.scan(raw, _add, 0, hits)
        return hits


def _add(number: int, _start: int, _end: int, _flags: int, hits: list[int]) -> None:
    hits.append(number)


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """A compiled scanner as it is kept."""

    always: list[int]
    automaton: bytes

    @staticmethod
    def loads(raw: bytes) -> _Kept | None:
        try:
            return msgspec.msgpack.decode(raw, type=_Kept)
        except msgspec.DecodeError:
            return None

    def database(self, hyperscan: Any) -> Any:
        """Return the automaton; None if it was made by another version, or on another kind of processor."""
        if not self.automaton:
            return None
        try:
            found = hyperscan.loadb(self.automaton, hyperscan.HS_MODE_BLOCK)
            found.scratch = hyperscan.Scratch(found)
        except hyperscan.error:
            return None
        return found


def _expression(pattern: Pattern) -> bytes | None:
    if pattern.place == "regex":
        return pattern.text.encode("utf-8", "replace")
    raw = pattern.text.encode("utf-8", LITERAL)
    if not raw or len(raw) > LONGEST:
        return None
    body = b"".join(bytes([byte]) if chr(byte).isalnum() and byte < 128 else b"\\x%02x" % byte for byte in raw)
    return (b"\\A" if pattern.place == "start" else b"") + body + (b"\\z" if pattern.place == "end" else b"")


UNLIKE = re.compile(r"\$|\\[sSbBwW]|\(\?[^:]")
"""What Hyperscan and RE2 may understand differently: ends of lines, classes and word bounds beyond ASCII, flags."""


def surely_the_same(pattern: str) -> bool:
    """Tell whether Hyperscan's verdict on a regular expression can stand for RE2's."""
    return UNLIKE.search(pattern) is None


def _flags(hyperscan: Any, pattern: Pattern) -> int:
    flags: int = hyperscan.HS_FLAG_SINGLEMATCH
    if pattern.place == "regex":
        flags |= hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_ALLOWEMPTY
        if not surely_the_same(pattern.text):
            flags |= hyperscan.HS_FLAG_PREFILTER
    return flags


def _compile(hyperscan: Any, wanted: Sequence[tuple[int, bytes, int]]) -> Any:
    numbers, expressions, flags = zip(*wanted, strict=True)
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=list(expressions), ids=list(numbers), flags=list(flags))
    return database


def _accepted(
    hyperscan: Any, wanted: Sequence[tuple[int, bytes, int]]
) -> tuple[list[tuple[int, bytes, int]], list[int]]:
    """Return the expressions that Hyperscan takes, and the numbers of the others."""
    good: list[tuple[int, bytes, int]] = []
    refused: list[int] = []
    for one in wanted:
        try:
            _compile(hyperscan, [one])
            good.append(one)
        except hyperscan.error:
            refused.append(one[0])
    return good, refused


class PlainScanner:
    """Files each literal under its rarest triple of characters, and compares only where that triple stands."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        """Index `patterns`."""
        literals = [one for one in patterns if one.place != "regex"]
        self._always = [one.number for one in patterns if one.place == "regex"]
        counts: dict[str, int] = {}
        for one in literals:
            for gram in set(_grams(one.text)):
                counts[gram] = counts.get(gram, 0) + 1
        self._index: dict[str, list[Pattern]] = {}
        self._short: list[Pattern] = []
        for one in literals:
            grams = _grams(one.text)
            if grams:
                self._index.setdefault(min(grams, key=counts.__getitem__), []).append(one)
            else:
                self._short.append(one)

    def scan(self, text: str) -> list[int]:
        """Return the numbers of the patterns found, each once."""
        hits = self._always.copy()
        hits += (one.number for one in self._short if _stands(one, text))
        for gram in self._index.keys() & set(_grams(text)):
            hits += (one.number for one in self._index[gram] if _stands(one, text))
        return hits


def _grams(text: str) -> list[str]:
    return [text[at : at + GRAM] for at in range(len(text) - GRAM + 1)]


def _stands(pattern: Pattern, text: str) -> bool:
    if pattern.place == "start":
        return text.startswith(pattern.text)
    if pattern.place == "end":
        return text.endswith(pattern.text)
    return pattern.text in text
