"""A worker that is started again and again leaves nothing in the process that starts it, however it ended."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from safecare.sources.camera import client
from safecare.sources.camera.client import WorkerClient, WorkerDiedError
from safecare.sources.camera.messages import Cut, LiveJob, Progress, Ready, View, frame

ROUNDS = 40
BEGIN = b"".join(frame(one) for one in (Ready(("a",)), Progress(1)))
ENDS = {
    "dies": (b"\0\0", "", "crashed"),
    "floods": (b"\xff" * 500_000, "", "no proper answer"),
    "hangs": (b"", "import signal; signal.pause()", "took too long"),
}
"""How a worker ends: what it says after its first answers, what it does then, and what is told of it."""


def held() -> Counter[str]:
    """Return what this process has open, by what it is."""
    folder = Path("/proc/self/fd")
    links = [str(one.readlink()) for one in folder.iterdir() if one.is_symlink()]
    return Counter(link.partition(":[")[0] for link in links if link != f"/proc/{os.getpid()}/fd")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", ENDS)
async def test_restarts_leave_no_files_and_no_tasks(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says, does, told = ENDS[way]
    film, script = tmp_path / "film.mp4", tmp_path / "worker.py"
    film.write_bytes(b"a film")
    script.write_text(f"import os\nos.read(0, 4)\nfor part in ({BEGIN!r}, {says!r}):\n    os.write(1, part)\n{does}\n")
    monkeypatch.setattr(client, "COMMAND", (sys.executable, "-SE", str(script)))
    monkeypatch.setattr(client, "queued", lambda pid: 0.0)
    worker, ends = WorkerClient(network=True), Counter[bool]()
    gc.collect()  # what earlier tests left lying goes now, not while it is counted
    before, tasks = held(), len(asyncio.all_tasks())
    for url in ("rtsp://127.0.0.1/", str(film)):
        for _ in range(ROUNDS):
            try:
                async for message in worker.answers(
                    LiveJob("camera", url, View()), silence=0.01 if way == "hangs" else 60.0
                ):
                    assert message == Progress(1)
                    worker.ask(Cut(1, 0.0))
            except WorkerDiedError as error:
                ends[told in str(error)] += 1
            await worker.stop()
        while held() - before or len(asyncio.all_tasks()) > tasks:  # what is closed is let go a moment later
            await asyncio.sleep(0)
    assert ends == {True: 2 * ROUNDS}
