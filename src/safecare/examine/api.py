"""What an analyser is given and what it tells: parts, findings, verdicts.

An analyser looks at one part of a submitted file and yields what it found and what it unpacked; the engine
examines the unpacked parts in turn. An analyser keeps nothing from one part to the next.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar

import msgspec

from safecare.model.finding import Finding, Where
from safecare.model.plugins import marked

if TYPE_CHECKING:
    from safecare.examine.medical.subjects import Subject
    from safecare.formats.mail import Mail

C = TypeVar("C", bound=type)
MEDICAL = frozenset({"dicom", "hl7", "cda", "fhir", "xdm", "dicomweb"})
"""Types of files that hold a patient's images or record: nothing that runs belongs in them."""
ANY = "*"
"""In `wants`: every part, whatever its type."""
IMAGE = re.compile(rb"(?s).{128}DICM|II[*+]\x00|MM\x00[*+]|\x5c\x01\x00\x00|.{344}n[i+]1\x00")
"""Heads of DICOM, TIFF and NIfTI-1 images."""
PLAIN = re.compile(
    rb"(?s)[\t\r\n\x20-\x3b\x3d-\x7a\x80-\xff]{512}|BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0|"
    rb".{257}ustar|.{510}\x55\xaa"
)
"""Heads of plain text (logs, tables: no markup, no data of programs), of bitmaps, tapes and plain images of discs."""
LEAST_KEPT, MOST_KEPT = 16, 200
"""Bytes of a part that another engine may know, and parts that it is shown. Chosen: EICAR has 68 bytes."""
BLOCK = 256 * 1024
"""Bytes inflated at a time. Chosen: a bomb is noticed after one block too many."""
FED = 1024 * 1024
"""Packed bytes handed over at a time. Chosen: zlib copies what it has not taken yet with each block; all at once would
cost the square of the size."""


@dataclass(frozen=True)
class Part:
    """Bytes to be judged, and how they were met.

    `path` is empty for the submitted file itself, else names joined by ``/``. `name` and `media` are what the
    container claims. `origin` says how it was unpacked (``mail.attachment``, ``zip.member``, ``pdf.stream``). `types`
    are what the bytes are by structure (`safecare.examine.types`), the main one first.
    """

    raw: bytes
    name: str = ""
    media: str = ""
    path: str = ""
    origin: str = ""
    types: tuple[str, ...] = ()
    depth: int = 0
    carrier: str = ""
    """Type of the medical file that it was unpacked from, at whatever depth; empty if from none."""

    def child(self, name: str, raw: bytes, *, media: str = "", origin: str = "", types: tuple[str, ...] = ()) -> Part:
        """Return the part `raw` unpacked from this one; `types` only where the bytes alone can't tell."""
        shown = name.replace("/", "_")[:120] or "part"
        path = f"{self.path}/{shown}" if self.path else shown
        carrier = self.carrier or next((one for one in self.types if one in MEDICAL), "")
        return Part(raw, name, media, path, origin, types, self.depth + 1, carrier)


class Verdicts(StrEnum):
    """How a file is judged."""

    CLEAN = "clean"
    SUSPICIOUS = "suspicious"
    MALICIOUS = "malicious"
    UNREADABLE = "unreadable"


class Verdict(msgspec.Struct, frozen=True):
    """The judgement of one submitted file. `type` joins several by ``+`` (a polyglot)."""

    sha256: str
    type: str
    verdict: Verdicts
    score: float
    findings: tuple[Finding, ...] = ()


class LimitError(Exception):
    """A limit was reached. `limit` names it (``size``, ``member``, ``depth``, ``parts``)."""

    def __init__(self, limit: str, place: str = "") -> None:
        super().__init__(f"limit {limit} reached: {place}")
        self.limit, self.place = limit, place


