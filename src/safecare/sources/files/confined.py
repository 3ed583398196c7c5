"""One function on foreign bytes in a confined process of its own, for commands that need more than a verdict."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable

from safecare.sources.files.confine import allow_cpu, confine
from safecare.sources.files.process import WorkerError

WALL = 20.0
"""Seconds that it may take. Chosen: as for judging a file."""


def confined(work: Callable[[bytes], bytes], raw: bytes, wall: float = WALL) -> bytes:
    """Return ``work(raw)``, done in a child that can open no file and reach nobody.

    The modules that `work` needs must be imported already. Raises `WorkerError` when the child dies or takes longer
    than `wall` seconds. For single-threaded programs: the child is a fork.
    """
    back, answer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(back)
        _child(work, raw, answer)
    os.close(answer)
    try:
        out = _collect(back, time.monotonic() + wall)
    except TimeoutError as error:
        os.kill(child, signal.SIGKILL)
        raise WorkerError(f"took longer than {wall:g} s") from error
    finally:
        os.close(back)
        _, status = os.waitpid(child, 0)
    if status:
        raise WorkerError("parser crashed")
    return out


def _child(work: Callable[[bytes], bytes], raw: bytes, answer: int) -> None:
    """Do the work and end the process, whatever happens."""
    code = 1
    try:
        confine()
        allow_cpu()
        view = memoryview(work(raw))
        while view:
            view = view[os.write(answer, view) :]
        code = 0
    finally:
        os._exit(code)


def _collect(back: int, end: float) -> bytes:
    out = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(back, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, end - time.monotonic())):
                raise TimeoutError
            block = os.read(back, 1 << 20)
            if not block:
                return bytes(out)
            out += block
