"""What a worker is asked and answers: length (4 bytes, big endian), then MessagePack; after a job its bytes."""

from __future__ import annotations

import struct
from typing import BinaryIO, TypeVar

import msgspec

from safecare.examine.api import Verdict
from safecare.formats.mail import Contact, MailFacts
from safecare.formats.mail_auth import Query, Reply
from safecare.model.layout import laid_out

T = TypeVar("T")
LENGTH = struct.Struct(">I")
MAX_ANSWER = 4 * 1024 * 1024
"""Largest answer (bytes) that the examiner reads. Chosen: 1,000 parts with all facts take 300 kB."""


class Hello(msgspec.Struct, frozen=True):
    """First word of a worker: the layers of confinement that are active."""

    layers: tuple[str, ...]


class Setup(msgspec.Struct, frozen=True):
    """First word to a worker: what it must know for all files: mail domains, rules, mail model."""

    own: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    mail_model: bytes = b""
    checks: bool = False
    """Senders of mails are checked (`Job.dns`)."""
    sealers: tuple[str, ...] = ()
    """Domains whose seals on mails that they passed on are believed (ARC)."""


class Job(msgspec.Struct, frozen=True):
    """A file to be judged: `size` bytes follow. `facts`: tell those of a mail, too.

    `spf`: what the door found of the sender; `at`: when the mail came (s since 1970; 0: not known); `dns`: answers of
    the DNS so far, by question; None: nothing is checked.
    """

    size: int
    name: str = ""
    media: str = ""
    facts: bool = False
    parts: int = 0
    """Bytes of what is unpacked that are wanted back, for another engine."""
    spf: str = ""
    at: int = 0
    dns: dict[str, Reply] | None = None


class Answer(msgspec.Struct, frozen=True):
    """What was found, or why nothing could be."""

    verdict: Verdict | None = None
    facts: MailFacts | None = None
    contact: Contact = Contact()
    error: str = ""
    stopped: bool = False
    """True when the error is that a limit stopped the parser."""
    wanted: tuple[Query, ...] = ()
    """Questions to the DNS: nothing was judged yet."""
    parts: tuple[tuple[str, int], ...] = ()
    """Path and size of unpacked parts, whose bytes follow on the wire."""
    unpacked: tuple[tuple[str, bytes], ...] = ()
    """Path and bytes of these parts, once they were read; never on the wire."""


def pack(message: msgspec.Struct) -> bytes:
    """Return `message` ready for the wire."""
    raw = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(raw)) + raw


def read(stream: BinaryIO, kind: type[T]) -> T | None:
    """Read one message of `kind` from a blocking stream; None at its end."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    raw = stream.read(LENGTH.unpack(head)[0])
    return msgspec.msgpack.decode(raw, type=laid_out(kind))
