"""Group commit: who waits, what shares a transaction, and who is told what when it fails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.exchange.log import Entry, LogFullError
from safecare.exchange.memory import MemoryLog
from safecare.exchange.sqlite import SqliteLog
from safecare.exchange.together import MOST, Together, merged


class SlowLog(MemoryLog):
    """A log whose disk is busy until it is let go; it tells what each transaction held."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()
        self.transactions: list[list[Entry]] = []
        self.failure: Exception | None = None

    def append(self, entries: Sequence[Entry], *, reserve: bool = True) -> list[int]:
        self.transactions.append(list(entries))
        assert self.free.wait(30)
        if self.failure is not None:
            raise self.failure
        return super().append(entries, reserve=reserve)


def entry(*items: bytes, topic: str = "event", key: str | None = None) -> Entry:
    return Entry(topic, items, key)


async def under_way(log: SlowLog) -> None:
    """Wait until the first transaction is being written."""
    async with asyncio.timeout(30):
        while not log.transactions:
            await asyncio.sleep(0)


async def test_the_first_starts_at_once_and_what_comes_meanwhile_shares_the_next_transaction() -> None:
    log = SlowLog()
    together = Together(log)
    first = asyncio.create_task(together.append([entry(b"0")]))
    await under_way(log)
    others = [asyncio.create_task(together.append([entry(b"%d" % number)])) for number in range(1, 51)]
    await asyncio.sleep(0)
    assert not first.done()
    assert not any(one.done() for one in others)
    log.free.set()
    await asyncio.gather(first, *others)
    assert [len(one) for one in log.transactions] == [1, 1]
    assert [len(one.items) for one in log.read(["event"], 0)] == [1, 50]


async def test_nobody_is_told_before_it_is_durable(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", reserve_mb=0)
    together = Together(log)

    async def store(number: int) -> None:
        await together.append([entry(b"%d" % number)])
        # whoever is told finds its own event in the file
        assert any(b"%d" % number in batch.items for batch in log.read(["event"], 0, 1000))

    await asyncio.gather(*(store(number) for number in range(100)))
    assert sorted(int(item) for batch in log.read(["event"], 0, 1000) for item in batch.items) == list(range(100))
    log.close()


@pytest.mark.parametrize(
    ("failure", "kind"), [(LogFullError(28, "full"), LogFullError), (RuntimeError("broken"), OSError)]
)
async def test_each_is_told_when_the_transaction_fails_and_the_next_one_goes_on(
    failure: Exception, kind: type[Exception]
) -> None:
    log = SlowLog()
    log.failure = failure
    log.free.set()
    together = Together(log)
    told = await asyncio.gather(*(together.append([entry(b"x")]) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in told] == [kind] * 3
    assert len({id(one) for one in told}) == 3
    log.failure = None
    await together.append([entry(b"y")])
    assert [batch.items for batch in log.read(["event"], 0)] == [(b"y",)]


async def test_a_caller_that_is_cancelled_does_not_hold_up_the_others() -> None:
    log = SlowLog()
    together = Together(log)
    gone = asyncio.create_task(together.append([entry(b"gone")]))
    await under_way(log)
    gone.cancel()
    other = asyncio.create_task(together.append([entry(b"other")]))
    log.free.set()
    await other
    assert gone.cancelled() or gone.cancelling()
    assert {item for batch in log.read(["event"], 0) for item in batch.items} == {b"gone", b"other"}


async def test_a_transaction_is_bounded() -> None:
    log = SlowLog()
    together = Together(log, batch=MOST)
    tasks = [asyncio.create_task(together.append([entry(*([b"x"] * (MOST // 2 + 1)))])) for _ in range(3)]
    log.free.set()
    await asyncio.gather(*tasks)
    assert len(log.transactions) == 3


@pytest.mark.slow
@given(
    st.lists(
        st.builds(
            Entry,
            st.sampled_from(["event", "reject"]),
            st.lists(st.binary(max_size=3), max_size=7).map(tuple),
            st.one_of(st.none(), st.text(max_size=2)),
        ),
        max_size=12,
    )
)
def test_putting_together_loses_and_turns_nothing(entries: list[Entry]) -> None:
    put = list(merged(entries, 5))
    flat = [(one.topic, item) for one in entries for item in one.items]
    assert [(one.topic, item) for one in put for item in one.items] == flat
    assert [one for one in put if one.key is not None] == [one for one in entries if one.key is not None]
    assert all(len(one.items) <= 5 or one in entries for one in put if one.key is None)
