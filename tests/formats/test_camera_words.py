"""Alerts of Hikvision devices and notifications of ONVIF devices, in the forms that their documents show."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.camera_words import (
    HEARTBEAT,
    LIMIT,
    CameraWordError,
    numbers_of,
    read_notifications,
    text_of,
)
from safecare.formats.isapi import read_isapi
from safecare.formats.isapi_stream import Alerts
from safecare.testing.device_server import alert, notification


def test_an_alert() -> None:
    word = read_isapi(alert("fielddetection"), UTC)
    assert (word.channel, word.code, word.said) == ("1", "fielddetection", {"alarm": "intrusion"})
    assert word.at == datetime(2026, 3, 17, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("type", "state", "said"),
    [
        ("linedetection", "inactive", {"alarm": "intrusion", "active": False}),
        ("shelteralarm", "active", {"alarm": "tamper"}),
        ("VMD", "inactive", {"occupancy": False}),
        ("videoloss", "active", {"camera": "lost"}),
        ("fireDetection", "inactive", {"fire": "normal"}),
        ("facedetection", "active", {"alarm": "note"}),
    ],
)
def test_types_of_alert(type: str, state: str, said: dict[str, Any]) -> None:
    assert read_isapi(alert(type, state), UTC).said == said


def test_no_video_lost_is_the_heartbeat_and_a_time_without_offset_is_local() -> None:
    assert read_isapi(alert("videoloss", "inactive"), UTC).code == HEARTBEAT
    local = alert("VMD").replace(b"+01:00", b"")
    assert read_isapi(local, timezone(timedelta(hours=2))).at == datetime(2026, 3, 17, 11, 0, 5, tzinfo=UTC)


def test_alerts_are_found_wherever_the_stream_is_cut_and_pictures_are_passed_over() -> None:
    one, two = alert("VMD"), alert("PIR")
    stream = (
        b"--boundary\r\nContent-Type: application/xml\r\n\r\n" + one + b"\r\n--boundary\r\n\xff\xd8" + b"x" * 999 + two
    )
    for size in (1, 7, 500, len(stream)):
        found = Alerts()
        assert [a for at in range(0, len(stream), size) for a in found.feed(stream[at : at + size])] == [one, two]
    noise = Alerts()
    assert not list(noise.feed(b"<EventNotificationAlert" + b"x" * (LIMIT + 1)))
    assert list(noise.feed(one)) == [one]


@pytest.mark.parametrize(
    ("topic", "data", "said", "moment"),
    [
        ("tns1:RuleEngine/CellMotionDetector/Motion", {"IsMotion": "true"}, {"occupancy": True}, False),
        (
            "tns1:RuleEngine/FieldDetector/ObjectsInside",
            {"IsInside": "false"},
            {"alarm": "intrusion", "active": False},
            False,
        ),
        ("tns1:RuleEngine/LineDetector/Crossed", {"ObjectId": "7"}, {"alarm": "intrusion"}, True),
        ("tns1:RuleEngine/tnsvendor:TamperDetector/Tamper", {"IsTamper": "1"}, {"alarm": "tamper"}, False),
        ("tns1:VideoSource/SignalLoss", {"State": "true"}, {"camera": "lost"}, False),
        ("tns1:Door/State/DoorAlarm", {"State": "DoorForcedOpen"}, {"alarm": "forced"}, False),
        ("tns1:Door/State/DoorPhysicalState", {"State": "Open"}, {"access": "opened"}, False),
        (
            "tns1:AccessControl/AccessGranted/Credential",
            {"CredentialToken": "c7"},
            {"access": "granted", "badge": "c7"},
            True,
        ),
        ("tns1:AccessControl/Duress", {}, {"alarm": "duress"}, True),
        ("tns1:Monitoring/ProcessorUsage", {"Value": "7"}, {"alarm": "note"}, True),
    ],
)
def test_topics(topic: str, data: dict[str, str], said: dict[str, Any], moment: bool) -> None:
    (word,) = read_notifications(notification(topic, data))
    assert (word.said, word.now, word.channel) == (said, moment, "vs1")
    assert word.at == datetime(2026, 3, 17, 12, 0, 5, tzinfo=UTC)


def test_a_door_that_is_normal_again_ends_both() -> None:
    words = read_notifications(notification("tns1:Door/State/DoorAlarm", {"State": "Normal"}))
    assert [word.said["alarm"] for word in words] == ["forced", "held"]


@pytest.mark.parametrize(
    ("topic", "data", "said"),
    [
        ("tns1:Door/State/DoorAlarm", {"State": "DoorForcedOpen"}, {"alarm": "forced"}),
        ("tns1:Door/State/DoorPhysicalState", {"State": "Open"}, {"access": "opened"}),
        ("tns1:Door/State/DoorPhysicalState", {"State": "Closed"}, {"access": "closed"}),
        ("tns1:RuleEngine/FieldDetector/ObjectsInside", {"IsInside": "true"}, {"alarm": "intrusion"}),
        ("tns1:RuleEngine/FieldDetector/ObjectsInside", {"IsInside": "false"}, {"alarm": "intrusion", "active": False}),
    ],
)
def test_how_things_stood_at_the_subscription_is_told_as_that(
    topic: str, data: dict[str, str], said: dict[str, Any]
) -> None:
    (word,) = read_notifications(notification(topic, data, "Initialized"))
    assert (word.said, word.kept) == (said, True)
    (later,) = read_notifications(notification(topic, data, "Changed"))
    assert (later.said, later.kept) == (said, False)


def test_a_moment_that_is_told_at_the_subscription_did_not_happen() -> None:
    assert not read_notifications(
        notification("tns1:RuleEngine/LineDetector/Crossed", {"ObjectId": "0"}, "Initialized")
    )


def test_what_is_taken_away_is_over() -> None:
    (word,) = read_notifications(
        notification("tns1:RuleEngine/FieldDetector/ObjectsInside", {"IsInside": "true"}, "Deleted")
    )
    assert word.said == {"alarm": "intrusion", "active": False}
    assert not read_notifications(notification("tns1:Door/State/DoorPhysicalState", {"State": "Open"}, "Deleted"))


@pytest.mark.parametrize(
    ("topic", "data", "said"),
    [
        ("tnsaxis:CameraApplicationPlatform/FenceGuard/Camera1Profile1", {"active": "1"}, {"alarm": "intrusion"}),
        ("tns1:VideoSource/tnsaxis:Tampering", {"tampering": "1"}, {"alarm": "tamper"}),
        ("tns1:Device/tnsaxis:Casing", {"Open": "1"}, {"alarm": "tamper"}),
        ("tnssamsung:IVA/Fire", {"State": "true"}, {"fire": "prealarm"}),
        ("tns1:VideoAnalytics/tnssamsung:MotionDetection", {"Motion": "1"}, {"alarm": "note"}),
        ("tns1:RuleEngine/CellMotionDetector/LineCross", {"IsLineCross": "true"}, {"alarm": "intrusion"}),
        ("tns1:RuleEngine/CellMotionDetector/Tamper", {"IsTamper": "true"}, {"alarm": "tamper"}),
        ("tns1:Device/HardwareFailure/FanFailure", {"Failed": "true"}, {"alarm": "trouble"}),
        ("tns1:Device/tns1:Trigger/tnssamsung:DigitalInput", {"Level": "true"}, {"input": True}),
        ("tns1:Device/tnsaxis:IO/Port", {"state": "1"}, {"input": True}),
    ],
)
def test_topics_of_makers(topic: str, data: dict[str, str], said: dict[str, Any]) -> None:
    (word,) = read_notifications(notification(topic, data))
    assert word.said == said


def test_an_input_says_how_it_stands_and_that_it_was_so_already_at_the_subscription() -> None:
    topic = "tns1:Device/Trigger/DigitalInput"
    (released,) = read_notifications(notification(topic, {"LogicalState": "false"}))
    assert (released.said, released.now, released.kept) == ({"input": False}, False, False)
    (stood,) = read_notifications(notification(topic, {"LogicalState": "true"}, "Initialized"))
    assert (stood.said, stood.now, stood.kept) == ({"input": True}, False, True)
    assert [one.said for one in read_notifications(notification(topic, {"LogicalState": "true"}, "Deleted"))] == [
        {"input": False}
    ]


def test_what_an_answer_tells() -> None:
    raw = b"<a:b xmlns:a='x'><a:UTCDateTime><a:Time><a:Hour>7</a:Hour></a:Time></a:UTCDateTime><a:C> d </a:C></a:b>"
    assert text_of(raw, "C") == "d"
    assert numbers_of(raw, ("Hour",), "UTCDateTime") == (7,)
    assert numbers_of(raw, ("Hour", "Minute"), "UTCDateTime") == ()


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><EventNotificationAlert>&a;</EventNotificationAlert>'


@pytest.mark.parametrize(
    "raw", [b"", b"x", b"<x/>", BOMB, b"<a>" * 1000, b"x" * (LIMIT + 1), b"<EventNotificationAlert/>"]
)
def test_what_is_no_alert_is_told(raw: bytes) -> None:
    with pytest.raises(CameraWordError, match=r"."):
        read_isapi(raw, UTC)


@given(st.binary(max_size=200))
def test_noise_raises_nothing_else(raw: bytes) -> None:
    list(Alerts().feed(raw))
    for read in (lambda: read_isapi(raw, UTC), lambda: read_notifications(raw), lambda: text_of(raw, "a")):
        with contextlib.suppress(CameraWordError):
            read()
    with contextlib.suppress(CameraWordError):
        read_isapi(alert(raw.decode("latin-1").replace("<", "").replace("&", "")), UTC)
