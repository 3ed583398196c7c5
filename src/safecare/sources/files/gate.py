"""What doors share through which files pass on: judged first, then passed, held or refused by the door's policy.

The event (and the bytes, where they are needed) is durable before the door answers. With the policy ``observe`` nothing
is ever stopped: not by a verdict, and not by a full disk either, which is then told on the health page.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeVar

import msgspec

from safecare.examine.api import Verdict, Verdicts
from safecare.exchange.log import LogFullError
from safecare.model.event import Event
from safecare.model.events.files import FileJudged, MailReceived
from safecare.model.hospital import Asset
from safecare.model.ids import ArtifactHash
from safecare.sources.api import Intake
from safecare.sources.files.examiner import found_in
from safecare.sources.files.judging import Judging
from safecare.sources.files.pool import WORKERS, Pool

T = TypeVar("T")
Policy = Literal["observe", "hold", "refuse"]
Act = Literal["passed", "held", "refused"]
CALL = "application/http"
MOST_REASONS = 6
"""Reasons that are handed on, strongest first. Chosen: what a person reads."""
IDLE = 60.0
"""Seconds without a file after which the confined processes end: they hold memory. Chosen."""
LEAVE = 0.5
"""Seconds that files under judgement have when a door closes. Chosen: their senders had no answer, and keep them."""


class Decision(NamedTuple):
    """What is to be done with a file, and why."""

    act: Act
    verdict: Verdict


class Sender(NamedTuple):
    """Who sent a file: address and own name, and the asset of the hospital that it is."""

    peer: str
    asset: Asset | None = None


class Gate:
    """Judges files for one door. `policy`: ``observe`` passes all, ``hold`` and ``refuse`` stop what is not clean.

    Each door has processes of its own: what floods one does not keep the others waiting.
    """

    def __init__(self, door: str, policy: Policy, judging: Judging | None = None, *, workers: int = WORKERS) -> None:
        """Take the door's name, its policy, how files are judged, and the number of confined processes."""
        self._door, self._policy, self._workers = door, policy, workers
        self._judging = judging or Judging()
        self._pool: Pool | None = None
        self._busy = 0
        self._idle = asyncio.Condition()
        self._resting: asyncio.TimerHandle | None = None
        self._going: asyncio.Future[None] | None = None
        self._unrecorded = 0
        self._told = False

    async def admit(
        self,
        raw: bytes,
        media: str,
        sender: Sender,
        intake: Intake,
        *,
        keep: bool = False,
        name: str = "",
        call: bytes = b"",
        mail: MailReceived | None = None,
    ) -> Decision:
        """Judge `raw`; return what to do once that is durable. Raises `LogFullError`, and `ClosedError` after `close`.

        `keep`: the bytes are kept even if they are clean, since they go nowhere else. Where they do go on, the policy
        ``observe`` raises nothing. `call` is what is needed besides `raw` to send on what is held. `mail`: the event
        that tells of `raw`; it goes out together with what was found, and a judgement is told only of what is stopped.
        """
        told: list[Event] = []
        if mail is None:
            verdict = await self._judge(lambda pool: pool.judge(raw, name, media))
        else:
            at, spf = int(mail.at.timestamp()), mail.spf
            verdict, answer = await self._judge(lambda pool: pool.examine(raw, name, spf, at))
            mail = msgspec.structs.replace(mail, judged=True)
            told = [mail, found_in(mail, verdict, answer, intake)]
        if self._pool and not self._told:
            self._told = True
            intake.report(self._door, "ok", f"judged in processes confined by {', '.join(self._pool.layers)}")
        clean = verdict.verdict is Verdicts.CLEAN
        stopped: Act = "held" if self._policy == "hold" else "refused"
        decision = Decision("passed" if clean or self._policy == "observe" else stopped, verdict)
        kept = keep or not clean
        try:
            if kept:
                await intake.keep(raw, media)
            said = await intake.keep(call, CALL) if call and decision.act == "held" else None
            if mail is None or decision.act != "passed":
                event = _event(raw, decision, sender, self._door, intake, kept=kept, call=said)
                told.append(msgspec.structs.replace(event, mail=mail.id if mail else None))
            await intake.publish(told)
        except LogFullError:
            if self._policy != "observe" or keep:
                raise
            self._unrecorded += 1
            intake.report(self._door, "failed", f"no room: {self._unrecorded} passed on without a record")
        return decision

    async def close(self) -> None:
        """End the confined processes; what is being judged has `LEAVE` seconds more."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE), self._idle:
                await self._idle.wait_for(lambda: not self._busy)
        if self._resting:
            self._resting.cancel()
        await self._rest()

    async def _rest(self) -> None:
        pool, self._pool = self._pool, None
        if pool:
            await asyncio.to_thread(pool.close)

    def _rested(self) -> None:
        self._going = asyncio.ensure_future(self._rest())

    async def _judge(self, work: Callable[[Pool], T]) -> T:
        if self._resting:
            self._resting.cancel()
        if self._pool is None:
            self._pool = Pool(self._judging, workers=self._workers)
        self._busy += 1
        try:
            return await asyncio.to_thread(work, self._pool)
        finally:
            self._busy -= 1
            if not self._busy:
                self._resting = asyncio.get_running_loop().call_later(IDLE, self._rested)
                async with self._idle:
                    self._idle.notify_all()


def _event(
    raw: bytes, decision: Decision, sender: Sender, door: str, intake: Intake, *, kept: bool, call: ArtifactHash | None
) -> FileJudged:
    now, verdict, asset = intake.clock.now(), decision.verdict, sender.asset
    strong = sorted((one for one in verdict.findings if one.weight > 0 or one.unreadable), key=lambda one: -one.weight)
    return FileJudged(
        id=Event.id_for(now, door, f"{sender.peer}\x1f{hashlib.sha256(raw).hexdigest()}"),
        at=now,
        seen=now,
        source=door,
        site=asset.site if asset else intake.hospital.sites[0].id,
        asset=asset.id if asset else None,
        zone=asset.zone if asset else None,
        artifact=ArtifactHash(verdict.sha256),
        size=len(raw),
        type=verdict.type,
        verdict=verdict.verdict.value,
        score=verdict.score,
        act=decision.act,
        rules=tuple(dict.fromkeys(one.rule for one in strong))[:20],
        reasons=tuple(one.why for one in strong[:MOST_REASONS]),
        peer=sender.peer,
        kept=kept,
        call=call,
    )
