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
