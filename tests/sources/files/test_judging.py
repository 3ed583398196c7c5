"""How doors judge: the site's rules and model as they change, verdicts that outlast a restart, and a quick end."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from pathlib import Path

import msgspec
import pytest

from safecare.examine.api import Finding, Verdict, Verdicts
from safecare.examine.mail.model import buckets, train
from safecare.formats.mail import read_mail
from safecare.model.events.files import FileJudged
from safecare.model.text import say
from safecare.scenarios.make.mail import benign_mails, credential_phish
from safecare.sources.files.gate import Gate, Sender
from safecare.sources.files.judging import Judging
from safecare.sources.files.memory import Memory, fingerprint, key_of
from safecare.sources.files.pool import Pool
from safecare.sources.files.process import ClosedError, Worker
from safecare.sources.files.wire import Job, Setup
from safecare.testing.clock import START
from safecare.testing.intake import MemoryIntake

RULE = 'rule house_mark { meta: weight = "0.9" strings: $a = "house mark 4711" condition: $a }'
TO = "user1@aurore.example"


def verdict(score: float = 0.0, *findings: Finding) -> Verdict:
    return Verdict("00" * 32, "text", Verdicts.CLEAN, score, findings)


def test_rules_and_model_of_the_site_are_read_and_read_again(tmp_path: Path) -> None:
    rules, model = tmp_path / "rules", tmp_path / "model.json"
    judging = Judging(Setup(("aurore.example",)), rules=rules, mail_model=model)
    judging.look()
    assert judging.setup == Setup(("aurore.example",))
    assert judging.told["rules"][0] == "off"
    assert judging.told["mail-model"] == ("ok", "the weights that come with Safecare")
    rules.mkdir()
    (rules / "a.yar").write_text(RULE)
    (rules / "b.yar").write_text("rule {")
    good = list(benign_mails(20, seed=1, at=START, to=TO))
    bad = [credential_phish(seed=seed, at=START, to=TO, language="en") for seed in range(20)]
    model.write_bytes(
        msgspec.json.encode(train([buckets(read_mail(raw)) for raw in good], [buckets(read_mail(raw)) for raw in bad]))
    )
    judging.look()
    assert judging.setup.rules == (RULE,)
    assert judging.setup.mail_model
    assert judging.told["rules"][0] == "failed"
    assert "b.yar" in judging.told["rules"][1]
    assert judging.told["mail-model"][0] == "ok"
    before = judging.setup
    judging.look()
    assert judging.setup is before
    (rules / "b.yar").unlink()
    model.write_text("{}")
    judging.look()
    assert judging.told["rules"][0] == "ok"
    assert judging.told["mail-model"][0] == "failed"
    assert not judging.setup.mail_model


@pytest.mark.slow
async def test_a_door_judges_by_the_rules_that_hold_now(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    judging = Judging(rules=rules)
    gate, intake = Gate("files", "hold", judging), MemoryIntake()
    raw = b"a note with the house mark 4711 in it"
    try:
        assert (await gate.admit(raw, "text/plain", Sender("x"), intake)).act == "passed"
        (rules / "a.yar").write_text(RULE)
        await asyncio.to_thread(judging.look)
        decision = await gate.admit(raw, "text/plain", Sender("x"), intake)
        assert decision.act == "held"
    finally:
        await gate.close()
    events = [one for one in intake.events if isinstance(one, FileJudged)]
    assert [one.act for one in events] == ["passed", "held"]
    assert "rule.site1.house_mark" in events[1].rules


def test_verdicts_outlast_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.db"
    key, other = (key_of("ab", name, "", fingerprint(Setup())) for name in ("a.pdf", "b.pdf"))
    memory = Memory(path)
    memory.put(key, verdict(0.4))
    memory.close()
    assert path.stat().st_mode & 0o077 == 0
    again = Memory(path)
    assert again.get(key) == verdict(0.4)
    assert again.get(other) is None
    again.close()


def test_what_may_come_out_otherwise_is_not_remembered() -> None:
    memory = Memory()
    memory.put(b"k", verdict(0.5, Finding("limit.time", say("x"))))
    assert memory.get(b"k") is None


def test_other_rules_are_another_way_of_judging() -> None:
    assert fingerprint(Setup()) != fingerprint(Setup(rules=(RULE,)))
    assert fingerprint(Setup(("a.example",))) != fingerprint(Setup(("b.example",)))


@pytest.mark.parametrize("raw", [b"no database" * 100, b""])
def test_a_damaged_memory_is_begun_anew(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "verdicts.db"
    path.write_bytes(raw)
    memory = Memory(path)
    memory.put(b"k", verdict())
    memory.close()
    assert sqlite3.connect(path).execute("SELECT count(*) FROM verdicts").fetchone() == (1,)


def test_the_memory_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.db"
    memory = Memory(path, recent=10, most_bytes=200_000)
    long = Finding("x", say("{text}", text="y" * 2000))
    for number in range(2000):
        memory.put(number.to_bytes(20, "big"), verdict(0.1, long))
    assert memory.get((0).to_bytes(20, "big")) is None
    assert memory.get((1999).to_bytes(20, "big")) is not None
    memory.close()
    assert path.stat().st_size < 2_000_000


def test_a_memory_that_can_not_be_written_is_done_without(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "missing" / "verdicts.db")
    memory.put(b"k", verdict())
    assert memory.get(b"k") == verdict()


@pytest.mark.slow
def test_a_worker_that_is_closed_while_it_starts_or_works_ends_at_once() -> None:
    worker = Worker(20.0, 100)
    heard: list[BaseException] = []

    def ask() -> None:
        try:
            while True:
                worker.ask(Job(1), b"x")
        except ClosedError as error:
            heard.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while worker.pid is None:
        time.sleep(0)  # gives way to the thread that starts the process
    pid = worker.pid
    worker.close()
    thread.join(60)
    assert heard
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(ClosedError):
        worker.ask(Job(1), b"x")


@pytest.mark.slow
async def test_a_door_that_closes_leaves_no_process_even_if_its_callers_were_cancelled() -> None:
    gate, intake = Gate("files", "observe"), MemoryIntake()
    asked = asyncio.create_task(gate.admit(b"x", "", Sender("x"), intake))
    await asyncio.sleep(0)  # the task begins, and with it the start of a process
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    await gate.close()
    assert not [one for one in _children() if "safecare.sources.files.worker" in one]


def test_a_closed_pool_judges_nothing() -> None:
    pool = Pool()
    pool.close()
    with pytest.raises(ClosedError):
        pool.judge(b"x")


def _children() -> list[str]:
    import psutil

    return [" ".join(one.cmdline()) for one in psutil.Process().children() if one.is_running()]
