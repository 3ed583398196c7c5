"""Examiner: follows the log for mails that came in, has each examined by the confined worker, and tells what was found.

Nothing foreign is parsed here. A worker that dies or takes too long is replaced and the mail tried once more;
then the mail is told to be unreadable, which is itself suspicious. Results carry ids derived from the mail's
event and are published under the place of the mail in the log: after a crash nothing is stored twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import ClassVar, Protocol

import msgspec

from safecare.examine.api import Finding, Verdict, Where
from safecare.exchange.log import Log, LogFullError
from safecare.formats.mail import Contact, MailFacts, own_domains
from safecare.model.event import Event
from safecare.model.events.files import MailExamined, MailReceived, Part, Unreadable
from safecare.model.ids import ArtifactHash, EventId
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.files.follow import Follower
from safecare.sources.files.judging import Judging
from safecare.sources.files.process import Worker, WorkerError
from safecare.sources.files.wire import Answer, Job

DOOR = "files"
GROUP = "files"
TRIES = 2
"""Attempts at one mail: the second tells a hostile mail from a process that was killed for another reason."""
MOST_FINDINGS = 30
"""Findings of one mail that are handed on, strongest first. Chosen: a screen shows no more."""
LOOK_EVERY = 10.0
"""Seconds between looks whether rules or model have changed. Chosen: who changed them waits that long."""
BACK_OFF = 1.0
"""Seconds until storing is tried again when there is no room. Chosen."""


class ArtifactReader(Protocol):
    """The artifact store as the examiner sees it; blocking."""

    def read(self, digest: ArtifactHash, /) -> bytes:
        """Return the bytes. Raises `OSError` when they are not there, `ValueError` when they are damaged."""
        ...


@source(DOOR, needs=("olefile",))
class Examiner:
    """Follows `log`, reads from `artifacts`, publishes `MailExamined` or `Unreadable`."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        *,
        log: Log,
        artifacts: ArtifactReader,
        wall_seconds: float = 20.0,
        idle_seconds: float = 60.0,
        recycle: int = 200,
        own: tuple[str, ...] = (),
        judging: Judging | None = None,
    ) -> None:
        """Take log and store, limits of one mail (s), idle time until the worker stops (s), mails per worker.

        `own` are mail domains of the hospital besides those of its people's addresses.
        """
        self._judging = judging or Judging()
        self._log, self._artifacts = log, artifacts
        self._idle = idle_seconds
        self._own = own
        self._resting: asyncio.Future[int | None] | None = None
        self.worker = Worker(wall_seconds, recycle)

    async def run(self, intake: Intake) -> None:
        """Examine what comes until cancelled."""
        addresses = (mail for person in intake.hospital.people for mail in person.mail)
        self._judging.own({*own_domains(addresses), *self._own})
        watching = asyncio.create_task(self._watch(intake))
        follower = Follower(self._log, GROUP)
        intake.report(DOOR, "ok", "waiting for mails")
        resting: asyncio.TimerHandle | None = None
        try:
            async for seq, items in follower.batches():
                mails = [one for one in items if isinstance(one, MailReceived) and not one.judged]
                if mails and resting:
                    resting.cancel()
                await self._store([await self._examine(mail, intake) for mail in mails], seq, follower, intake)
                if mails:
                    resting = asyncio.get_running_loop().call_later(self._idle, self._rest)
        finally:
            if resting:
                resting.cancel()
            watching.cancel()
            follower.close()
            await asyncio.to_thread(self.worker.close)
            if self._resting:
                await self._resting

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Refuse: this door rejects nothing, what it can't read is an event."""
        raise UnreadableError("the examiner keeps no rejects", DOOR)

    async def _watch(self, intake: Intake) -> None:
        """Read the site's rules and mail model again when they change, and tell of them on the health page."""
        while True:
            await asyncio.to_thread(self._judging.look)
            self._judging.report(lambda part, state, detail: intake.report(f"{DOOR}/{part}", state, detail))
            await asyncio.sleep(LOOK_EVERY)

    async def _examine(self, mail: MailReceived, intake: Intake) -> Event:
        try:
            raw = await asyncio.to_thread(self._artifacts.read, mail.artifact)
        except (OSError, ValueError) as error:
            return unreadable(mail, f"the store can't give its bytes ({type(error).__name__})", intake)
        reason = ""
        for _ in range(TRIES):
            try:
                job = Job(len(raw), facts=True, spf=mail.spf, at=int(mail.at.timestamp()))
                answer = await asyncio.to_thread(self._judging.answer, self.worker, job, raw, self._judging.setup)
            except WorkerError as error:
                reason = str(error)
                continue
            intake.report(DOOR, "ok", f"confined by {', '.join(self.worker.layers)}")
            verdict = answer.verdict and await asyncio.to_thread(
                self._judging.second, raw, answer.verdict, answer.unpacked
            )
            return found_in(mail, verdict, answer, intake)
        intake.report(DOOR, "failed", reason)
        return unreadable(mail, reason, intake, stopped=True)

    async def _store(self, events: list[Event], seq: int, follower: Follower, intake: Intake) -> None:
        """Publish, then pass the batch; while there is no room, wait: the mails are safe in the log."""
        published = not events
        while True:
            try:
                if not published:
                    await intake.publish(events, key=f"{GROUP}/{seq}")
                    published = True
                await follower.commit(seq)
            except LogFullError:
                intake.report(DOOR, "waiting", "no room")
                await asyncio.sleep(BACK_OFF)
                continue
            return

    def _rest(self) -> None:
        """Stop the worker: nothing has come for a while, and it holds memory."""
        self._resting = asyncio.ensure_future(asyncio.to_thread(self.worker.stop))


