r"""HL7 v2 messages: what their documents carry, and segments that escapes or line ends hide.

Source: HL7 v2.5.1 section 2.7 (a receiver that resolves `\X0D\` before it splits sees other segments than one that
splits first), MLLP release 1 (a frame within a message is another message).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, Where, analyser
from safecare.examine.medical import commands, payload
from safecare.examine.medical.carried import carried, in_plain
from safecare.examine.medical.identity import named
from safecare.examine.medical.subjects import Subject, about, subject
from safecare.examine.types import recognise
from safecare.formats.astray import leads_astray
from safecare.formats.embedded import Embedded
from safecare.formats.hl7 import Hl7Error
from safecare.formats.hl7_documents import (
    MOST_DOCUMENTS,
    continued,
    documents,
    messages,
    patients,
    plain_letters,
    pointers,
    texts,
    unescaped,
)
from safecare.formats.linear import linear
from safecare.model.text import say

_NAMES = (
    b"MSH PID PV1 OBX OBR ORC EVN NTE MSA ERR AL1 DG1 PR1 IN1 GT1 NK1 RXA RXE RXO SCH AIS AIL AIP TXA SPM MRG Z[A-Z]\\w"
)
_SEGMENT = b"(?:" + _NAMES.replace(b" ", b"|") + b")"
"""Segments that mean something to a receiver (HL7 v2.5.1 appendix A), and those of a site's own."""
_ESCAPED = linear(
    rb"\\[Xx](?:[0-9A-Fa-f]{2})*(?:0[AaDd]|0[Bb]|1[Cc])(?:[0-9A-Fa-f]{2})*\\(?:\\[Xx](?:[0-9A-Fa-f]{2})+\\){0,4}"
    + _SEGMENT
    + rb"(?:\||\\F\\|\\[Xx]7[Cc]\\)"
)
_BROKEN = linear(rb"\\\.br\\(?:MSH\|\^~|" + _SEGMENT + rb"\|\d{1,4}\|)")
"""The escape of a line end in formatted text, then a segment with its number: words that end a text have none."""
_FRAME = linear(rb"\\[Xx](?:[0-9A-Fa-f]{2}){0,40}?(?:1[Cc]0[Dd]|1[Cc]\\\\[Xx]0[Bb]|0[Bb]4[Dd]5348)")
_FRAMED = re.compile(rb"\x1c\r?\x0bMSH")
_LINE = re.compile(rb"\n(?<=[^\r\n]\n)" + _SEGMENT + rb"\|")
_RISKY = re.compile(rb"(?i)\.(?:exe|dll|scr|bat|cmd|ps1|vbs|js|hta|msi|lnk|jar)$|^(?:file|smb|javascript):")
_BATCH = re.compile(rb"(?:^|(?<=[\r\n]))BTS[!-/:-@\[-`{-~]([0-9]{1,9})(?![0-9])")
"""The end of a batch, and how many messages it says (BTS-1: HL7 v2.5.1, 2.15.3)."""
_MARKS = re.compile(rb"[!-/:-@\[-`{-~]{3,4}")
"""Field, component and repetition separator, and the escape, as they are told: punctuation all."""
_OF_ONE = frozenset(b"A%02d" % number for number in (*range(1, 17), *range(19, 24), *range(25, 30), 31, 38))
"""Events of ADT whose message holds one PID (HL7 v2.5.1 chapter 3); swaps, links and merges name two patients."""
MOST_NUMBERS = 1000
"""Numbers of one patient. Chosen: records that were merged for decades have some ten."""
_MOST = 20
MOST_LINES = 20_000
"""Observations of one message whose texts are put together. Chosen: twice the segments of the largest message."""


@analyser("hl7", wants={"hl7"})
class Hl7File:
    """Judges one file of messages and hands on their documents."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield what is found."""
        raw = continued(plain_letters(part.raw))
        try:
            found = messages(raw)
        except Hl7Error as error:
            raise UnreadableError(error.reason, error.place) from error
        held: list[Embedded] = []
        for start, end, separators in found:
            held += islice(documents(raw, start, end, separators), MOST_DOCUMENTS + 1 - len(held))
            if len(held) > MOST_DOCUMENTS:
                break
            for low, high in pointers(raw, start, end, separators):
                yield from _pointer(part, raw[low:high], low)
        yield from _people(part, raw, found)
        yield from about(part, _subjects(raw, found), context)
        if b"BTS" in raw:
            yield from _batches(part, raw, found)
        for one in held:
            yield from carried(part, one, context)
        yield from _joined(part, raw, held, found)
        yield from _smuggled(part, raw, single=len(found) == 1)
        at = 0
        for start, end in [*sorted((one.start, one.end) for one in held), (len(raw), len(raw))]:
            yield from _texts(part, raw, at, start)
            at = max(at, end)
        if len(held) > MOST_DOCUMENTS:
            raise LimitError("members", "documents")


