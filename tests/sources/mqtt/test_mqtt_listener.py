"""Devices that send to us: real paho clients and raw sockets against the listener."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from safecare.formats import mqtt
from safecare.model.events.doors import DoorOpened
from safecare.sources.mqtt.listener import MqttListener
from safecare.testing.intake import MemoryIntake, running
from safecare.testing.papers import papers

TOPIC, OPENED = "doors/pharmacy", b'{"contact": false, "at": "2026-03-02T08:00:00Z"}'
CONNECT = b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02d1"
PUBLISH = b"\x32" + bytes([2 + len(TOPIC) + 2 + len(OPENED)]) + b"\x00\x0e" + TOPIC.encode() + b"\x00\x07" + OPENED
PUBACK = b"\x40\x02\x00\x07"
PATIENCE = 10.0


@asynccontextmanager
async def listening(intake: MemoryIntake, **settings: Any) -> AsyncIterator[tuple[str, int]]:
    door = MqttListener("mqtt", port=0, **settings)
    async with running(door, intake):
        yield door.address


@contextmanager
def device(address: tuple[str, int], name: str = "device", **more: Any) -> Iterator[tuple[paho.Client, Any]]:
    """A paho client that is connected or refused, and the answer to its CONNECT."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=more.get("clean", True))
    client.suppress_exceptions = True
    answered, answer = threading.Event(), []

    def connected(_client: object, _data: object, _flags: object, code: Any, _properties: object) -> None:
        answer.append(code)
        answered.set()

    client.on_connect = connected
    if user := more.get("user"):
        client.username_pw_set(*user)
    if authority := more.get("authority"):
        client.tls_set(ca_certs=str(authority))
    client.connect(*address)
    client.loop_start()
    try:
        assert answered.wait(PATIENCE)
        yield client, answer[0]
    finally:
        client.disconnect()
        client.loop_stop()
        if left := client.socket():
            left.close()


def send(address: tuple[str, int], qos: int, payload: bytes = OPENED, topic: str = TOPIC, **more: Any) -> bool:
    """Publish once; whether it was acknowledged (QoS 0: sent)."""
    with device(address, **more) as (client, code):
        assert not code.is_failure, code
        info = client.publish(topic, payload, qos)
        info.wait_for_publish(PATIENCE)
        return info.is_published()


