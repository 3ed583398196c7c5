"""Writes down what real programs say to each other on loopback: a relay between them that needs no rights.

The bytes are those of the programs; addresses are given, packets are made around the bytes, and time passes as the
caller says. A piece is written before it is passed on: when a client has its answer, all of it is in the capture.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from safecare.testing.captures import PUSH, Tcp, Wire

PIECE = 1400
"""Bytes of one segment (an Ethernet frame's 1,500 without its headers)."""
LOCAL = "127.0.0.1"
PATIENCE = 10.0
"""Seconds for which what is still under way is waited for (a backstop)."""


@dataclass
class Recorder:
    """Relays between a client and a server under given addresses; what passes in `malicious` is marked so.

    The client must have gone before the relay ends.
    """

    wire: Wire = field(default_factory=Wire)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _port: int = 49_152
    """Of the client, another one for each connection: the system's own come again, and look like one conversation."""

    @contextmanager
    def malicious(self) -> Iterator[None]:
        """Mark what passes as malicious."""
        self.wire.evil = True
        try:
            yield
        finally:
            self.wire.evil = False

    @contextmanager
    def tcp(self, client: str, server: str, port: int, to: int) -> Iterator[int]:
        """Give the local port whose connections lead to the local port `to`."""
        listening = socket.create_server((LOCAL, 0))
        ends: list[socket.socket] = []
        pumps: list[threading.Thread] = []

        def take() -> None:
            while True:
                try:
                    near, _ = listening.accept()
                except OSError:
                    return
                far = socket.create_connection((LOCAL, to))
                ends.extend((near, far))
                with self._lock:
                    self._port += 1
                    talk = self.wire.tcp(client, self._port, server, port)
                for side, here, there in ((0, near, far), (1, far, near)):
                    pump = threading.Thread(target=self._pump, args=(talk, side, here, there), daemon=True)
                    pumps.append(pump)
                    pump.start()

        taker = threading.Thread(target=take, daemon=True)
        taker.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()
            taker.join(PATIENCE)
            for pump in pumps:  # the client has gone: what it said last is still passed on
                pump.join(PATIENCE)
            for one in ends:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            for pump in pumps:
                pump.join(PATIENCE)
            for one in ends:
                one.close()

    def _pump(self, talk: Tcp, side: int, here: socket.socket, there: socket.socket) -> None:
        """Pass on what one end sends until it ends."""
        with suppress(OSError):
            while raw := here.recv(65_536):
                with self._lock:
                    for at in range(0, len(raw), PIECE):
                        talk.segment(side, PUSH, raw[at : at + PIECE])
                        talk.sent[side] += len(raw[at : at + PIECE])
                there.sendall(raw)
        with suppress(OSError):
            there.shutdown(socket.SHUT_WR)

    @contextmanager
    def udp(self, client: str, server: str, port: int, to: int) -> Iterator[int]:
        """Give the local port whose datagrams lead to the local port `to`, and back."""
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
        ):
            near.bind((LOCAL, 0))
            far.bind((LOCAL, 0))
            over, back = threading.Event(), [(LOCAL, 0)]

            def ask() -> None:
                while not over.is_set():
                    raw, back[0] = near.recvfrom(65_536)
                    if raw and not over.is_set():
                        with self._lock:
                            self.wire.udp(client, port, server, port, raw)
                        far.sendto(raw, (LOCAL, to))

            def answer() -> None:
                while not over.is_set():
                    raw = far.recv(65_536)
                    if raw and not over.is_set():
                        with self._lock:
                            self.wire.udp(server, port, client, port, raw)
                        near.sendto(raw, back[0])

            threads = [threading.Thread(target=one, daemon=True) for one in (ask, answer)]
            for thread in threads:
                thread.start()
            try:
                yield int(near.getsockname()[1])
            finally:
                over.set()
                for one in (near, far):  # wakes the one that waits
                    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                        end.sendto(b"", one.getsockname())
                for thread in threads:
                    thread.join(PATIENCE)
