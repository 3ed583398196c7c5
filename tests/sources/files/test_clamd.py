"""ClamAV's daemon as second engine: a real one where it is installed, and peers that misbehave."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from safecare.examine.api import Verdict, Verdicts
from safecare.sources.files.clamd import SURE, Clamd, second_engine
from safecare.sources.files.judging import Judging
from safecare.sources.files.pool import Pool
from safecare.sources.files.process import Worker
from safecare.sources.files.wire import Job
from safecare.testing.medical_attacks.carriers import ed, oru

PROGRAM = shutil.which("clamd", path=f"/usr/sbin:/usr/bin:{Path(sys.prefix, 'clamav', 'usr', 'sbin')}")
BAD = b"a harmless text that a signature of this test knows\n"
CLEAN = Verdict("00", "text", Verdicts.CLEAN, 0.0)


@pytest.fixture
def daemon() -> Iterator[str]:
    if PROGRAM is None:
        pytest.skip("clamd is not installed")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "db").mkdir()
        (folder / "db" / "test.hdb").write_text(f"{hashlib.md5(BAD).hexdigest()}:{len(BAD)}:Test.Signature\n")
        (folder / "conf").write_text(
            f"LocalSocket {folder}/socket\nDatabaseDirectory {folder}/db\nForeground yes\nStreamMaxLength 1M\n"
        )
        process = subprocess.Popen(
            [PROGRAM, "-c", str(folder / "conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 60
        while not (folder / "socket").exists() and time.monotonic() < end and process.poll() is None:
            os.sched_yield()
        yield str(folder / "socket")
        process.terminate()
        process.wait(20)


@pytest.mark.slow
def test_a_real_daemon_adds_what_it_knows(daemon: str) -> None:
    second = Clamd(daemon)
    found = second.judged(BAD, CLEAN)
    assert (found.verdict, found.score) == (Verdicts.MALICIOUS, SURE)
    assert found.findings[0].why.args["name"] == "Test.Signature.UNOFFICIAL"
    assert second.judged(b"another text", CLEAN) is CLEAN
    assert second.judged(bytes(3_000_000), CLEAN) is CLEAN  # larger than it takes
    assert second.told[0] == "ok"


@pytest.mark.slow
def test_a_real_daemon_sees_what_we_unpack(daemon: str) -> None:
    """Alone it does not open a message of HL7 v2: its signature is found in the part."""
    raw = oru(ed(BAD, "text^plain"))
    assert Clamd(daemon).scan(raw) == ""
    pool = Pool(Judging(clamd=Clamd(daemon)), workers=1)
    try:
        found = pool.judge(raw, "cr.hl7")
        again = pool.judge(raw, "cr.hl7")
        honest = pool.judge(oru(ed(b"an honest text in a document", "text^plain")), "cr.hl7")
    finally:
        pool.close()
    assert found.verdict is again.verdict is Verdicts.MALICIOUS
    assert found.findings[0].rule == "clamav.signature"
    assert found.findings[0].where.part == "OBX-5"
    assert honest.verdict is Verdicts.CLEAN


class Knowing:
    """A daemon that knows `BAD`: reads each request whole, answers it, until it is closed."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            link = self._listener.accept()[0]
            with link, link.makefile("rb") as stream:
                if stream.read(10) != b"zINSTREAM\0":
                    return
                whole = b""
                while size := int.from_bytes(stream.read(4), "big"):
                    whole += stream.read(size)
                self.seen.append(whole)
                link.sendall(b"stream: Test FOUND\0" if BAD in whole else b"stream: OK\0")

    def close(self) -> None:
        with socket.create_connection(self._listener.getsockname()):
            pass
        self._thread.join(30)
        self._listener.close()


def test_parts_are_shown_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safecare.sources.files.judging.PARTS", 200)
    daemon = Knowing()
    pool = Pool(Judging(clamd=Clamd(daemon.place)), workers=1)
    try:
        small = oru(ed(BAD, "text^plain"))
        assert pool.judge(small, "a.hl7").verdict is Verdicts.MALICIOUS
        assert daemon.seen == [small, BAD]
        large = oru(ed(BAD * 10, "text^plain"))
        assert pool.judge(large, "a.hl7").verdict is Verdicts.CLEAN
        assert daemon.seen[2:] == [large], "what is beyond the bound is not shown"
    finally:
        pool.close()
        daemon.close()


def test_nothing_is_sent_back_where_nobody_asks() -> None:
    worker = Worker(60.0, 10)
    try:
        raw = oru(ed(BAD, "text^plain"))
        assert worker.ask(Job(len(raw), name="a.hl7"), raw).unpacked == ()
        wanted = worker.ask(Job(len(raw), name="a.hl7", parts=1000), raw)
        assert wanted.unpacked == (("OBX-5", BAD),)
    finally:
        worker.close()


def peer(answer: bytes) -> tuple[str, threading.Thread]:
    """Return the address of a daemon that answers one connection so."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as link:
            asked = b""
            while not asked.endswith(bytes(4)):  # whole: a connection closed with bytes unread is reset
                asked += link.recv(65536)
            link.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    return f"127.0.0.1:{listener.getsockname()[1]}", thread


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        (b"stream: OK\0", 0.0),
        (b"stream: Win.Test FOUND\0", 0.9),
        (b"stream: PUA.Win.Tool FOUND\0", 0.5),
        (b"stream: Heuristics.Phishing.Email FOUND\0", 0.5),
    ],
)
def test_answers_are_weighed(answer: bytes, score: float) -> None:
    place, thread = peer(answer)
    assert Judging(clamd=Clamd(place)).second(b"x", CLEAN).score == score
    thread.join(5)


@pytest.mark.parametrize("answer", [b"", b"nonsense", b"stream: broken ERROR\0"])
def test_a_daemon_that_fails_is_told_and_done_without(answer: bytes) -> None:
    place, thread = peer(answer)
    judging = Judging(clamd=Clamd(place))
    assert judging.second(b"x", CLEAN) is CLEAN
    assert judging.second(b"x", CLEAN) is CLEAN  # not asked again at once
    thread.join(5)
    told: dict[str, tuple[str, str]] = {}
    judging.report(lambda part, state, detail: told.update({part: (state, detail)}))
    assert told["clamav"][0] == "failed"


def test_where_the_daemon_is() -> None:
    assert second_engine("none") is None
    assert second_engine("127.0.0.1:3310") is not None
    with pytest.raises(ValueError, match="invalid literal"):
        second_engine("host:port")
