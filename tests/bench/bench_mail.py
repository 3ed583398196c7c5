"""The mail door in line: real SMTP clients before it, a real mail server behind it, log and artifacts on disk.

Clients and the next server run in processes of their own, on the same two cores (``python bench_mail.py next``,
``python bench_mail.py clients PORT RUN``). The peer is the same clients with the
next server alone: what being in line costs. Every mail is another one: nothing is remembered.
"""

from __future__ import annotations

import asyncio
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiosmtpd.smtp import SMTP

from safecare.app.health import Doors
from safecare.app.intake import DoorIntake
from safecare.exchange.sqlite import SqliteLog
from safecare.model.clock import SystemClock
from safecare.scenarios.make.mail import benign_mails, spear_phish
from safecare.sources.files.gate import Policy
from safecare.sources.files.release import HeldStore
from safecare.sources.mail.door import MailDoor
from safecare.store.artifacts import Artifacts
from safecare.testing.bench import Row
from safecare.testing.clock import START
from safecare.testing.hospital import small_hospital

TO = "user1@aurore.example"
CLIENTS = 10
EACH = 60
"""Mails of one client, one connection for all of them. Nine of ten are honest."""
RUNS = 3
"""Best of these is told."""
NEEDED = 28
"""Mails a second. Chosen: 100,000 mails within an hour, the day's worth of a hospital of 10,000 mail boxes."""


class _Next:
    """Takes every mail."""

    async def handle_DATA(self, server: SMTP, session: object, envelope: object) -> str:  # noqa: N802 - its name
        del server, session, envelope
        return "250 2.0.0 Queued"


def serve() -> None:
    """Serve SMTP on a free port, which is printed, until the process ends."""

    async def work() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(_Next(), hostname="next", loop=loop), "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(work())


def clients(port: int, run: int) -> None:
    """Send `CLIENTS` times `EACH` mails to `port`; print how many a second were acknowledged, and how many not."""
    honest = list(benign_mails(18, seed=1, at=START, to=TO))
    mails = [*honest, *(spear_phish(seed=number, at=START, to=TO) for number in range(2))]

    def client(number: int) -> int:
        lost = 0
        with smtplib.SMTP("127.0.0.1", port, timeout=120) as link:
            for turn in range(EACH):
                raw = mails[turn % len(mails)] + f"\r\n{run}.{number}.{turn}\r\n".encode()
                lost += bool(link.sendmail("a@b.example", [TO], raw))
        return lost

    begun = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as threads:
        lost = sum(threads.map(client, range(CLIENTS)))
    print(CLIENTS * EACH / (time.perf_counter() - begun), lost)


def rows() -> Iterator[Row]:
    """Measure the next server alone, and the door in line before it by policy."""
    with subprocess.Popen([sys.executable, __file__, "next"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            port = int(server.stdout.readline())
            alone = max(asyncio.run(_sent(port, run)) for run in range(RUNS))
            for policy in ("observe", "hold"):
                figure = max(asyncio.run(_through(port, policy, run)) for run in range(RUNS))
                yield Row(
                    what=f"mails passed on in line, {policy}, {CLIENTS} clients",
                    figure=figure,
                    unit="/s",
                    target=NEEDED,
                    peer=alone,
                    peer_name="the next server alone",
                    note="each kept and recorded durably first" + ("; judged before" if policy == "hold" else ""),
                )
        finally:
            server.kill()


async def _through(port: int, policy: Policy, run: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        log = SqliteLog(Path(folder) / "log.db", reserve_mb=1)
        store = Artifacts(Path(folder) / "artifacts")
        intake = DoorIntake("", log, store, Doors(SystemClock()), SystemClock(), small_hospital(), b"key")
        held = HeldStore(log, store, Path(folder) / "positions")
        door = MailDoor(port=0, forward=f"127.0.0.1:{port}", policy=policy, held=held)
        task = asyncio.create_task(door.run(intake))
        await door.started.wait()
        await _sent(door.address[1], -1)  # its processes are warm
        figure = await _sent(door.address[1], run)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        log.close()
        return figure


async def _sent(port: int, run: int) -> float:
    command = [sys.executable, __file__, "clients", str(port), str(run)]
    told = await asyncio.to_thread(subprocess.check_output, command, text=True)
    figure, lost = told.split()
    assert lost == "0", f"{lost} mails were refused"
    return float(figure)


if __name__ == "__main__":
    if sys.argv[1] == "next":
        serve()
    else:
        clients(int(sys.argv[2]), int(sys.argv[3]))
