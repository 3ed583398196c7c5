"""Whom a record is about, written so that people and machines, or two machines, take it for somebody else.

A name that looks like another and is none is not found by who searches it; a record that names two people is filed
under one of them, and which one depends on the reader. Source: Unicode TR 36 (2.6, 2.7), TR 39 (4, mixed scripts) and
CVE-2021-42574 (directions); CVE-2017-11427 (a comment cuts a name); CWE-138, CWE-626 (a zero cuts it), CWE-436 (two
readers, two results); HL7 v2.5.1 chapter 3 (one PID in all ADT events but those of two patients); the French
referential of the INS (one national number each).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from safecare.examine.api import Finding, Where
from safecare.model.text import Text, say

_LOOKS_LATIN = frozenset("АВЕЅІЈКМНОРСТУХҮаеіјосрѕухһԁԛԝԌԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲϳν")
"""Letters of Cyrillic and Greek that are drawn as one of Latin: Unicode TR 39, confusables.txt."""
_LATIN = re.compile(r"[A-Za-z]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_TURNED = re.compile("[\u202d\u202e]")
"""Overrides of direction: letters stand in another order than they are read. No script needs one."""
_UNSEEN = re.compile("(?<=[!-~])[\xad\u180e\u200b-\u200d\u2060-\u2064\ufeff\U000e0000-\U000e007f]+(?=[!-~])")
"""Letters that nobody sees, between two of ASCII: Persian, Indic and Thai names need such between their own only."""
_CUT = re.compile(r"[^\0]\0+[^\0]")
DISGUISED, UNSEEN = 0.6, 0.5
"""Weights. Chosen: letters that nobody sees also come from pages that were copied (HL7's own value sets hold some)."""
INS = frozenset({"1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9"})
"""Authorities of the French national number of a person: NIR and NIA (referential of the INS, annex 1)."""


def disguised(text: str) -> tuple[Text, float] | None:
    """Return what is wrong with the letters of a name or number of a person, and its weight; None if nothing is."""
    if _CUT.search(text):
        why = say(
            "A zero stands in the middle of a name or number, where some readers end: {text}.", text=_spelled(text)
        )
        return why, DISGUISED
    if text.isascii():
        return None
    if _TURNED.search(text):
        why = say("A name or number turns the direction in which it is read: {text}.", text=_spelled(text))
        return why, DISGUISED
    if _UNSEEN.search(text):
        return say("A name or number holds letters that nobody sees: {text}.", text=_spelled(text)), UNSEEN
    for word in _WORD.findall(text):
        if not word.isascii() and _LATIN.search(word) and all(_LATIN.match(one) or one in _LOOKS_LATIN for one in word):
            why = say("A name mixes letters of two scripts that look the same: {text}.", text=_spelled(word))
            return why, DISGUISED
    return None


def named(values: Iterable[tuple[str, str]], part: str) -> Iterator[Finding]:
    """Yield the first of `values` (place, text) that is disguised or cut by a zero."""
    for place, text in values:
        found = disguised(text)
        if found:
            yield Finding("record.identity", found[0], found[1], Where(part, place))
            return


def _spelled(text: str) -> str:
    """Return the text with what can't be told from others written as its number."""
    return "".join(one if " " <= one <= "~" else f"<{ord(one):04X}>" for one in text[:40])
