"""Frigate's and Zigbee2MQTT's own topics, by messages in the form that their documentation shows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.model.event import Event
from safecare.model.events.panels import PanelSignal
from safecare.model.events.video import CameraState, PeopleSeen
from safecare.model.hospital import Hospital
from safecare.sources.api import UnreadableError
from safecare.sources.mqtt.decode import events_of
from safecare.sources.mqtt.frigate import Frigate
from safecare.testing.clock import START
from safecare.testing.hospital import small_hospital
from safecare.testing.intake import MemoryIntake

NOW = START.timestamp()


def hospital() -> Hospital:
    small = small_hospital()
    assets = tuple(
        msgspec.structs.replace(one, addresses=one.addresses | {"frigate": "hall"}) if one.id == "camera.hall" else one
        for one in small.assets
    )
    return msgspec.structs.replace(small, assets=assets)


INTAKE = MemoryIntake(hospital=hospital())


def read(topic: str, said: object, frigate: Frigate | None = None, after: float = 0) -> list[Event]:
    raw = said if isinstance(said, bytes) else json.dumps(said).encode()
    return list(events_of(topic, raw, "broker", INTAKE, START + timedelta(seconds=after), frigate))


def tracked(type: str, id: str = "1.0-abc", **more: Any) -> dict[str, Any]:
    after = {
        "id": id,
        "camera": "hall",
        "frame_time": NOW,
        "start_time": NOW - 5,
        "end_time": None,
        "label": "person",
        "sub_label": None,
        "top_score": 0.95,
        "score": 0.9,
        "false_positive": False,
        "box": [424, 500, 536, 712],
        "current_zones": ["desk"],
        "stationary": False,
    } | more
    return {"type": type, "before": after, "after": after}


def review(type: str, severity: str = "alert", zones: tuple[str, ...] = ("desk",), label: str = "person") -> object:
    data = {"detections": ["1.0-abc"], "objects": [label], "sub_labels": [], "zones": zones, "audio": []}
    after = {"id": "2.0-xyz", "camera": "hall", "start_time": NOW, "end_time": None, "severity": severity, "data": data}
    return {"type": type, "before": after, "after": after}


def test_people_of_one_picture_are_put_together_until_they_are_gone() -> None:
    frigate = Frigate()
    (first,) = read("frigate/events", tracked("new"), frigate)
    (second,) = read("frigate/events", tracked("new", "2.0-def", frame_time=NOW + 3), frigate, 3)
    (third,) = read("frigate/events", tracked("end", frame_time=NOW + 4), frigate, 4)
    (late,) = read("frigate/events", tracked("new", "3.0-ghi", frame_time=NOW + 90), frigate, 90)
    assert [len(one.people) for one in (first, second, third, late) if isinstance(one, PeopleSeen)] == [1, 2, 1, 1]
    assert isinstance(first, PeopleSeen)
    (person,) = first.people
    assert (first.asset, first.zone, first.at) == ("camera.hall", "aurore.vaccination.hall", START)
    assert (person.x, person.y, person.width, person.since) == (480.0, 712.0, 112.0, 5.0)


def test_a_message_sent_again_is_one_event() -> None:
    one, again = (read("frigate/events", tracked("new"), after=after)[0] for after in (0, 1))
    assert one.id == again.id


@pytest.mark.parametrize("more", [{"label": "cat"}, {"false_positive": True}])
def test_what_is_no_person_gives_nothing(more: dict[str, Any]) -> None:
    assert not read("frigate/events", tracked("new", **more))


def test_a_review_is_an_alarm_where_the_site_has_drawn_a_zone() -> None:
    frigate = Frigate()
    (alarm,) = read("frigate/reviews", review("new"), frigate)
    assert not read("frigate/reviews", review("update"), frigate)
    (over,) = read("frigate/reviews", review("end"), frigate)
    assert isinstance(alarm, PanelSignal)
    assert isinstance(over, PanelSignal)
    assert (alarm.what, alarm.asset, alarm.on, alarm.code, over.on) == (
        "intrusion",
        "camera.hall",
        True,
        "review desk",
        False,
    )
    for said in (
        review("new", "detection"),
        review("new", zones=()),
        review("new", label="car"),
        review("end", zones=()),
    ):
        assert not read("frigate/reviews", said, Frigate())


def test_a_review_that_becomes_an_alert_is_told_then() -> None:
    frigate = Frigate()
    assert not read("frigate/reviews", review("new", "detection"), frigate)
    assert len(read("frigate/reviews", review("update"), frigate)) == 1


def test_cameras_that_go_and_come() -> None:
    lost, back = (read("frigate/hall/status/detect", word)[0] for word in (b"offline", b"online"))
    assert isinstance(lost, CameraState)
    assert isinstance(back, CameraState)
    assert (lost.state, back.state, lost.asset) == ("lost", "ok", "camera.hall")
    assert not read("frigate/hall/status/detect", b"disabled")


@pytest.mark.parametrize("said", [b"offline", {"state": "offline"}])
def test_zigbee2mqtt_tells_who_is_silent(said: object) -> None:
    (silent,) = read("cold/freezer.1/availability", said)
    assert isinstance(silent, PanelSignal)
    assert (silent.what, silent.on, silent.asset) == ("silent", True, "freezer.1")


@pytest.mark.parametrize(
    ("topic", "said", "reason"),
    [
        ("frigate/events", {"type": "new"}, "missing required field `after`"),
        ("frigate/events", tracked("new", camera="roof"), "no camera of the hospital has the address frigate 'roof'"),
        ("frigate/events", tracked("new", frame_time=1e300), "is no time"),
        ("frigate/events", tracked("new", id="x" * 200), "a name of more than"),
        ("frigate/reviews", b"\xff", "frigate/reviews"),
        ("frigate/roof/status/detect", b"offline", "no camera"),
        ("cold/freezer.1/availability", b"perhaps", "must be online or offline"),
        ("cold/freezer.1/availability", {"state": 7}, "Expected `str`"),
        ("cold/freezer.9/availability", {"contact": True}, "no asset of the hospital"),
    ],
)
def test_what_cannot_be_read_is_told(topic: str, said: object, reason: str) -> None:
    with pytest.raises(UnreadableError, match=r".*") as caught:
        read(topic, said)
    assert reason in str(caught.value)


@given(st.sampled_from(["frigate/events", "frigate/reviews", "cold/freezer.1/availability"]), st.binary(max_size=200))
def test_noise_raises_nothing_else(topic: str, raw: bytes) -> None:
    try:
        read(topic, raw)
    except UnreadableError:
        return


@pytest.mark.parametrize("topic", ["frigate/events", "frigate/reviews", "cold/freezer.1/availability"])
def test_text_that_is_no_utf_8_is_told(topic: str) -> None:
    """Found by `script/fuzz`."""
    with pytest.raises(UnreadableError):
        read(topic, b'{"type":"\xe9","state":"\xe9"}')


def test_the_end_of_a_review_that_began_before_we_were_started_ends_it() -> None:
    (over,) = read("frigate/reviews", review("end"), Frigate())
    assert isinstance(over, PanelSignal)
    assert (over.what, over.on) == ("intrusion", False)


def test_the_base_topic_may_be_any() -> None:
    for base in ("frigate", "site/north/frigate", "nvr"):
        assert isinstance(read(f"{base}/events", tracked("new"))[0], PeopleSeen)
        assert isinstance(read(f"{base}/reviews", review("new"))[0], PanelSignal)
        assert isinstance(read(f"{base}/hall/status/detect", b"offline")[0], CameraState)


def test_a_stream_that_is_not_looked_at_is_a_fault_and_no_lost_camera() -> None:
    (fault,) = read("frigate/hall/status/record", b"offline")
    assert isinstance(fault, PanelSignal)
    assert (fault.what, fault.on, fault.part, fault.code) == ("trouble", True, "record", "record offline")
    (over,) = read("frigate/hall/status/record", b"online")
    assert isinstance(over, PanelSignal)
    assert not over.on


def test_frigate_itself_is_gone() -> None:
    lost = read("frigate/available", b"offline")
    assert [(one.asset, one.state) for one in lost if isinstance(one, CameraState)] == [("camera.hall", "lost")]
    (back,) = read("frigate/available", b"online")
    assert isinstance(back, CameraState)
    assert back.state == "ok"
    small = hospital()
    named = tuple(
        msgspec.structs.replace(one, addresses=one.addresses | {"frigate": "nvr"}) if one.id == "door.main" else one
        for one in small.assets
    )
    intake = MemoryIntake(hospital=msgspec.structs.replace(small, assets=named))
    (silent,) = events_of("nvr/available", b"offline", "broker", intake, START)
    assert isinstance(silent, PanelSignal)
    assert (silent.what, silent.asset, silent.on) == ("silent", "door.main", True)


def test_zigbee2mqtt_itself_is_gone_and_speaks_of_other_things() -> None:
    small = hospital()
    named = tuple(
        msgspec.structs.replace(one, addresses=one.addresses | {"mqtt": "z2m/pharmacy"})
        if one.id == "door.pharmacy"
        else one
        for one in small.assets
    )
    intake = MemoryIntake(hospital=msgspec.structs.replace(small, assets=named))

    def said(topic: str, raw: bytes) -> list[Event]:
        return list(events_of(topic, raw, "broker", intake, START))

    for raw, on in ((b"offline", True), (b'{"state":"online"}', False)):
        (silent,) = said("z2m/bridge/state", raw)
        assert isinstance(silent, PanelSignal)
        assert (silent.what, silent.on, silent.asset, silent.site, silent.part) == ("silent", on, None, "aurore", "z2m")
    assert not said("z2m/bridge/logging", b'{"level":"info","message":"MQTT publish"}')
    assert not said("z2m/bridge/devices", b"[]")
    assert not said("z2m/pharmacy/set", b'{"state":"ON"}')
    for strange in ("other/bridge/state", "z2m/nobody/set"):
        with pytest.raises(UnreadableError):
            said(strange, b"offline")


@pytest.mark.parametrize(
    ("asset", "action", "kind"),
    [
        ("button", "single", "panic"),
        ("button", "hold", "panic"),
        ("button", "hold_release", "note"),
        ("door.pharmacy", "emergency", "panic"),
        ("door.pharmacy", "SOS", "panic"),
        ("door.pharmacy", "single", "note"),
        ("door.pharmacy", "fire", "alarm"),
    ],
)
def test_what_a_press_of_a_button_means(asset: str, action: str, kind: str) -> None:
    small = small_hospital()
    door = next(one for one in small.assets if one.id == "door.pharmacy")
    kinds = {"button": "panic_button", "door.pharmacy": "door"}
    thing = msgspec.structs.replace(door, id=asset, kind=kinds[asset], addresses={"mqtt": "z2m/b"})
    intake = MemoryIntake(hospital=msgspec.structs.replace(small, assets=(thing,)))
    raw = json.dumps({"action": action, "battery": 80}).encode()
    (event,) = events_of("z2m/b", raw, "broker", intake, START)
    assert kind == (event.what if isinstance(event, PanelSignal) else getattr(event, "state", ""))


@pytest.mark.parametrize(
    ("topic", "raw"),
    [
        ("frigate/hall/person", b"2"),
        ("frigate/hall/person/snapshot", b"\xff\xd8\xff\xe0"),
        ("frigate/hall/motion", b"ON"),
        ("frigate/stats", b"{}"),
        ("frigate/tracked_object_update", b'{"type": "face"}'),
        ("frigate/notifications/state", b"ON"),
        ("frigate/nowhere/all", b"1"),
    ],
)
def test_counts_pictures_and_figures_of_its_own_are_passed_over(topic: str, raw: bytes) -> None:
    assert not read(topic, raw)


def test_under_another_base_topic_they_are_known_by_the_recorder() -> None:
    with pytest.raises(UnreadableError):
        read("nvr/hall/person", b"2")
    small = hospital()
    assets = tuple(
        msgspec.structs.replace(one, addresses={"frigate": "site/nvr"}) if one.id == "camera.corridor" else one
        for one in small.assets
    )
    intake = MemoryIntake(hospital=msgspec.structs.replace(small, assets=assets))
    assert not list(events_of("site/nvr/hall/person", b"2", "broker", intake, START))


def test_frigate_that_was_stopped_sees_nothing() -> None:
    (state,) = read("frigate/available", b"stopped")
    assert isinstance(state, CameraState)
    assert state.state == "lost"
