"""Who may publish at the broker may lie: topics, names, states and order of Zigbee2MQTT and Frigate; what is told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from test_mqtt_frigate import INTAKE, NOW, read, review, tracked
from test_mqtt_listener import TOPIC, closed, listening, send

from safecare.detect.physical.alarm_intrusion import IntrusionAlarm
from safecare.detect.physical.door_forced import ForcedDoor
from safecare.formats.field import LIMIT
from safecare.model.event import Event
from safecare.model.events.doors import DoorOpened
from safecare.model.events.panels import PanelSignal
from safecare.model.events.video import CameraState, PeopleSeen
from safecare.sources.api import UnreadableError
from safecare.sources.mqtt.decode import events_of
from safecare.sources.mqtt.frigate import PEOPLE, Frigate
from safecare.testing.clock import START
from safecare.testing.intake import MemoryIntake

OPEN = b'{"contact": false}'


def kept(topic: str, said: object, frigate: Frigate | None = None) -> list[Event]:
    raw = said if isinstance(said, bytes) else json.dumps(said).encode()
    return list(events_of(topic, raw, "broker", INTAKE, START, frigate, kept=True))


# Zigbee2MQTT


@pytest.mark.parametrize(
    "topic",
    [
        "doors/pharmacy/", "/doors/pharmacy", "DOORS/PHARMACY", "doors//pharmacy", "doors/pharmacy\u200b", "doors/+",
        "doors/#", "doors/../doors/pharmacy", "doors/pharmacy/availability/availability", "d\u043eors/pharmacy",
        "", "\0",
    ],
)  # fmt: skip
def test_a_name_that_looks_like_a_door_s_is_none(topic: str) -> None:
    with pytest.raises(UnreadableError):
        read(topic, OPEN)


def test_a_device_that_is_called_like_the_bridge_or_a_command_says_nothing_for_others() -> None:
    for topic in ("doors/pharmacy/set", "doors/pharmacy/get"):
        assert read(topic, OPEN) == []
    for topic in ("doors/bridge/logging", "doors/bridge/devices", "doors/bridge/state/set"):
        assert read(topic, b"offline") == []


@pytest.mark.parametrize(
    "said", [b"gone", b"OFFLINE!", b'{"state": 0}', b'{"state": "dead"}', b"{", b"\xff\xfe", b"offline" * 9, b"[]"]
)
def test_an_availability_that_is_no_word_of_zigbee2mqtt_is_kept_apart(said: bytes) -> None:
    with pytest.raises(UnreadableError):
        read(f"{TOPIC}/availability", said)


def test_an_availability_that_lies_hides_no_opening() -> None:
    """Somebody says of a door that it is silent, or well, and opens it: its own word counts all the same."""
    for lie in (b"offline", b"online"):
        events = [*read(f"{TOPIC}/availability", lie), *read(TOPIC, OPEN)]
        rule = ForcedDoor(INTAKE.hospital)
        told = [*rule.feed(events), *rule.tick(START + timedelta(seconds=30))]
        assert [one.rule for one in told] == ["door.forced"]


def test_a_retained_state_that_is_stale_is_no_opening_of_now_and_hides_none() -> None:
    (stale,) = kept(TOPIC, OPEN)
    assert stale.kept
    rule = ForcedDoor(INTAKE.hospital)
    assert [*rule.feed([stale]), *rule.tick(START + timedelta(seconds=30))] == []
    closed_ = read(TOPIC, b'{"contact": true}', after=60)
    opened = read(TOPIC, OPEN, after=90)
    told = [*rule.feed([*closed_, *opened]), *rule.tick(START + timedelta(seconds=130))]
    assert [one.first for one in told] == [START + timedelta(seconds=90)]


@pytest.mark.parametrize(
    "payload",
    [
        b'{"contact": false, "x": "' + b"y" * LIMIT + b'"}',
        b"[" * 60_000,
        b'{"contact": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"contact": 1e999}',
        b'{"contact": null}',
        b'{"contact": "maybe"}',
        b'"contact"',
        b"\x00" * 100,
    ],
)
async def test_payloads_that_are_too_large_or_too_deep_end_at_the_door(payload: bytes) -> None:
    intake = MemoryIntake()
    with pytest.raises(UnreadableError):
        list(events_of(TOPIC, payload, "mqtt", intake, START))


@pytest.mark.slow
async def test_over_a_real_connection_a_huge_message_ends_it_and_the_next_is_stored() -> None:
    import asyncio

    intake = MemoryIntake()
    async with listening(intake) as address:
        await closed(
            address, b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02d1", b"\x32\xff\xff\xff\x7f" + b"x" * 200_000
        )
        assert await asyncio.to_thread(send, address, 1, b"{" * 65_000)
        assert await asyncio.to_thread(send, address, 1)
    assert [type(one) for one in intake.events] == [DoorOpened]
    assert len(intake.rejects) >= 1


def test_keys_that_stand_twice_are_read_as_the_last_and_never_as_both() -> None:
    (event,) = read(TOPIC, b'{"contact": true, "contact": false}')
    assert isinstance(event, DoorOpened)


# Frigate


def people(events: list[Event]) -> list[int]:
    return [len(one.people) for one in events if isinstance(one, PeopleSeen)]


def test_an_update_that_comes_after_the_end_brings_nobody_back() -> None:
    frigate = Frigate()
    assert people(read("frigate/events", tracked("new"), frigate)) == [1]
    assert people(read("frigate/events", tracked("end", frame_time=NOW + 2), frigate)) == [0]
    assert people(read("frigate/events", tracked("update", frame_time=NOW + 1), frigate)) == []
    assert people(read("frigate/events", tracked("new", id="another", frame_time=NOW + 3), frigate)) == [1]


def test_an_older_place_does_not_replace_a_newer_one() -> None:
    frigate = Frigate()
    read("frigate/events", tracked("update", frame_time=NOW + 5, box=[0, 0, 10, 20]), frigate)
    assert read("frigate/events", tracked("update", frame_time=NOW + 1, box=[500, 500, 510, 520]), frigate) == []
    (now,) = read("frigate/events", tracked("update", frame_time=NOW + 6, box=[1, 0, 11, 20]), frigate)
    assert isinstance(now, PeopleSeen)
    assert [(one.x, one.y) for one in now.people] == [(6.0, 20.0)]


def test_an_end_before_its_begin_is_told_and_leaves_no_ghost() -> None:
    frigate = Frigate()
    assert people(read("frigate/events", tracked("end"), frigate)) == [0]
    assert people(read("frigate/events", tracked("new"), frigate)) == []
    over = read("frigate/reviews", review("end"), frigate)
    assert [one.on for one in over if isinstance(one, PanelSignal)] == [False]
    assert read("frigate/reviews", review("update"), frigate) == []


def test_a_time_far_ahead_leaves_no_ghost_in_the_picture() -> None:
    frigate = Frigate()
    assert people(read("frigate/events", tracked("new", id="future", frame_time=NOW + 9e8), frigate)) == [1]
    assert people(read("frigate/events", tracked("new", id="real"), frigate)) == [1]
    (event,) = read("frigate/events", tracked("update", id="real", frame_time=NOW + 1), frigate)
    assert isinstance(event, PeopleSeen)
    assert abs(event.at - START) < timedelta(minutes=1)


def test_ends_that_are_lost_hide_no_later_alarm() -> None:
    """Frigate is killed now and then: its reviews never end. The next alarm is told however many there were."""
    frigate, told = Frigate(), 0
    for number in range(3 * PEOPLE):
        said = review("new")
        assert isinstance(said, dict)
        after: dict[str, Any] = said["after"] | {"id": f"r{number}"}
        told += len(read("frigate/reviews", said | {"after": after}, frigate, after=number))
    assert told == 3 * PEOPLE
    assert len(frigate._alerts) <= PEOPLE


def test_a_review_that_is_said_again_and_again_is_one_alarm() -> None:
    frigate, events = Frigate(), []
    for type in ("new", "new", "update", "genai", "update", "end", "end", "update", "new"):
        events += read("frigate/reviews", review(type), frigate)
    assert sum(isinstance(one, PanelSignal) and one.on for one in events) == 1
    assert len(list(IntrusionAlarm(INTAKE.hospital).feed(events))) == 1


def test_what_a_broker_had_kept_of_frigate_is_nobody_of_now() -> None:
    assert kept("frigate/events", tracked("new"), Frigate()) == []
    (stood,) = kept("frigate/reviews", review("new"), Frigate())
    assert stood.kept


@pytest.mark.parametrize("zones", [("nowhere",), ("../../x",), ("z" * 5000,), tuple(f"zone{n}" for n in range(500))])
def test_zones_that_nobody_knows_are_an_alarm_of_the_camera(zones: tuple[str, ...]) -> None:
    (alarm,) = read("frigate/reviews", review("new", zones=zones))
    assert isinstance(alarm, PanelSignal)
    assert (alarm.asset, len(alarm.code) <= 200) == ("camera.hall", True)


@pytest.mark.parametrize(
    "box", [[5, 5, 1, 1], [0, 0, 1e999, 1], [-1e9, 0, 1, 1], [0, 0, 1], ["a", 0, 1, 1], None, [0, 9, 1, 1]]
)
def test_a_box_that_is_none_is_a_reject(box: object) -> None:
    with pytest.raises(UnreadableError):
        read("frigate/events", tracked("new", box=box))
    assert people(read("frigate/events", tracked("new"))) == [1]


def test_a_stranger_s_topic_loses_no_camera_and_brings_none_back() -> None:
    for topic in ("x/available", "zigbee2mqtt/hall/available", "frigate2/available"):
        for word in (b"offline", b"online"):
            with pytest.raises(UnreadableError):
                read(topic, word)
    lost = [one for one in read("site/frigate/available", b"offline") if isinstance(one, CameraState)]
    assert [one.state for one in lost] == ["lost"]
