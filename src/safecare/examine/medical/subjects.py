"""Whom each record of a submission is about, and whether a record carries a document about somebody else.

A report under another patient's cover is filed there, and treated there. Two records differ only where nothing joins
them: no number of one authority, no word of the name, and not the date of birth. Source: IHE XDM 3.32.4.1 (metadata and
documents of one patient), PS3.3 C.24 (encapsulated documents), HL7 v2.5.1 chapter 3 (PID-3, PID-5, PID-7), the French
referential of the INS.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from safecare.examine.api import Context, Finding, Part, Where
from safecare.examine.medical.identity import INS
from safecare.model.text import say

MOST, MOST_PEOPLE = 100, 20
"""Records of one submission, and people of one record, that are compared. Chosen: more are a list, not a cover; 1 s."""
MOST_NUMBERS = 50
"""Numbers of one person that are compared. Chosen: who was in many hospitals has some ten."""
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_DATE = re.compile(r"\d{4}-?\d\d-?\d\d")
METADATA = "METADATA.XML"
"""The file of IHE XDM that tells of the documents beside it."""


class Subject(msgspec.Struct, frozen=True):
    """A patient as one record writes it."""

    numbers: frozenset[tuple[str, str]]
    """(authority, number); those without an authority say nothing and are left out."""
    words: frozenset[str]
    """Words of all names, in capitals without accents."""
    birth: str
    """Eight digits, or empty."""


def subject(numbers: Iterable[tuple[str, str]], names: Iterable[str], birth: str) -> Subject:
    """Return the patient of these numbers, names and date of birth, as a record writes them."""
    words = _LETTERS.findall(unicodedata.normalize("NFKD", " ".join(names)))
    date = _DATE.match(birth)
    return Subject(
        frozenset(
            (root.removeprefix("urn:oid:"), number) for root, number in islice(numbers, MOST_NUMBERS) if root and number
        ),
        frozenset("".join(each for each in one if not unicodedata.combining(each)).upper() for one in words),
        date.group().replace("-", "") if date else "",
    )


def others(one: Subject, other: Subject) -> bool:
    """Tell whether two records can't be about one person."""
    if one.numbers & other.numbers or one.words & other.words or not (one.words and other.words):
        return False
    if one.birth and other.birth:
        return one.birth != other.birth
    return any(
        {number for said, number in one.numbers if said == root} and root in {said for said, _ in other.numbers}
        for root in INS
    )


def about(part: Part, people: Iterable[Subject], context: Context) -> Iterator[Finding]:
    """Keep whom `part` is about; yield that it is about nobody of the record that carries it, or that tells of it."""
    if len(context.subjects) >= MOST:
        return
    mine = tuple(islice((one for one in people if one.words), MOST_PEOPLE + 1))
    if not mine or len(mine) > MOST_PEOPLE:
        return
    scope = part.path and part.path + "/"
    if part.name.rpartition("/")[2] == METADATA:
        scope = part.path.removesuffix(METADATA)
    for path, covered, theirs in context.subjects:
        if not (part.path.startswith(covered) or path.startswith(scope)):
            continue
        if all(others(one, other) for one in mine for other in theirs):
            why = say("A record carries a document about another patient: neither name nor date of birth are the same.")
            yield Finding("record.patients", why, 0.55, Where(part.path))
            break
    context.subjects.append((part.path, scope, mine))
