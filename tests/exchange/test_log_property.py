"""Any order of appends, reads, commits, prunes and crashes keeps order, keeps all, and stores nothing twice."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from safecare.exchange.log import Entry, Log, Position
from safecare.exchange.memory import MemoryLog
from safecare.exchange.sqlite import SqliteLog

TOPICS = ("event", "alert", "plan")
topics = st.sampled_from(TOPICS)
items = st.lists(st.binary(max_size=40), max_size=3).map(tuple)
keys = st.none() | st.sampled_from(["a", "b", "c", "d"])
entries = st.lists(st.builds(Entry, topics, items, keys), max_size=4)


class MemoryRoad(RuleBasedStateMachine):
    """The model: a plain list of what was acknowledged."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[int, str, tuple[bytes, ...]]] = []
        self.keys: dict[str, int] = {}
        self.positions: dict[str, Position] = {}
        self.log = self.open()

    def open(self) -> Log:
        return MemoryLog()

    def store(self, appended: list[Entry], seqs: list[int]) -> None:
        for entry, seq in zip(appended, seqs, strict=True):
            if entry.key is not None and entry.key in self.keys:
                assert self.keys[entry.key] == seq
                continue
            assert seq > max([one[0] for one in self.kept], default=0)
            self.kept.append((seq, entry.topic, entry.items))
            if entry.key is not None:
                self.keys[entry.key] = seq

    @rule(appended=entries)
    def append(self, appended: list[Entry]) -> None:
        self.store(appended, self.log.append(appended))

    @rule(group=st.sampled_from(["one", "two"]), share=st.floats(0, 1), state=st.binary(max_size=20), added=entries)
    def commit(self, group: str, share: float, state: bytes, added: list[Entry]) -> None:
        before = self.log.last()
        position = Position(int(before * share), state)
        self.log.commit(group, position, added)
        self.positions[group] = position
        fresh = [one.key for one in added if one.key is None or one.key not in self.keys]
        new = self.log.read(TOPICS, before, 100)
        assert len(new) == len([one for one in fresh if one is None]) + len({one for one in fresh if one is not None})
        stored = iter(new)
        for entry in added:
            if entry.key is None or entry.key not in self.keys:
                self.store([entry], [next(stored).seq])

    @rule(share=st.floats(0, 1), wanted=st.sets(topics), limit=st.integers(1, 5))
    def read(self, share: float, wanted: set[str], limit: int) -> None:
        after = int(self.log.last() * share)
        expected = [one for one in self.kept if one[0] > after and one[1] in wanted][:limit]
        assert [(one.seq, one.topic, one.items) for one in self.log.read(wanted, after, limit)] == expected

    @rule(share=st.floats(0, 1))
    def prune(self, share: float) -> None:
        below = int(self.log.last() * share) + 1
        bound = min([below, *(one.seq + 1 for one in self.positions.values())])
        gone = [one for one in self.kept if one[0] < bound]
        assert self.log.prune(below) == len(gone)
        self.kept = [one for one in self.kept if one[0] >= bound]
        left = {one[0] for one in self.kept}
        self.keys = {key: seq for key, seq in self.keys.items() if seq in left}

    @invariant()
    def all_is_there_once_and_in_order(self) -> None:
        assert [(one.seq, one.topic, one.items) for one in self.log.read(TOPICS, 0, 10_000)] == self.kept
        assert {group: self.log.position(group) for group in self.positions} == self.positions

    def teardown(self) -> None:
        self.log.close()


class SqliteRoad(MemoryRoad):
    """The same over files; a crash leaves what is on disk at that moment, not closed."""

    def open(self) -> Log:
        self.folder = Path(tempfile.mkdtemp())
        return SqliteLog(self.folder / "log.db", reserve_mb=0)

    @rule()
    def crash(self) -> None:
        after = Path(tempfile.mkdtemp())
        for name in ("log.db", "log.db-wal"):
            shutil.copy(self.folder / name, after / name)
        self.teardown()
        self.folder = after
        self.log = SqliteLog(after / "log.db", reserve_mb=0)

    @rule()
    def reopen(self) -> None:
        self.log.close()
        self.log = SqliteLog(self.folder / "log.db", reserve_mb=0)

    def teardown(self) -> None:
        super().teardown()
        shutil.rmtree(self.folder)


quick = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
TestMemoryRoad = pytest.mark.slow(MemoryRoad.TestCase)
TestMemoryRoad.settings = quick
TestSqliteRoad = pytest.mark.slow(SqliteRoad.TestCase)
TestSqliteRoad.settings = quick
