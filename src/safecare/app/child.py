"""Child processes that live and die with us: started, watched, started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

FIRST_WAIT = 0.2
"""Seconds until a fallen child is started again (chosen: an operator must not notice)."""
LONGEST_WAIT = 20.0
"""Seconds between starts of a child that keeps falling (chosen: visible, without burning the machine)."""
STEADY = 30.0
"""Seconds after which a child counts as healthy again."""


@dataclass
class Child:
    """Keeps one child process running until cancelled."""

    name: str
    arguments: Sequence[str]
    """Arguments for this Python interpreter, for example ``("-m", "safecare.app.engine", ...)``."""
    starts: int = field(default=0, init=False)
    last_exit: int | None = field(default=None, init=False)
    pid: int | None = field(default=None, init=False)

    def renew(self) -> None:
        """End the child, so that `run` starts it anew with what has changed since."""
        _end(self.pid)

    async def run(self) -> None:
        """Start the child, start it again whenever it ends, stop it when we are cancelled."""
        log = structlog.get_logger().bind(child=self.name)
        wait = FIRST_WAIT
        while True:
            process = await asyncio.create_subprocess_exec(sys.executable, *self.arguments)
            self.starts += 1
            self.pid = process.pid
            started = asyncio.get_running_loop().time()
            try:
                self.last_exit = await process.wait()
            except asyncio.CancelledError:
                await _stop(process)
                raise
            finally:
                self.pid = None
            lasted = asyncio.get_running_loop().time() - started
            wait = FIRST_WAIT if lasted > STEADY else min(wait * 2, LONGEST_WAIT)
            log.error("child ended, starting it again", exit=self.last_exit, after_s=round(lasted, 1), wait_s=wait)
            await asyncio.sleep(wait)


def _end(pid: int | None) -> None:
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 10.0)
    except TimeoutError:
        process.kill()
        await process.wait()
