"""Inspection points between real senders and receivers on this machine: judged, passed as it is, held, refused."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from safecare.formats.mllp import MllpDecoder, frame
from safecare.model.events.files import FileJudged
from safecare.sources.records.fhir import FhirInspection
from safecare.sources.records.mllp import MllpInspection
from safecare.sources.records.onward import Address
from safecare.testing.intake import MemoryIntake, running
from safecare.testing.medical_attacks.carriers import binary, ed, fhir, oru
from safecare.testing.medical_attacks.payloads import pdf, pe
from safecare.testing.onward import Asked, fhir_server, mllp_answer, mllp_receiver

pytestmark = pytest.mark.slow
CLEAN, BAD = oru(ed(pdf(""))), oru(ed(pe()))
ACK = mllp_answer()


async def send(port: int, *messages: bytes) -> list[bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    decoder, answers = MllpDecoder(), list[bytes]()
    writer.write(b"".join(map(frame, messages)))
    while len(answers) < len(messages):
        data = await asyncio.wait_for(reader.read(65536), 20)
        if not data:
            break
        answers += decoder.feed(data)
    writer.close()
    return answers


def acts(intake: MemoryIntake) -> list[tuple[str, str, bool]]:
    return [(one.verdict, one.act, one.kept) for one in intake.events if isinstance(one, FileJudged)]


async def test_messages_go_on_as_they_are_and_the_receivers_answer_comes_back() -> None:
    got: list[bytes] = []
    async with mllp_receiver(got) as behind:
        point = MllpInspection(port=0, forward=f"127.0.0.1:{behind}")
        async with running(point) as intake:
            assert await send(point.address[1], CLEAN, BAD) == [ACK, ACK]
    assert got == [CLEAN, BAD]
    assert acts(intake) == [("clean", "passed", False), ("malicious", "passed", True)]
    assert intake.events[0].source == "hl7-inspect"
    assert b"".join(intake.artifacts.kept.values()) == BAD


async def test_messages_are_held_or_refused_by_policy_in_order() -> None:
    for policy, word in (("hold", b"MSA|AA|42"), ("refuse", b"MSA|AR|42|refused: record.carries.program")):
        got: list[bytes] = []
        async with mllp_receiver(got) as behind:
            point = MllpInspection(port=0, forward=f"127.0.0.1:{behind}", policy=policy)  # type: ignore[arg-type]
            async with running(point):
                first, second = await send(point.address[1], BAD, CLEAN)
        assert word in first
        assert second == ACK
        assert got == [CLEAN]


async def test_a_receiver_that_is_gone_and_a_full_disk_are_told_to_the_sender() -> None:
    point = MllpInspection(port=0, forward="127.0.0.1:1", policy="hold")
    async with running(point) as intake:
        assert b"MSA|AE|42|the receiver did not answer" in (await send(point.address[1], CLEAN))[0]
        intake.room = 0
        assert b"MSA|AE|42|no room" in (await send(point.address[1], CLEAN))[0]
    point = MllpInspection(port=0)
    async with running(point) as intake:
        assert b"MSA|AA|42" in (await send(point.address[1], CLEAN))[0]
    assert acts(intake) == [("clean", "passed", True)]
    with pytest.raises(ValueError, match="address"):
        Address.read("nowhere")


@pytest.fixture
def server() -> Iterator[tuple[str, list[Asked]]]:
    with fhir_server() as made:
        yield made


def ask(port: int, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, Any], str]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    link.request(method, path, body or None, {"Content-Type": "application/fhir+json"})
    told = link.getresponse()
    answer = (told.status, json.loads(told.read()), told.headers.get("ETag", ""))
    link.close()
    return answer


async def test_fhir_writes_are_judged_and_reads_pass(server: tuple[str, list[Asked]]) -> None:
    base, got = server
    clean, bad = fhir(binary(pdf(""))), fhir(binary(pe()))
    for policy, status in (("observe", 201), ("hold", 202), ("refuse", 422)):
        got.clear()
        point = FhirInspection(forward=base, port=0, policy=policy)  # type: ignore[arg-type]
        async with running(point) as intake:
            port = point.address[1]
            assert await asyncio.to_thread(ask, port, "GET", "/Patient?name=a") == (200, {}, 'W/"1"')
            assert await asyncio.to_thread(ask, port, "POST", "/Binary", clean) == (201, {}, 'W/"1"')
            code, told, _ = await asyncio.to_thread(ask, port, "PUT", "/Binary/1", bad)
        assert code == status
        assert status == 201 or told["resourceType"] == "OperationOutcome"
        assert got[:2] == [("GET", "/base/Patient?name=a", b""), ("POST", "/base/Binary", clean)]
        assert (len(got) == 3) == (policy == "observe")
        assert [one[0] for one in acts(intake)] == ["clean", "malicious"]


async def test_fhir_limits_and_failures_are_told(server: tuple[str, list[Asked]]) -> None:
    point = FhirInspection(forward="http://127.0.0.1:1/fhir", port=0, message_mb=0.01, policy="hold")
    async with running(point) as intake:
        port = point.address[1]
        assert (await asyncio.to_thread(ask, port, "POST", "/Binary", b"{}"))[0] == 502
        assert (await asyncio.to_thread(ask, port, "POST", "/Binary", b"x" * 20_000))[0] == 413
        intake.room = 0
        assert (await asyncio.to_thread(ask, port, "POST", "/Binary", b"{}"))[0] == 507
    with pytest.raises(ValueError, match="address"):
        FhirInspection(forward="nowhere")
