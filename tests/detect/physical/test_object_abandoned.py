"""Geometry of `Abandoned`; what is raised and what not stands in the golden cases."""

from __future__ import annotations

from safecare.detect.physical.left_things import Left, Place
from safecare.detect.physical.object_abandoned import Abandoned
from safecare.model.events.video import Thing
from safecare.testing.clock import START
from safecare.testing.hospital_scenes import drawn_hospital


def test_places_meet_where_boxes_overlap() -> None:
    here = Place.of(Thing(number=1, x=100, y=100, width=40, height=30, since=0), START)
    beside = Place.of(Thing(number=2, x=150, y=100, width=40, height=30, since=0), START)
    assert here.meets(here)
    assert not here.meets(beside)


def test_starts_without_memory() -> None:
    assert Left().held == {}
    assert list(Abandoned(drawn_hospital()).feed([])) == []
