"""Sending on what a door holds, once a person has released it: acts come from the log, bytes from the artifact store.

How far the log was read, and what is still to be sent, stands in a file of the door's own, so a door that is taken
away keeps nobody's log. A side that can't be reached is tried again with back-off, over restarts too. An answer is
written down before it is told, and told under its own key: once. Between an answer and the writing down of it the
machine may die: then images and HL7 messages are sent again (their receivers know them by SOP instance UID and
MSH-10), and an HTTP request is not: it is told as ``unclear``, and a person decides.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import structlog

from safecare.exchange.log import Log
from safecare.model.event import Event
from safecare.model.events import decode_event
from safecare.model.events.acts import HeldDecided
from safecare.model.events.files import HeldForwarded
from safecare.model.layout import laid_out
from safecare.sources.api import Intake
from safecare.sources.files.examiner import ArtifactReader
from safecare.sources.files.gate import Policy

MARK = b'"act.held"'
"""Stands in the JSON of every act on a held file: all other events are not even decoded."""
WAIT = 0.5
"""Seconds that one wait for news takes at most. Chosen, as for other followers of the log."""
SAVE_EVERY = 1000
"""Batches of others after which the place is written down. Chosen: a second's reading at the next start."""
MOST_WORDS = 200
"""Letters of an answer that are told. Chosen: one line on a screen."""
FIRST_WAIT = 5.0
LONGEST_WAIT = 300.0
"""Seconds between tries at a side that can't be reached, doubled each time. Chosen: an archive restarts in minutes."""


class Sent(NamedTuple):
    """What became of one try (`HeldForwarded.outcome`), and the other side's words."""

    outcome: Literal["sent", "refused", "waiting", "unclear"]
    detail: str = ""


Send = Callable[[bytes, bytes], Awaitable[Sent]]
"""Sends bytes, with what else was kept of the call; what it raises is told as ``unclear``."""


NOWHERE = Sent("refused", "this door passes nothing on")


class HeldStore(NamedTuple):
    """What the platform gives to doors that hold files: the log, the bytes, and the folder of the doors' places."""

    log: Log
    artifacts: ArtifactReader
    places: Path


class _Task(msgspec.Struct):
    """One released file: tries so far, whether one is under way, and the answer that is not told yet."""

    act: HeldDecided
    tries: int = 0
    begun: bool = False
    told: str = ""
    answer: HeldForwarded | None = None


class _Place(msgspec.Struct):
    seq: int = 0
    tasks: dict[str, _Task] = {}
    """By file."""


