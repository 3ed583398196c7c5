"""The node's side of the wire, where a peer is nobody yet: who may connect, how long a PDU may be and may take.

The library believes what a PDU says of its length (4 GB), waits without end for the rest of one, shakes hands for TLS
while nobody else is let in, and starts a thread for each who connects. Here a host has only so many connections, and
what it sends only so much room and time. Source: PS3.8 sections 9.1.5 (ARTIM), 9.3.1 (PDU length), annex D.1.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from typing import TYPE_CHECKING, Any, cast

from pynetdicom.transport import ThreadedAssociationServer

from safecare.sources.dicom.target import Bounds

if TYPE_CHECKING:
    from pynetdicom import evt

MOST_PDU = 1 << 20
"""Bytes of one PDU. Chosen: we ask for 16 KB of data; a request of 128 contexts with 40 syntaxes each has 150 KB."""
HOSTS = 4
"""Times that all hosts together may have as many associations as one. Chosen: one host can't lock all others out."""
HANDSHAKE = 10.0
"""Seconds for a TLS handshake. Chosen."""
PIECE = 64 * 1024


class Server(ThreadedAssociationServer):
    """Lets a host have only so many connections, and shakes hands beside letting others in."""

    def __init__(self, *args: Any, bounds: Bounds, **more: Any) -> None:
        """Take what the library's own takes, and the bounds."""
        self._bounds = bounds
        self._arriving: set[tuple[str, int]] = set()
        """Hosts and ports of connections whose associations are not there to be counted yet."""
        self._lock = threading.Lock()
        super().__init__(*args, **more)

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Take a connection; what follows on it has to come in time."""
        taken, address = cast("socket.socket", self.socket).accept()
        taken.settimeout(self._bounds.quiet)
        return taken, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Tell whether the host has not too many connections, with and without an association."""
        with self._lock:
            links = self._arriving.copy()
        # those that arrive are read first: what leaves them in between is an association by then
        links |= {(str(one.requestor.address), int(one.requestor.port or 0)) for one in self.active_associations}
        of_host = sum(host == str(client_address[0]) for host, _ in links)
        return of_host < self._bounds.associations and len(links) < HOSTS * self._bounds.associations

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count the connection until its association is there to be counted."""
        with self._lock:
            self._arriving.add(_peer(client_address))
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Begin the association."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._arriving.discard(_peer(client_address))

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands, in the thread of this connection."""
        if self.ssl_context is not None:
            request.settimeout(HANDSHAKE)
            request = self.ssl_context.wrap_socket(request, server_side=True)
            request.settimeout(self._bounds.quiet)
        super().finish_request(request, client_address)

    def shutdown(self) -> None:
        """Let nobody in any more; the library's own looks for itself among those that it started."""
        socketserver.BaseServer.shutdown(self)
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave a connection that failed at its begin: who sent keeps what had no answer."""


def _peer(address: Any) -> tuple[str, int]:
    return str(address[0]), int(address[1])


def bound(event: evt.Event, quiet: float) -> None:
    """Have the library read no PDU that is longer, or takes longer (`quiet` seconds), than any honest one."""
    wire: Any = event.assoc.dul.socket
    taken = wire.socket

    def receive(count: int) -> bytearray:
        held, end = bytearray(), time.monotonic() + quiet
        if count > MOST_PDU:
            taken.close()
            raise OSError(f"a PDU of {count} bytes")
        while len(held) < count:
            if time.monotonic() > end:
                raise TimeoutError("a PDU that does not end")
            piece = taken.recv(min(PIECE, count - len(held)))
            if not piece:
                break
            held += piece
        return held

    def shut() -> None:
        with contextlib.suppress(OSError):
            taken.shutdown(socket.SHUT_RDWR)
        taken.close()  # the library leaves that to the garbage collector where the peer was first

    wire.recv = receive
    wire._shutdown_socket = shut  # noqa: SLF001 - nothing public of it is called at every end