async def talk(address: tuple[str, int], *pieces: bytes, size: int = 4) -> bytes:
    """Send raw `pieces`, and return what is answered: `size` bytes, fewer when the connection is closed."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        async with asyncio.timeout(PATIENCE):
            return await reader.readexactly(size)
    except asyncio.IncompleteReadError as error:
        return error.partial
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def closed(address: tuple[str, int], *pieces: bytes) -> bytes:
    """Send raw `pieces`, wait until the listener closes, and return all that it had said."""
    return await talk(address, *pieces, size=1 << 20)


@pytest.mark.slow
@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_messages_of_every_quality_are_stored(qos: int) -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        assert await asyncio.to_thread(send, address, qos)
        await intake.until(lambda one: len(one.events) == 1)
    (event,) = intake.events
    assert isinstance(event, DoorOpened)
    assert event.asset == "door.pharmacy"
    assert not intake.rejects


@pytest.mark.slow
async def test_a_wrong_password_is_refused() -> None:
    intake = MemoryIntake()
    async with listening(intake, users={"door": "right"}) as address:

        def code(user: tuple[str, str] | None) -> str:
            with device(address, user=user) as (_, answer):
                return str(answer)

        for user in (("door", "wrong"), ("nobody", "right"), ("door", ""), None):
            assert await asyncio.to_thread(code, user) == "Bad user name or password"
        assert await asyncio.to_thread(send, address, 1, user=("door", "right"))
    assert len(intake.events) == 1


async def test_nothing_is_taken_before_the_password() -> None:
    intake = MemoryIntake()
    async with listening(intake, users={"door": "right"}) as address:
        assert await closed(address, CONNECT + PUBLISH) == mqtt.connack(mqtt.REFUSED_CREDENTIALS)
    assert not intake.events


@pytest.mark.slow
async def test_tls(tmp_path: Path) -> None:
    intake = MemoryIntake()
    authority, public, key = papers(tmp_path)
    async with listening(intake, certificate=str(public), key=str(key), first_packet=0.2) as address:
        assert await asyncio.to_thread(send, address, 1, authority=authority)
        assert await closed(address, CONNECT + PUBLISH) in (b"", b"\x15\x03\x01\x00\x02\x02\x46")  # an alert at most
        assert await closed(address) == b""  # a client that never ends its handshake
    assert len(intake.events) == 1


@pytest.mark.slow
async def test_subscriptions_are_refused() -> None:
    async with listening(MemoryIntake()) as address:

        def codes() -> list[bool]:
            told: list[bool] = []
            answered = threading.Event()

            def subscribed(_c: object, _d: object, _n: int, reasons: list[Any], _p: object) -> None:
                told.extend(reason.is_failure for reason in reasons)
                answered.set()

            with device(address) as (client, _):
                client.on_subscribe = subscribed
                client.subscribe([("#", 0), ("doors/+", 1)])
                assert answered.wait(PATIENCE)
                client.unsubscribe("#")
            return told

        assert await asyncio.to_thread(codes) == [True, True]


@pytest.mark.parametrize(
    "garbage",
    [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 2000, b"\x10\x04\x00\x02xx", PUBLISH, b"\x10\xff\xff\xff\x7f"],
)
async def test_garbage_is_kept_and_the_connection_closed(garbage: bytes) -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        assert await closed(address, garbage) == b""
        assert await talk(address, CONNECT + PUBLISH, size=8) == mqtt.connack() + PUBACK
    (reject,) = intake.rejects
    assert reject.reason
    assert reject.raw in garbage
    assert reject.place == "connection from 127.0.0.1"


async def test_garbage_after_good_messages() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        assert await closed(address, CONNECT + PUBLISH + b"\x36\x03\x00\x01a") == mqtt.connack() + PUBACK
    assert len(intake.events) == 1
    assert [reject.reason for reject in intake.rejects] == ["quality of service 3 does not exist"]


@pytest.mark.parametrize(
    ("connect", "code"),
    [
        (b"\x10\x0f\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x02d1", mqtt.REFUSED_PROTOCOL),
        (b"\x10\x0c\x00\x04MQTT\x04\x00\x00\x3c\x00\x00", mqtt.REFUSED_IDENTIFIER),
    ],
)
async def test_refusals(connect: bytes, code: int) -> None:
    async with listening(MemoryIntake()) as address:
        assert await closed(address, connect) == mqtt.connack(code)


async def test_packets_cut_at_every_byte() -> None:
    intake = MemoryIntake()
    stream = CONNECT + PUBLISH + b"\xc0\x00"
    async with listening(intake) as address:
        answer = await talk(address, *(stream[at : at + 1] for at in range(len(stream))), size=10)
    assert answer == mqtt.connack() + PUBACK + mqtt.PINGRESP
    assert len(intake.events) == 1


async def test_half_a_message_is_not_stored() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        assert await talk(address, CONNECT + PUBLISH[:-5]) == mqtt.connack()
        assert await talk(address, CONNECT) == mqtt.connack()
    assert not intake.events


@pytest.mark.slow
async def test_who_says_no_connect_or_nothing_any_more_is_dropped() -> None:
    async with listening(MemoryIntake(), first_packet=0.05) as address:
        assert await closed(address, CONNECT[:5]) == b""
        one_second = CONNECT.replace(b"\x00\x3c", b"\x00\x01")
        assert await closed(address, one_second) == mqtt.connack()


async def test_too_many_connections() -> None:
    async with listening(MemoryIntake(), most=1) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(CONNECT)
        assert await reader.readexactly(4) == mqtt.connack()
        assert await closed(address, CONNECT) == b""
        writer.close()


@pytest.mark.slow
async def test_two_hundred_devices_at_once() -> None:
    intake = MemoryIntake()

    async def one(number: int) -> bytes:
        payload = b'{"contact": false, "seq": %d}' % (100 + number)
        message = b"\x32" + bytes([18 + len(payload)]) + PUBLISH[2:20] + payload
        return await talk(address, CONNECT, message, size=8)

    async with listening(intake) as address:
        answers = await asyncio.gather(*(one(number) for number in range(200)))
    assert set(answers) == {mqtt.connack() + PUBACK}
    assert len({event.id for event in intake.events}) == 200


async def test_no_room_is_not_acknowledged_and_sent_again_later() -> None:
    intake = MemoryIntake()
    intake.room = 0
    async with listening(intake) as address:
        assert await closed(address, CONNECT + PUBLISH) == mqtt.connack()
        assert intake.states["mqtt"][0] == "failed"
        assert await closed(address, CONNECT + PUBLISH.replace(b"pharmacy", b"farmacia")) == mqtt.connack()
        assert not intake.rejects
        intake.room = None
        assert await talk(address, CONNECT + PUBLISH, size=8) == mqtt.connack() + PUBACK
        assert intake.states["mqtt"][0] == "ok"
    assert len(intake.events) == 1


@pytest.mark.slow
async def test_a_real_client_sends_again_by_itself_when_there_is_room_again() -> None:
    intake = MemoryIntake()
    intake.room = 0
    async with listening(intake) as address:
        sent = asyncio.create_task(asyncio.to_thread(send, address, 1))
        await intake.until(lambda one: one.states["mqtt"][0] == "failed")
        intake.room = None
        assert await sent
    assert len({event.id for event in intake.events}) == 1


async def test_an_unknown_topic_is_kept_and_acknowledged() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        strange = PUBLISH.replace(b"pharmacy", b"farmacia")
        assert await talk(address, CONNECT + strange, size=8) == mqtt.connack() + PUBACK
        (reject,) = intake.rejects
        assert (reject.raw, reject.context) == (OPENED, {"topic": "doors/farmacia"})
        assert reject.reason == "no asset of the hospital has this address"
        again = list(MqttListener("mqtt").decode(reject.raw, {"topic": TOPIC}, intake))
    assert [event.asset for event in again] == ["door.pharmacy"]


async def test_quality_two_is_done_in_four_steps() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        answer = await talk(address, CONNECT + b"\x34" + PUBLISH[1:] + b"\x62\x02\x00\x07", size=12)
    assert answer == mqtt.connack() + mqtt.pubrec(7) + mqtt.pubcomp(7)


async def test_a_disconnect_ends_it_without_a_reject() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        assert await closed(address, CONNECT + b"\xe0\x00") == mqtt.connack()
    assert not intake.rejects
