"""What stands behind doors that pass things on: receivers that note what they get, and what outlives a door."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

from safecare.exchange.log import Entry
from safecare.exchange.sqlite import SqliteLog
from safecare.formats.mllp import MllpDecoder, frame
from safecare.model.event import Event
from safecare.model.events import encode_event
from safecare.model.events.acts import HeldDecided
from safecare.model.events.files import FileJudged
from safecare.sources.files.release import HeldStore
from safecare.testing.intake import MemoryArtifacts, MemoryIntake

Asked = tuple[str, str, bytes]
"""Method, path and body of a request."""


def mllp_answer(code: str = "AA") -> bytes:
    """Return the answer with this code (HL7 table 0008) to message 42."""
    return f"MSH|^~\\&|DPI\rMSA|{code}|42{'' if code == 'AA' else '|unknown patient'}\r".encode()


@asynccontextmanager
async def mllp_receiver(
    got: list[bytes], codes: Sequence[str] = (), *, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Receive messages into `got` meanwhile, at the port that it gives; answer with `codes`, then with ``AA``."""
    left = iter(codes)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = MllpDecoder()
        while data := await reader.read(65536):
            for message in decoder.feed(data):
                got.append(message)
                writer.write(frame(mllp_answer(next(left, "AA"))))
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


class _Fhir(BaseHTTPRequestHandler):
    got: list[Asked]

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.got.append((self.command, self.path, body))
        self.send_response(201 if body else 200)
        self.send_header("ETag", 'W/"1"')
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 - the library finds them by these names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def fhir_server() -> Iterator[tuple[str, list[Asked]]]:
    """Serve meanwhile; give the address of the server's base, and what it has been asked."""
    got: list[Asked] = []
    made = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Fhir,), {"got": got}))
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}/base", got
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


class HeldSite:
    """What survives when a door's process dies: a log, the artifacts, the folder of places. `close` it."""

    def __init__(self, folder: Path) -> None:
        self.log = SqliteLog(folder / "log", reserve_mb=0)
        self.artifacts = MemoryArtifacts()
        self.held = HeldStore(self.log, self.artifacts, folder / "positions")

    def intake(self) -> MemoryIntake:
        """Return what a door that is started anew hands over to."""
        return MemoryIntake(artifacts=self.artifacts, log=self.log)

    def act(self, of: FileJudged, decision: Literal["release", "discard"] = "release", number: int = 1) -> HeldDecided:
        """Let a person decide about a held file; return the act, which stands on the log."""
        act = HeldDecided(
            id=Event.id_for(of.at, "test", f"{of.id} {number}"),
            at=of.at,
            seen=of.at,
            source="test",
            site=of.site,
            actor="someone",
            file=of.id,
            door=of.source,
            artifact=of.artifact,
            call=of.call,
            decision=decision,
            reason="seen",
        )
        self.log.append([Entry("event", (encode_event(act),))])
        return act

    def close(self) -> None:
        """Close the log."""
        self.log.close()
