"""Carries notices to channels: reads them from the log, sends, and writes down what became of each.

Sent notices, waiting ones and the cursor are saved together with the receipts, after the sending: a crash in
between sends again, a full disk does not. So each channel is served at least once; the page, which is only told
to fetch, exactly once in effect (its receipt has the same id each time). Silent revisions are not sent, and of
several revisions that wait only the newest is.

What becomes of a call later comes by `late`. A key that somebody pressed is an act, and takes the way of all acts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from queue import SimpleQueue

import msgspec
import structlog

from safecare.exchange.log import Entry, Log, Position
from safecare.model.clock import Clock
from safecare.model.event import Event
from safecare.model.events.acts import NoticeAnswered
from safecare.model.ids import NoticeId
from safecare.model.layout import laid_out
from safecare.model.notice import Notice, Receipt
from safecare.model.text import say
from safecare.model.topics import decode, encode, topic_of
from safecare.notify.api import Channel
from safecare.notify.channels.page import Page
from safecare.notify.receipts import failed, nobody

BACK_OFF = (5.0, 30.0, 120.0, 600.0)
"""Seconds before each further attempt. Chosen: a restarting mail server is back in a minute; after a quarter of an
hour the escalation has told others."""
READ_BATCHES = 64
"""Most batches of notices per step. Chosen: as the workers of the road."""
CARRIERS = 8
"""Notices that are carried at the same time (chosen: one channel that hangs must not hold up the others)."""
PAUSE = 0.25
"""Most seconds of waiting in one step, and after a full log, so that `run` notices its stop event soon."""

DOOR = "channel"
"""Source of acts that came by a channel."""

Late = SimpleQueue[tuple[Notice, Receipt]]
"""What becomes of notices after their sending."""

_log = structlog.get_logger(__name__)


class Job(msgspec.Struct):
    """A notice that is to be sent."""

    notice: Notice
    attempts: int = 0
    next: datetime | None = None
    """Not before this time; None: at once."""


class Dispatcher:
    """Sends notices through channels. One thread; `run` it, or `step` by hand."""

    group = "dispatch"

    def __init__(
        self,
        log: Log,
        clock: Clock,
        channels: Mapping[str, Channel] | None = None,
        late: Late | None = None,
    ) -> None:
        """Read notices from `log` and send them through `channels` (by name; default: the page alone).

        `late` brings receipts that channels give after the sending, from threads of their own.
        """
        self._late: Late = late if late is not None else SimpleQueue()
        self._log = log
        self._clock = clock
        self._channels: Mapping[str, Channel] = channels if channels is not None else {"page": Page(clock)}
        self.unreadable = 0
        """Notices that could not be read since the start."""
        self._cursor = 0
        self._owed: list[Receipt | NoticeAnswered] | None = None
        self._carriers = ThreadPoolExecutor(CARRIERS, thread_name_prefix="notice")
        self._resume()

    @property
    def waiting(self) -> int:
        """Return how many notices wait for a further attempt."""
        return len(self._jobs)

    def run(self, stop: threading.Event) -> None:
        """Step until `stop` is set. A log that is full, busy or can't be read is tried again."""
        while not stop.is_set():
            try:
                self.step(PAUSE)
            except OSError as error:
                _log.warning("the log can't be used, trying again", exc_info=error)
                stop.wait(PAUSE)

    def step(self, timeout: float) -> int:
        """Take what is new, send what is due, write down what became of it; return how many notices were sent.

        Waits up to `timeout` seconds when there is nothing to do. Raises `OSError` (`LogFullError`) of the log:
        then what was sent is written down by the next step, before that sends anything.
        """
        if self._owed is not None:
            self._save([])
        last = self._log.last()
        news = self._take()
        due = [job for job in self._jobs.values() if job.next is None or job.next <= self._clock.now()]
        carried = list(self._carriers.map(self._carry, due)) if len(due) > 1 else [self._carry(job) for job in due]
        settled = (one for job, got in zip(due, carried, strict=True) for one in self._settle(job, got))
        receipts = [*settled, *self._heard_of()]
        if news or due or receipts:
            self._save(receipts)
        else:
            if last > self._cursor:  # nothing for us up to there: say so, pruning and the health page look at it
                self._cursor = last
                self._save([])
            self._log.wait(last, timeout)
        return len(due)

    def _resume(self) -> None:
        position = self._log.position(self.group)
        self._cursor = position.seq
        jobs = msgspec.msgpack.decode(position.state, type=laid_out(list[Job])) if position.state else []
        self._jobs: dict[NoticeId, Job] = {job.notice.id: job for job in jobs}

    def _take(self) -> bool:
        batches = self._log.read({"notice"}, self._cursor, READ_BATCHES)
        for batch in batches:
            for raw in batch.items:
                try:
                    notice: Notice = decode("notice", raw)
                except msgspec.DecodeError:
                    self.unreadable += 1
                    continue
                self._queue(notice)
            self._cursor = batch.seq
        return bool(batches)

    def _queue(self, notice: Notice) -> None:
        waiting = self._jobs.get(notice.id)
        if waiting is not None and waiting.notice.revision >= notice.revision:
            return
        if notice.ring:
            self._jobs[notice.id] = Job(notice)
        elif waiting is not None and notice.answer_by is not None:
            self._jobs[notice.id] = Job(notice, waiting.attempts, waiting.next)  # what is sent is up to date
        else:
            self._jobs.pop(notice.id, None)  # nobody is waited for any more

    def _carry(self, job: Job) -> list[Receipt] | None:
        """Send once; return what came of it, None if there is no such channel."""
        sender = self._channels.get(job.notice.channel)
        return None if sender is None else _send(sender, job.notice, self._clock.now())

    def _settle(self, job: Job, receipts: list[Receipt] | None) -> Iterable[Receipt]:
        """Forget the job, or keep it for later when it failed and may still work."""
        notice, job.attempts = job.notice, job.attempts + 1
        if receipts is None:
            del self._jobs[notice.id]
            reason = say("The channel {channel} is not set up here", channel=notice.channel)
            return [nobody(notice, self._clock.now(), reason)]
        if any(receipt.outcome != "failed" for receipt in receipts):
            del self._jobs[notice.id]
        elif job.attempts > len(BACK_OFF):
            del self._jobs[notice.id]
            reason = say("Given up after {count} attempts", count=job.attempts)
            receipts = [*receipts, failed(notice, self._clock.now(), reason, "given up")]
        else:
            job.next = self._clock.now() + timedelta(seconds=BACK_OFF[job.attempts - 1])
        return receipts

    def _heard_of(self) -> list[Receipt | NoticeAnswered]:
        """Return what channels have told since the last step; what a person said by them, as an act."""
        found: list[Receipt | NoticeAnswered] = []
        while not self._late.empty():  # this thread alone takes out
            notice, receipt = self._late.get_nowait()
            found.append(receipt if receipt.outcome == "failed" else _act(notice, receipt))
        return found

    def _save(self, receipts: Sequence[Receipt | NoticeAnswered]) -> None:
        self._owed = [*(self._owed or ()), *receipts]
        entries = [Entry(topic_of(one), (encode(one),), f"{self.group}:{one.id}") for one in self._owed]
        state = msgspec.msgpack.encode(list(self._jobs.values()))
        self._log.commit(self.group, Position(self._cursor, state), entries)
        self._owed = None


def _send(sender: Channel, notice: Notice, at: datetime) -> list[Receipt]:
    """Send `notice`; a channel of somebody else that raises has failed."""
    try:
        return sender.send(notice)
    except Exception as error:  # noqa: BLE001 - a foreign channel may fail in any way; it must not stop the others
        _log.exception("a channel raised", channel=notice.channel)
        return [failed(notice, at, say("The channel failed: {error}", error=type(error).__name__))]


def _act(notice: Notice, receipt: Receipt) -> NoticeAnswered:
    """Return as an act what somebody of the notice's role did by a channel that knows no names."""
    return NoticeAnswered(
        id=Event.id_for(receipt.at, DOOR, receipt.id),
        at=receipt.at,
        seen=receipt.at,
        source=DOOR,
        site=notice.site,
        zone=notice.zone,
        actor=notice.role,
        role=notice.role,
        notice=notice.id,
        answer=receipt.outcome,  # type: ignore[arg-type]  # ``delivered``, or what a key says
        revision=notice.revision,
    )
