"""MQTT packets: what OASIS 3.1.1 says, cut anywhere, and that nothing breaks the reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats import mqtt
from safecare.formats.mqtt import Decoder, MqttError, Packet


def text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def packet(kind: int, body: bytes, flags: int = 0) -> bytes:
    length, out = len(body), bytearray()
    while True:
        length, byte = length >> 7, length & 0x7F
        out.append(byte | (0x80 if length else 0))
        if not length:
            return bytes([kind << 4 | flags]) + bytes(out) + body


def connect(*, level: int = 4, flags: int = 2, keep_alive: int = 60, rest: bytes = text("door-1")) -> bytes:
    return text("MQTT") + bytes([level, flags]) + keep_alive.to_bytes(2, "big") + rest


def publish(topic: str, payload: bytes, qos: int = 0, number: int = 0) -> bytes:
    return packet(mqtt.PUBLISH, text(topic) + (number.to_bytes(2, "big") if qos else b"") + payload, qos << 1)


def one(raw: bytes) -> Packet:
    (found,) = Decoder().feed(raw)
    return found


@given(
    st.lists(st.tuples(st.text("ab/é", min_size=1, max_size=20), st.binary(max_size=300), st.integers(0, 2))),
    st.integers(1, 50),
)
def test_cut_anywhere_is_the_same_as_whole(messages: list[tuple[str, bytes, int]], cut: int) -> None:
    stream = b"".join(publish(topic, payload, qos, 7) for topic, payload, qos in messages)
    whole = list(Decoder().feed(stream))
    decoder, parts = Decoder(), []
    for at in range(0, len(stream), cut):
        parts += list(decoder.feed(stream[at : at + cut]))
    assert parts == whole
    assert decoder.held == b""
    read = [mqtt.read_publish(found) for found in whole]
    assert [(message.topic, message.payload, message.qos) for message in read] == messages
    assert all(message.packet == (7 if message.qos else 0) for message in read)


@given(st.binary(max_size=400), st.integers(1, 400))
def test_garbage_raises_only_its_own_error(raw: bytes, cut: int) -> None:
    decoder = Decoder(limit=200)
    try:
        for part in (raw[:cut], raw[cut:]):
            for found in decoder.feed(part):
                assert len(found.body) <= 200
                for read in (mqtt.read_connect, mqtt.read_publish, mqtt.read_number, mqtt.suback_refused):
                    try:
                        read(found)
                    except MqttError:
                        continue
    except MqttError:
        pass


@given(st.binary(max_size=60), st.integers(0, 15))
def test_bodies_raise_only_their_own_error(body: bytes, flags: int) -> None:
    for read in (mqtt.read_connect, mqtt.read_publish, mqtt.read_number, mqtt.suback_refused):
        for raw in (body, text("MQTT") + b"\x04" + body):
            try:
                read(Packet(1, flags, raw))
            except MqttError:
                continue


def test_connect_with_everything() -> None:
    rest = text("door-1") + text("will/topic") + text("gone") + text("user") + text("word")
    found = mqtt.read_connect(one(packet(1, connect(flags=0b1100_0110, rest=rest))))
    assert (found.client, found.clean, found.user, found.password) == ("door-1", True, "user", b"word")
    assert found.keep_alive == 60


def test_another_protocol_level_is_told_whatever_follows() -> None:
    assert mqtt.read_connect(one(packet(1, connect(level=5, rest=b"\xff")))).level == 5


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (text("MQIsdp") + b"\x03\x02\x00\x3c", "not an MQTT 3.1.1 connect"),
        (text("MQTT") + b"\x04", "not an MQTT 3.1.1 connect"),
        (connect(flags=0b11), "reserved"),
        (connect(flags=0b0100_0010, rest=text("a") + text("word")), "password without"),
        (connect(flags=0b1000_0010), "cut off"),
        (connect(rest=b"\x00\x09abc"), "longer than its packet"),
        (connect(rest=b"\x00\x01\xff"), "UTF-8"),
        (connect(rest=text("a\0b")), "null"),
    ],
)
def test_bad_connects_say_why(body: bytes, reason: str) -> None:
    with pytest.raises(MqttError, match=reason):
        mqtt.read_connect(Packet(1, 0, body))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\x30\xff\xff\xff\xff\x01", "four bytes"),
        (b"\x30\x80\x80\x80\x02", "over the limit"),
        (packet(mqtt.SUBSCRIBE, b"\0\1" + text("#") + b"\1"), "flags"),
        (packet(mqtt.PINGREQ, b"", 1), "flags"),
    ],
)
def test_bad_headers_say_why(raw: bytes, reason: str) -> None:
    with pytest.raises(MqttError, match=reason):
        list(Decoder().feed(raw))


@pytest.mark.parametrize("topic", ["", "a/#", "+/b", "a\0"])
def test_topics_of_messages_have_no_wildcards(topic: str) -> None:
    with pytest.raises(MqttError):
        mqtt.read_publish(one(publish(topic, b"x")))


def test_quality_of_service() -> None:
    with pytest.raises(MqttError, match="service 3"):
        mqtt.read_publish(Packet(3, 6, text("a")))
    with pytest.raises(MqttError, match="identifier 0"):
        mqtt.read_publish(one(publish("a", b"x", 1, 0)))
    with pytest.raises(MqttError, match="cut off"):
        mqtt.read_publish(Packet(3, 2, text("a")))


def test_every_topic_of_a_subscription_is_refused() -> None:
    body = b"\0\7" + b"".join(text(f"t/{number}") + b"\1" for number in range(200))
    answer = one(mqtt.suback_refused(one(packet(mqtt.SUBSCRIBE, body, 2))))
    assert (answer.type, answer.body) == (9, b"\0\7" + b"\x80" * 200)
    for bad in (b"\0\7", b"\0\7" + text("a")):
        with pytest.raises(MqttError):
            mqtt.suback_refused(Packet(mqtt.SUBSCRIBE, 2, bad))


@given(st.integers(1, 65_535))
def test_answers_carry_the_number(number: int) -> None:
    for write, kind in ((mqtt.puback, 4), (mqtt.pubrec, 5), (mqtt.pubcomp, 7), (mqtt.unsuback, 11)):
        answer = one(write(number))
        assert (answer.type, mqtt.read_number(answer)) == (kind, number)
