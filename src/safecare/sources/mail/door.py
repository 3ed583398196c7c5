"""SMTP door: takes the hospital's mail, or a copy of it, and holds it durably before it says 250.

Whatever its bytes are, they are kept as an artifact; only confined processes ever parse them. With a next server
(`forward`) the door stands in line: what passes goes on at once and as it came, and the sender hears the next server's
answer. ``observe`` passes everything and waits for no verdict; ``hold`` keeps what is not clean for a person,
``refuse`` tells its sender. Replies after RFC 5321 and RFC 3463.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import ClassVar, cast

import msgspec
from aiosmtpd.smtp import SMTP, Envelope, Session

from safecare.exchange.log import LogFullError
from safecare.formats.mail_auth.spf import check_host
from safecare.model.event import Event
from safecare.model.events.files import MailReceived
from safecare.model.hospital import Hospital
from safecare.model.ids import ArtifactHash, HolderId, SiteId
from safecare.model.layout import laid_out
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.files.gate import Gate, Policy, Sender
from safecare.sources.files.judging import Judging
from safecare.sources.files.process import ClosedError
from safecare.sources.files.release import NOWHERE, HeldStore, Release, Sent, releasing
from safecare.sources.listen import keep_listening
from safecare.sources.mail.connection import Connection
from safecare.sources.mail.onward import Envelope as Kept
from safecare.sources.mail.onward import NextHop, smuggles, trace
from safecare.sources.records.onward import Address
from safecare.sources.room import QUIET, Room
from safecare.sources.tls import Renewed, server_tls, trusting

NO_ROOM = "452 4.3.1 Insufficient system storage, try again later"
STORED = "250 2.0.0 Stored"
EMPTY = "554 5.6.0 Empty message"
LONE_DOT = "554 5.6.0 A lone dot between line ends of the wrong kind"
TRY_AGAIN = "451 4.3.0 Not judged, try again later"
REFUSED = "550 5.7.1 Refused as dangerous"
MEDIA = "message/rfc822"
DOOR = "mail"
TOO_MANY_RECIPIENTS = "452 4.5.3 Too many recipients"
MAX_RECIPIENTS = 1000
"""Recipients of one mail. Chosen: ten times the least that RFC 5321, 4.5.3.1.8 asks for."""
LEAST_COST = 16 << 20
"""Bytes that one mail may always take. Chosen: a small limit on mails is told by its own answer."""


class _Handler:
    """What happens to a mail once its bytes are here."""

    def __init__(self, door: MailDoor, intake: Intake, room: Room, largest: int) -> None:
        self._mail_door = door
        self.intake = intake
        self.most = door.most
        self.room = room
        self.largest = largest
        self.open: set[Connection] = set()
        self._unrecorded = 0

    def next_hop(self) -> NextHop | None:
        """Return a connection to the next server, if there is one; nothing is sent yet."""
        return self._mail_door.next_hop()

    def make_way(self, now: float) -> bool:
        """End the connection that has been quiet longest, if it is; tell whether there was one."""
        longest = min(self.open, key=lambda one: one.heard)
        if now - longest.heard < QUIET or longest.transport is None:
            return False
        cast("asyncio.Transport", longest.transport).abort()
        return True

    async def handle_MAIL(  # noqa: N802 - the library finds it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Begin a mail, at the next server as well."""
        del session
        onward = cast("Connection", server).onward
        answer = await onward.mail(address, options) if onward else "250 2.1.0 OK"
        if answer.startswith("2"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(  # noqa: N802 - as above
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take any recipient up to the limit that the next server takes, if there is one: we deliver to nobody."""
        del session, options
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return TOO_MANY_RECIPIENTS
        onward = cast("Connection", server).onward
        answer = await onward.rcpt(address) if onward else "250 2.1.5 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Take the mail back, at the next server as well."""
        del session, envelope
        onward = cast("Connection", server).onward
        if onward:
            await onward.reset()
        return "250 2.0.0 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Keep the mail and tell of it, judge it if it may be stopped, and pass it on; 250 only when all is done."""
        raw, onward = bytes(envelope.original_content or b""), cast("Connection", server).onward
        wrong = EMPTY if not raw.strip() else LONE_DOT if onward and smuggles(raw) else ""
        line = trace(session, self.intake.clock.now()) if onward else ""
        answer = wrong or await self._took(raw, session, envelope, line)
        if answer:
            if onward:
                await onward.reset()
            return answer
        return await onward.data(line.encode() + raw) if onward else STORED

    async def handle_exception(self, error: Exception) -> str:
        """Have the sender try again: a mail is never given up for a fault of ours."""
        self.intake.report(self._mail_door.door, "failed", type(error).__name__)
        return TRY_AGAIN

    async def _took(self, raw: bytes, session: Session, envelope: Envelope, line: str) -> str:
        """Record and judge a mail; return the answer that ends it here, empty if it goes on, under the field `line`."""
        door, policy = self._mail_door, self._mail_door.policy
        client = str(session.peer[0]) if isinstance(session.peer, tuple) else ""
        holders, site = recipients(self.intake.hospital, envelope.rcpt_tos)
        try:
            artifact = await self.intake.keep(raw, MEDIA)
            spf = await door.spf(client, envelope.mail_from or "", session.host_name or "")
            event = received(raw, artifact, client, holders, site, self.intake.clock.now(), spf)
            if policy == "observe":
                await self.intake.publish([event])
                self.intake.report(door.door, "ok")
                return ""
            sender = Sender(client, self.intake.hospital.at_address("ip", client))
            kept = Kept(envelope.mail_from or "", list(envelope.rcpt_tos), list(envelope.mail_options), line)
            call = msgspec.json.encode(kept)
            decision = await door.gate.admit(
                raw, MEDIA, sender, self.intake, keep=True, name="mail.eml", call=call, mail=event
            )
        except LogFullError:
            if line and policy == "observe":
                self._unrecorded += 1
                detail = f"no room: {self._unrecorded} passed on without a record"
                self.intake.report(door.door, "failed", detail)
                return ""
            self.intake.report(door.door, "waiting", "no room: senders keep their mails")
            return NO_ROOM
        except ClosedError:
            return TRY_AGAIN
        self.intake.report(door.door, "ok")
        return {"held": STORED, "refused": REFUSED}.get(decision.act, "")


@source("mail", needs=("aiosmtpd",))
class MailDoor:
    """Listens for SMTP. `port` 0 takes a free one, told by `address` once `started` is set."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 2525,
        message_mb: float = 32.0,
        idle_seconds: float = 300.0,
        connections: int = 100,
        held_mb: float = 256.0,
        certificate: str = "",
        key: str = "",
        require_tls: bool = False,
        forward: str = "",
        forward_tls: bool = False,
        forward_authority: Path | None = None,
        policy: Policy = "observe",
        first_hop: bool = False,
        door: str = DOOR,
        judging: Judging | None = None,
        held: HeldStore | None = None,
    ) -> None:
        """Take settings: largest mail (MB), time-out (s, RFC 5321 4.5.3.2.7), PEM files for STARTTLS.

        `forward`: the next mail server (``host:port``); with `forward_tls` it must speak STARTTLS with a certificate of
        `forward_authority` (PEM; the system's authorities without). `first_hop`: senders of the world connect to us, so
        that SPF is checked where the platform has a resolver. Raises `ValueError` for an address that is none.

        `held_mb`: memory (MB) that all connections together may take for mails; one may take three times the largest
        mail, since the library keeps lines one by one, and a line that never ends whatever its size.
        """
        self._host, self._port = host, port
        self._limit = int(message_mb * 1_000_000)
        self._idle = idle_seconds
        self.most = connections
        self.policy, self.door = policy, door
        self.gate = Gate(door, policy, judging)
        self._resolver = judging.resolver if judging and first_hop else None
        self._target = Address.read(forward) if forward else None
        self._onward_tls = Renewed(lambda: trusting(forward_authority), [forward_authority]) if forward_tls else None
        self._threads = ThreadPoolExecutor(connections + 1, thread_name_prefix="mail")
        self._release = Release(door, policy, held, self._send) if held else None
        self._room = Room(int(held_mb * 1024 * 1024))
        self._certificate, self._key, self._require_tls = certificate, key, require_tls
        self.address: tuple[str, int] = (host, port)
        self.started = asyncio.Event()

    async def run(self, intake: Intake) -> None:
        """Listen until cancelled; try again while the address is taken."""
        # At INFO the library writes senders, recipients and lines of mail into the log.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        async with releasing(self._release, intake):
            await keep_listening(self._serve, intake, self.door, self._host, self._port)

    def next_hop(self) -> NextHop | None:
        """Return a new connection to the next server, if there is one."""
        return NextHop(self._target, self._onward_tls, self._threads) if self._target else None

    async def spf(self, client: str, sender: str, helo: str) -> str:
        """Return whether `client` may send for the sender's domain, and that domain. Empty: not asked."""
        if self._resolver is None:
            return ""
        # In the door's own threads: a slow DNS must take none of those that the whole platform shares.
        loop, ask = asyncio.get_running_loop(), self._resolver.follow
        result = await loop.run_in_executor(self._threads, ask, check_host(client, sender, helo))
        return f"{result} {sender.strip('<>').rpartition('@')[2] or helo}"

    async def _send(self, raw: bytes, call: bytes) -> Sent:
        """Pass on what was held and is released; after a crash on the way it may arrive twice, never not at all."""
        link = self.next_hop()
        if link is None:
            return NOWHERE
        try:
            kept = msgspec.json.decode(call, type=laid_out(Kept))
            return await link.send(kept.trace.encode() + raw, kept)
        except msgspec.DecodeError:
            return Sent("refused", "to whom it was sent is not known")
        finally:
            link.close()

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Return the event of a mail whose bytes are kept. `context`: client, holders (commas), site, at (ISO 8601)."""
        if not raw.strip():
            raise UnreadableError("empty message", "byte 0")
        holders = tuple(HolderId(one) for one in context.get("holders", "").split(",") if one)
        site = SiteId(context.get("site", "") or intake.hospital.sites[0].id)
        try:
            at = datetime.fromisoformat(context["at"]) if "at" in context else intake.clock.now()
        except ValueError as error:
            raise UnreadableError(str(error), "context at") from error
        digest = ArtifactHash(hashlib.sha256(raw).hexdigest())
        yield received(raw, digest, context.get("client", ""), holders, site, at)

    async def _serve(self, intake: Intake) -> None:
        loop = asyncio.get_running_loop()
        handler = _Handler(self, intake, self._room, max(LEAST_COST, 3 * self._limit))
        tls = self._tls()

        def connection() -> Connection:
            return Connection(
                handler,
                data_size_limit=self._limit,
                enable_SMTPUTF8=True,
                hostname="safecare",
                ident="ESMTP",
                tls_context=tls,
                require_starttls=self._require_tls and tls is not None,
                timeout=self._idle,
                loop=loop,
            )

        server = await loop.create_server(connection, self._host, self._port)
        try:
            self.address = server.sockets[0].getsockname()[:2]
            here = f"{self.address[0]}:{self.address[1]}"
            intake.report(self.door, "ok", f"{here}, passes on to {self._target}" if self._target else here)
            self.started.set()
            await asyncio.get_running_loop().create_future()
        finally:
            self.started.clear()
            server.close()
            for one in list(handler.open):
                if one.transport is not None:
                    one.transport.close()
            await self.gate.close()

    def _tls(self) -> ssl.SSLContext | None:
        if not self._certificate:
            if self._require_tls:
                raise OSError("TLS is required but no certificate is set")
            return None
        return server_tls(Path(self._certificate), Path(self._key) if self._key else None)


def recipients(hospital: Hospital, addresses: Iterable[str]) -> tuple[tuple[HolderId, ...], SiteId]:
    """Return the pseudonyms of the known recipients, and the site of the first (the hospital's first if none)."""
    people = [person for one in addresses if (person := hospital.person("mail", one.strip("<> ").lower()))]
    holders = tuple(dict.fromkeys(person.holder for person in people))
    return holders, people[0].site if people else hospital.sites[0].id


def received(
    raw: bytes,
    artifact: ArtifactHash,
    client: str,
    holders: tuple[HolderId, ...],
    site: SiteId,
    at: datetime,
    spf: str = "",
) -> MailReceived:
    """Return the event of a mail that came in."""
    ref = f"{artifact} {','.join(holders)} {client}"
    return MailReceived(
        id=Event.id_for(at, "mail", ref),
        at=at,
        seen=at,
        source="mail",
        site=site,
        artifact=artifact,
        size=len(raw),
        client=client,
        holders=holders,
        spf=spf,
    )