class UnreadableError(ValueError):
    """A part is damaged: `reason` in English words, `place` in it (tag, offset)."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason, self.place = reason, place


class Limits(msgspec.Struct, frozen=True):
    """Bounds of one submission. Chosen after peers (Strelka: depth 15, 5,000 files) and measured bombs."""

    depth: int = 24
    """Containers within containers: a packed tar counts two."""
    parts: int = 5000
    """Parts unpacked in all."""
    members: int = 2000
    """Members of one container."""
    member: int = 64 * 1024 * 1024
    """Bytes of one unpacked part: a worker holds two such and stays below 256 MiB."""
    total: int = 256 * 1024 * 1024
    """Bytes unpacked in all; four times the submitted file where that is more (archives of images)."""
    ratio: int = 40
    """Unpacked over submitted bytes, above `free`. Chosen: documents and logs stay below 30; 40 MB take 0.3 s."""
    slow: int = 500_000
    """Bytes unpacked by slow methods, counted as those of plain Python (1 MB/s). Chosen: 0.4 s of processor time."""
    free: int = 16 * 1024 * 1024
    """Bytes unpacked before `ratio` counts. Chosen: 0.1 s of processor time."""


@dataclass
class Budget:
    """What one submission may still unpack."""

    limits: Limits
    submitted: int
    used: int = 0
    slow: int = 0
    parts: int = 0
    images: int = 0
    """Bytes that may be unpacked besides `Limits.ratio`: once that of one part, for what honestly packs very well and
    is looked at fast: images (masks and background are almost nothing), logs, tables, discs that are mostly empty."""

    @property
    def room(self) -> int:
        """Bytes that may still be unpacked, in one part at most `Limits.member`."""
        whole = max(self.limits.total, 4 * self.submitted)
        honest = max(self.limits.free, self.limits.ratio * self.submitted) + self.images
        return max(0, min(self.limits.member, whole - self.used, honest - self.used))

    def take(self, count: int, place: str = "") -> None:
        """Count `count` unpacked bytes. Raises `LimitError` when that is more than there is room for."""
        if count > self.room:
            raise LimitError("member" if count > self.limits.member else "size", place)
        self.used += count

    def inflate(self, raw: bytes | memoryview, place: str = "", wbits: int = -15) -> bytes:
        """Return `raw` inflated (`wbits` of zlib; -15 plain deflate). Raises `LimitError`, `UnreadableError`.

        Damaged data gives what came before the damage, if anything did.
        """
        return self.unpack(zlib.decompressobj(wbits).decompress, raw, place)

    def unpack(self, step: Callable[..., bytes], raw: bytes | memoryview, place: str = "") -> bytes:
        """Return `raw` unpacked by `step(data, max_length)` of zlib, bz2 or lzma; errors as `inflate`."""
        room, out = self.room, bytearray()
        owner = getattr(step, "__self__", None)
        data, rest = b"", memoryview(raw)
        if room <= 0:
            raise LimitError("size", place)
        while True:
            if not data and getattr(owner, "needs_input", True):
                data, rest = bytes(rest[:FED]), rest[FED:]
            try:
                block = step(data, BLOCK)
            except Exception as error:  # zlib.error, OSError, lzma.LZMAError, EOFError: all mean damage
                if not out:
                    raise UnreadableError(f"packed data is damaged ({error})", place) from error
                break
            out += block
            if len(out) > room and not self.images and (IMAGE.match(out) or PLAIN.match(out)):
                self.images = self.limits.member
                room = self.room
            if len(out) > room:
                raise LimitError("member" if room == self.limits.member else "size", place)
            data = getattr(owner, "unconsumed_tail", b"")
            if getattr(owner, "eof", False) or not (block or data or rest):
                break
        self.used += len(out)
        return bytes(out)

    def slowly(self, size: int, faster: int = 1) -> int:
        """Return how many of `size` bytes may still be unpacked by a slow method, and count them.

        `faster`: how many times as fast as plain Python's bit by bit (1 MB/s) the method is.
        """
        granted = max(0, min(-(-size // faster), self.limits.slow - self.slow))
        self.slow += granted
        return min(size, granted * faster)

    def returned(self, granted: int, used: int, faster: int = 1) -> None:
        """Give back what of `granted` bytes (`slowly`) was not used."""
        self.slow -= max(0, granted - used) // faster

    def count(self) -> None:
        """Count one part. Raises `LimitError`."""
        self.parts += 1
        if self.parts > self.limits.parts:
            raise LimitError("parts")


@dataclass
class Unpacked:
    """Parts that are kept for another engine: at most `room` bytes, `MOST_KEPT` parts, in the order met."""

    room: int
    kept: list[tuple[str, bytes]] = field(default_factory=list)
    """Path and bytes of each."""

    def keep(self, part: Part) -> None:
        """Keep `part` if there is room."""
        if LEAST_KEPT <= len(part.raw) <= self.room and len(self.kept) < MOST_KEPT:
            self.room -= len(part.raw)
            self.kept.append((part.path, part.raw))


@dataclass
class Context:
    """What holds for a whole submission: its budget, the site's own mail domains, passwords met on the way."""

    budget: Budget
    own: tuple[str, ...] = ()
    mail: bool = False
    """True when the submitted file is a mail (an Outlook item too): what it carries came from outside."""
    rules: tuple[str, ...] = ()
    """YARA rules of the site, besides the project's own."""
    mail_model: bytes = b""
    """Model that the site trained on its own mail (`safecare.examine.mail.model`); empty: none."""
    read: tuple[bytes, Mail] | None = None
    """Bytes of a mail, and the mail as it was read from them already."""
    checked: str = ""
    """What was found of a mail's sender by SPF, DKIM and DMARC (an ``Authentication-Results`` field)."""
    unpacked: Unpacked | None = None
    """Where parts are kept for another engine; None: nowhere."""
    passwords: list[str] = field(default_factory=list)
    subjects: list[tuple[str, str, tuple[Subject, ...]]] = field(default_factory=list)
    """Path of each record, the paths that it speaks for (as a prefix), and whom it is about."""
    pictures: int = 0
    """Pictures within the files of a mail in which codes were looked for."""


class Analyser(Protocol):
    """The shape of an analyser: a class made without arguments, marked by `analyser`."""

    wants: ClassVar[frozenset[str]]
    needs: ClassVar[tuple[str, ...]]

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield what is found in `part` and what is unpacked from it. Raises `LimitError`, `UnreadableError`."""
        ...


def analyser(name: str, *, wants: Iterable[str], needs: Iterable[str] = ()) -> Callable[[C], C]:
    """Mark a class as an analyser of parts of the types `wants`. `needs`: libraries, or ``program:name``."""
    return marked("analyser", name, wants=frozenset(wants), needs=tuple(needs))


__all__ = [
    "ANY",
    "Analyser",
    "Budget",
    "Context",
    "Finding",
    "LimitError",
    "Limits",
    "Part",
    "Unpacked",
    "UnreadableError",
    "Verdict",
    "Verdicts",
    "Where",
    "analyser",
]  # fmt: skip