class Release:
    """Sends on for one door. `once`: what may have arrived is not sent a second time."""

    def __init__(
        self,
        door: str,
        policy: Policy,
        store: HeldStore,
        send: Send,
        *,
        once: bool = False,
        wait: float = FIRST_WAIT,
        discarded: Callable[[HeldDecided], None] | None = None,
    ) -> None:
        """Take the door's name and policy, what the platform gives, how it sends, and the first wait (s).

        `discarded` hears of each act that discards.
        """
        self._door, self._store, self._send, self._once, self._wait = door, store, send, once, wait
        self._discarded = discarded
        self._path = store.places / f"{door}.held"
        self._active = policy == "hold" or self._path.exists()
        self._place = _Place()
        self._saved = 0
        self._due: dict[str, float] = {}

    async def run(self, intake: Intake) -> None:
        """Send on what is released until cancelled. A door that never held anything has nothing to do."""
        if not self._active:
            return
        loaded = False
        while True:
            try:
                if not loaded:
                    await asyncio.to_thread(self._load)
                    loaded = True
                await self._turn(intake)
            except Exception as error:  # noqa: BLE001 - a full disk, a torn file: tried again, nothing is forgotten
                structlog.get_logger().warning("held files wait", door=self._door, exc_info=True)
                intake.report(f"{self._door}/held", "failed", f"{type(error).__name__}: {error}")
                await asyncio.sleep(self._wait)

    def hurry(self) -> None:
        """Try again now what waits: something has changed on the other side."""
        self._due.clear()

    async def _turn(self, intake: Intake) -> None:
        """Read what people did, then tell or try the one file that is due."""
        await asyncio.to_thread(self._read)
        now = asyncio.get_running_loop().time()
        for file, task in self._place.tasks.items():
            if task.answer is not None:
                await self._tell(task, task.answer, intake)
                return
            if self._due.get(file, 0.0) <= now:
                await self._try(task, intake)
                return
        await asyncio.to_thread(self._store.log.wait, self._place.seq, WAIT)

    async def _try(self, task: _Task, intake: Intake) -> None:
        act = task.act
        if task.begun and self._once:
            sent = Sent("unclear", "stopped while it was being sent")
        else:
            task.tries, task.begun = task.tries + 1, True
            try:
                await asyncio.to_thread(self._save)
            except OSError:
                task.begun = False
                raise
            sent = await self._sent(act)
        task.begun = False
        if sent.outcome == "waiting":
            wait = min(self._wait * 2.0 ** min(task.tries - 1, 20), LONGEST_WAIT)
            self._due[act.file] = asyncio.get_running_loop().time() + wait
            intake.report(f"{self._door}/held", "waiting", sent.detail)
        if sent.outcome != "waiting" or sent.detail != task.told:
            task.answer = self._event(act, sent, task.tries, intake)
        await asyncio.to_thread(self._save)

    async def _sent(self, act: HeldDecided) -> Sent:
        try:
            raw = await asyncio.to_thread(self._store.artifacts.read, act.artifact)
            call = await asyncio.to_thread(self._store.artifacts.read, act.call) if act.call else b""
        except (OSError, ValueError) as error:
            return Sent("refused", f"the store can't give its bytes ({type(error).__name__})")
        try:
            return await self._send(raw, call)
        except Exception as error:  # noqa: BLE001 - one odd file must not keep the others waiting
            structlog.get_logger().warning("held file not sent", door=self._door, file=act.file, exc_info=True)
            return Sent("unclear", f"{type(error).__name__}: {error}"[:MOST_WORDS])

    async def _tell(self, task: _Task, answer: HeldForwarded, intake: Intake) -> None:
        await intake.publish([answer], key=f"forwarded\x1f{answer.id}")
        task.answer, task.told = None, answer.detail
        if answer.outcome != "waiting":
            self._place.tasks.pop(answer.file, None)
            self._due.pop(answer.file, None)
            intake.report(f"{self._door}/held", "ok", f"{len(self._place.tasks)} to be sent on")
        await asyncio.to_thread(self._save)

    def _event(self, act: HeldDecided, sent: Sent, tries: int, intake: Intake) -> HeldForwarded:
        now = intake.clock.now()
        return HeldForwarded(
            id=Event.id_for(now, self._door, f"forwarded\x1f{act.id}\x1f{tries}"),
            at=now,
            seen=now,
            source=self._door,
            site=act.site,
            asset=act.asset,
            zone=act.zone,
            file=act.file,
            act=act.id,
            outcome=sent.outcome,
            detail=sent.detail,
            tries=tries,
        )

    def _read(self) -> None:
        """Take the acts on this door's files that the log holds beyond our place. Raises `OSError`."""
        head = self._store.log.last()
        changed = False
        while batches := self._store.log.read({"event"}, self._place.seq):
            for batch in batches:
                for raw in batch.items:
                    act = decode_event(raw) if MARK in raw else None
                    if isinstance(act, HeldDecided) and act.door == self._door:
                        changed = True
                        self._take(act)
                self._place.seq = batch.seq
        self._place.seq = max(self._place.seq, head)
        if changed or self._place.seq - self._saved >= SAVE_EVERY:
            self._save()

    def _take(self, act: HeldDecided) -> None:
        self._due.pop(act.file, None)
        if act.decision == "release":
            self._place.tasks[act.file] = _Task(act)
            return
        self._place.tasks.pop(act.file, None)
        if self._discarded:
            self._discarded(act)

    def _load(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._place = msgspec.json.decode(self._path.read_bytes(), type=laid_out(_Place))
            self._saved = self._place.seq

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(self._place))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        self._saved = self._place.seq


@asynccontextmanager
async def releasing(release: Release | None, intake: Intake) -> AsyncIterator[None]:
    """Send on what is released, while inside."""
    task = asyncio.create_task(release.run(intake)) if release else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
