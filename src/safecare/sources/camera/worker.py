"""The camera worker: ``python -m safecare.sources.camera.worker``. Jobs on standard input, answers on standard output.

It is confined: little memory, no files written, no core dump, low priority; it ends with its parent. What it
can't survive (a crash in a decoder) costs one job, and the video door reports it.
"""

from __future__ import annotations

import os
import queue
import resource
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import BinaryIO, assert_never

from safecare.sources.api import UnreadableError
from safecare.sources.camera.decode import Decoder, LostError, open_clip, open_live
from safecare.sources.camera.messages import (
    ClipJob,
    Done,
    Failed,
    Job,
    LiveJob,
    Message,
    People,
    PictureChange,
    PictureState,
    Progress,
    ProtocolError,
    View,
    frame,
    read_job,
)
from safecare.sources.camera.vision.watch import Watch

MEMORY = 1536 * 1024 * 1024
"""Address space in bytes; measured: 0.5 GB with all libraries loaded and a 720p clip."""
CPU_SECONDS = 1800
"""CPU seconds for one clip; measured need: under 10 ms a picture, so this is a ten-hour clip."""
KEPT = 8
"""Cameras whose background and tracks are kept from clip to clip; chosen: about 1 MB each."""
CONTINUES = 30.0
"""Seconds between two clips of a camera up to which the second continues the first; chosen."""
ALIVE_EVERY = 1.0
"""Seconds between signs of life."""

Send = Callable[[Message], None]


class Viewer:
    """Does jobs, one after the other, and remembers what the cameras looked like."""

    def __init__(self, send: Send, now: Callable[[], float] = time.monotonic) -> None:
        """Answer through `send`; `now` gives seconds that only grow."""
        self._send = send
        self._now = now
        self._watches: OrderedDict[str, tuple[View, Watch, float]] = OrderedDict()

    def do(self, job: Job) -> None:
        """Do one job; the last answer is `Done` or `Failed`."""
        try:
            match job:
                case ClipJob():
                    self._clip(job)
                case LiveJob():
                    self._live(job)
                case _:
                    assert_never(job)
        except LostError as error:
            self._send(Failed("lost", str(error)))
        except UnreadableError as error:
            self._send(Failed("unreadable", error.reason, error.place))
        except MemoryError:
            self._send(Failed("unreadable", "it needs too much memory"))

    def _clip(self, job: ClipJob) -> None:
        _allow_cpu(CPU_SECONDS)
        with open_clip(job.path, job.format) as container:
            decoder = Decoder(container, job.view.fps)
            watch = self._watch(job)
            frames = self._look(decoder, watch, job.start)
        self._watches[job.camera] = (job.view, watch, job.start + decoder.seconds)
        self._send(Done(frames, decoder.seconds, decoder.broken, f"{decoder.seconds:.1f} s" if decoder.broken else ""))

    def _live(self, job: LiveJob) -> None:
        began = self._now()
        with open_live(job.url, job.format, job.patience) as container:
            in_file = job.url.startswith(("file:", "/"))
            started = self._now()

            def pace(at: float) -> float:
                if in_file:
                    time.sleep(max(0.0, started + at - self._now()))
                return self._now() - began

            frames = self._look(Decoder(container, job.view.fps, pace), Watch(job.view), 0.0)
        self._send(Done(frames, self._now() - began))

    def _watch(self, job: ClipJob) -> Watch:
        """Return the camera's pipeline: the one of the clip before if this one continues it."""
        view, watch, end = self._watches.pop(job.camera, (None, None, 0.0))
        while len(self._watches) >= KEPT:
            self._watches.popitem(last=False)
        if watch is not None and view == job.view and -0.5 <= job.start - end <= CONTINUES:
            return watch
        return Watch(job.view)

    def _look(self, decoder: Decoder, watch: Watch, start: float) -> int:
        frames = 0
        state: PictureState | None = None
        alive = float("-inf")
        for picture, at in decoder.pictures():
            look = watch.look(picture, start + at)
            frames += 1
            if look.state != state:
                state = look.state
                self._send(PictureChange(start + at, state))
            if look.people is not None:
                self._send(People(start + at, look.people, look.still))
            if self._now() - alive >= ALIVE_EVERY:
                alive = self._now()
                self._send(Progress(frames))
        return frames


def _allow_cpu(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, hard))


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    os.nice(5)


def _private_output() -> BinaryIO:
    """Return standard output for answers alone: whatever a library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _receive(stream: BinaryIO, jobs: queue.Queue[Job]) -> None:
    """Queue jobs until the parent is gone, then end the process at once."""
    try:
        while (job := read_job(stream)) is not None:
            jobs.put(job)
    except ProtocolError:
        os._exit(2)
    os._exit(0)


def main() -> None:
    """Serve jobs until standard input ends."""
    answers = _private_output()
    _confine()

    import av
    import cv2

    av.logging.set_level(av.logging.PANIC)
    cv2.setNumThreads(1)

    def send(message: Message) -> None:
        answers.write(frame(message))
        answers.flush()

    jobs: queue.Queue[Job] = queue.Queue(maxsize=4)
    threading.Thread(target=_receive, args=(sys.stdin.buffer, jobs), daemon=True).start()
    viewer = Viewer(send)
    while True:
        viewer.do(jobs.get())


if __name__ == "__main__":
    main()
