"""What every log must do: one suite over all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from safecare.exchange.log import READ_ITEMS, Batch, Entry, Log, LogFullError, Position
from safecare.exchange.memory import MemoryLog
from safecare.exchange.sqlite import SqliteLog

NO_ROOM_MB = 10**9
"""A reserve (10^15 bytes) that no disk has: senders are refused at once."""


@pytest.fixture(params=["sqlite", "memory"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    made: Log = SqliteLog(tmp_path / "log.db", reserve_mb=0) if request.param == "sqlite" else MemoryLog()
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "memory"])
def reserved(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    """A log whose reserve is touched already."""
    sqlite = request.param == "sqlite"
    made: Log = SqliteLog(tmp_path / "log.db", NO_ROOM_MB) if sqlite else MemoryLog(room=1000, reserve=1000)
    yield made
    made.close()


def event(*items: bytes, key: str | None = None) -> Entry:
    return Entry("event", items, key)


def test_a_fresh_log_is_empty(log: Log) -> None:
    assert log.last() == 0
    assert log.read({"event"}, 0) == []
    assert log.position("any") == Position()
    assert log.positions() == {}
    assert log.append([]) == []


def test_batches_come_back_in_order_with_their_bytes(log: Log) -> None:
    seqs = log.append([event(b"a", b"\x00\xff"), Entry("alert", (b"x",)), event()])
    assert seqs == sorted(set(seqs))
    assert [(one.seq, one.topic, one.items) for one in log.read({"event", "alert"}, 0)] == [
        (seqs[0], "event", (b"a", b"\x00\xff")),
        (seqs[1], "alert", (b"x",)),
        (seqs[2], "event", ()),
    ]
    assert log.last() == seqs[2]


def test_read_takes_topics_cursor_and_limit(log: Log) -> None:
    seqs = log.append([Entry("event" if n % 2 else "alert", (b"%d" % n,)) for n in range(10)])
    assert [one.seq for one in log.read({"alert"}, 0)] == seqs[::2]
    assert [one.seq for one in log.read({"alert", "event"}, seqs[3], limit=3)] == seqs[4:7]
    assert log.read({"alert", "event"}, seqs[-1]) == []
    assert log.read(set(), 0) == []


def test_a_read_is_bounded_by_items_but_never_empty(log: Log) -> None:
    large = tuple(b"x" for _ in range(READ_ITEMS + 1))
    log.append([event(*large), event(*large)])
    first = log.read({"event"}, 0)
    assert [len(one.items) for one in first] == [READ_ITEMS + 1]
    assert len(log.read({"event"}, first[0].seq)) == 1


def test_a_known_key_is_not_stored_again(log: Log) -> None:
    first = log.append([event(b"a", key="k"), event(b"b")])
    again = log.append([event(b"other", key="k"), event(b"c", key="new"), event(b"d", key="new")])
    assert again[0] == first[0]
    assert again[1] == again[2]
    assert [one.items for one in log.read({"event"}, 0)] == [(b"a",), (b"b",), (b"c",)]


def test_wait_tells_what_is_there_already_and_gives_up_in_time(log: Log) -> None:
    assert log.wait(0, 0) is False
    log.append([event(b"a")])
    assert log.wait(0, 0) is True
    assert log.wait(1, 0.05) is False


def test_wait_wakes_at_an_append_of_another_thread(log: Log) -> None:
    woken: list[bool] = []
    waiter = threading.Thread(target=lambda: woken.append(log.wait(0, 90)))
    waiter.start()
    log.append([event(b"a")])
    waiter.join(100)
    assert woken == [True]


def test_positions_are_kept_by_group(log: Log) -> None:
    log.commit("one", Position(3, b"\x00state"))
    log.commit("two", Position(1, b""))
    log.commit("one", Position(5, b"newer"))
    assert log.position("one") == Position(5, b"newer")
    assert log.positions() == {"one": 5, "two": 1}


def test_commit_stores_entries_with_the_position(log: Log) -> None:
    log.commit("one", Position(0, b"s"), [event(b"a", key="k")])
    log.commit("one", Position(1, b"t"), [event(b"b", key="k")])
    assert [one.items for one in log.read({"event"}, 0)] == [(b"a",)]
    assert log.position("one") == Position(1, b"t")
    assert log.wait(0, 0)


def test_prune_takes_only_what_every_group_has_passed(log: Log) -> None:
    seqs = log.append([event(b"%d" % n, key=f"k{n}") for n in range(10)])
    log.commit("fast", Position(seqs[8]))
    log.commit("slow", Position(seqs[4]))
    assert log.prune(seqs[2]) == 2
    assert log.prune(seqs[9]) == 3
    assert [one.seq for one in log.read({"event"}, 0)] == seqs[5:]
    assert log.prune(seqs[9]) == 0


def test_numbers_are_never_used_twice(log: Log) -> None:
    seqs = log.append([event(b"a", key="k"), event(b"b")])
    assert log.prune(seqs[-1] + 1) == 2
    assert log.last() == seqs[-1]
    assert log.append([event(b"c", key="k")])[0] > seqs[-1]


def test_senders_are_refused_at_the_reserve_but_the_road_goes_on(reserved: Log) -> None:
    with pytest.raises(LogFullError):
        reserved.append([event(b"from outside")])
    assert reserved.last() == 0
    reserved.append([event(b"of a stage")], reserve=False)
    reserved.commit("stage", Position(1, b"state"), [event(b"of a tick")])
    assert [one.items for one in reserved.read({"event"}, 0)] == [(b"of a stage",), (b"of a tick",)]


@pytest.mark.slow
def test_threads_append_at_once_and_nothing_is_lost_or_doubled(log: Log) -> None:
    threads, each = 8, 60
    seqs: dict[int, list[int]] = {}

    def send(name: int) -> None:
        seqs[name] = [log.append([event(b"%d:%d" % (name, n), key=f"{name}:{n}")])[0] for n in range(each)]

    _run_all([lambda name=name: send(name) for name in range(threads)])  # type: ignore[misc]
    read: list[Batch] = []
    while batches := log.read({"event"}, read[-1].seq if read else 0):
        read += batches
    assert {one.seq: one.items for one in read} == {
        seq: (b"%d:%d" % (name, n),) for name, some in seqs.items() for n, seq in enumerate(some)
    }
    assert len(read) == threads * each
    assert all(some == sorted(some) for some in seqs.values())


def test_threads_with_one_key_store_one_batch(log: Log) -> None:
    seqs: list[int] = []
    _run_all([lambda: seqs.extend(log.append([event(b"a", key="same")]))] * 8)
    assert len(seqs) == 8
    assert len(set(seqs)) == 1
    assert len(log.read({"event"}, 0)) == 1


def _run_all(parts: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=part) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
