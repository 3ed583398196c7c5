"""EDXL-HAVE: always valid by the schema, only what was reported, nothing invented."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from safecare.model.events.care import CareFigures
from safecare.share.have import BEDS, NAMES, NAMESPACE, CareNow, SiteNow, have

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
SPACES = {"h": NAMESPACE, "n": NAMES}


@pytest.fixture(scope="module")
def schema() -> Any:
    return etree.XMLSchema(etree.parse(Path(__file__).resolve().parents[1] / "cases" / "have" / "have.xsd"))


def figures() -> st.SearchStrategy[CareFigures]:
    number = st.none() | st.integers(0, 500)
    return st.builds(
        CareFigures,
        open=st.sampled_from([None, "open", "limited", "closed"]),
        beds=number,
        occupied=number,
        staff=number,
        rooms=number,
        diversion=st.sampled_from([None, True, False]),
    )


services = st.builds(
    CareNow,
    name=st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=20),
    kind=st.sampled_from([*BEDS, "laboratory"]),
    planned=st.integers(0, 300),
    figures=figures(),
    at=st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)


@given(st.lists(services, max_size=6))
def test_every_message_is_valid(schema: Any, given_services: list[CareNow]) -> None:
    raw = have([SiteNow("aurore", "L'Aurore & Cie", tuple(given_services))], NOW)
    schema.assertValid(etree.fromstring(raw))


def read(*services: CareNow) -> Any:
    return etree.fromstring(have([SiteNow("aurore", "L'Aurore", services)], NOW))


def service(kind: str, planned: int = 0, at: datetime | None = NOW, **told: Any) -> CareNow:
    return CareNow(name=kind, kind=kind, planned=planned, figures=CareFigures(**told), at=at)


def test_free_beds_traffic_and_theatres_are_told() -> None:
    found = read(
        service("ward", 30, beds=28, occupied=25),
        service("icu", 12, beds=10, occupied=11),
        service("theatre", rooms=4),
        service("emergency", open="limited"),
    )
    assert found.xpath("//h:BedType/text()", namespaces=SPACES) == ["MedicalSurgical", "AdultICU", "OperatingRooms"]
    assert found.xpath("//h:AvailableCount/text()", namespaces=SPACES) == ["3", "0", "4"]
    assert found.xpath("//h:BaselineCount/text()", namespaces=SPACES) == ["30", "12"]
    assert found.xpath("//h:CapacityStatus/text()", namespaces=SPACES)[1] == "NotAvailable"
    assert found.xpath("//h:EMSTrafficStatus/text()", namespaces=SPACES) == ["Advisory"]
    assert found.xpath("//n:NameElement/text()", namespaces=SPACES) == ["L'Aurore"]


def test_what_nobody_reported_is_left_out() -> None:
    found = read(service("ward", beds=28), service("emergency", at=None), service("laboratory", beds=3, occupied=1))
    assert not found.xpath("//h:BedCapacity", namespaces=SPACES)
    assert not found.xpath("//h:EmergencyDepartmentStatus", namespaces=SPACES)
    planned = read(service("ward", 30, at=None))
    assert not planned.xpath("//h:AvailableCount", namespaces=SPACES)
    assert planned.xpath("//h:BaselineCount/text()", namespaces=SPACES) == ["30"]


@pytest.mark.parametrize(
    ("told", "traffic"),
    [
        ({"diversion": True, "open": "open"}, "Closed"),
        ({"open": "closed"}, "Closed"),
        ({"diversion": False}, "Normal"),
        ({"open": "open"}, "Normal"),
    ],
)
def test_diversion_closes_to_ambulances(told: dict[str, Any], traffic: str) -> None:
    assert read(service("emergency", **told)).xpath("//h:EMSTrafficStatus/text()", namespaces=SPACES) == [traffic]
