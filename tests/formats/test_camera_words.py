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
    read_isapi,
    read_notifications,
    text_of,
)
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


def test_a_door_that_is_normal_again_ends_both_and_what_was_always_so_is_no_news() -> None:
    words = read_notifications(notification("tns1:Door/State/DoorAlarm", {"State": "Normal"}))
    assert [word.said["alarm"] for word in words] == ["forced", "held"]
    for topic, data in (
        ("tns1:Door/State/DoorAlarm", {"State": "Normal"}),
        ("tns1:Door/State/DoorPhysicalState", {"State": "Closed"}),
        ("tns1:RuleEngine/FieldDetector/ObjectsInside", {"IsInside": "false"}),
    ):
        assert not read_notifications(notification(topic, data, "Initialized"))
    inside = notification("tns1:RuleEngine/FieldDetector/ObjectsInside", {"IsInside": "true"}, "Initialized")
    assert len(read_notifications(inside)) == 1


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
