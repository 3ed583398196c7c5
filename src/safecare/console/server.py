"""Serving the console inside an asyncio loop that is already running."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

LEAVE = 5
"""Seconds that open requests have to end at a stop (chosen: an act is stored in milliseconds)."""
HEADER_BYTES = 16 * 1024
"""Largest line and headers of a request (chosen: ten times a browser's)."""

CONNECTIONS = 4000
"""Connections at a time (chosen: a stream and three requests for each of the streams that `live` allows)."""

PATIENCE = 15.0
"""Seconds in which a connection must have made its request (chosen: three times a bad mobile network's; without a
limit, whoever opens `CONNECTIONS` and says nothing keeps everyone else out)."""


class _Protocol(H11Protocol):
    """One connection that is ended when it takes too long to ask for something."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Stop waiting once a request is whole."""
        super().data_received(data)
        self._wait()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()
        elif self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(PATIENCE, self.transport.close)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the process, and ends the live streams before it waits for them."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], object]) -> None:
        """Take the configuration, and what to call once it listens."""
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell that we listen."""
        await super().startup(sockets)
        if self.started:
            self._listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: the process that runs us handles them."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the live streams, then shut down."""
        app = self.config.app
        if isinstance(app, FastAPI):
            await app.state.feed.stop()
        await super().shutdown(sockets)


async def serve(app: FastAPI, host: str, port: int, started: Callable[[int], None] | None = None) -> None:
    """Serve `app` until cancelled; `started` is called with the port once it listens (`port` 0: a free one).

    Raises `OSError` when the address can't be had. A cancel ends open streams and requests in good order first.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol must be named: asyncio sends small packets at once (TCP_NODELAY) only where it is. 40 ms per answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # one-time links stand in addresses
        server_header=False,
        timeout_graceful_shutdown=LEAVE,
        http=_Protocol,  # h11: httptools, twice as fast, takes headers without end
        h11_max_incomplete_event_size=HEADER_BYTES,
        limit_concurrency=CONNECTIONS,
        ws="none",
    )
    server = _Server(config, lambda: started and started(int(listener.getsockname()[1])))
    running = asyncio.create_task(server.serve(sockets=[listener]), name="console")
    try:
        await asyncio.shield(running)
    finally:
        server.should_exit = True
        await running
        listener.close()
