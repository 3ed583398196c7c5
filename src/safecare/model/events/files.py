"""Mails and files: received (bytes in the artifact store) and examined (facts, no judgement)."""

from __future__ import annotations

from typing import Literal

import msgspec

from safecare.model.event import Event
from safecare.model.finding import Finding
from safecare.model.ids import ArtifactHash, EventId, HolderId
from safecare.model.text import Text


class MailReceived(Event, frozen=True, kw_only=True, tag="mail.received"):
    """A mail came in; its bytes are artifact `artifact`. `holders` are the known recipients."""

    artifact: ArtifactHash
    size: int
    client: str
    """Address that delivered the mail to us."""
    spf: str = ""
    """Whether it may send for the sender's domain (SPF, RFC 7208), and that domain; empty where that was not asked."""
    holders: tuple[HolderId, ...] = ()
    judged: bool = False
    """The door judged it before it told of it: what was found comes with this event."""


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file inside what was examined, and the facts found in it."""

    name: str
    media: str
    size: int
    sha256: ArtifactHash
    facts: tuple[str, ...] = ()
    """Sorted fact names, for example ``office.macro.autoexec``. `safecare.formats` documents them."""


class MailExamined(Event, frozen=True, kw_only=True, tag="mail.examined"):
    """What the confined examiner found in a mail. Clear names and addresses stay in the artifact."""

    received: EventId
    artifact: ArtifactHash
    facts: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    findings: tuple[Finding, ...] = ()
    """Strongest first; without the names that files have in the mail."""
    link_domains: tuple[str, ...] = ()
    holders: tuple[HolderId, ...] = ()
    sender: str = ""
    """Registered domain of the visible sender; where anyone has a mail box, the site's pseudonym of the address."""
    vouched: bool = False
    """The receiving server vouches for the visible sender; of the house's own mail, nothing speaks against it."""
    written_to: tuple[str, ...] = ()
    """To whom the house wrote: as `sender`, only in mail of its own."""
    called: str = ""
    """The site's pseudonym of the name that the visible sender, a person, is called by."""


class Unreadable(Event, frozen=True, kw_only=True, tag="file.unreadable"):
    """The examiner could not read an artifact: broken, over a limit, or its process died."""

    received: EventId
    artifact: ArtifactHash
    reason: str
    stopped: bool = False
    """True when the examiner's process died, or had to be stopped: time, memory, or a crash."""
    holders: tuple[HolderId, ...] = ()
    """Known recipients of the mail that it belongs to."""


class FileJudged(Event, frozen=True, kw_only=True, tag="file.judged"):
    """A file that passes through a door of ours (image, record) was judged by what it holds.

    `artifact` is its hash; `kept` tells whether the bytes are in the artifact store: those that are clean and went on
    to where they were sent are not.
    """

    artifact: ArtifactHash
    size: int
    type: str
    verdict: Literal["clean", "suspicious", "malicious", "unreadable"]
    score: float
    """0-1."""
    act: Literal["passed", "held", "refused"]
    """What the door did with it, by its policy."""
    rules: tuple[str, ...] = ()
    reasons: tuple[Text, ...] = ()
    """Strongest first."""
    peer: str = ""
    """Address of the sender, and its own name if it gave one."""
    kept: bool = False
    call: ArtifactHash | None = None
    """Of a held HTTP request: the artifact with its method, path and headers, without credentials. Of a held mail: with
    its sender, recipients and options."""
    mail: EventId | None = None
    """Of a mail: the `MailReceived` of it, by which it is examined and alerted."""


class HeldForwarded(Event, frozen=True, kw_only=True, tag="file.forwarded"):
    """What became of a held file that a person released: the answer of the side that it was meant for.

    ``waiting``: not reached, tried again. ``unclear``: it may have arrived, so it is not sent again without a person.
    """

    file: EventId
    """The `FileJudged` of it."""
    act: EventId
    outcome: Literal["sent", "refused", "waiting", "unclear"]
    detail: str = ""
    tries: int = 1
