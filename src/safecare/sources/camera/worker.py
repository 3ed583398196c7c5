"""The camera worker: ``python -m safecare.sources.camera.worker``. Jobs on standard input, answers on standard output.

Arguments: the descriptor of a socket over which the files of jobs come, open; ``network`` if streams are to be
reached; ``model=PATH``, the card of the model that finds people; ``pose=PATH``, that of the model of postures;
``special=PATH``, that of a special model of the site's own; ``anchors=PATH``, by which certificates are judged;
``slow=N``, how many times slower than the machine's its time passes (for measurements on a machine that has other
work). It is confined before the first job, and while it has
a single thread: little memory, no files opened or written, no programs or processes, no network unless asked for, no
core dump, low priority; it ends with its parent. What it can't survive (a crash in a decoder) costs one job, and the
video door reports it.
"""

from __future__ import annotations

import os
import queue
import resource
import socket
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, assert_never

from safecare.sources.api import UnreadableError
from safecare.sources.camera.decode import Decoder, LostError, open_clip, open_live
from safecare.sources.camera.messages import (
    ClipJob,
    Cut,
    Done,
    Failed,
    Job,
    Leave,
    LiveJob,
    Message,
    People,
    PictureChange,
    PictureState,
    Progress,
    ProtocolError,
    Ready,
    SpotsTold,
    ThingsTold,
    View,
    file_of,
    frame,
    read_asked,
)
from safecare.sources.camera.models import ModelError, read_card
from safecare.sources.camera.pace import Pace
from safecare.sources.camera.ring import MILLI, Ring
from safecare.sources.camera.vision.finder import NetworkFinder
from safecare.sources.camera.vision.masks import Masks
from safecare.sources.camera.vision.networks import Network, network
from safecare.sources.camera.vision.parts import Box
from safecare.sources.camera.vision.pose import Pose
from safecare.sources.camera.vision.pose import load as load_postures
from safecare.sources.camera.vision.session import give_back
from safecare.sources.camera.vision.tracker import FAINT
from safecare.sources.camera.vision.watch import Watch
from safecare.sources.files.confine import Keeps, lock

if TYPE_CHECKING:
    from av.packet import Packet

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
STREAMS_READ = tuple(
    Path(path)
    for path in (
        *("/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/pki/ca-trust"),
        *("/usr/share/ca-certificates", "/usr/local/share/ca-certificates"),
        *("/etc/resolv.conf", "/run/systemd/resolve", "/run/NetworkManager", "/run/resolvconf"),
        *("/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/dev/urandom"),
    )
)
"""What reaching a stream by name and over TLS reads: ca-certificates of Debian and Red Hat, resolv.conf(5) with the
folders it usually points into (the file there is replaced, not written), nsswitch.conf(5), FFmpeg's random numbers."""

Send = Callable[[Message], None]
Take = Callable[[], int]


