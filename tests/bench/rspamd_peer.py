"""rspamd as a peer: a daemon of its own in a folder of its own, offline, asked over HTTP on this machine."""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

PROGRAM, SETTINGS = Path("/usr/bin/rspamd"), Path("/etc/rspamd")
OFFLINE = tuple(
    (
        "antivirus arc asn bayes_expiry clickhouse clustering dkim dkim_signing dmarc dynamic_conf elastic "
        "external_relay fuzzy_check greylist history_redis hfilter metadata_exporter milter_headers mx_check neural "
        "once_received p0f ratelimit rbl replies reputation spamassassin spf surbl url_redirector emails"
    ).split()
)
"""Modules that ask the network or keep a history: what is left judges by the mail alone, as we do."""
MARKED = 6.0
"""Score from which rspamd marks a mail by default (action "add header")."""
START = 60.0
"""Seconds in which it must answer. Chosen."""


class Judged(NamedTuple):
    """How many mails a second of its processor time, and the score of each."""

    rate: float
    scores: list[float]


def judged(mails: list[bytes]) -> Judged | None:
    """Return what rspamd makes of `mails`; None where it is not installed or does not start."""
    if not PROGRAM.exists() or not SETTINGS.is_dir():
        return None
    with tempfile.TemporaryDirectory() as name, _running(Path(name)) as (port, process):
        if process is None:
            return None
        _ask(port, mails[:1])
        before = _cpu(process)
        scores = list(_ask(port, mails))
        return Judged(len(mails) / max(1e-6, _cpu(process) - before), scores)


@contextmanager
def _running(folder: Path) -> Iterator[tuple[int, psutil.Process | None]]:
    port = _free()
    shutil.copytree(SETTINGS, folder / "etc")
    local = folder / "etc" / "local.d"
    local.mkdir(exist_ok=True)
    for one in OFFLINE:
        (local / f"{one}.conf").write_text("enabled = false;\n")
    (local / "worker-normal.inc").write_text(f'bind_socket = "127.0.0.1:{port}";\ncount = 1;\n')
    for one in ("controller", "proxy", "fuzzy"):
        (local / f"worker-{one}.inc").write_text("enabled = false;\ncount = 0;\n")
    (local / "options.inc").write_text(
        f'dns {{ nameserver = ["127.0.0.1:{_free()}"]; timeout = 0.01s; retransmits = 0; }}\n'
        f'pidfile = "{folder}/pid";\ncontrol_socket = "{folder}/control mode=0600";\n'
    )
    (local / "logging.inc").write_text(f'type = "file";\nfilename = "{folder}/log";\nlevel = "error";\n')
    places = {"CONFDIR": "etc", "LOCAL_CONFDIR": "etc", "DBDIR": "db", "RUNDIR": "db", "LOGDIR": "db"}
    variables = [f"--var={key}={folder / value}" for key, value in places.items()]
    (folder / "db").mkdir()
    command = [str(PROGRAM), "-f", "-i", "-c", str(folder / "etc" / "rspamd.conf"), *variables]
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield port, psutil.Process(started.pid) if _answers(port, started) else None
    finally:
        started.terminate()
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def _answers(port: int, started: subprocess.Popen[bytes]) -> bool:
    end = time.monotonic() + START
    while time.monotonic() < end and started.poll() is None:
        try:
            list(_ask(port, [b"Subject: x\r\n\r\nx\r\n"]))
        except (OSError, http.client.HTTPException, ValueError):
            time.sleep(0.2)
        else:
            return True
    return False


def _ask(port: int, mails: Iterable[bytes]) -> Iterator[float]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for raw in mails:
        link.request("POST", "/checkv2", raw)
        yield float(json.loads(link.getresponse().read()).get("score", 0.0))
    link.close()


def _cpu(process: psutil.Process) -> float:
    used = 0.0
    for one in process.children(recursive=True):
        if "normal" not in " ".join(one.cmdline()):  # another one of them compiles its patterns
            continue
        times = one.cpu_times()
        used += times.user + times.system
    return used


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
