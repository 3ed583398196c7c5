"""What was stored and is sent again because its acknowledgement was lost: stored once, where that can be told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.sources.mqtt.again import MOST, Session, Sessions
from safecare.sources.mqtt.client import MqttClient
from safecare.sources.mqtt.listener import MqttListener
from safecare.testing.intake import MemoryIntake, running

TOPIC = b"doors/pharmacy"
OPEN, SHUT = b'{"contact": false}', b'{"contact": true}'
"""Without a time of the device: each delivery would be an event."""
AGAIN = 8
PATIENCE = 20.0


def connect(name: bytes = b"d1", *, clean: bool = False) -> bytes:
    body = b"\x00\x04MQTT\x04" + (b"\x02" if clean else b"\x00") + b"\x00\x3c" + len(name).to_bytes(2) + name
    return b"\x10" + bytes([len(body)]) + body


def publish(number: int, payload: bytes = OPEN, *, qos: int = 1, flags: int = 0) -> bytes:
    body = len(TOPIC).to_bytes(2) + TOPIC + number.to_bytes(2) + payload
    return bytes([0x30 | qos << 1 | flags, len(body)]) + body


@asynccontextmanager
async def listening(intake: MemoryIntake) -> AsyncIterator[Any]:
    door = MqttListener("mqtt", port=0)
    async with running(door, intake):

        async def say(*packets: bytes) -> bytes:
            """Return what is answered to packets of one connection, which is then cut."""
            reader, writer = await asyncio.open_connection(*door.address)
            heard = b""
            for packet in packets:
                writer.write(packet)
                heard += await asyncio.wait_for(reader.readexactly(4), PATIENCE)
            writer.transport.abort()
            return heard

        yield say


def puback(number: int) -> bytes:
    return b"\x40\x02" + number.to_bytes(2)


NEW, PRESENT = b"\x20\x02\x00\x00", b"\x20\x02\x01\x00"


async def test_a_client_that_counts_is_known_over_connections() -> None:
    intake = MemoryIntake()
    async with listening(intake) as say:
        assert await say(connect(), publish(1), publish(2, SHUT)) == NEW + puback(1) + puback(2)
        again = await say(connect(), publish(2, SHUT, flags=AGAIN), publish(3), publish(3, flags=AGAIN))
        assert again == PRESENT + puback(2) + puback(3) + puback(3)
    assert len(intake.events) == 3


@pytest.mark.parametrize(
    "packets",
    [
        [connect(), publish(7, flags=AGAIN)],  # the one that we have not heard before
        [connect(clean=True), publish(2, SHUT, flags=AGAIN)],  # a session of its own
        [connect(b"d2"), publish(2, SHUT, flags=AGAIN)],  # somebody else
        [connect(), publish(2, flags=AGAIN)],  # other bytes
        [connect(), publish(2, SHUT)],  # not sent again: the number is free for another message
    ],
)
async def test_what_may_be_another_message_is_stored(packets: list[bytes]) -> None:
    intake = MemoryIntake()
    async with listening(intake) as say:
        await say(connect(), publish(1), publish(2, SHUT))
        await say(*packets)
    assert len(intake.events) == 3


async def test_a_button_that_gives_each_message_the_same_number_is_never_silenced() -> None:
    intake = MemoryIntake()
    async with listening(intake) as say:
        for flags in (0, AGAIN, 0, AGAIN, AGAIN):
            assert (await say(connect(), publish(1, flags=flags)))[4:] == puback(1)
    assert len(intake.events) == 5


async def test_a_message_of_quality_two_is_stored_once_until_its_number_is_released() -> None:
    intake = MemoryIntake()
    first, release = publish(5, qos=2), b"\x62\x02\x00\x05"
    async with listening(intake) as say:
        assert await say(connect(), first) == NEW + b"\x50\x02\x00\x05"
        assert await say(connect(), publish(5, qos=2, flags=AGAIN)) == PRESENT + b"\x50\x02\x00\x05"
        assert len(intake.events) == 1
        await say(connect(), release, first)
    assert len(intake.events) == 2


async def test_what_can_not_be_read_is_rejected_once() -> None:
    intake = MemoryIntake()
    async with listening(intake) as say:
        await say(connect(), publish(1), publish(2, b"noise"))
        await say(connect(), publish(2, b"noise", flags=AGAIN))
    assert len(intake.rejects) == 1


async def test_what_a_broker_sends_again_after_a_lost_acknowledgement_is_stored_once() -> None:
    """A broker of ours that cuts the line instead of taking the acknowledgement, and sends again as brokers do."""
    intake = MemoryIntake()
    connections = 0
    acknowledged = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        flags = 0 if connections == 1 else AGAIN
        try:
            while raw := await reader.read(1000):
                match raw[0] >> 4:
                    case 1:
                        writer.write(PRESENT if flags else NEW)
                        if flags:
                            writer.write(publish(1, flags=flags) + publish(2, SHUT, flags=flags) + publish(3))
                    case 8:
                        writer.write(b"\x90\x03" + raw[2:4] + b"\x01" + publish(1) + publish(2, SHUT))
                    case 4 if not flags:
                        break
                    case 4 if puback(3) in raw:
                        acknowledged.set()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    door = MqttClient("broker", "127.0.0.1", ["doors/#"], port=server.sockets[0].getsockname()[1])
    try:
        async with running(door, intake):
            await asyncio.wait_for(acknowledged.wait(), PATIENCE)
    finally:
        server.close()
        await server.wait_closed()
    assert connections == 2
    assert len(intake.events) == 3


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from([b"a", b"b"])), max_size=30))
def test_in_one_session_a_message_is_only_known_if_the_same_bytes_were_stored_by_its_number(
    sent: list[tuple[int, bytes]],
) -> None:
    session, last = Session(), dict[int, bytes]()
    for number, message in sent:
        if session.knows(number, message, qos=1, again=True):
            assert last.get(number) == message
            assert len(set(last)) > 1
        else:
            session.keep(number, message, qos=1)
            last[number] = message
        assert not session.knows(number, message, qos=1, again=False)
        assert not session.knows(number, message, qos=0, again=True)


def test_memory_is_bounded() -> None:
    sessions = Sessions(2)
    for name in ("one", "two", "three", "two"):
        sessions.of("", name, clean=False)
    assert [sessions.of("", name, clean=False)[1] for name in ("two", "three", "one")] == [True, True, False]
    session = Session()
    for number in range(1, 3 * MOST):
        session.keep(number, b"x", qos=1)
        session.keep(number, b"x", qos=2)
    assert [session.knows(number, b"x", qos=2, again=True) for number in (1, 3 * MOST - 1)] == [False, True]
    assert [session.knows(number, b"x", qos=1, again=True) for number in (1, 3 * MOST - 1)] == [False, True]
