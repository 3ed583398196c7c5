"""Drives one stage over the log: read, feed, append, remember; exactly once in effect, whatever dies when.

What a stage gives for the batch with sequence number n is appended under the key ``group:n:topic``, so a
replay after a crash stores nothing twice. State and cursor are saved together, seldom; a restart goes back
to the last saved pair and feeds again from there.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec
import structlog

from safecare.exchange.isolate import Failed, Output, Parcel, feed, isolate, reason_of, unpack
from safecare.exchange.log import Batch, Entry, Log, Position
from safecare.exchange.rejects import Keep, Rejects
from safecare.exchange.stage import Stage
from safecare.model.clock import Clock
from safecare.model.layout import laid_out
from safecare.model.topics import encode, topic_of

READ_BATCHES = 64
"""Most batches per step. Chosen: amortises the fsync of the outputs; `READ_ITEMS` bounds the memory."""
SNAPSHOT_BATCHES = 4096
"""Batches after which the state is saved even if `snapshot_every` has not passed; bounds a replay."""
STOP_SECONDS = 0.25
"""How soon `run` notices its stop event. Chosen: below what a person waiting for a stop notices."""
RETRY_SECONDS = 0.5
"""Pause after the log refused, or the stage's state could not be handled."""

_log = structlog.get_logger(__name__)


class _Identity(msgspec.Struct, frozen=True):
    """The fields that tell one item from another: a revision of a thing is an item of its own."""

    id: str = ""
    incident: str = ""
    revision: int = 0
    at: str = ""


_identity = msgspec.json.Decoder(laid_out(_Identity))


