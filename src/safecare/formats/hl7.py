"""HL7 v2 messages in vertical-bar form (ER7): reading, acknowledging, and what a scheduling message says.

Source: HL7 v2.5.1, chapters 2 (delimiters 2.5.4, escapes 2.7, ACK 2.9.2, MSA/ERR 2.15), 2.A (data types), 10
(scheduling, SIU S12-S26; SCH, TQ1, AIS, AIG, AIL). Charset names: table 0211. Error codes: table 0357.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo

MAX_SEGMENTS = 10_000
"""Segments of one message. Chosen: laboratory batches stay below 2,000."""
MAX_FIELDS = 1000
"""Fields of one segment. Chosen: the longest standard segment (OBR, PV1) has about 60."""

_CHARSETS = {
    "": "utf-8", "ASCII": "ascii", "UNICODE UTF-8": "utf-8", "UNICODE": "utf-8", "UTF-8": "utf-8", "UTF8": "utf-8",
    "UNICODE UTF-16": "utf-16-be", "ISO IR87": "iso2022_jp", "ISO IR159": "iso2022_jp_1", "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr", "BIG-5": "big5",
} | {f"8859/{part}": f"iso8859_{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)}  # fmt: skip
_DEFAULT_ESCAPES = {"F": 0, "S": 1, "T": 4, "R": 2, "E": 3}
_HEX = re.compile(r"X((?:[0-9A-Fa-f]{2}){1,200})")
_TIME = re.compile(r"(\d{4})(\d\d)?(\d\d)?(?:(\d\d)(\d\d)?(\d\d)?(?:\.\d{1,6})?)?([+-]\d{4})?")


class Hl7Error(ValueError):
    """Bytes that are no readable HL7 v2 message; `place` names segment and field, `code` is of table 0357."""

    def __init__(self, reason: str, place: str = "MSH", code: str = "207") -> None:
        """Keep reason, place and code."""
        super().__init__(f"{place}: {reason}")
        self.reason, self.place, self.code = reason, place, code


@dataclass(frozen=True)
class Hl7:
    """A message: its segments as lists of fields in wire form, and the separators that MSH declares."""

    segments: tuple[tuple[str, ...], ...]
    separators: str
    """Field, component, repetition, escape, subcomponent."""
    charset: str = "utf-8"
    index: dict[str, list[int]] = field(default_factory=dict, repr=False)

    def all(self, segment: str) -> list[tuple[str, ...]]:
        """Return every segment of that name, in order."""
        return [self.segments[place] for place in self.index.get(segment, ())]

    def get(self, segment: str, number: int, component: int = 1, sub: int = 1, repetition: int = 0) -> str:
        """Return one value of the first such segment, escapes resolved; empty if absent. Fields count from 1."""
        places = self.index.get(segment)
        return self.value(self.segments[places[0]], number, component, sub, repetition) if places else ""

    def value(self, fields: tuple[str, ...], number: int, component: int = 1, sub: int = 1, repetition: int = 0) -> str:
        """Return one value of the segment `fields`, escapes resolved; empty if it is not there."""
        if number >= len(fields):
            return ""
        if fields[0] == "MSH" and number <= 2:
            return fields[number]
        comp, rep, inner = self.separators[1], self.separators[2], self.separators[4]
        parts = fields[number].split(rep)
        if repetition >= len(parts):
            return ""
        components = parts[repetition].split(comp)
        if component > len(components):
            return ""
        subs = components[component - 1].split(inner)
        return self.unescape(subs[sub - 1]) if sub <= len(subs) else ""

    def unescape(self, raw: str) -> str:
        """Resolve escape sequences (2.7): the separators and hexadecimal data; formatting ones are left out."""
        escape = self.separators[3]
        if escape not in raw:
            return raw
        pieces = raw.split(escape)
        out = [pieces[0]]
        inside = True
        for place, piece in enumerate(pieces[1:], 1):
            if not inside or place == len(pieces) - 1:
                out.append(piece if not inside else escape + piece)
                inside = True
                continue
            out.append(self._escape(piece))
            inside = False
        return "".join(out)

    def _escape(self, code: str) -> str:
        if code in _DEFAULT_ESCAPES:
            return self.separators[_DEFAULT_ESCAPES[code]]
        found = _HEX.fullmatch(code)
        if found:
            return bytes.fromhex(found.group(1)).decode(self.charset, "replace")
        return "\n" if code in (".br", ".sp") else ""

    @property
    def control(self) -> str:
        """Control id (MSH-10)."""
        return self.get("MSH", 10)

    @property
    def kind(self) -> tuple[str, str]:
        """Message code and trigger event (MSH-9), for example ``("SIU", "S13")``."""
        return self.get("MSH", 9), self.get("MSH", 9, 2)


def read_hl7(raw: bytes) -> Hl7:
    """Read a message. Raises `Hl7Error` naming the place."""
    if not raw.startswith(b"MSH"):
        raise Hl7Error("does not start with MSH", "MSH", "100")
    if len(raw) < 8:
        raise Hl7Error("is cut off", "MSH-2", "101")
    charset, text = _text(raw)
    separators = text[3:8]
    end = separators.find(separators[0], 1)
    if end > 1:  # fewer than four encoding characters are declared: the rest has its default (2.5.4)
        separators = separators[:end] + "|^~\\&"[end:]
    if len(set(separators)) != 5 or any(one.isalnum() or one in "\r\n" for one in separators):
        raise Hl7Error("declares separators that are no separators", "MSH-2", "102")
    lines = [line for line in re.split(r"\r\n?|\n", text) if line]
    if len(lines) > MAX_SEGMENTS:
        raise Hl7Error(f"{len(lines)} segments, more than {MAX_SEGMENTS}", "message", "100")
    segments: list[tuple[str, ...]] = []
    index: dict[str, list[int]] = {}
    for place, line in enumerate(lines):
        fields = line.split(separators[0], MAX_FIELDS + 1)
        if len(fields) > MAX_FIELDS:
            raise Hl7Error(f"more than {MAX_FIELDS} fields", f"segment {place + 1}", "100")
        if not re.fullmatch(r"[A-Z][A-Z0-9]{2}", fields[0]):
            raise Hl7Error("has no segment name", f"segment {place + 1}", "100")
        if fields[0] == "MSH":
            if place:
                raise Hl7Error("a second MSH", f"segment {place + 1}", "100")
            fields.insert(1, separators[0])  # MSH-1 is the separator itself
        index.setdefault(fields[0], []).append(place)
        segments.append(tuple(fields))
    return Hl7(tuple(segments), separators, charset, index)


def _text(raw: bytes) -> tuple[str, str]:
    """Decode by MSH-18; without one by UTF-8, then Latin-1, which is what senders without MSH-18 really use."""
    head = re.split(rb"[\r\n]", raw, maxsplit=1)[0].split(raw[3:4], 19)
    declared = (
        head[17].split(raw[5:6] if raw[5:6].isascii() else b"~")[0].decode("ascii", "replace") if len(head) > 17 else ""
    )
    charset = _CHARSETS.get(declared.strip().upper())
    if charset is None:
        raise Hl7Error(f"unknown character set {declared[:30]!r}", "MSH-18", "103")
    try:
        return charset, raw.decode(charset)
    except UnicodeDecodeError as error:
        if declared:
            raise Hl7Error(f"byte {error.start} is not {declared[:30]}", "message", "102") from error
        return "iso8859_1", raw.decode("iso8859_1")


def read_time(value: str, zone: tzinfo = UTC) -> datetime | None:
    """Return a DTM/TS value in UTC (`zone` where it names none); None if there is none or it is no time."""
    found = _TIME.fullmatch(value.strip())
    if not found or not found.group(3):
        return None
    year, month, day, hour, minute, second, offset = found.groups()
    try:
        shift = (
            zone
            if not offset
            else timezone((1 if offset[0] == "+" else -1) * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5])))
        )
        local = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=shift
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def acknowledge(
    raw: bytes | Hl7, code: str, at: datetime, control: str, text: str = "", place: str = "", error: str = ""
) -> bytes:
    """Return the ACK for a message: `code` AA, AE or AR, with ERR when `text` says what is wrong.

    `raw` may be unreadable: then the ACK goes to nobody by name with an empty MSA-2, as 2.9.2 allows no better.
    `control` is the ACK's own id, `error` a code of table 0357 (207 if empty). Written with the default separators.
    """
    told = raw if isinstance(raw, Hl7) else _attempt(raw)
    ids = [_clean(told.get("MSH", number) if told else "") for number in (5, 6, 3, 4)]
    trigger = told.kind[1] if told else ""
    kind_field = f"ACK^{_clean(trigger)}^ACK" if trigger else "ACK"
    version = _clean(told.get("MSH", 12) if told else "") or "2.5"
    mode = _clean(told.get("MSH", 11) if told else "") or "P"
    stamp = at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    answered = _clean(told.control if told else "")[:199]
    lines = [
        rf"MSH|^~\&|{'|'.join(ids)}|{stamp}||{kind_field}|{_clean(control)}|{mode}|{version}||||||UNICODE UTF-8",
        f"MSA|{code}|{answered}|{_clean(text)[:80]}".rstrip("|"),
    ]
    if text:
        severity = "E" if code in ("AE", "AR") else "I"
        lines.append(f"ERR||{_clean(place)}|{_clean(error) or '207'}^^HL70357|{severity}||||{_clean(text)[:250]}")
    return ("\r".join(lines) + "\r").encode("utf-8")


def _attempt(raw: bytes) -> Hl7 | None:
    """Read as much of an unreadable message's MSH as an answer needs."""
    try:
        return read_hl7(re.split(rb"[\r\n]", raw[:4096], maxsplit=1)[0])
    except Hl7Error:
        return None


def _clean(value: str) -> str:
    """Escape `value` for the default separators, without control characters; at most 250 letters."""
    plain = "".join(letter for letter in value[:250] if letter.isprintable())
    for letter, code in (("\\", "E"), ("|", "F"), ("^", "S"), ("~", "R"), ("&", "T")):
        plain = plain.replace(letter, f"\0{code}\0")
    return plain.replace("\0", "\\")
