"""Notices to channels: sent once, tried again, given up, never lost by a crash."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import ClassVar

import msgspec
import pytest
from made_incidents import hospital, incident, notices, route

from safecare.exchange.log import Entry, Log, LogFullError, Position
from safecare.exchange.memory import MemoryLog
from safecare.model.notice import Notice, Receipt
from safecare.model.text import say
from safecare.model.topics import decode, encode
from safecare.notify.api import channels
from safecare.notify.dispatch import BACK_OFF, Dispatcher
from safecare.notify.receipts import failed, sent
from safecare.notify.stage import NotifyStage
from safecare.testing.clock import FakeClock


class Flaky:
    """A channel that fails as often as it is told to."""

    name: ClassVar[str] = "page"
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, clock: FakeClock, failures: int = 0, during: Callable[[], None] = lambda: None) -> None:
        self.clock, self.failures, self.during = clock, failures, during
        self.got: list[Notice] = []

    def send(self, notice: Notice) -> list[Receipt]:
        self.during()
        self.got.append(notice)
        if len(self.got) <= self.failures:
            return [failed(notice, self.clock.now(), say("down"))]
        return [sent(notice, self.clock.now())]


def a_notice(**more: object) -> Notice:
    [notice] = notices(NotifyStage(hospital(route())).feed([incident()]))
    return msgspec.structs.replace(notice, **more)


def put(log: Log, *items: Notice) -> None:
    log.append([Entry("notice", tuple(encode(item) for item in items))])


def written(log: Log) -> list[Receipt]:
    return [decode("receipt", raw) for batch in log.read({"receipt"}, 0, 1000) for raw in batch.items]


def test_a_full_log_sends_nothing_twice_and_loses_no_receipt() -> None:
    clock, log = FakeClock(), MemoryLog()
    channel = Flaky(clock)
    dispatcher = Dispatcher(log, clock, {"page": channel})
    put(log, a_notice())
    log._room = log._used
    for _ in range(5):
        with pytest.raises(LogFullError):
            dispatcher.step(0)
    assert len(channel.got) == 1
    log._room = None
    assert dispatcher.step(0) == 0
    assert [one.outcome for one in written(log)] == ["sent"]
    assert log.position("dispatch").seq > 0
    assert len(channel.got) == 1


def test_a_log_that_is_busy_for_a_while_ends_nothing() -> None:
    class Busy(MemoryLog):
        failures = 2

        def commit(self, group: str, position: Position, entries: Sequence[Entry] = ()) -> None:
            if self.failures:
                self.failures -= 1
                raise TimeoutError("database is locked")
            super().commit(group, position, entries)
            stop.set()

    log, clock, stop = Busy(), FakeClock(), threading.Event()
    channel = Flaky(clock)
    put(log, a_notice())
    Dispatcher(log, clock, {"page": channel}).run(stop)
    assert [one.outcome for one in written(log)] == ["sent"]
    assert len(channel.got) == 1


def test_channels_are_found() -> None:
    assert {"page", "mail"} <= set(channels().parts)


def test_the_page_gets_a_receipt() -> None:
    log, clock = MemoryLog(), FakeClock()
    put(log, a_notice())
    dispatcher = Dispatcher(log, clock)
    assert dispatcher.step(0) == 1
    assert dispatcher.step(0) == 0
    [receipt] = written(log)
    assert (receipt.outcome, receipt.channel, receipt.who) == ("sent", "page", "guard")


def test_a_missing_channel_is_said() -> None:
    log = MemoryLog()
    put(log, a_notice(channel="pager"))
    Dispatcher(log, FakeClock()).step(0)
    [receipt] = written(log)
    assert receipt.outcome == "nobody"
    assert receipt.reason == say("The channel {channel} is not set up here", channel="pager")


def test_what_fails_is_tried_again_later_over_restarts() -> None:
    log, clock = MemoryLog(), FakeClock()
    flaky = Flaky(clock, failures=1)
    put(log, a_notice())
    Dispatcher(log, clock, {"page": flaky}).step(0)
    dispatcher = Dispatcher(log, clock, {"page": flaky})
    assert (dispatcher.step(0), dispatcher.waiting) == (0, 1)
    clock.advance(BACK_OFF[0])
    assert (dispatcher.step(0), dispatcher.waiting) == (1, 0)
    assert [one.outcome for one in written(log)] == ["failed", "sent"]


def test_after_the_last_attempt_it_is_given_up_and_said() -> None:
    log, clock = MemoryLog(), FakeClock()
    flaky = Flaky(clock, failures=99)
    dispatcher = Dispatcher(log, clock, {"page": flaky})
    put(log, a_notice())
    for pause in (0.0, *BACK_OFF, 10_000.0):
        clock.advance(pause)
        dispatcher.step(0)
    assert len(flaky.got) == len(BACK_OFF) + 1
    assert [one.outcome for one in written(log)] == ["failed", "failed"]
    assert dispatcher.waiting == 0


def test_a_channel_that_raises_has_failed_and_the_others_go_on() -> None:
    def burn() -> None:
        raise RuntimeError("fire")

    log, clock = MemoryLog(), FakeClock()
    good = Flaky(clock)
    dispatcher = Dispatcher(log, clock, {"page": good, "bad": Flaky(clock, during=burn)})
    put(log, a_notice(channel="bad", id="b"), a_notice())
    assert dispatcher.step(0) == 2
    assert [one.outcome for one in written(log)] == ["failed", "sent"]


def test_silent_revisions_are_not_sent_and_only_the_newest_waits() -> None:
    log, clock = MemoryLog(), FakeClock()
    channel = Flaky(clock)
    dispatcher = Dispatcher(log, clock, {"page": channel})
    put(log, a_notice(), a_notice(revision=2), a_notice(revision=3, ring=False, title=say("newer")))
    dispatcher.step(0)
    assert [(one.revision, one.title.key) for one in channel.got] == [(3, "newer")]
    put(log, a_notice(revision=4, ring=False))
    dispatcher.step(0)
    assert len(channel.got) == 1


def test_a_closed_matter_is_not_sent_any_more() -> None:
    log, clock = MemoryLog(), FakeClock()
    channel = Flaky(clock)
    put(log, a_notice(), a_notice(revision=2, ring=False, answer_by=None))
    Dispatcher(log, clock, {"page": channel}).step(0)
    assert channel.got == []


def test_a_crash_after_sending_sends_again_and_leaves_one_receipt() -> None:
    log, clock = MemoryLog(), FakeClock()
    put(log, a_notice())

    def die() -> None:
        raise KeyboardInterrupt

    dying = Flaky(clock, during=die)
    with contextlib.suppress(KeyboardInterrupt):
        Dispatcher(log, clock, {"page": dying}).step(0)
    alive = Flaky(clock)
    Dispatcher(log, clock, {"page": alive}).step(0)
    Dispatcher(log, clock, {"page": alive}).step(0)
    assert len(alive.got) == 1
    assert len(written(log)) == 1


def test_what_can_not_be_read_is_counted() -> None:
    log = MemoryLog()
    log.append([Entry("notice", (b"{}", encode(a_notice())))])
    dispatcher = Dispatcher(log, FakeClock())
    assert dispatcher.step(0) == 1
    assert dispatcher.unreadable == 1


def test_run_sends_until_it_is_stopped() -> None:
    log, clock, stop = MemoryLog(), FakeClock(), threading.Event()
    arrived = threading.Event()
    dispatcher = Dispatcher(log, clock, {"page": Flaky(clock, during=arrived.set)})
    thread = threading.Thread(target=dispatcher.run, args=(stop,))
    thread.start()
    put(log, a_notice())
    assert arrived.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