class Viewer:
    """Does jobs, one after the other, and remembers what the cameras looked like."""

    def __init__(
        self,
        send: Send,
        take: Take,
        now: Callable[[], float] = time.monotonic,
        network: Network | None = None,
        pose: Pose | None = None,
        special: Network | None = None,
    ) -> None:
        """Answer through `send`, get the open files of jobs from `take`; `now` gives seconds that only grow.

        `network` finds people; without one, blobs of motion do. `pose` tells how those who may lie do.
        `special` sees what it alone has a name for.
        """
        self._special = special
        self._pose = pose
        self._network = network
        self._send = send
        self._take = take
        self._now = now
        self.cuts: queue.SimpleQueue[Cut] = queue.SimpleQueue()
        """Clips that are asked for while a stream is looked at."""
        self.leave = threading.Event()
        """Set when the stream that is being looked at is to be left."""
        self._watches: OrderedDict[str, tuple[View, Watch, float]] = OrderedDict()

    def do(self, job: Job) -> None:
        """Do one job; the last answer is `Done` or `Failed`."""
        try:
            match job:
                case ClipJob():
                    with self._file() as file:
                        self._clip(job, file)
                case LiveJob() if file_of(job) is not None:
                    with self._file() as file:
                        self._live(job, file)
                case LiveJob():
                    self._live(job, None)
                case _:
                    assert_never(job)
        except LostError as error:
            self._send(Failed("lost", str(error)))
        except UnreadableError as error:
            self._send(Failed("unreadable", error.reason, error.place))
        except MemoryError:
            self._send(Failed("unreadable", "it needs too much memory"))

    @contextmanager
    def _file(self) -> Iterator[int]:
        file = self._take()
        try:
            yield file
        finally:
            os.close(file)

    def _clip(self, job: ClipJob, file: int) -> None:
        _allow_cpu(CPU_SECONDS)
        used = time.process_time()
        with open_clip(file, job.format) as container:
            decoder = Decoder(container, job.view.fps, job.view.rate)
            watch = self._watch(job)
            frames = self._look(decoder, watch, job.start)
        self._watches[job.camera] = (job.view, watch, job.start + decoder.seconds)
        place = f"{decoder.seconds:.1f} s" if decoder.broken else ""
        self._send(Done(frames, decoder.seconds, decoder.broken, place, time.process_time() - used))

    def _live(self, job: LiveJob, file: int | None) -> None:
        began = self._now()
        self.leave.clear()
        with open_live(job.url, job.format, job.patience, file, job.anchors) as container:
            pace = Pace(began, self._now, plays=file is not None)
            decoder = Decoder(container, job.view.fps, pace=pace.time, late=pace.late)
            watch = self._fresh(job.view)
            stream = decoder.stream()
            masks = Masks(job.view.masks)
            ring = Ring(stream.codec_context, stream.time_base or MILLI, masks, self._now, watch.careful)

            def came(packet: Packet[Any]) -> None:
                ring.take(packet)
                self._cut(ring)
                made = ring.step()
                if made is not None:
                    self._send(made)
                    give_back()
                if self.leave.is_set():
                    raise LostError("it took the decoder too much memory, and is opened anew")

            def looked(at: float) -> float:
                ring.saw(decoder.pictured, watch.people, watch.strangers)
                return pace.late_by(at)

            decoder.keep = came
            try:
                frames = self._look(decoder, watch, 0.0, looked)
            finally:
                self._cut(ring)
                for made in ring.finish():
                    self._send(made)
                give_back()
        self._send(Done(frames, self._now() - began))

    def _cut(self, ring: Ring) -> None:
        """Pass on what clips are asked for."""
        while not self.cuts.empty():
            ring.ask(self.cuts.get())

    def _watch(self, job: ClipJob) -> Watch:
        """Return the camera's pipeline: the one of the clip before if this one continues it."""
        view, watch, end = self._watches.pop(job.camera, (None, None, 0.0))
        while len(self._watches) >= KEPT:
            self._watches.popitem(last=False)
        if watch is not None and view == job.view and -0.5 <= job.start - end <= CONTINUES:
            return watch
        return self._fresh(job.view)

    def _fresh(self, view: View) -> Watch:
        if self._network is None:
            return Watch(view, pose=self._pose, special=self._special)
        finder = NetworkFinder(self._network, 0.0 if view.tell_found else FAINT)
        return Watch(view, finder, pose=self._pose, special=self._special)

    def _look(
        self, decoder: Decoder, watch: Watch, start: float, late_by: Callable[[float], float] = lambda at: 0.0
    ) -> int:
        frames = 0
        longest = 0.0
        state: PictureState | None = None
        alive = float("-inf")
        for picture, at in decoder.pictures():
            look = watch.look(picture, start + at)
            frames += 1
            late = late_by(at)
            longest = max(longest, late)
            if look.state != state:
                state = look.state
                self._send(PictureChange(start + at, state, late=late))
            if look.people is not None:
                self._send(People(start + at, look.people, look.still, look.size, decoder.number, look.found, late))
            if look.things is not None:
                self._send(ThingsTold(start + at, look.things, look.size, look.things_still, late))
            if look.spots is not None:
                self._send(SpotsTold(start + at, look.spots, look.size, look.spots_still, late))
            if self._now() - alive >= ALIVE_EVERY:
                alive = self._now()
                self._send(Progress(frames, decoder.skipped, longest))
                longest = 0.0
        return frames


