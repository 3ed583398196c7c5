"""A contact that is wired, or set up, the other way around: one word in the hospital files, whichever door tells it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from safecare.detect.physical.door_held_open import HeldDoor
from safecare.formats.alarm.dc09 import framed
from safecare.formats.camera_words import read_notifications
from safecare.formats.field import INVERTIBLE, read_field
from safecare.formats.hospital import load
from safecare.formats.isapi import read_isapi
from safecare.model.event import Event
from safecare.model.hospital import Hospital
from safecare.sources.access.rows import Rows, mapping_of
from safecare.sources.calls import Callers
from safecare.sources.dc09.door import Dc09Door
from safecare.sources.mqtt.decode import events_of
from safecare.testing.clock import START
from safecare.testing.device_server import alert, notification
from safecare.testing.hospital import small_hospital
from safecare.testing.intake import MemoryIntake

DOOR, BUTTON, FIRE = "door.pharmacy", "board.north", "fire.pharmacy"


def intake(inverted: dict[str, tuple[str, ...]], kinds: dict[str, str] | None = None) -> MemoryIntake:
    """Return a site whose door, button and detector are known by each system, with what is inverted by asset."""
    named = {DOOR: "1", BUTTON: "2", FIRE: "3"}
    small = small_hospital()
    assets = []
    for one in small.assets:
        if one.id in named:
            number = named[one.id]
            more = {"sia": f"1234/{number}", "isapi": f"hik/io{number}", "onvif": f"hik/in{number}"}
            one = msgspec.structs.replace(
                one,
                addresses=one.addresses | more,
                inverted=inverted.get(one.id, ()),
                kind=(kinds or {}).get(one.id, one.kind),
            )
        assets.append(one)
    hospital: Hospital = msgspec.structs.replace(small, assets=tuple(assets))
    return MemoryIntake(hospital=hospital)


def by_mqtt(taken: MemoryIntake, on: bool) -> list[Event]:
    return list(events_of("doors/pharmacy", b'{"contact": %s}' % (b"false" if on else b"true"), "m", taken, START))


def by_table(taken: MemoryIntake, on: bool) -> list[Event]:
    row = {"time": START.isoformat(), "door": "reader-pharmacy", "event": "opened" if on else "closed"}
    more = dict.fromkeys(("badge", "direction", "reason", "number"), "")
    return Rows(mapping_of("generic"), "t").event(row | more, taken, START)


def by_isapi(taken: MemoryIntake, on: bool) -> list[Event]:
    raw = alert("IO", "active" if on else "inactive", "1").replace(
        b"<eventType>", b"<inputIOPortID>1</inputIOPortID><eventType>"
    )
    return Callers("hik", "isapi", {}).events(read_isapi(raw, UTC), "hik", "r", START, taken)


def by_onvif(taken: MemoryIntake, on: bool) -> list[Event]:
    raw = notification("tns1:Device/Trigger/DigitalInput", {"LogicalState": "true" if on else "false"}, source="in1")
    (word,) = read_notifications(raw)
    return Callers("on", "onvif", {}).events(word, "hik", "r", START, taken)


@pytest.mark.parametrize("told", [by_mqtt, by_table, by_isapi, by_onvif])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("on", [False, True])
def test_a_door_by_every_system(told: Callable[[MemoryIntake, bool], list[Event]], *, turned: bool, on: bool) -> None:
    taken = intake({DOOR: ("contact", "input")} if turned else {})
    (event,) = told(taken, on)
    assert event.kind == ("door.opened" if on is not turned else "door.closed")


@pytest.mark.parametrize(("code", "what", "name"), [("BA", "intrusion", "intrusion"), ("PA", "panic", "panic")])
def test_a_zone_of_a_panel(code: str, what: str, name: str) -> None:
    frames = [framed(f'"SIA-DCS"000{n}L0#1234[#1234|N{word}1]')[1:-1] for n, word in ((1, code), (2, f"{code[0]}R"))]
    for inverted in ((), (name,)):
        taken = intake({DOOR: inverted})
        events = [one for raw in frames for one in Dc09Door("p").decode(raw, {}, taken)]
        assert [getattr(one, "what", "") for one in events] == [what, what]
        assert [getattr(one, "on", None) for one in events] == ([False, True] if inverted else [True, False])


def test_a_button_calls_when_its_loop_opens_and_a_detector_alarms_when_it_rests() -> None:
    raw = alert("IO", "inactive", "1").replace(b"<eventType>", b"<inputIOPortID>2</inputIOPortID><eventType>")
    calls = []
    for inverted in ((), ("input",)):
        taken = intake({BUTTON: inverted}, {BUTTON: "panic_button"})
        (event,) = Callers("hik", "isapi", {}).events(read_isapi(raw, UTC), "hik", "r", START, taken)
        calls.append(getattr(event, "what", ""))
    assert calls == ["note", "panic"]
    for inverted, state in (((), "normal"), (("fire",), "alarm"), (("contact",), "normal")):
        taken = intake({FIRE: inverted})
        (fire,) = events_of("fire/pharmacy", b'{"smoke": false}', "m", taken, START)
        assert getattr(fire, "state", "") == state


def test_other_states_of_the_same_thing_and_parts_that_no_file_names_stay_as_they_are() -> None:
    taken = intake({DOOR: ("contact",)})
    events = list(
        events_of("doors/pharmacy", b'{"contact": true, "tamper": true, "battery_low": false}', "m", taken, START)
    )
    assert [(one.kind, getattr(one, "on", None)) for one in events] == [
        ("point.changed", False),
        ("door.opened", None),
        ("point.changed", True),
    ]
    panel = intake({})
    assets = tuple(
        msgspec.structs.replace(one, addresses={"sia": "777"}, inverted=("intrusion",)) if one.id == BUTTON else one
        for one in panel.hospital.assets
    )
    whole = MemoryIntake(hospital=msgspec.structs.replace(panel.hospital, assets=assets))
    (event,) = Dc09Door("p").decode(framed('"SIA-DCS"0001L0#777[#777|NBA9]')[1:-1], {}, whole)
    assert (getattr(event, "on", None), getattr(event, "part", "")) == (True, "9")


def test_what_was_kept_is_turned_too_and_a_grant_is_not() -> None:
    taken = intake({DOOR: ("contact",)})
    (stood,) = events_of("doors/pharmacy", b'{"contact": true}', "m", taken, START, kept=True)
    assert (stood.kind, stood.kept) == ("door.opened", True)
    (grant,) = events_of("doors/pharmacy", b'{"access": "granted", "badge": "B001"}', "m", taken, START)
    assert grant.kind == "badge.granted"


def test_a_day_of_a_turned_contact_alarms_until_it_is_declared() -> None:
    """Eight passages: told the other way around the door stands open all day; declared so, nobody is called."""
    told: dict[bool, int] = {}
    for declared in (False, True):
        taken = intake({DOOR: ("contact",)} if declared else {})
        rule, count = HeldDoor(taken.hospital), 0
        for number in range(8):
            for second, contact in ((0, b"true"), (8, b"false")):  # what the wrong wiring says of opening and closing
                at = START + timedelta(minutes=15 * number, seconds=second)
                count += len(list(rule.feed(events_of("doors/pharmacy", b'{"contact": %s}' % contact, "m", taken, at))))
            count += len(list(rule.tick(START + timedelta(minutes=15 * number + 10))))
        told[declared] = count
    assert told[False] > 0
    assert told[True] == 0


@pytest.mark.parametrize(
    ("said", "good"), [("contact", True), ("input, lid", True), ("doors", False), ("granted", False)]
)
def test_the_files_say_what_can_be_inverted(said: str, good: bool, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "hospital.yaml").write_text("id: h\nname: {en: H, fr: H}\nsites: [{id: s, name: {en: S, fr: S}}]\n")
    thing = f"{{id: d, name: {{en: D, fr: D}}, kind: sensor, inverted: [{said}]}}"
    (tmp_path / "assets" / "a.yaml").write_text(f"site: s\nassets:\n- {thing}\n")
    loaded = load(tmp_path)
    wrong = [one for one in loaded.problems if one.file.endswith("a.yaml") and one.level == "error"]
    assert bool(wrong) is not good
    assert good or "one of" in str(wrong[0].reason.key)


def test_every_name_is_one_that_something_says() -> None:
    for name in INVERTIBLE - {"contact", "input", "fire"}:
        raw: Any = {name: True}
        try:
            read_field(msgspec.json.encode(raw))
        except ValueError:
            read_field(msgspec.json.encode({"alarm": name}))