def _people(part: Part, raw: bytes, found: list[tuple[int, int, bytes]]) -> Iterator[Finding]:
    """Tell of separators that are no separators, of names in disguise, and of events that name a second patient."""
    for start, end, separators in found[:MOST_DOCUMENTS]:
        if len(set(separators)) < len(separators) and _MARKS.match(separators):
            why = say("The message declares one letter as two separators: readers differ on what it says.")
            yield Finding("hl7.separators", why, 0.3, Where(part.path, "MSH-2", (start, start + 8)), unreadable=True)
            continue
        event, people = patients(raw, start, end, separators)
        if any(number.count(separators[2:3]) > MOST_NUMBERS for number, *_ in people):
            raise LimitError("members", "PID-3")
        yield from named(
            (
                (place, value.decode("utf-8", "ignore"))
                for one in people
                for place, value in zip(("PID-3", "PID-5"), one[:2], strict=True)
                if not value.isascii() or b"\0" in value
            ),
            part.path,
        )
        if event in _OF_ONE and len({number for number, *_ in people if number}) > 1:
            why = say(
                "A message of {kind} names {count} patients: a receiver takes one of them.",
                kind=event.decode(),
                count=len(people),
            )
            yield Finding("hl7.patients", why, 0.55, Where(part.path, "PID", (start, end)))


def _subjects(raw: bytes, found: list[tuple[int, int, bytes]]) -> Iterator[Subject]:
    """Yield whom the messages are about."""
    for start, end, separators in found[:MOST_DOCUMENTS]:
        for numbers, name, birth in patients(raw, start, end, separators)[1]:
            known = []
            for number in numbers.split(separators[2:3])[:20]:
                parts = [each.decode("latin-1") for each in number.split(separators[1:2])]
                issuer = re.split(r"[&$%#]", parts[3])[1:2] if len(parts) > 3 else []
                known.append((issuer[0] if issuer else "", parts[0]))
            yield subject(known, [name.decode("utf-8", "ignore")], birth.decode("latin-1"))


def _batches(part: Part, raw: bytes, found: list[tuple[int, int, bytes]]) -> Iterator[Finding]:
    """Tell of a batch that holds another number of messages than it says: some came or went on the way."""
    begun = 0
    for count, end in enumerate(_BATCH.finditer(raw)):
        if count >= MOST_DOCUMENTS:
            return
        begun = max(begun, raw.rfind(b"BHS", begun, end.start()))
        held = sum(begun <= start < end.start() for start, _, _ in found)
        begun = end.end()
        if held != int(end[1]):
            why = say("A batch says that it holds {count} messages, and holds {size}.", count=int(end[1]), size=held)
            yield Finding("hl7.batch", why, 0.3, Where(part.path, "BTS-1", end.span(1)), unreadable=True)
            return


def _joined(
    part: Part, raw: bytes, held: list[Embedded], found: list[tuple[int, int, bytes]]
) -> Iterator[Finding | Part]:
    """Yield documents and texts that were divided among segments, put together again."""
    if len(held) > 1 and not any(recognise(Part(one.raw)) != ("data",) for one in held[1:]):
        yield part.child("documents together", b"".join(one.raw for one in held), origin="record.document")
    for start, end, separators in found:
        lines = list(islice(texts(raw, start, end, separators), MOST_LINES))
        if len(lines) > 1:
            yield from in_plain(part, b"\n".join(lines), start)


def _smuggled(part: Part, raw: bytes, *, single: bool) -> Iterator[Finding]:
    if b"\\X" in raw or b"\\x" in raw or b"\\.br" in raw:
        for pattern in (_ESCAPED, _BROKEN, _FRAME):
            for count, found in enumerate(pattern.finditer(raw)):
                if count >= _MOST:
                    break
                why = say("Escapes hide what a receiver may read as a segment or message of its own.")
                yield Finding("hl7.smuggled.escape", why, 0.85, Where(part.path, "", found.span()))
    framed = None if raw[:1] == b"\x0b" else _FRAMED.search(raw)
    if framed:
        why = say("A message without a frame holds the end of one and the begin of another: it counts as two to some.")
        yield Finding("hl7.smuggled.frame", why, 0.6, Where(part.path, "", framed.span()))
    both = raw.count(b"\r\n")
    ends, others = raw.count(b"\r") - both, raw.count(b"\n") - both
    if single and ends >= 2 and 0 < others <= ends:
        line = _LINE.search(raw)
        if line:
            why = say(
                "A segment follows a line end that is none in this message: receivers differ on whether it counts."
            )
            yield Finding("hl7.smuggled.line", why, 0.6, Where(part.path, "", line.span()))


def _pointer(part: Part, raw: bytes, start: int) -> Iterator[Finding]:
    plain = raw.replace(b"\\E\\", b"\\").strip()
    if plain.startswith((b"\\\\", b"//")) or _RISKY.search(plain) or leads_astray(plain.decode("latin-1")):
        why = say("A reference leads to {text}.", text=plain[:60].decode("latin-1"))
        yield Finding("hl7.pointer", why, 0.7, Where(part.path, "OBX-5", (start, start + len(raw))))


def _texts(part: Part, raw: bytes, start: int, stop: int) -> Iterator[Finding | Part]:
    text = raw[start:stop]
    plain = unescaped(text, b"|^~\\&") if b"\\" in text else text
    if plain != text and not commands.names_command(text) and commands.names_command(plain):
        why = say("A value holds a script or command, written in escapes.")
        yield Finding("hl7.script", why, 0.85, Where(part.path, "", (start, stop)))
    for low, high in commands.scripted(text):
        shown = text[low : min(high, low + 40)].decode("latin-1")
        why = say("A value holds a script or command: {text}.", text=shown)
        yield Finding("hl7.script", why, 0.85, Where(part.path, "", (start + low, start + high)))
    yield from in_plain(part, text, start, b"|\r")
    if payload.EICAR in text:
        at = start + text.find(payload.EICAR)
        yield Finding(
            "record.carries.eicar", say("The record carries the EICAR test file."), 0.95, Where(part.path, "", (at, at))
        )
