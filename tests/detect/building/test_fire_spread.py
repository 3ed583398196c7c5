"""Which compartments are neighbours: by a door, or above each other."""

from __future__ import annotations

import msgspec

from safecare.detect.building.fire_spread import FireSpread
from safecare.detect.building.sensor_tamper import Tamper
from safecare.detect.building.sensor_trouble import Trouble
from safecare.model.events.building import FireSignal, PointChanged
from safecare.model.events.panels import PanelSignal
from safecare.model.hospital import Hospital, Level, Name, Point
from safecare.model.ids import ZoneId
from safecare.testing.made import HOSPITAL, made

UP = "aurore.1"


def two_storeys(building: str = "aurore.main") -> Hospital:
    """The tiny hospital, its ward lifted over the server room."""
    ward, server = HOSPITAL.zone("aurore.ward.a"), HOSPITAL.zone("aurore.server.room")
    assert ward
    assert server
    lifted = msgspec.structs.replace(ward, level=UP, outline=server.outline, fire_compartment="fc.up")
    level = Level(id=UP, site=ward.site, building=building, ordinal=1, name=Name("", ""), building_name=Name("", ""))
    zones = tuple(lifted if zone.id == ward.id else zone for zone in HOSPITAL.zones)
    assets = tuple(asset for asset in HOSPITAL.assets if asset.id != "door.ward")
    return msgspec.structs.replace(HOSPITAL, zones=zones, levels=(*HOSPITAL.levels, level), assets=assets)


def test_fire_spreads_upwards_within_one_building() -> None:
    below = made(FireSignal, 0, "fire.server.room", state="alarm")
    above = made(FireSignal, 900, None, zone=ZoneId("aurore.ward.a"), state="alarm")
    assert len(list(FireSpread(two_storeys()).feed([below, above]))) == 1
    assert not list(FireSpread(two_storeys("aurore.other")).feed([below, above]))


def test_tamper_points_with_a_rule_of_the_site_are_left_to_it() -> None:
    opened = made(PointChanged, 0, "freezer.1", point="tamper", on=True)
    ruled = tuple(
        msgspec.structs.replace(asset, points=(Point(name="tamper", register="coil:0", alarm_on=True),))
        if asset.id == "freezer.1"
        else asset
        for asset in HOSPITAL.assets
    )
    assert len(list(Tamper(HOSPITAL).feed([opened]))) == 1
    assert not list(Tamper(msgspec.structs.replace(HOSPITAL, assets=ruled)).feed([opened]))


def test_a_part_that_is_switched_off_is_told_at_once_and_once() -> None:
    off = made(PanelSignal, 0, "fire.pharmacy", what="bypass")
    assert len(list(Trouble(HOSPITAL).feed([off, made(PanelSignal, 9, "fire.pharmacy", what="bypass")]))) == 1
