"""The demo hospital: made by its generator, free of mistakes, and fit for the story that it must carry."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from safecare.demo import HOSPITAL
from safecare.formats.hospital import Loaded, load
from safecare.locale.typography import french
from safecare.model.hospital import Hospital
from safecare.sources.api import sources

_FRENCH = re.compile(r'[{ ]"?fr"?: ("[^"]*"|[^,}"]*)')
SCRIPT = Path(__file__).parents[2] / "script" / "make-demo-hospital"


@cache
def loaded() -> Loaded:
    return load(HOSPITAL)


def hospital() -> Hospital:
    found = loaded().hospital
    assert found is not None
    return found


@pytest.mark.slow
def test_the_generator_gives_the_committed_files(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SCRIPT), str(tmp_path)], check=True, timeout=60)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(HOSPITAL): path.read_bytes() for path in HOSPITAL.rglob("*") if path.is_file()}
    assert made.keys() == kept.keys()
    assert [name for name in made if made[name] != kept[name]] == [], "run script/make-demo-hospital and commit"


def test_french_names_are_set_as_french_is() -> None:
    found = [one for path in HOSPITAL.rglob("*.*") for one in _FRENCH.findall(path.read_text("utf-8"))]
    assert len(found) > 2000
    assert [one for one in found if one != french(one)] == []


@pytest.mark.slow
def test_holds_no_error_and_no_warning() -> None:
    assert loaded().problems == []


def test_has_the_size_of_two_real_sites() -> None:
    site = hospital()
    assert [one.id for one in site.sites] == ["aurore", "tilleuls"]
    assert len(site.zones) > 400
    assert len(site.assets) > 1500
    assert len(site.services) == 40
    assert len({level.building for level in site.levels if level.site == "tilleuls"}) == 6
    assert len([level for level in site.levels if level.site == "aurore"]) == 6


@pytest.mark.parametrize(
    "id",
    [
        "aurore.pharmacy", "aurore.pharmacy.cold", "aurore.corridor.pharmacy", "aurore.vaccination.hall",
        "aurore.technical.north", "door.aurore.pharmacy", "door.aurore.pharmacy.cold", "door.aurore.exit.west",
        "freezer.aurore.vaccine.1", "camera.aurore.pharmacy.corridor", "camera.aurore.vaccination.hall",
        "board.aurore.north", "app.appointments", "server.appointments", "ws.aurore.pharmacy.1",
        "fire.aurore.technical.north", "service.vaccination", "service.pharmacy",
    ],
)  # fmt: skip
def test_has_what_the_story_speaks_of(id: str) -> None:
    assert hospital().thing(id) is not None


def test_the_places_of_the_story_lie_as_it_tells() -> None:
    site = hospital()
    corridor = site.zone("aurore.corridor.pharmacy")
    pharmacy, technical = site.zone("aurore.pharmacy"), site.zone("aurore.technical.north")
    assert corridor
    assert pharmacy
    assert technical
    assert pharmacy.id in site.adjacent(corridor.id)
    assert site.adjacent("aurore.pharmacy.cold") == {"aurore.pharmacy"}
    assert pharmacy.fire_compartment == technical.fire_compartment
    assert pharmacy.sector == technical.sector
    assert set(pharmacy.outline) & set(technical.outline), "next door"
    assert corridor.loiter_after
    hall = site.zone("aurore.vaccination.hall")
    assert hall
    assert hall.crowd_at
    assert hall.id in site.adjacent(corridor.id)


def test_the_freezers_hang_on_the_board_of_the_sector() -> None:
    fed = {on for one in hospital().dependencies_at("board.aurore.north") if one.kind == "powers" for on in one.on}
    assert {f"freezer.aurore.vaccine.{number}" for number in (1, 2, 3)} <= fed
    assert "switch.aurore.north" in fed


def test_somebody_with_the_pharmacy_code_works_at_both_sites() -> None:
    person = hospital().person("badge", "code-0001")
    assert person
    assert {zone.partition(".")[0] for zone in person.zones} == {"aurore", "tilleuls"}
    assert person.workstation == "ws.aurore.pharmacy.1"


def test_every_door_and_reading_can_be_addressed() -> None:
    site = hospital()
    for id, system in (
        ("door.aurore.pharmacy", "mqtt"),
        ("freezer.aurore.vaccine.1", "modbus"),
        ("board.aurore.north", "mqtt"),
    ):
        asset = site.asset(id)
        assert asset
        assert site.at_address(system, asset.addresses[system]) is asset


def test_every_dependency_tells_where_its_figures_come_from() -> None:
    assert [one.id for one in hospital().dependencies if not one.source or one.source == "assumed"] == []


def test_all_zones_can_be_reached_from_outside() -> None:
    site = hospital()
    seen = {zone.id for zone in site.zones if zone.category == "outdoor"}
    edge = set(seen)
    while edge:
        edge = {there for here in edge for there in site.adjacent(here)} - seen
        seen |= edge
    assert {zone.id for zone in site.zones} - seen == set()


def test_the_platforms_doors_exist_and_take_their_settings() -> None:
    known = sources().parts
    for door in loaded().doors:
        parameters = inspect.signature(known[door.source]).parameters
        assert set(door.settings) <= set(parameters), door.id
