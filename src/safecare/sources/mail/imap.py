"""IMAP door: reads mailboxes of a mail server, and changes nothing in them.

Folders are opened read-only (``EXAMINE``) and mails fetched by ``BODY.PEEK[]``: nothing is marked, moved or deleted.
How far a folder is read is remembered as UIDVALIDITY and UID. Source: RFC 3501 sections 2.3.1.1 (UID), 6.3.2 (EXAMINE),
6.4.5 (FETCH), 5.1.3 (names of folders); Google and Microsoft, "XOAUTH2". The server is the hospital's own; what it says
is bounded all the same, and what mails hold is parsed by the confined examiner only.
"""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from safecare.exchange.disk import write_private
from safecare.exchange.log import LogFullError
from safecare.model.event import Event
from safecare.model.layout import laid_out
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.mail.collect import collect
from safecare.sources.tls import trusting

CONNECT, ANSWER = 10.0, 60.0
"""Seconds that the server may take to be reached, and to answer. Chosen: a search of a large mailbox takes long."""
FIRST_WAIT, LONGEST_WAIT = 2.0, 300.0
"""Seconds until a server that failed is tried again: doubled each time. Chosen."""
AHEAD = 200
"""Mails that are asked for by number at once. Chosen: the folder is looked at anew between."""


class Mark(msgspec.Struct, frozen=True):
    """How far a folder is read: numbers up to `uid` of the numbering `validity` are done."""

    validity: int = 0
    uid: int = 0


class _Mail(NamedTuple):
    uid: int
    raw: bytes
    at: datetime | None


class _Link:
    """One connection; blocking, for one thread at a time. Raises `OSError` and `imaplib.IMAP4.error`."""

    def __init__(self, imap: imaplib.IMAP4, limit: int) -> None:
        self._imap, self._limit = imap, limit
        read = imap.read

        def bounded(size: int) -> bytes:
            if size > limit + 1024:
                raise imaplib.IMAP4.abort(f"the server announces {size} bytes")
            return read(size)

        imap.read = bounded  # type: ignore[method-assign]  # what the server announces would be allocated at once

    def examine(self, folder: str) -> tuple[int, int]:
        """Open `folder` read-only; return its UIDVALIDITY and the UID that comes next (0: not told)."""
        state, told = self._imap.select(_quoted(folder), readonly=True)
        if state != "OK":
            raise imaplib.IMAP4.error(f"folder {folder}: {_shown(told)}")
        return self._number("UIDVALIDITY"), self._number("UIDNEXT")

    def after(self, uid: int) -> list[int]:
        """Return the UIDs above `uid`, in order."""
        state, told = self._imap.uid("SEARCH", f"UID {uid + 1}:*")
        if state != "OK":
            raise imaplib.IMAP4.error(_shown(told))
        numbers = (int(one) for line in told if isinstance(line, bytes) for one in line.split() if one.isdigit())
        return sorted({one for one in numbers if one > uid})  # "*" is the last mail even where it is below

    def fetch(self, uid: int) -> _Mail | None:
        """Return a mail, its first bytes if it is larger than the limit; None where it is gone."""
        state, told = self._imap.uid("FETCH", str(uid), f"(INTERNALDATE BODY.PEEK[]<0.{self._limit + 1}>)")
        if state != "OK":
            raise imaplib.IMAP4.error(_shown(told))
        for one in told:
            if isinstance(one, tuple):
                date = imaplib.Internaldate2tuple(one[0])
                return _Mail(uid, bytes(one[1]), datetime(*date[:6]).astimezone(UTC) if date else None)
        return None

    def cut(self) -> None:
        """Close the connection; may be called from another thread: who waits on it hears `OSError`."""
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            self._imap.shutdown()

    def _number(self, name: str) -> int:
        _, told = self._imap.response(name)
        return int(told[0]) if told and isinstance(told[0], bytes) and told[0].isdigit() else 0


