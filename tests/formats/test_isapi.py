"""JSON alerts of door controllers, alone and mixed with XML in one stream; and bytes that are none."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.camera_words import HEARTBEAT, LIMIT, CameraWordError
from safecare.formats.field import signals_of
from safecare.formats.isapi import ALARMS, EVENTS, read_isapi
from safecare.formats.isapi_stream import Alerts
from safecare.testing.device_server import alert


def controller(minor: int, major: int = 5, **more: Any) -> bytes:
    """An alert as a door station sends it (fields as in a public report of a DS-K1T502)."""
    inner = {"deviceName": "Door", "majorEventType": major, "subEventType": minor, "doorNo": 1, "serialNo": 257, **more}
    told = {
        "ipAddress": "192.168.0.70",
        "dateTime": "2026-03-17T13:00:05+01:00",
        "activePostCount": 1,
        "eventType": "AccessControllerEvent",
        "eventState": "active",
        "eventDescription": "Access Controller Event {with a brace",
        "AccessControllerEvent": inner,
    }
    return json.dumps(told, indent=1).encode()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (controller(1, cardNo="04A1", name="Somebody"), {"access": "granted", "means": "card", "badge": "04A1"}),
        (controller(75, employeeNoString="7"), {"access": "granted", "badge": "7"}),
        (controller(9, cardNo="99"), {"access": "denied", "badge": "99"}),
        (controller(10, cardNo="99"), {"alarm": "passback"}),
        (controller(25), {"access": "opened"}),
        (controller(26), {"access": "closed"}),
        (controller(27), {"alarm": "forced"}),
        (controller(28), {"alarm": "held"}),
        (controller(0x404, major=1), {"alarm": "tamper"}),
        (controller(0x405, major=1), {"alarm": "tamper", "active": False}),
        (controller(999), {"alarm": "note"}),
    ],
)
def test_what_a_door_controller_says(raw: bytes, said: dict[str, Any]) -> None:
    word = read_isapi(raw, UTC)
    assert (word.channel, word.said, word.now) == ("1", said, True)
    assert word.at == datetime(2026, 3, 17, 12, 0, 5, tzinfo=UTC)


def test_every_number_of_the_table_can_be_told() -> None:
    for said in (*EVENTS.values(), *ALARMS.values()):
        assert signals_of(said)


def test_states_and_signs_of_life_in_json() -> None:
    base = {"channelID": "2", "dateTime": "2026-03-17T13:00:05+01:00"}
    line = read_isapi(json.dumps(base | {"eventType": "linedetection", "eventState": "inactive"}).encode(), UTC)
    assert (line.channel, line.said) == ("2", {"alarm": "intrusion", "active": False})
    beat = read_isapi(json.dumps(base | {"eventType": "videoloss", "eventState": "inactive"}).encode(), UTC)
    assert beat.code == HEARTBEAT
    assert read_isapi(controller(0x83), UTC).code == HEARTBEAT


@pytest.mark.slow
@given(st.lists(st.booleans(), min_size=1, max_size=8), st.integers(1, 60), st.binary(max_size=40))
def test_json_and_xml_in_one_stream_however_it_is_cut(kinds: list[bool], step: int, noise: bytes) -> None:
    noise = noise.replace(b"{", b"").replace(b"<", b"")
    sent = [
        controller(number + 1) if json_ else alert("VMD", channel=str(number)) for number, json_ in enumerate(kinds)
    ]
    stream = noise + b"".join(b"--x\r\nContent-Type: a/b\r\n\r\n" + one + b"\r\n" + noise for one in sent)
    alerts = Alerts()
    found = [one for at in range(0, len(stream), step) for one in alerts.feed(stream[at : at + step])]
    assert found == sent


@pytest.mark.parametrize(
    "raw",
    [b"{", b"{}", b"[1]", b'{"eventType": 7.5}', b'{"eventType": "x"', b"\xff", b'{"a":' * 5000, b"{" * LIMIT + b"}"],
)
def test_what_is_no_alert_is_refused(raw: bytes) -> None:
    with pytest.raises(CameraWordError):
        read_isapi(raw, UTC)
    alerts = Alerts()
    for one in alerts.feed(raw):
        with contextlib.suppress(CameraWordError):
            read_isapi(one, UTC)
    assert list(alerts.feed(alert("VMD"))) in (
        [alert("VMD")],
        [],
    )  # an object that is still open hides it until its end


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(raw: bytes) -> None:
    alerts = Alerts()
    for one in (*alerts.feed(raw), *alerts.feed(b"{" + raw), raw, b'{"eventType":' + raw):
        with contextlib.suppress(CameraWordError):
            read_isapi(one, UTC)


def test_a_controller_that_speaks_xml() -> None:
    inner = "<majorEventType>5</majorEventType><subEventType>75</subEventType><employeeNoString>17</employeeNoString>"
    raw = alert("AccessControllerEvent").replace(
        b"</EventNotificationAlert>",
        f"<AccessControllerEvent>{inner}<doorNo>2</doorNo></AccessControllerEvent></EventNotificationAlert>".encode(),
    )
    word = read_isapi(raw, UTC)
    assert (word.channel, word.said, word.now) == ("2", {"access": "granted", "badge": "17"}, True)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1130", {"alarm": "intrusion", "active": True, "code": "1130"}),
        ("3130", {"alarm": "intrusion", "active": False, "code": "3130"}),
        (1110, {"fire": "alarm", "code": "1110"}),
        ("1120", {"alarm": "panic", "active": True, "code": "1120"}),
        ("120", {"alarm": "note"}),
        ("x", {"alarm": "note"}),
        (None, {"alarm": "note"}),
    ],
)
def test_a_panel_speaks_contact_id(code: object, said: dict[str, object]) -> None:
    told = {"eventType": "cidEvent", "eventState": "active", "CIDEvent": {"code": code, "zone": 3, "name": "x"}}
    word = read_isapi(json.dumps(told).encode(), UTC)
    assert (word.channel, word.said) == ("3", said)


def test_an_input_is_known_by_its_number() -> None:
    told = {"eventType": "IO", "eventState": "active", "channelID": 1, "inputIOPortID": 4}
    word = read_isapi(json.dumps(told).encode(), UTC)
    assert (word.channel, word.said) == ("io4", {"input": True})


def test_an_alert_without_an_end_does_not_take_the_next_with_it() -> None:
    raw = b"--b\r\n\r\n<EventNotificationAlert>broken\r\n--b\r\n\r\n" + alert("shelteralarm") + b"\r\n--b"
    for step in (1, 7, len(raw)):
        stream = Alerts()
        found = [one for at in range(0, len(raw), step) for one in stream.feed(raw[at : at + step])]
        assert [read_isapi(one, UTC).said for one in found] == [{"alarm": "tamper"}]
