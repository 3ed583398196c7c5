"""The mail server behind us: each command of a sender is passed on to it, and its own answer handed back.

A mail that passes is taken by the next server before its sender hears 250, so there is no queue here in which it could
be lost. The bytes go on as they came, under one field that tells who delivered them. Source: RFC 5321; the way of
Postfix's ``smtpd_proxy_filter``.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import smtplib
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from datetime import datetime
from email.utils import format_datetime
from typing import TypeVar

import msgspec
from aiosmtpd.smtp import Session

from safecare.sources.files.release import MOST_WORDS, Sent
from safecare.sources.records.onward import Address
from safecare.sources.tls import Renewed

T = TypeVar("T")
SECONDS = 60.0
"""What the next server may take to answer one command. Chosen: RFC 5321 4.5.3.2 gives minutes, a person waits."""
MOST_TEXT = 400
"""Letters of an answer that are handed back: RFC 5321 4.5.3.1.5 allows 512 in a line."""
NOT_REACHED = "451 4.4.1 The next mail server does not answer, try again later"
_LONE_DOT = re.compile(rb"(?<!\r)\n\.\r?\n|\r\n\.\n|\r\.\r")
"""Ends of a mail that only a careless server takes for one: what follows would be a forged mail (SMTP smuggling)."""
MOST_NAME = 255
"""Letters of the name by which a sender greets that are noted: RFC 5321 4.5.3.1.2."""
_NO_HOST = re.compile(r"[^A-Za-z0-9.:\[\]_-]+")
_ODD = re.compile(r"[^\x20-\x7e]+")


class Envelope(msgspec.Struct, frozen=True):
    """Who sent a mail to whom, and the sender's options: what is needed to send it on."""

    sender: str
    recipients: list[str]
    options: list[str] = []
    trace: str = ""
    """The field that goes above the mail, see `trace`."""


class NextHop:
    """One connection to the next server, opened by the first command and again after it broke.

    Its commands wait in threads of `threads`.
    """

    def __init__(self, target: Address, tls: Renewed | None, threads: Executor) -> None:
        """Take the server, how to speak TLS with it (None: not), and the threads."""
        self._target, self._tls, self._threads = target, tls, threads
        self._link: smtplib.SMTP | None = None
        self._begun = False

    async def mail(self, sender: str, options: Iterable[str]) -> str:
        """Begin a mail; return the server's answer."""
        return await self._ask(lambda link: self._begin(link, sender, tuple(options)))

    async def rcpt(self, recipient: str) -> str:
        """Name a recipient; return the server's answer."""
        return await self._ask(lambda link: link.docmd(f"RCPT TO:<{recipient.strip('<>')}>"))

    async def data(self, raw: bytes) -> str:
        """Send the mail itself; return the server's answer."""
        return await self._ask(lambda link: _data(link, raw))

    async def reset(self) -> None:
        """Take the mail back."""
        if self._begun:
            await self._ask(self._reset)

    async def send(self, raw: bytes, envelope: Envelope) -> Sent:
        """Send a whole mail; none is sent while a recipient is to be tried again."""
        answer = await self.mail(envelope.sender, envelope.options)
        refused: list[str] = []
        for one in envelope.recipients if answer.startswith("2") else ():
            answer = await self.rcpt(one)
            if answer.startswith("4"):
                break
            refused += [answer] if answer.startswith("5") else []
        if answer.startswith("4"):
            await self.reset()
            return Sent("waiting", answer[:MOST_WORDS])
        if not envelope.recipients or len(refused) == len(envelope.recipients) or not self._begun:
            return Sent("refused", (refused[0] if refused else answer)[:MOST_WORDS])
        answer = await self.data(raw)
        left_out = f"{len(refused)} of {len(envelope.recipients)} recipients refused: {refused[0]}; " if refused else ""
        outcome = {"2": "sent", "4": "waiting"}.get(answer[:1], "refused")
        return Sent(outcome, f"{left_out}{answer}"[:MOST_WORDS])  # type: ignore[arg-type]

    def close(self) -> None:
        """End the connection without a word; a thread that waits for an answer is woken."""
        link, self._link, self._begun = self._link, None, False
        if link is not None:
            with contextlib.suppress(OSError):
                if link.sock is not None:
                    link.sock.shutdown(socket.SHUT_RDWR)
            self._threads.submit(link.close)

    async def _ask(self, command: Callable[[smtplib.SMTP], tuple[int, bytes]]) -> str:
        def work() -> tuple[int, bytes]:
            if self._link is None:
                self._link = self._open()
            return command(self._link)

        try:
            code, words = await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except (OSError, smtplib.SMTPException):
            self.close()
            return NOT_REACHED
        if code in (-1, 421):
            self.close()
            return NOT_REACHED
        return f"{code} {_ODD.sub(' ', words.decode('latin-1'))[:MOST_TEXT]}"

    def _open(self) -> smtplib.SMTP:
        link = smtplib.SMTP(self._target.host, self._target.port, socket.gethostname(), SECONDS)
        link.command_encoding = "utf-8"
        try:
            link.ehlo_or_helo_if_needed()
            if self._tls is not None:
                link.starttls(context=self._tls())
                link.ehlo()
        except BaseException:
            link.close()
            raise
        return link

    def _begin(self, link: smtplib.SMTP, sender: str, options: tuple[str, ...]) -> tuple[int, bytes]:
        if self._begun:
            self._reset(link)
        answer = link.docmd(" ".join((f"MAIL FROM:<{sender.strip('<>')}>", *options)))
        self._begun = answer[0] // 100 == 2
        return answer

    def _reset(self, link: smtplib.SMTP) -> tuple[int, bytes]:
        self._begun = False
        return link.docmd("RSET")


def trace(session: Session, at: datetime) -> str:
    """Return the ``Received`` field (RFC 5321 section 4.4) of a mail that the sender of `session` delivered `at`."""
    client = str(session.peer[0])[:45] if isinstance(session.peer, tuple) else "unknown"
    named = _NO_HOST.sub("", session.host_name or "")[:MOST_NAME] or "unknown"
    literal = f"IPv6:{client}" if ":" in client else client
    way = ("ESMTP" if session.extended_smtp else "SMTP") + ("S" if session.ssl else "")
    here = _NO_HOST.sub("", socket.gethostname()) or "safecare"
    return f"Received: from {named} ([{literal}])\r\n\tby {here} (Safecare) with {way};\r\n\t{format_datetime(at)}\r\n"


def smuggles(raw: bytes) -> bool:
    """Tell whether `raw` holds what a careless server would take for its end."""
    return bool(_LONE_DOT.search(raw))


def _data(link: smtplib.SMTP, raw: bytes) -> tuple[int, bytes]:
    """Send `raw` as it is; only dots at the start of lines are doubled (RFC 5321 section 4.5.2)."""
    code, words = link.docmd("DATA")
    if code != 354:
        return code, words
    doubled = raw.replace(b"\r\n.", b"\r\n..")
    with contextlib.suppress(BrokenPipeError):  # its answer tells why
        link.send((b"." if raw.startswith(b".") else b"") + doubled)
        link.send(b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n")
    return link.getreply()


__all__ = ["NOT_REACHED", "Envelope", "NextHop", "smuggles", "trace"]
