"""Passing records on: to an MLLP receiver, and to a FHIR server; bytes as they came."""

from __future__ import annotations

import asyncio
import http.client
from typing import NamedTuple
from urllib.parse import urlsplit

from safecare.formats.hl7 import Hl7Error, read_hl7
from safecare.formats.mllp import MllpDecoder, MllpError, frame
from safecare.sources.tls import Renewed

SECONDS = 30.0
"""What a receiver may take to answer. Chosen."""
MAX_ANSWER = 16 * 1024 * 1024
"""Largest answer (bytes) that is handed back. Chosen: search results of 1,000 resources take 3 MB."""
_OWN_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length", "host"}
)
"""Headers between two neighbours only, and those that are written anew: RFC 9110 section 7.6.1."""


class Address(NamedTuple):
    """``host:port``."""

    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> Address:
        """Return the address. Raises `ValueError`."""
        host, colon, port = text.rpartition(":")
        if not (host and colon and port.isdigit()):
            raise ValueError(f"not an address like 10.0.0.5:2575: {text}")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class MllpLink:
    """One connection to the receiver, opened when it is needed and again after it broke."""

    def __init__(self, target: Address, tls: Renewed | None = None) -> None:
        """Take the receiver, and how to speak TLS with it (None: not at all)."""
        self._target, self._tls = target, tls
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, message: bytes) -> bytes | None:
        """Send `message` and return the answer to it; None if there is none.

        An answer that names another message is passed over: it came late, or twice, and says nothing of this one. A
        message is never sent twice on our own: whether the first one arrived is not known.
        """
        try:
            async with asyncio.timeout(SECONDS):
                if self._streams is None or self._streams[0].at_eof():
                    self._streams = await asyncio.open_connection(*self._target, ssl=self._tls() if self._tls else None)
                reader, writer = self._streams
                writer.write(frame(message))
                await writer.drain()
                decoder = MllpDecoder()
                while True:
                    data = await reader.read(65536)
                    if not data:
                        raise ConnectionError("closed")
                    for answer in decoder.feed(data):
                        if _answers(answer, message):
                            return answer
        except (OSError, TimeoutError, MllpError):
            self.close()
            return None

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _answers(answer: bytes, message: bytes) -> bool:
    """Tell whether `answer` may be one to `message`: it names it (MSA-2, HL7 v2.5.1 2.14.8.2), or none."""
    try:
        named, asked = read_hl7(answer).get("MSA", 2), read_hl7(message.split(b"\r", 1)[0]).control
    except Hl7Error:
        return True
    return not named or not asked or named == asked


class Answer(NamedTuple):
    """What a FHIR server said."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def ask_http(
    base: str,
    method: str,
    path: str,
    headers: list[tuple[str, str]],
    body: bytes,
    tls: Renewed | None = None,
) -> Answer:
    """Send one request below `base` and return the answer; blocking. Raises `OSError`, `http.client.HTTPException`.

    `tls`: how to speak TLS where `base` is ``https``; None: with the authorities that the system knows.
    """
    place = urlsplit(base)
    link: http.client.HTTPConnection
    if place.scheme == "https":
        context = tls() if tls else None
        link = http.client.HTTPSConnection(place.hostname or "", place.port, timeout=SECONDS, context=context)
    else:
        link = http.client.HTTPConnection(place.hostname or "", place.port, timeout=SECONDS)
    try:
        link.putrequest(method, place.path.rstrip("/") + path, skip_accept_encoding=True)
        for name, value in headers:
            if name.lower() not in _OWN_HOP:
                link.putheader(name, value)
        if body or method in ("POST", "PUT", "PATCH"):
            link.putheader("Content-Length", str(len(body)))
        link.endheaders(body or None)
        told = link.getresponse()
        answer = told.read(MAX_ANSWER + 1)
        if len(answer) > MAX_ANSWER:
            raise OSError(f"an answer of more than {MAX_ANSWER} bytes")
        kept = [(name, value) for name, value in told.getheaders() if name.lower() not in _OWN_HOP]
        return Answer(told.status, kept, answer)
    finally:
        link.close()
