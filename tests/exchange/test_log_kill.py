"""Kill a process that appends at speed: what it acknowledged is there, each batch once, under its number."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from safecare.exchange.log import Batch, Entry, Position
from safecare.exchange.sqlite import SqliteLog

SENDER = """
import sys, threading
from pathlib import Path
from safecare.exchange.log import Entry, Position
from safecare.exchange.sqlite import SqliteLog
log = SqliteLog(Path(sys.argv[1]), reserve_mb=0)
telling = threading.Lock()
def send(name):
    n = 0
    while True:
        text = f"{sys.argv[2]}.{name}.{n}"
        entries = [Entry("event", (text.encode(), b"x" * (n % 500)), text), Entry("alert", (text.encode(),))]
        seqs = log.append(entries)
        if n % 10 == 0:
            log.commit(name, Position(seqs[0], text.encode()))
        with telling:
            print(name, n, *seqs, flush=True)
        n += 1
for name in "abcd":
    threading.Thread(target=send, args=(name,)).start()
"""


@pytest.mark.slow
def test_what_was_acknowledged_survives_kill(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    acknowledged: dict[int, str] = {}
    states: dict[str, str] = {}
    for number in range(6):
        child = subprocess.Popen([sys.executable, "-c", SENDER, str(path), str(number)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        first = child.stdout.readline()  # it is up and sends
        killer = threading.Timer(random.uniform(0.05, 0.6), child.kill)
        killer.start()
        for line in [first, *child.stdout]:
            if not line.endswith(b"\n"):
                break  # killed in the middle of the word: not acknowledged
            name, n, event, alert = line.decode().split()
            acknowledged[int(event)] = acknowledged[int(alert)] = f"{number}.{name}.{n}"
            if int(n) % 10 == 0:
                states[name] = f"{number}.{name}.{n}"
        assert child.wait(30) == -9
        child.stdout.close()
        _check(path, acknowledged, states)
    assert len(acknowledged) > 100


def _check(path: Path, acknowledged: dict[int, str], states: dict[str, str]) -> None:
    log = SqliteLog(path, reserve_mb=0)
    read: list[Batch] = []
    while batches := log.read({"event", "alert"}, read[-1].seq if read else 0, 500):
        read += batches
    kept = {one.seq: one.items[0].decode() for one in read}
    assert {seq: kept.get(seq) for seq in acknowledged} == acknowledged
    for topic in ("event", "alert"):
        texts = [one.items[0] for one in read if one.topic == topic]
        assert len(texts) == len(set(texts))
    assert not any(one.damage for one in read)
    for name, state in states.items():
        assert _later(log.position(name), state)
    assert log.append([Entry("event", (b"again",), acknowledged[min(acknowledged)])]) == [min(acknowledged)]
    log.close()


def _later(position: Position, state: str) -> bool:
    """The position is the acknowledged one, or one that was stored after it and not told any more."""
    found = position.state.decode().split(".")
    wanted = state.split(".")
    return (int(found[0]), int(found[2])) >= (int(wanted[0]), int(wanted[2]))