def _allow_cpu(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, hard))


def _confine(*, network: bool, anchors: str = "") -> tuple[str, ...]:
    """Give up all rights that looking at video does not need; return the layers that are proved active.

    `anchors`: a file that it may read, by which certificates are judged.
    """
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    os.nice(5)
    more = [Path(path) for path in (os.environ.get("SSL_CERT_FILE"), anchors) if path]
    read = (*STREAMS_READ, *more) if network else ()
    return ("limits", *lock(Keeps(read, network=network, threads=True)))


def load() -> None:
    """Load all libraries, with the modules that they would load at first use, and keep them to a single thread."""
    import av
    import av.subtitles.stream
    import cv2
    import numpy.ma  # noqa: F401

    av.logging.set_level(av.logging.PANIC)
    cv2.setNumThreads(1)


def load_model(card: str) -> tuple[Network | None, str, str]:
    """Return the network of `card` (a path), its name, and why it can't be used; it is run once, to load all of it."""
    import numpy as np

    if not card:
        return None, "", ""
    try:
        model = read_card(Path(card))
        found = network(model.card, model.read())
        (found.spots if model.card.tells else found.boxes)(np.zeros((96, 128, 3), np.uint8))
    except (ModelError, ValueError, ImportError) as error:
        return None, "", str(error)
    return found, model.card.name, ""


def load_pose(card: str) -> tuple[Pose | None, str]:
    """Return the pose network of `card` (a path), and why it can't be used; it is run once, to load all of it."""
    import numpy as np

    if not card:
        return None, ""
    try:
        model = read_card(Path(card))
        pose = load_postures(model.card, model.read())
        pose.body(np.zeros((96, 128, 3), np.uint8), Box(20, 20, 60, 30))
    except (ModelError, ValueError, ImportError) as error:
        return None, str(error)
    return pose, ""


def _private_output() -> BinaryIO:
    """Return standard output for answers alone: whatever a library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _receive(stream: BinaryIO, jobs: queue.Queue[Job], viewer: Viewer) -> None:
    """Queue jobs and cuts until the parent is gone, then end the process at once."""
    try:
        while (asked := read_asked(stream)) is not None:
            match asked:
                case Cut():
                    viewer.cuts.put(asked)
                case Leave():
                    viewer.leave.set()
                case _:
                    jobs.put(asked)
    except ProtocolError:
        os._exit(2)
    os._exit(0)


def main() -> None:
    """Serve jobs until standard input ends."""
    answers = _private_output()
    files = socket.socket(fileno=int(sys.argv[1]))

    load()
    told = dict(one.partition("=")[::2] for one in sys.argv[2:])
    card, slow = told.get("model", ""), float(told.get("slow", 1))
    finds, name, problem = load_model(card)
    pose, unposed = load_pose(told.get("pose", ""))
    special, _, unseen = load_model(told.get("special", ""))
    layers = _confine(network="network" in told, anchors=told.get("anchors", ""))

    def send(message: Message) -> None:
        answers.write(frame(message))
        answers.flush()

    def take() -> int:
        _, (file, *_), _, _ = socket.recv_fds(files, 1, 1)
        return file

    send(Ready(layers, name, problem or unposed or unseen))
    jobs: queue.Queue[Job] = queue.Queue(maxsize=4)
    viewer = Viewer(send, take, lambda: time.monotonic() / slow, finds, pose, special)
    threading.Thread(target=_receive, args=(sys.stdin.buffer, jobs, viewer), daemon=True).start()
    while True:
        viewer.do(jobs.get())


if __name__ == "__main__":
    main()
