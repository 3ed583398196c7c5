"""The doors for records speak TLS both ways where they are told to, each side with a certificate."""

from __future__ import annotations

import asyncio
import http.client
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from safecare.formats.mllp import MllpDecoder, frame
from safecare.sources.records.fhir import FhirInspection
from safecare.sources.records.mllp import NOT_REACHED, MllpInspection
from safecare.sources.tls import Renewed, client_tls, server_tls
from safecare.testing.intake import running
from safecare.testing.medical_attacks.carriers import ed, oru
from safecare.testing.medical_attacks.payloads import pdf
from safecare.testing.onward import mllp_receiver
from safecare.testing.papers import papers as made_papers

pytestmark = pytest.mark.slow
CLEAN = oru(ed(pdf("")))
ACK = b"MSH|^~\\&|DPI\rMSA|AA|42\r"


class Both(NamedTuple):
    """Papers as PEM files, and an authority that signed none of them."""

    authority: Path
    certificate: Path
    key: Path
    other: Path


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Both:
    folder = tmp_path_factory.mktemp("papers")
    return Both(*made_papers(folder), made_papers(folder, "other").authority)


async def ask(port: int, tls: Renewed | None) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls() if tls else None)
    try:
        writer.write(frame(CLEAN))
        decoder = MllpDecoder()
        while data := await asyncio.wait_for(reader.read(65536), 20):
            if answers := decoder.feed(data):
                return answers[0]
        return b""
    except (ssl.SSLError, ConnectionError):
        return b""
    finally:
        writer.close()


async def test_messages_go_through_tls_on_both_sides(papers: Both) -> None:
    got: list[bytes] = []
    ours = client_tls(papers.authority, papers.certificate, papers.key)
    tls = server_tls(papers.certificate, papers.key, papers.authority)
    async with mllp_receiver(got, tls=tls) as behind:
        point = MllpInspection(
            port=0,
            forward=f"127.0.0.1:{behind}",
            certificate=papers.certificate,
            key=papers.key,
            authority=papers.authority,
            forward_authority=papers.authority,
            forward_certificate=papers.certificate,
            forward_key=papers.key,
        )
        async with running(point):
            assert await ask(point.address[1], ours) == ACK
            assert await ask(point.address[1], client_tls(papers.authority)) == b"", "no certificate of its own"
            assert await ask(point.address[1], None) == b""
    assert got == [CLEAN]


async def test_a_receiver_of_another_authority_gets_nothing(papers: Both) -> None:
    got: list[bytes] = []
    async with mllp_receiver(got, tls=server_tls(papers.certificate, papers.key)) as behind:
        point = MllpInspection(port=0, forward=f"127.0.0.1:{behind}", forward_authority=papers.other)
        async with running(point):
            assert NOT_REACHED.encode() in await ask(point.address[1], None)
    assert not got


class _Fhir(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(201)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def https(papers: Both) -> Iterator[str]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Fhir)
    tls = server_tls(papers.certificate, papers.key, papers.authority)
    assert tls is not None
    made.socket = tls.wrap_socket(made.socket, server_side=True)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{made.server_address[1]}/base"
    made.shutdown()
    made.server_close()
    thread.join()


async def test_records_go_through_tls_on_both_sides(papers: Both, https: str) -> None:
    point = FhirInspection(
        port=0,
        forward=https,
        certificate=papers.certificate,
        key=papers.key,
        authority=papers.authority,
        forward_authority=papers.authority,
        forward_certificate=papers.certificate,
        forward_key=papers.key,
    )
    ours = client_tls(papers.authority, papers.certificate, papers.key)
    assert ours

    def post() -> int:
        link = http.client.HTTPSConnection("127.0.0.1", point.address[1], timeout=20, context=ours())
        link.request("POST", "/Patient", b'{"resourceType":"Patient"}', {"Content-Type": "application/fhir+json"})
        answer = link.getresponse()
        answer.read()
        link.close()
        return answer.status

    async with running(point):
        assert await asyncio.to_thread(post) == 201


def test_settings_that_do_nothing_are_refused(papers: Both, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="forward_authority"):
        client_tls(None, papers.certificate)
    with pytest.raises(OSError, match="authority"):
        client_tls(tmp_path / "missing.pem")
    with pytest.raises(OSError, match="certificate"):
        client_tls(papers.authority, tmp_path / "missing.pem")
    assert client_tls(None) is None
