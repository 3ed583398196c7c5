"""A drawing becomes a plan whose rooms keep their ids, and what changes is told."""

from __future__ import annotations

import msgspec
from drawing_samples import GEOJSON

from safecare.demo import HOSPITAL
from safecare.formats.drawing import read_drawing
from safecare.formats.drawing.compose import category_of, drawn_anew, features_of, slug
from safecare.formats.drawing.differences import differences
from safecare.formats.hospital import Placed, Redrawn, level_of, load
from safecare.model.hospital import Hospital
from safecare.model.ids import AssetId, ZoneId

LEVEL = "aurore.0"
PLAN = HOSPITAL / "plans" / f"{LEVEL}.geojson"


def demo() -> Hospital:
    hospital = load(HOSPITAL).hospital
    assert hospital is not None
    return hospital


def test_the_plan_of_the_demo_drawn_again_is_the_same_plan() -> None:
    hospital, raw = demo(), PLAN.read_bytes()
    level = next(one for one in hospital.levels if one.id == LEVEL)
    again = drawn_anew(read_drawing(raw, "geojson"), level, hospital, raw)
    assert level_of(again) == LEVEL
    assert features_of(again).keys() == features_of(raw).keys()
    loaded = load(HOSPITAL, Redrawn({LEVEL: again}))
    assert loaded.hospital is not None, loaded.problems
    assert differences(hospital, loaded.hospital, LEVEL) == ()
    door = next(one for one in loaded.hospital.assets if one.between and one.addresses)
    assert door == hospital.asset(door.id)  # what its files say beside the drawing is kept


def test_a_moved_wall_and_a_moved_thing_are_told() -> None:
    hospital, raw = demo(), PLAN.read_bytes()
    plan = msgspec.json.decode(raw)
    room = next(one for one in plan["features"] if one["id"] == "aurore.pharmacy.reserve" or "pharmacy" in one["id"])
    room["properties"]["name"] = {"en": "Another name", "fr": "Un autre nom"}
    thing = next(one for one in hospital.assets if one.zone == room["id"] and one.between is None)
    other = next(zone for zone in hospital.zones if zone.level == LEVEL and zone.id != room["id"])
    placed = {str(thing.id): Placed(ZoneId(other.id), None)}
    loaded = load(HOSPITAL, Redrawn({LEVEL: msgspec.json.encode(plan)}, placed))
    assert loaded.hospital is not None, loaded.problems
    changed = {one.key for one in differences(hospital, loaded.hospital, LEVEL)}
    assert changed == {"Room renamed: {room} is now {name}", "{thing} is placed anew: {room}"}
    assert loaded.hospital.asset(AssetId(thing.id)).zone == other.id  # type: ignore[union-attr]


def test_a_foreign_drawing_lacks_what_the_hospital_names() -> None:
    hospital = demo()
    level = next(one for one in hospital.levels if one.id == LEVEL)
    plan = drawn_anew(read_drawing(GEOJSON, "geojson"), level, hospital, PLAN.read_bytes())
    loaded = load(HOSPITAL, Redrawn({LEVEL: plan}))
    assert loaded.hospital is None
    assert any("zone" in one.reason.key for one in loaded.problems)


def test_uses_and_ids() -> None:
    assert category_of("", "Bureau des entrées") == "office"
    assert category_of("restroom", "") == "toilets"
    assert category_of("", "Salle 12") == "room"
    assert slug("Salle d'opération n°2").startswith("salle-d-operation")
    assert slug("…") == "room"
