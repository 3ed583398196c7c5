"""What doors that listen share: an address that can't be had is tried again, and HTTP is served within the platform."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette

from safecare.sources.api import Intake

BACK_OFF = 5.0
"""Seconds until the address is tried again when it can't be listened on. Chosen."""
LEAVE = 5
"""Seconds that open requests have when a door closes. Chosen."""


class _Server(uvicorn.Server):
    """A server that leaves signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


async def keep_listening(
    serve: Callable[[Intake], Awaitable[None]], intake: Intake, door: str, host: str, port: int
) -> None:
    """Run `serve` until cancelled; while its address can't be had, tell so and try again."""
    while True:
        try:
            await serve(intake)
        except OSError as error:
            intake.report(door, "failed", f"{host}:{port}: {error}")
            await asyncio.sleep(BACK_OFF)


@contextlib.asynccontextmanager
async def served(
    app: Starlette, host: str, port: int, requests: int, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[tuple[str, int], asyncio.Task[None]]]:
    """Serve `app`, at most `requests` at a time; gives the address, and the server's task. Raises `OSError`.

    Nothing of a request is logged: names of files and addresses may tell who a patient is.
    """
    settings = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=LEAVE,
        http="h11",
        ws="none",
        lifespan="off",
        limit_concurrency=requests,
        ssl_context_factory=(lambda _config, _default: tls) if tls else None,
    )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol must be named: asyncio sends small packets at once (TCP_NODELAY) only where it is.
    with contextlib.closing(socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        server = _Server(settings)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not running.done():  # noqa: ASYNC110 - uvicorn tells by no event
            await asyncio.sleep(0)
        try:
            yield listener.getsockname()[:2], running
        finally:
            server.should_exit = True
            await running


@dataclass
class Quiet:
    """Which connection has been quiet longest: it makes way for another one when there are too many.

    `seconds`: least time without a sign from it. What counts as a sign its door says (`heard`): whoever only holds
    connections open, or dribbles noise, must not keep the others out.
    """

    seconds: float
    _heard: dict[asyncio.StreamWriter, float] = field(default_factory=dict, init=False)

    def heard(self, writer: asyncio.StreamWriter) -> None:
        """Take that something was heard on this connection, or that it is there."""
        self._heard[writer] = asyncio.get_running_loop().time()

    def gone(self, writer: asyncio.StreamWriter) -> None:
        """Forget a connection."""
        self._heard.pop(writer, None)

    def make_way(self) -> bool:
        """End the connection that has been quiet longest, if it is; tell whether there was one."""
        writer = min(self._heard, key=self._heard.__getitem__, default=None)
        if writer is None or asyncio.get_running_loop().time() - self._heard[writer] < self.seconds:
            return False
        del self._heard[writer]
        writer.transport.abort()
        return True


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def streams(
    talk: Talk,
    host: str,
    port: int,
    most: int,
    tls: ssl.SSLContext | None = None,
    patience: float | None = None,
    make_way: Callable[[], bool] = lambda: False,
) -> AsyncIterator[tuple[str, int]]:
    """Listen for TCP and run `talk` for each connection, at most `most` at a time; gives the address. Raises `OSError`.

    A peer that goes away ends its talk in silence; when the door closes, all talks end. `patience`: seconds for a TLS
    handshake. `make_way`: asked when there are `most`; true when it has ended one of them.
    """
    open_: set[asyncio.Task[None]] = set()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, TimeoutError, ssl.SSLError):
            pass  # gone; what it has no answer for, it sends again
        except asyncio.CancelledError:
            writer.transport.abort()  # we end: no waiting for what the peer still has to say
            raise
        finally:
            writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(open_) >= most and not make_way():
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(guarded(reader, writer))
        open_.add(task)
        task.add_done_callback(open_.discard)

    server = await asyncio.start_server(connected, host, port, ssl=tls, ssl_handshake_timeout=patience if tls else None)
    try:
        yield server.sockets[0].getsockname()[:2]
    finally:
        server.close()
        for task in list(open_):
            task.cancel()
        await asyncio.gather(*open_, return_exceptions=True)
