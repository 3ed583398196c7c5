"""Many patterns looked for in one text at once: Hyperscan, and a plain index of triples where that is not there.

Literals compare without regard to case unless they are `cased`. A scan gives all that holds, and of the numbers in
`unsure` some that do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, Protocol

import msgspec

from safecare.detect.logs.values import expression
from safecare.model.layout import laid_out
from safecare.model.plugins import lacking

GRAM = 3
"""Characters of the pieces that the plain index is made of (chosen: rare enough in text, short enough for literals)."""
LONGEST = 10_000
"""Longest pattern that Hyperscan is given, bytes (its own limit is 16,000 characters)."""
LARGEST = 3_000
"""Largest regular expression that it is given, in steps of RE2's program. Measured: SigmaHQ's largest but one has
2,359; one of 3,800 takes 1.4 s to compile, one of 9,800 a minute."""


class Pattern(msgspec.Struct, frozen=True):
    """`text` that must stand anywhere, at the start, at the end, or is a regular expression; `number` is reported.

    A literal that is not `cased` is in lower case.
    """

    number: int
    text: str
    place: Literal["any", "start", "end", "regex"] = "any"
    cased: bool = False


class Scanner(Protocol):
    """Looks for all its patterns in a text."""

    unsure: frozenset[int]
    """Numbers that may be reported though their pattern is not there."""

    def scan(self, text: str) -> list[int]:
        """Return the numbers of the patterns found, each once."""
        ...


def scanner(patterns: Sequence[Pattern], compiled: bytes = b"") -> Scanner:
    """Return the best scanner here for `patterns`; `compiled` is what `HyperScanner.dump` gave for the same ones."""
    if lacking(("hyperscan",)):
        return PlainScanner(patterns)
    return HyperScanner(patterns, compiled)


class HyperScanner:
    """Hyperscan (Intel, BSD-3): one automaton for all patterns. Patterns that it refuses are always reported.

    Without regard to case it compares letters of ASCII only. So a text beyond ASCII is looked through twice, once in
    lower case.
    """

    def __init__(self, patterns: Sequence[Pattern], compiled: bytes = b"") -> None:
        """Compile `patterns`, or take on `compiled`."""
        import hyperscan

        self._database: Any = None
        self._lower = frozenset(one.number for one in patterns if not one.cased)
        kept = _Kept.loads(compiled)
        if kept is not None:
            self._database = kept.database(hyperscan)
        if kept is not None and (self._database is not None or not kept.automaton):
            self._always = kept.always
        else:
            self._always = self._compile(hyperscan, patterns)
        self.unsure = frozenset(self._always).union(
            one.number for one in patterns if one.place == "regex" and not surely_the_same(one.text)
        )

    def _compile(self, hyperscan: Any, patterns: Sequence[Pattern]) -> list[int]:
        """Make the automaton; return the numbers of patterns that it can't hold."""
        wanted: list[tuple[int, bytes, int]] = []
        always: list[int] = []
        for one in patterns:
            written = _expression(one)
            part = (one.number, written or b"", _flags(hyperscan, one))
            if written is None or (one.place == "regex" and not _accepted(hyperscan, part)):
                always.append(one.number)
            else:
                wanted.append(part)
        if wanted:
            self._database = _compile(hyperscan, wanted)
        return always

    def dump(self) -> bytes:
        """Return the compiled form, to be given again."""
        import hyperscan

        automaton = bytes(hyperscan.dumpb(self._database)) if self._database is not None else b""
        return msgspec.msgpack.encode(_Kept(self._always, automaton))

    def scan(self, text: str) -> list[int]:
        """Return the numbers of the patterns found, each once."""
        hits = self._always.copy()
        if self._database is None:
            return hits
        if text.isascii():
            self._database.scan(text.encode(), _add, 0, hits)
            return hits
        plain: list[int] = []
        lowered: list[int] = []
        self._database.scan(text.encode("utf-8", "replace"), _add, 0, plain)
        self._database.scan(text.lower().encode("utf-8", "replace"), _add, 0, lowered)
        hits += (number for number in plain if number not in self._lower)
        hits += (number for number in lowered if number in self._lower)
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
            return msgspec.msgpack.decode(raw, type=laid_out(_Kept))
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
        large = expression(pattern.text).programsize > LARGEST
        return None if large else pattern.text.encode("utf-8", "replace")
    raw = pattern.text.encode("utf-8", "replace")
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
    elif not pattern.cased:
        flags |= hyperscan.HS_FLAG_CASELESS
    return flags


def _compile(hyperscan: Any, wanted: Sequence[tuple[int, bytes, int]]) -> Any:
    numbers, expressions, flags = zip(*wanted, strict=True)
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=list(expressions), ids=list(numbers), flags=list(flags))
    return database


def _accepted(hyperscan: Any, one: tuple[int, bytes, int]) -> bool:
    """Tell whether Hyperscan takes an expression."""
    try:
        _compile(hyperscan, [one])
    except hyperscan.error:
        return False
    return True


class PlainScanner:
    """Files each literal under its rarest triple of characters, and compares only where that triple stands."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        """Index `patterns`."""
        literals = [one for one in patterns if one.place != "regex"]
        self._always = [one.number for one in patterns if one.place == "regex"]
        self.unsure = frozenset(self._always)
        counts: dict[str, int] = {}
        grams = {one: _grams(one.text.lower()) for one in literals}
        for some in grams.values():
            for gram in set(some):
                counts[gram] = counts.get(gram, 0) + 1
        self._index: dict[str, list[Pattern]] = {}
        self._short: list[Pattern] = []
        for one, some in grams.items():
            if some:
                self._index.setdefault(min(some, key=counts.__getitem__), []).append(one)
            else:
                self._short.append(one)

    def scan(self, text: str) -> list[int]:
        """Return the numbers of the patterns found, each once."""
        hits = self._always.copy()
        lowered = text.lower()
        hits += (one.number for one in self._short if _stands(one, text, lowered))
        for gram in self._index.keys() & set(_grams(lowered)):
            hits += (one.number for one in self._index[gram] if _stands(one, text, lowered))
        return hits


def _grams(text: str) -> list[str]:
    return [text[at : at + GRAM] for at in range(len(text) - GRAM + 1)]


def _stands(pattern: Pattern, text: str, lowered: str) -> bool:
    inside = text if pattern.cased else lowered
    if pattern.place == "start":
        return inside.startswith(pattern.text)
    if pattern.place == "end":
        return inside.endswith(pattern.text)
    return pattern.text in inside