class Worker:
    """One stage, one group, one thread. Counters are for the health page; read them from any thread.

    `snapshot_every` and `tick_every` are seconds of `monotonic` time, so that a wall clock that is put back
    disturbs nothing; the time that the stage sees is `clock`'s. `keep` stores the bytes of items that the
    stage could not take (`Artifacts.keep`); without it a reject carries them in its context.
    """

    def __init__(
        self,
        log: Log,
        stage: Stage,
        clock: Clock,
        *,
        snapshot_every: float = 2.0,
        tick_every: float = 1.0,
        keep: Keep | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._stage = stage
        self._clock = clock
        self._snapshot_every = snapshot_every
        self._tick_every = tick_every
        self._rejects = Rejects(f"stage:{stage.group}", keep)
        self._monotonic = monotonic
        self._saved = Position()
        self._cursor = 0
        self._fed = False
        self._ticked = False
        self._since_save = 0
        self._save_at = 0.0
        self._tick_due = 0.0
        self._broken = False
        self._pending: list[Entry] = []
        self.handled = 0
        """Items read since the start."""
        self.rejected = 0
        """Items put to the rejects since the start."""
        self.faults = 0
        """Failed ticks, saves and restarts since the start."""
        self.blocked = ""
        """Why the worker can't go on at present (log full, disk failed); empty when it can."""
        self._resume()

    @property
    def cursor(self) -> int:
        """Sequence number up to which everything is fed."""
        return self._cursor

    def step(self, timeout: float) -> int:
        """Wait up to `timeout` seconds for something new, handle it, let time pass; return the items handled.

        A full log loses nothing: the outputs stay pending and are tried again by the next step. Ticks come
        when nothing is left to read, and at least each `tick_every`; a stage that lags is not told that it is
        late, for it would judge that what it has not read yet has not happened. Raises `OSError` when the log
        can't be read; the next step then goes on from the last saved state.
        """
        if self._broken:
            self._resume()
        if not self._flush():
            self._log.wait(self._log.last(), min(timeout, RETRY_SECONDS))
            return 0
        self._broken = True  # whatever is raised from here on may leave the stage half fed
        count = self._round(timeout)
        self._broken = False
        return count

    def _round(self, timeout: float) -> int:
        grown = self._log.wait(self._cursor, timeout)
        now = self._clock.now()  # all that was durable by now is read before the stage hears of this time
        reached = self._log.last()
        # asked by `reached`, not by `grown`: what is appended between the two must be read before the cursor passes it
        batches = self._log.read(self._stage.topics, self._cursor, READ_BATCHES) if reached > self._cursor else []
        count = sum(self._take(batch) for batch in batches)
        if not batches:
            self._cursor = max(self._cursor, reached)
        if (not grown or self._monotonic() >= self._tick_due) and self._has_read(reached):
            self._tick(now)
        if self._flush() and self._save_due():
            self.save()
        return count

    def run(self, stop: threading.Event) -> None:
        """Step until `stop` is set, then save. Never ends by a fault: it is logged, counted, and tried again."""
        while not stop.is_set():
            try:
                self.step(min(STOP_SECONDS, self._tick_every))
            except Exception as error:  # noqa: BLE001  a stage's fault must not stop the road
                self._fault("stage falls back to its last saved state", error)
                stop.wait(RETRY_SECONDS)
        if not self._broken and self._flush():
            self.save()

    def save(self) -> bool:
        """Save state and cursor, and what is pending with them; return whether it was done."""
        self._save_at = self._monotonic() + self._snapshot_every
        try:
            state = self._stage.snapshot() if self._fed or self._ticked else self._saved.state
        except Exception as error:  # noqa: BLE001  a stage's fault must not stop the road
            self._fault("the state of a stage can't be saved", error)
            self._ticked = False
            return False
        position = Position(self._cursor, state)
        if not self._stored(lambda: self._log.commit(self._stage.group, position, self._pending)):
            return False
        self._pending = []
        self._saved = position
        self._fed = self._ticked = False
        self._since_save = 0
        return True

    def _resume(self) -> None:
        """Go back to the last saved state and cursor. A state that can't be restored is a fresh start."""
        self._saved = self._log.position(self._stage.group)
        try:
            self._stage.restore(self._saved.state)
        except Exception as error:  # noqa: BLE001  a stage's fault must not stop the road
            self._fault("the saved state of a stage can't be restored; it starts afresh", error)
            self._stage.restore(b"")
            self._pending.append(self._notable("state", self._saved.state, error))
        self._cursor = self._saved.seq
        self._broken = False
        self._fed = self._ticked = False
        self._since_save = 0
        self._save_at = self._monotonic() + self._snapshot_every
        self._tick_due = self._monotonic() + self._tick_every

    def _has_read(self, reached: int) -> bool:
        """Tell whether everything of our topics up to `reached` is fed; what came after it does not matter."""
        if self._cursor >= reached:
            return True
        ahead = self._log.read(self._stage.topics, self._cursor, 1)
        return not ahead or ahead[0].seq > reached

    def _take(self, batch: Batch) -> int:
        """Feed one batch and put what follows to the pending entries."""
        parcels, failed = unpack(batch)
        outputs, unfit = self._feed(batch.seq, parcels) if parcels else ([], [])
        outputs += [self._reject(batch, item) for item in failed + unfit]
        self._pending += _entries(f"{self._stage.group}:{batch.seq}", outputs)
        self._cursor = batch.seq
        self._fed = True
        self._since_save += 1
        self.handled += len(batch.items)
        self.rejected += len(failed) + len(unfit)
        return len(batch.items)

    def _feed(self, seq: int, parcels: Sequence[Parcel]) -> tuple[list[Output], list[Failed]]:
        try:
            return feed(self._stage, parcels), []
        except Exception as error:  # noqa: BLE001  a stage's fault must not stop the road
            _log.warning("stage failed, looking for the item", group=self._stage.group, seq=seq, exc_info=error)
            outcome = isolate(self._stage, parcels, self._state_before(seq))
            return outcome.outputs, outcome.failed

    def _state_before(self, seq: int) -> bytes:
        """Bring the stage back to where it stood before batch `seq`, and return that state."""
        state = self._saved.state
        self._stage.restore(state)
        cursor = self._saved.seq
        while batches := [one for one in self._log.read(self._stage.topics, cursor, READ_BATCHES) if one.seq < seq]:
            for batch in batches:
                parcels, _ = unpack(batch)
                state = isolate(self._stage, parcels, state).state if parcels else state
                cursor = batch.seq
        return state

    def _tick(self, now: datetime) -> None:
        self._tick_due = self._monotonic() + self._tick_every
        try:
            outputs = [(topic_of(item), encode(item)) for item in self._stage.tick(now)]
        except Exception as error:  # noqa: BLE001  a stage's fault must not stop the road
            self._fault("a stage failed at a tick", error)
            self._pending.append(self._notable("tick", b"", error))
            return
        # one entry per item: the next tick may give the same items in other company
        self._pending += [Entry(topic, (raw,), self._tick_key(topic, raw)) for topic, raw in outputs]
        self._ticked = self._ticked or bool(outputs)

    def _tick_key(self, topic: str, raw: bytes) -> str:
        one = _identity.decode(raw)
        at = "" if one.id else one.at
        digest = hashlib.sha256(f"{topic}\x1f{one.id or one.incident}\x1f{one.revision}\x1f{at}".encode()).hexdigest()
        return f"{self._stage.group}:tick:{digest[:32]}"

    def _flush(self) -> bool:
        """Append what is pending; return whether nothing is left.

        What a tick gave is stored together with the state after it: a replay would tick at other moments.
        """
        if self._ticked and self.save():
            return True
        if self._pending and not self._ticked:
            if not self._stored(lambda: self._log.append(self._pending, reserve=False)):
                return False
            self._pending = []
        return not self._pending

    def _stored(self, write: Callable[[], object]) -> bool:
        """Return whether `write` to the log went well; if not, it is tried again later."""
        try:
            write()
        except OSError as error:
            self.blocked = str(error)
            return False
        self.blocked = ""
        return True

    def _save_due(self) -> bool:
        moved = self._fed or self._cursor > self._saved.seq
        return moved and (self._monotonic() >= self._save_at or self._since_save >= SNAPSHOT_BATCHES)

    def _reject(self, batch: Batch, failed: Failed) -> Output:
        name = f"{batch.seq}:{failed.index}"
        context = {"topic": batch.topic, "seq": str(batch.seq), "index": str(failed.index)}
        return "reject", encode(self._rejects.make(name, failed.raw, failed.reason, self._clock.now(), context))

    def _notable(self, what: str, raw: bytes, error: Exception) -> Entry:
        """Return a reject that says, once per kind of fault, that `what` failed."""
        reason = reason_of(error)
        name = f"{what}:{hashlib.sha256(reason.encode()).hexdigest()[:32]}"
        reject = self._rejects.make(name, raw, reason, self._clock.now(), {"part": what})
        return Entry("reject", (encode(reject),), f"{self._stage.group}:{name}")

    def _fault(self, what: str, error: Exception) -> None:
        self.faults += 1
        _log.error(what, group=self._stage.group, exc_info=error)


def _entries(key: str, outputs: Iterable[Output]) -> list[Entry]:
    by_topic: dict[str, list[bytes]] = {}
    for topic, raw in outputs:
        by_topic.setdefault(topic, []).append(raw)
    return [Entry(topic, tuple(items), f"{key}:{topic}") for topic, items in by_topic.items()]
