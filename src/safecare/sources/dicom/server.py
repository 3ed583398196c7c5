"""The listening side of the DICOM node: associations in threads of the library, judgement in our loop.

Source: PS3.4 annex B (storage), PS3.7 annex C (statuses), PS3.8 (associations).
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from safecare.exchange.log import LogFullError
from safecare.sources.dicom.forward import FAILED, Onward
from safecare.sources.dicom.target import Bounds, Target
from safecare.sources.files.process import ClosedError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pynetdicom import evt
    from pynetdicom.transport import ThreadedAssociationServer

VERIFICATION = "1.2.840.10008.1.1"
"""SOP class of C-ECHO: PS3.4 annex A."""
REFUSED = 0xC05A
"""Status of a refused image: "cannot understand" (Cxxx, PS3.4 table B.2-1); the two digits are our own."""
STOPS = "the node stops, send again"
TOGETHER = 2
"""Times the largest image that all associations together may hold unfinished. Chosen."""
LEAVE = 1.0
"""Seconds that peers have to close when the node stops. Chosen: the senders keep what had no answer."""
Admit = Callable[[bytes, str, str], Coroutine[Any, Any, tuple[bool, str]]]
"""Judges and records a file of (title, host): whether it goes on, and why it is refused. Raises `LogFullError`."""


@dataclass(frozen=True)
class Listening:
    """A node that listens."""

    server: ThreadedAssociationServer
    address: tuple[str, int]
    links: _Links

    def stop(self) -> None:
        """Listen no more and end all associations; blocking. Images without an answer stay with their senders."""
        self.links.leave()
        open_ones = self.server.active_associations
        for link in open_ones:
            if link.is_established:
                link.abort(block=False)
            else:  # there is nothing to abort yet (PS3.8 9.2): the library's thread would die of it
                link.dul.kill_dul()
        self.server.shutdown()
        end = time.monotonic() + LEAVE
        for link in open_ones:
            link.dul.join(max(0.0, end - time.monotonic()))
            link.dul.kill_dul()  # a peer that does not close: the library would wait for it, and the program with it


def start(
    listen: tuple[str, int],
    title: str,
    callers: tuple[str, ...],
    target: Target | None,
    bounds: Bounds,
    tls: ssl.SSLContext | None,
    admit: Admit,
    loop: asyncio.AbstractEventLoop,
) -> Listening:
    """Listen; `admit` is run in `loop`. Raises `OSError`.

    The library takes 45 MB, so it is imported here and below only where there is such a door.
    """
    from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts

    from safecare.sources.dicom.wire import HOSTS, Server

    node = AE(ae_title=title)
    for context in AllStoragePresentationContexts:
        node.add_supported_context(context.abstract_syntax or "", [*ALL_TRANSFER_SYNTAXES])
    node.add_supported_context(VERIFICATION)
    node.maximum_associations = HOSTS * bounds.associations
    node.require_called_aet = True
    node.require_calling_aet = [*callers]
    node.network_timeout = node.dimse_timeout = node.acse_timeout = bounds.quiet
    links = _Links(_Node(title, target, bounds), admit, loop)
    server = node.make_server(listen, ssl_context=tls, evt_handlers=links.handlers, server_class=Server, bounds=bounds)
    if server.socket is None:
        raise OSError("the library does not listen")
    threading.Thread(target=server.serve_forever, name=f"dicom {listen[1]}", daemon=True).start()
    return Listening(server, server.socket.getsockname()[:2], links)


@dataclass(frozen=True)
class _Node:
    title: str
    target: Target | None
    bounds: Bounds

    def onward(self, wanted: list[tuple[str, str]]) -> Onward | None:
        """Return what passes images on; None where there is no archive: then they are kept here."""
        return Onward(self.target, self.title, wanted) if self.target else None


class _Links:
    """The library's handlers: each association has a thread of its own, and its own way on."""

    def __init__(self, node: _Node, admit: Admit, loop: asyncio.AbstractEventLoop) -> None:
        self._node, self._admit, self._loop = node, admit, loop
        self._onward: dict[int, Onward | None] = {}
        self._received: dict[int, int] = {}
        self._asked: set[Future[tuple[bool, str]]] = set()
        self._leaving = threading.Event()
        from pynetdicom import evt

        self.handlers: list[Any] = [
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_ECHO, lambda _: 0x0000),
            (evt.EVT_CONN_OPEN, self._opened),
            (evt.EVT_DATA_RECV, self._count),
            (evt.EVT_CONN_CLOSE, self._closed),
        ]

    def leave(self) -> None:
        """Answer what is being judged at once: not taken, send again. Ways on to the archive are cut."""
        self._leaving.set()
        for asked in list(self._asked):
            asked.cancel()
        for onward in list(self._onward.values()):
            if onward is not None:
                onward.cut()

    def _store(self, event: evt.Event) -> int | Dataset:
        link = event.assoc
        self._received.pop(id(link), None)
        file = event.encoded_dataset()
        if len(file) > self._node.bounds.image:
            return _status(FAILED, "larger than an image may be")
        title, host = str(link.requestor.ae_title).strip(), str(link.requestor.address)
        if self._leaving.is_set():
            return _status(FAILED, STOPS)
        asked = asyncio.run_coroutine_threadsafe(self._admit(file, title, host), self._loop)
        self._asked.add(asked)
        try:
            if self._leaving.is_set():  # `leave` may have looked before this one was among the asked
                asked.cancel()
            passes, refused = asked.result()
        except LogFullError:
            return _status(FAILED, "no room, send again")
        except (CancelledError, ClosedError):
            return _status(FAILED, STOPS)
        finally:
            self._asked.discard(asked)
        if refused:
            return _status(REFUSED, f"refused: {refused}")
        if not passes:
            return 0x0000
        if id(link) not in self._onward:
            wanted = [(str(one.abstract_syntax), str(one.transfer_syntax[0])) for one in link.accepted_contexts]
            self._onward[id(link)] = self._node.onward([one for one in wanted if one[0] != VERIFICATION])
        onward = self._onward[id(link)]
        status = onward.store(file) if onward else 0x0000
        if status:
            return _status(status, "the archive did not take it")
        return 0x0000

    def _opened(self, event: evt.Event) -> None:
        from safecare.sources.dicom.wire import bound

        bound(event, self._node.bounds.quiet)

    def _count(self, event: evt.Event) -> None:
        """End an association that sends more than one image may have, or than there is room for beside the others."""
        link, most = id(event.assoc), self._node.bounds.image
        self._received[link] = self._received.get(link, 0) + len(event.data)
        if self._received[link] > most or sum([*self._received.values()]) > TOGETHER * most:
            event.assoc.abort()

    def _closed(self, event: evt.Event) -> None:
        self._received.pop(id(event.assoc), None)
        onward = self._onward.pop(id(event.assoc), None)
        if onward is not None:
            onward.close()


def _status(code: int, comment: str) -> Dataset:
    from pydicom.dataset import Dataset

    told = Dataset()
    told.Status = code
    told.ErrorComment = comment[:64]
    return told
