"""A broker that the hospital already has: a real mosquitto, stopped, killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from safecare.formats.mqtt import Decoder, Packet
from safecare.sources.mqtt.client import MqttClient
from safecare.testing.intake import MemoryIntake, running
from safecare.testing.papers import Papers, papers

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
TOPIC = "doors/pharmacy"
PATIENCE = 20.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path(MOSQUITTO).exists(), reason="the program mosquitto is not installed"),
]


class Broker:
    """A mosquitto with its own folder, on its own port, that keeps sessions over a restart; with `mine` over TLS."""

    def __init__(self, folder: Path, mine: Papers | None = None) -> None:
        self._mine = mine
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._config = folder / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None
        self._config.write_text(
            f"user {getpass.getuser()}\nlistener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder}/\nlog_dest none\n"
            + (f"certfile {mine.certificate}\nkeyfile {mine.key}\n" if mine else "")
        )

    def start(self) -> None:
        """Start, and wait until it listens."""
        self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)])
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert self._process.poll() is None, "mosquitto ended"
                assert time.monotonic() < deadline
                time.sleep(0.01)
            else:
                return

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it by a signal."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(PATIENCE)
            self._process = None

    def publish(self, *payloads: bytes, topic: str = TOPIC, retain: bool = False, qos: int = 1) -> None:
        """Publish, and wait until the broker has all."""
        sender = paho.Client(CallbackAPIVersion.VERSION2)
        if self._mine:
            sender.tls_set(str(self._mine.authority))
        sender.connect("127.0.0.1", self.port)
        sender.loop_start()
        sent = [sender.publish(topic, payload, qos, retain) for payload in payloads]
        for info in sent:
            info.wait_for_publish(PATIENCE)
            assert info.is_published()
        sender.disconnect()
        sender.loop_stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    found = Broker(tmp_path)
    found.start()
    yield found
    found.stop(signal.SIGKILL)


@asynccontextmanager
async def following(broker: Broker, intake: MemoryIntake, **settings: Any) -> AsyncIterator[None]:
    door = MqttClient("broker", "127.0.0.1", settings.pop("topics", ["doors/#"]), port=broker.port, **settings)
    async with running(door, intake):
        yield


async def ready(intake: MemoryIntake) -> None:
    await intake.until(lambda one: one.states.get("broker", ("",))[0] == "ok", PATIENCE)


def message(number: int) -> bytes:
    return b'{"contact": %s, "at": "2026-03-02T07:%02d:%02dZ"}' % (
        b"true" if number % 2 else b"false",
        number // 60,
        number % 60,
    )


def ids(intake: MemoryIntake) -> set[str]:
    return {event.id for event in intake.events}


# paho leaves the socket of a handshake that failed to the collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
async def test_a_broker_that_comes_back_with_a_certificate_of_another_authority_is_trusted(tmp_path: Path) -> None:
    mine, intake = papers(tmp_path), MemoryIntake()
    broker = Broker(tmp_path, mine)
    await asyncio.to_thread(broker.start)
    try:
        async with following(broker, intake, authority=str(mine.authority)):
            await ready(intake)
            await asyncio.to_thread(broker.publish, message(0))
            await intake.until(lambda one: len(one.events) == 1, PATIENCE)
            await asyncio.to_thread(broker.stop)
            papers(tmp_path)
            await asyncio.to_thread(broker.start)
            await asyncio.to_thread(broker.publish, message(1))
            await intake.until(lambda one: len(one.events) == 2, PATIENCE)
    finally:
        broker.stop(signal.SIGKILL)


async def test_messages_are_stored(broker: Broker) -> None:
    intake = MemoryIntake()
    async with following(broker, intake):
        await ready(intake)
        await asyncio.to_thread(broker.publish, *map(message, range(300)))
        await intake.until(lambda one: len(one.events) == 300, PATIENCE)
    assert [event.at for event in intake.events] == sorted(event.at for event in intake.events)


async def test_what_came_while_we_were_down_arrives_once(broker: Broker) -> None:
    intake = MemoryIntake()
    async with following(broker, intake):
        await ready(intake)
    await asyncio.to_thread(broker.publish, *map(message, range(50)))
    async with following(broker, intake):
        await intake.until(lambda one: len(one.events) >= 50, PATIENCE)
    async with following(broker, intake):
        await asyncio.to_thread(broker.publish, message(50))
        await intake.until(lambda one: len(ids(one)) == 51, PATIENCE)


async def test_what_could_not_be_stored_is_not_acknowledged(broker: Broker) -> None:
    intake = MemoryIntake()
    async with following(broker, intake):
        await ready(intake)
        intake.room = 0
        await asyncio.to_thread(broker.publish, *map(message, range(30)))
        await asyncio.to_thread(broker.publish, b"no JSON")
        await intake.until(lambda one: one.states["broker"] == ("failed", "no room: waiting"), PATIENCE)
    assert not intake.events
    intake.room = None
    async with following(broker, intake):
        await intake.until(lambda one: len(ids(one)) == 30 and bool(one.rejects), PATIENCE)
    assert {reject.raw for reject in intake.rejects} == {b"no JSON"}


async def test_room_returns_while_we_wait(broker: Broker) -> None:
    intake = MemoryIntake()
    async with following(broker, intake):
        await ready(intake)
        intake.room = 0
        await asyncio.to_thread(broker.publish, message(1), b"no JSON", message(2))
        await intake.until(lambda one: one.states["broker"][0] == "failed", PATIENCE)
        intake.room = None
        await intake.until(lambda one: len(ids(one)) == 2 and one.states["broker"][0] == "ok", PATIENCE)
    assert [reject.raw for reject in intake.rejects] == [b"no JSON"]


async def test_a_broker_that_is_killed_is_found_again(broker: Broker) -> None:
    intake = MemoryIntake()
    async with following(broker, intake):
        await ready(intake)
        await asyncio.to_thread(broker.publish, message(1))
        await intake.until(lambda one: len(one.events) == 1, PATIENCE)
        await asyncio.to_thread(broker.stop, signal.SIGKILL)
        await intake.until(lambda one: one.states["broker"][0] == "failed", PATIENCE)
        await asyncio.to_thread(broker.start)
        await ready(intake)
        await asyncio.to_thread(broker.publish, message(2))
        await intake.until(lambda one: len(ids(one)) == 2, PATIENCE)


async def test_a_broker_that_is_away_at_the_start(broker: Broker) -> None:
    broker.stop()
    intake = MemoryIntake()
    async with following(broker, intake):
        await intake.until(lambda one: one.states.get("broker", ("",))[0] == "failed", PATIENCE)
        assert str(broker.port) in intake.states["broker"][1]
        await asyncio.to_thread(broker.start)
        await ready(intake)


async def test_retained_messages_come_at_the_start_and_not_again(broker: Broker) -> None:
    await asyncio.to_thread(broker.publish, b'{"contact": false}', retain=True)
    intake = MemoryIntake()
    async with following(broker, intake):
        await intake.until(lambda one: len(one.events) == 1, PATIENCE)
        await asyncio.to_thread(broker.stop)  # in order: it has our session on disk
        await intake.until(lambda one: one.states["broker"][0] == "failed", PATIENCE)
        await asyncio.to_thread(broker.start)
        await ready(intake)
        await asyncio.to_thread(broker.publish, message(1))
        await intake.until(lambda one: len(one.events) == 2, PATIENCE)


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_what_was_retained_is_marked_and_what_comes_live_is_not(broker: Broker, qos: int) -> None:
    await asyncio.to_thread(broker.publish, b'{"contact": false}', retain=True, qos=qos)
    intake = MemoryIntake()
    async with following(broker, intake):
        await intake.until(lambda one: len(one.events) == 1, PATIENCE)
        await asyncio.to_thread(broker.publish, b'{"contact": true}', retain=True, qos=qos)  # live, and kept for others
        await intake.until(lambda one: len(one.events) == 2, PATIENCE)
    assert [(event.kind, event.kept) for event in intake.events] == [("door.opened", True), ("door.closed", False)]


async def test_what_was_retained_comes_marked_again_when_the_broker_lost_our_session(
    broker: Broker, tmp_path: Path
) -> None:
    intake = MemoryIntake()
    async with following(broker, intake):
        await ready(intake)
        await asyncio.to_thread(broker.publish, b'{"contact": false}', retain=True)
        await intake.until(lambda one: len(one.events) == 1, PATIENCE)
        await asyncio.to_thread(broker.stop)
        await intake.until(lambda one: one.states["broker"][0] == "failed", PATIENCE)
        (tmp_path / "mosquitto.db").unlink()
        await asyncio.to_thread(broker.start)
        await ready(intake)
        await asyncio.to_thread(broker.publish, b'{"contact": false}', b'{"contact": true}', retain=True)
        await intake.until(lambda one: len(one.events) == 3, PATIENCE)
    assert [event.kept for event in intake.events] == [False, False, False]
    later = MemoryIntake()
    async with following(broker, later, topics=["doors/#", "fire/#"]):
        await ready(later)
        await asyncio.to_thread(broker.publish, message(2))
        await later.until(lambda one: len(one.events) == 2, PATIENCE)
    assert [(event.kind, event.kept) for event in later.events] == [("door.closed", True), ("door.opened", False)]


async def test_a_kept_message_that_cannot_be_read_is_read_again_as_kept(broker: Broker) -> None:
    await asyncio.to_thread(broker.publish, b'{"contact": false}', topic="doors/nowhere", retain=True)
    intake = MemoryIntake()
    async with following(broker, intake):
        await intake.until(lambda one: len(one.rejects) == 1, PATIENCE)
    (reject,) = intake.rejects
    assert reject.context == {"topic": "doors/nowhere", "kept": "yes"}
    door = MqttClient("broker", "127.0.0.1", ["doors/#"])
    (event,) = door.decode(reject.raw, {**reject.context, "topic": TOPIC}, intake)
    assert event.kept


async def test_unknown_topics_are_kept(broker: Broker) -> None:
    intake = MemoryIntake()
    async with following(broker, intake):
        await ready(intake)
        await asyncio.to_thread(broker.publish, b'{"contact": true}', topic="doors/nowhere")
        await intake.until(lambda one: len(one.rejects) == 1, PATIENCE)
    (reject,) = intake.rejects
    assert reject.context == {"topic": "doors/nowhere"}
    assert reject.reason == "no asset of the hospital has this address"


@asynccontextmanager
async def scripted(*said: bytes) -> AsyncIterator[tuple[MemoryIntake, asyncio.Queue[Packet]]]:
    """A door that follows a broker of ours, which says one of `said` to each packet; and the packets it gets."""
    got: asyncio.Queue[Packet] = asyncio.Queue()
    answers = iter(said)
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        decoder = Decoder()
        with contextlib.suppress(ConnectionError):
            while raw := await reader.read(1000):
                for packet in decoder.feed(raw):
                    got.put_nowait(packet)
                    writer.write(next(answers, b""))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    intake = MemoryIntake()
    door = MqttClient("broker", "127.0.0.1", ["doors/#", "fire/#"], port=server.sockets[0].getsockname()[1])
    try:
        async with running(door, intake):
            yield intake, got
    finally:
        server.close()
        await asyncio.gather(*(one for one in serving if one), return_exceptions=True)


CONNACK = b"\x20\x02\x00\x00"
SUBACK = b"\x90\x04\x00\x01\x01\x01"


def published(number: int) -> bytes:
    body = b"\x00\x0e" + TOPIC.encode() + number.to_bytes(2, "big") + message(number)
    return b"\x32" + bytes([len(body)]) + body


async def test_acknowledged_is_what_is_stored() -> None:
    async with scripted(CONNACK, SUBACK + published(1), published(2)) as (intake, got), asyncio.timeout(PATIENCE):
        assert [(await got.get()).type for _ in range(2)] == [1, 8]
        await intake.until(lambda one: len(one.events) == 1)
        assert await got.get() == Packet(4, 0, b"\x00\x01")
        await intake.until(lambda one: len(one.events) == 2)
        assert await got.get() == Packet(4, 0, b"\x00\x02")


async def test_a_broker_that_refuses_us_is_told() -> None:
    async with scripted(b"\x20\x02\x00\x05") as (intake, _):
        await intake.until(lambda one: "refuses us: Not authorized" in one.states.get("broker", ("", ""))[1], PATIENCE)
        assert intake.states["broker"][0] == "failed"


async def test_a_refused_topic_is_told() -> None:
    async with scripted(CONNACK, b"\x90\x04\x00\x01\x01\x80") as (intake, _):
        await intake.until(lambda one: one.states.get("broker") == ("failed", "the broker refuses fire/#"), PATIENCE)


async def test_what_is_no_mqtt_is_survived() -> None:
    strange = b"\x32\x06\x00\x01\xff\x00\x09x"  # a topic that is no UTF-8
    async with scripted(CONNACK, SUBACK + strange, b"\x32\x01\x00", CONNACK, SUBACK + published(1)) as (intake, _):
        await intake.until(lambda one: one.states.get("broker", ("",))[0] == "failed", PATIENCE)
        await intake.until(lambda one: len(one.events) == 1, PATIENCE)
    assert [(reject.raw, reject.context) for reject in intake.rejects] == [(b"x", {"topic": ""})]