def found_in(mail: MailReceived, verdict: Verdict | None, answer: Answer, intake: Intake) -> Event:
    """Return the event that tells what was found in `mail`, or that it could not be examined."""
    if answer.facts is None or verdict is None:
        return unreadable(mail, answer.error, intake, stopped=answer.stopped)
    return examined(mail, answer.facts, verdict, intake, answer.contact)


def examined(
    mail: MailReceived, facts: MailFacts, verdict: Verdict, intake: Intake, contact: Contact | None = None
) -> MailExamined:
    """Return the event that tells what was found in `mail`; `contact`: who writes to whom."""
    contact = contact or Contact()
    return MailExamined(
        id=Event.id_for(mail.at, DOOR, mail.id),
        at=mail.at,
        seen=intake.clock.now(),
        source=DOOR,
        site=mail.site,
        marking=mail.marking,
        received=mail.id,
        artifact=mail.artifact,
        facts=facts.facts,
        parts=tuple(Part(one.name, one.media, one.size, ArtifactHash(one.sha256), one.facts) for one in facts.parts),
        findings=tuple(_nameless(one) for one in _strongest(verdict)),
        link_domains=facts.link_domains,
        holders=mail.holders,
        sender=_nobody(contact.sender, intake),
        vouched=contact.vouched,
        written_to=tuple(_nobody(one, intake) for one in contact.written_to),
        called=intake.pseudonym("name", contact.called) if contact.called else "",
    )


def _nobody(correspondent: str, intake: Intake) -> str:
    """Return the domain of a firm, and of a person's address the pseudonym."""
    return intake.pseudonym("mail", correspondent) if "@" in correspondent else correspondent


def _strongest(verdict: Verdict) -> list[Finding]:
    return sorted(verdict.findings, key=lambda one: -one.weight)[:MOST_FINDINGS]


def _nameless(finding: Finding) -> Finding:
    """Return `finding` without the names that files have in the mail: they may tell who a patient is."""
    return msgspec.structs.replace(finding, where=Where(bytes=finding.where.bytes))


def unreadable(mail: MailReceived, reason: str, intake: Intake, *, stopped: bool = False) -> Unreadable:
    """Return the event that tells that `mail` could not be examined."""
    return Unreadable(
        id=Event.id_for(mail.at, DOOR, mail.id),
        at=mail.at,
        seen=intake.clock.now(),
        source=DOOR,
        site=mail.site,
        marking=mail.marking,
        received=EventId(mail.id),
        artifact=mail.artifact,
        reason=reason,
        stopped=stopped,
        holders=mail.holders,
    )
