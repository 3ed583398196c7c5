"""From a topic and a payload to events: assets, times, ids, badges."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from safecare.model.event import Event
from safecare.model.events.building import FireSignal, PointChanged, PowerSignal, Reading
from safecare.model.events.doors import BadgeDenied, BadgeGranted, DoorClosed, DoorOpened, HolderPlaced
from safecare.model.events.panels import PanelSignal
from safecare.model.hospital import Hospital, Person
from safecare.model.ids import HolderId, SiteId
from safecare.sources.api import UnreadableError
from safecare.sources.mqtt.decode import events_of
from safecare.testing.clock import START
from safecare.testing.hospital import small_hospital
from safecare.testing.intake import MemoryIntake

OTHER = SiteId("elsewhere")


def events(topic: str, said: dict[str, Any], intake: MemoryIntake | None = None, after: float = 0) -> list[Event]:
    seen = START + timedelta(seconds=after)
    return list(events_of(topic, json.dumps(said).encode(), "mqtt", intake or MemoryIntake(), seen))


@pytest.mark.parametrize(
    ("topic", "said", "kind"),
    [
        ("doors/pharmacy", {"contact": False}, DoorOpened),
        ("doors/pharmacy", {"contact": True}, DoorClosed),
        ("doors/exit.stairs", {"contact": False}, DoorOpened),
        ("cold/freezer.1", {"contact": False}, PointChanged),
        ("doors/pharmacy", {"access": "opened"}, DoorOpened),
        ("doors/pharmacy", {"access": "closed"}, DoorClosed),
        ("doors/pharmacy", {"access": "granted"}, BadgeGranted),
        ("doors/pharmacy", {"access": "denied"}, BadgeDenied),
        ("fire/pharmacy", {"smoke": True}, FireSignal),
        ("power/board.north", {"supply": "lost"}, PowerSignal),
        ("cold/freezer.1", {"temperature": -19.5}, Reading),
        ("cold/freezer.1", {"lid": True}, PointChanged),
    ],
)
def test_kinds(topic: str, said: dict[str, Any], kind: type[Event]) -> None:
    (event,) = events(topic, said)
    assert type(event) is kind
    assert event.asset is not None
    assert event.site == "aurore"
    assert event.zone is not None


def test_a_door_stands_at_its_inner_zone() -> None:
    (event,) = events("doors/pharmacy", {"contact": False, "egress": True})
    assert isinstance(event, DoorOpened)
    assert (event.asset, event.zone, event.egress) == ("door.pharmacy", "aurore.pharmacy", True)


def test_known_badges_are_their_holder_and_others_a_pseudonym() -> None:
    intake = MemoryIntake()
    person = next(one for one in intake.hospital.people if one.badges)
    (known,) = events("doors/pharmacy", {"access": "granted", "badge": person.badges[0], "means": "code"}, intake)
    (other,) = events("doors/pharmacy", {"access": "granted", "badge": "CLEAR-4711"}, intake)
    (nobody,) = events("doors/pharmacy", {"access": "granted"}, intake)
    assert isinstance(known, BadgeGranted)
    assert isinstance(other, BadgeGranted)
    assert isinstance(nobody, BadgeGranted)
    assert (known.holder, known.means) == (person.holder, "code")
    assert other.holder == intake.pseudonym("badge", "CLEAR-4711")
    assert "4711" not in repr(other)
    assert nobody.holder is None


def test_sent_again_with_its_time_it_is_the_same_event() -> None:
    said = {"contact": False, "at": START.isoformat()}
    (first,), (again,) = events("doors/pharmacy", said), events("doors/pharmacy", said, after=60)
    assert first.id == again.id
    (other,) = events("doors/pharmacy", {**said, "seq": 2})
    assert other.id != first.id
    (elsewhere,) = events("doors/cold", said)
    assert elsewhere.id != first.id


def test_the_signals_of_one_message_have_ids_of_their_own() -> None:
    two = events("cold/freezer.1", {"temperature": -19, "lid": False, "at": START.isoformat()})
    assert len({event.id for event in two}) == 2


@pytest.mark.parametrize(
    ("behind", "believed"),
    [(0, True), (3600, True), (-240, True), (-600, False), (6 * 86_400, True), (8 * 86_400, False)],
)
def test_a_clock_that_is_far_off_is_not_believed(behind: float, believed: bool) -> None:
    at = START - timedelta(seconds=behind)
    (event,) = events("cold/freezer.1", {"lid": True, "at": at.isoformat()})
    assert event.at == (at if believed else START)
    assert event.seen == START


@pytest.mark.parametrize(
    ("topic", "said", "place"),
    [
        ("doors/nowhere", {"contact": False}, "doors/nowhere"),
        ("roster", {"placed": "aurore.ward.a", "badge": "1", "contact": True}, "roster"),
        ("doors/pharmacy", {"contact": 1}, "contact"),
        ("doors/pharmacy", {"colour": 1}, "doors/pharmacy"),
        ("roster", {"placed": "aurore.ward.a"}, "badge"),
        ("roster", {"placed": "nowhere", "badge": "1"}, "placed"),
    ],
)
def test_unreadable_says_where(topic: str, said: dict[str, Any], place: str) -> None:
    with pytest.raises(UnreadableError) as found:
        events(topic, said)
    assert found.value.place == place


def test_whereabouts_need_no_asset() -> None:
    base = small_hospital()
    away = Person(holder=HolderId("holder.far"), role="nurse", site=OTHER, badges=("B7",))
    intake = MemoryIntake(hospital=msgspec.structs.replace(base, people=(*base.people, away)))
    (placed,) = events("roster", {"placed": "aurore.ward.a", "badge": "B7", "by": "tag"}, intake)
    assert isinstance(placed, HolderPlaced)
    assert (placed.site, placed.zone, placed.by, placed.holder) == ("aurore", "aurore.ward.a", "tag", "holder.far")
    (gone,) = events("roster", {"placed": None, "badge": "B7"}, intake)
    assert isinstance(gone, HolderPlaced)
    assert (gone.site, gone.zone, gone.by) == (OTHER, None, "roster")
    (unknown,) = events("roster", {"placed": None, "badge": "X"}, intake)
    assert unknown.site == "aurore"


def test_a_hospital_without_sites_breaks_nothing() -> None:
    (event,) = events("roster", {"placed": None, "badge": "X"}, MemoryIntake(hospital=Hospital.empty()))
    assert event.site == ""


def kept(topic: str, said: dict[str, Any], intake: MemoryIntake | None = None) -> list[Event]:
    raw = json.dumps(said).encode()
    return list(events_of(topic, raw, "mqtt", intake or MemoryIntake(), START, kept=True))


def test_what_a_broker_had_kept_is_marked() -> None:
    (event,) = kept("doors/pharmacy", {"contact": False})
    assert isinstance(event, DoorOpened)
    assert event.kept
    (live,) = events("doors/pharmacy", {"contact": False})
    assert not live.kept
    assert b'"kept"' not in msgspec.json.encode(live)


def test_a_state_that_was_kept_is_still_an_alarm() -> None:
    (event,) = kept("fire/pharmacy", {"smoke": True})
    assert isinstance(event, FireSignal)
    assert (event.state, event.kept) == ("alarm", True)


@pytest.mark.parametrize(
    ("age", "what"),
    [(None, "note"), (timedelta(days=2), "note"), (timedelta(minutes=16), "note"), (timedelta(minutes=2), "panic")],
)
def test_a_press_that_was_kept_is_a_call_only_if_it_is_of_now(age: timedelta | None, what: str) -> None:
    said: dict[str, Any] = {"action": "emergency"}
    if age is not None:
        said["last_seen"] = (START - age).isoformat()
    (event,) = kept("doors/pharmacy", said)
    assert isinstance(event, PanelSignal)
    assert event.what == what
    assert "emergency" in event.code


def test_a_grant_that_was_kept_is_none_of_now() -> None:
    (event,) = kept("doors/pharmacy", {"access": "granted", "badge": "B001"})
    assert isinstance(event, PanelSignal)
    assert (event.what, event.code) == ("note", "kept: access granted")