@source("imap")
@dataclass
class ImapDoor:
    """Reads mailboxes by IMAP.

    `security`: ``tls``, ``starttls``, or ``none`` (this machine only). `authority`: certificate of the server's
    authority (PEM), where the system does not know it. `password`, or `password_file`, or `token_file` with an OAuth 2
    access token that another program renews (XOAUTH2). `owner`: mail address to which the mailbox belongs (empty:
    `user`). `every`: seconds between looks. `message_mb`: largest mail (MB). `from_start`: whether what lies there at
    the first start is read, too. `positions`: where it is remembered how far folders are read.
    """

    door: str
    host: str
    user: str
    password: str = field(default="", repr=False)
    password_file: Path | None = None
    token_file: Path | None = None
    port: int = 993
    security: Literal["tls", "starttls", "none"] = "tls"
    authority: Path | None = None
    folders: tuple[str, ...] = ("INBOX",)
    owner: str = ""
    every: float = 30.0
    message_mb: float = 32.0
    from_start: bool = False
    positions: Path | None = None
    _marks: dict[str, Mark] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Raise `ValueError` for settings that can't work."""
        if self.security == "none" and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("security none is for this machine only: the password would go in clear")
        if not (self.password or self.password_file or self.token_file):
            raise ValueError("needs password, password_file or token_file")

    async def run(self, intake: Intake) -> None:
        """Read what comes until cancelled; a server that fails is tried again with back-off."""
        self._marks = await asyncio.to_thread(self._load)
        wait = FIRST_WAIT
        while True:
            link: _Link | None = None
            try:
                link = await asyncio.to_thread(self._connect)
                wait = FIRST_WAIT
                await self._follow(link, intake)
            except LogFullError:
                intake.report(self.door, "waiting", "no room: mails wait on their server")
            except (OSError, imaplib.IMAP4.error, ValueError) as error:
                intake.report(self.door, "failed", f"{self.host}:{self.port}: {_shown([error])}")
            finally:
                if link is not None:
                    link.cut()
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Refuse: what this door rejects was too large, and is not whole."""
        raise UnreadableError("the mail is not whole in the rejects; it lies on its server", self.door)

    async def _follow(self, link: _Link, intake: Intake) -> None:
        """Look into the folders again and again. Raises as `_Link`, and `LogFullError`."""
        while True:
            for folder in self.folders:
                await self._read(folder, link, intake)
            intake.report(self.door, "ok", f"{self.host}:{self.port} {', '.join(self.folders)}")
            await asyncio.sleep(self.every)

    async def _read(self, folder: str, link: _Link, intake: Intake) -> None:
        validity, following = await asyncio.to_thread(link.examine, folder)
        mark = self._marks.get(folder)
        if mark is None:
            mark = Mark(validity, 0 if self.from_start else max(0, following - 1))
        elif mark.validity != validity:  # numbered anew: read from the start; the same bytes are told of once
            mark = Mark(validity, 0)
        await self._move(folder, mark)
        while waiting := await asyncio.to_thread(link.after, self._marks[folder].uid):
            for uid in waiting[:AHEAD]:
                mail = await asyncio.to_thread(link.fetch, uid)
                if mail is not None:
                    await self._take(mail, folder, intake)
                await self._move(folder, Mark(validity, uid))

    async def _take(self, mail: _Mail, folder: str, intake: Intake) -> None:
        if len(mail.raw) > self.message_mb * 1_000_000:
            reason = f"larger than {self.message_mb:g} MB"
            await intake.reject(self.door, mail.raw[: 1 << 20], reason, f"{folder} UID {mail.uid}")
        elif mail.raw.strip():
            at, owner = mail.at or intake.clock.now(), self.owner or self.user
            await collect(mail.raw, intake, door=self.door, place=self.host, owner=owner, at=at)

    def _connect(self) -> _Link:
        """Connect and sign in; blocking."""
        limit = int(self.message_mb * 1_000_000)
        if self.security == "tls":
            imap: imaplib.IMAP4 = imaplib.IMAP4_SSL(self.host, self.port, ssl_context=self._tls(), timeout=CONNECT)
        else:
            imap = imaplib.IMAP4(self.host, self.port, timeout=CONNECT)
        imap.sock.settimeout(ANSWER)
        link = _Link(imap, limit)
        try:
            if self.security == "starttls":
                imap.starttls(self._tls())
            if self.token_file is not None:
                told = f"user={self.user}\x01auth=Bearer {_first_line(self.token_file)}\x01\x01".encode()
                imap.authenticate("XOAUTH2", _once(told))
            else:
                imap.login(self.user, self.password or _first_line(self.password_file))
        except BaseException:
            link.cut()
            raise
        return link

    def _tls(self) -> ssl.SSLContext:
        return trusting(self.authority)

    async def _move(self, folder: str, mark: Mark) -> None:
        if self._marks.get(folder) != mark:
            self._marks[folder] = mark
            await asyncio.to_thread(self._save)

    def _load(self) -> dict[str, Mark]:
        file = self._file()
        try:
            return msgspec.json.decode(file.read_bytes(), type=laid_out(dict[str, Mark])) if file else {}
        except (OSError, msgspec.DecodeError):
            return {}

    def _save(self) -> None:
        file = self._file()
        if file is None:
            return
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        write_private(fresh, msgspec.json.encode(self._marks), durable=False)
        fresh.replace(file)

    def _file(self) -> Path | None:
        return self.positions / f"{self.door}.marks" if self.positions else None


def _once(told: bytes) -> Callable[[bytes], bytes]:
    """Return what answers the first question of the server with `told`, and later ones (its error) with nothing."""
    answers: Iterator[bytes] = iter((told,))
    return lambda _: next(answers, b"")


def _first_line(path: Path | None) -> str:
    """Return the first line of `path`, a secret. Raises `OSError`."""
    return path.read_text("utf-8").partition("\n")[0].strip() if path else ""


def _quoted(folder: str) -> str:
    """Return the name of a folder in modified UTF-7, quoted (RFC 3501 sections 5.1.3 and 9)."""
    out: list[str] = []
    for run in re.findall(r"[ -~]+|[^ -~]+", folder):
        if run.isascii() and run.isprintable():
            out.append(run.replace("&", "&-"))
        else:
            packed = run.encode("utf-7").decode("ascii")
            out.append("&" + packed.strip("+-").replace("/", ",") + "-")
    return '"' + "".join(out).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shown(told: Iterable[object]) -> str:
    """Return what a server said as one line that may be shown."""
    words = " ".join(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in told)
    return "".join(one if one.isprintable() else " " for one in words)[:200]
