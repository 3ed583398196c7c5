"""EDXL-HAVE 1.0: what the hospital's care can take in, for rescue services and other hospitals. Pure.

Only what somebody reported is written; a figure that nobody gave is left out, never guessed. Each service stands for
itself, with its name and the time of its figures as a comment. Counts only, never a patient.

Source: OASIS Standard EDXL-HAVE 1.0, 1 November 2008: elements, their order and their values. Version 2.0 (Committee
Specification 02, 2019) keeps other elements; its schema was not at hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec

from safecare.model.events.care import CareFigures

NAMESPACE = "urn:oasis:names:tc:emergency:EDXL:HAVE:1.0"
NAMES = "urn:oasis:names:tc:ciq:xnl:3"
BEDS = {
    "burns": "Burn",
    "emergency": "EmergencyDepartment",
    "icu": "AdultICU",
    "neonatology": "NeonatalICU",
    "paediatrics": "Pediatrics",
    "psychiatry": "AdultPsychiatric",
    "rehabilitation": "RehabLongTermCare",
    "resuscitation": "AdultICU",
    "theatre": "OperatingRooms",
    "ward": "MedicalSurgical",
}
"""``BedType`` by kind of service; kinds that have no word there are not told."""


class CareNow(msgspec.Struct, frozen=True, kw_only=True):
    """One service: planned beds, and what was reported of it, last at `at` (None: nothing was)."""

    name: str
    kind: str
    planned: int
    figures: CareFigures
    at: datetime | None


class SiteNow(msgspec.Struct, frozen=True):
    """One site with its services."""

    id: str
    name: str
    services: tuple[CareNow, ...]


def have(sites: Iterable[SiteNow], now: datetime) -> bytes:
    """Return the message on `sites`. Needs one site at least."""
    root = Element("HospitalStatus", {"xmlns": NAMESPACE, "xmlns:xnl": NAMES})
    for site in sites:
        hospital = SubElement(root, "Hospital")
        information = SubElement(SubElement(hospital, "Organization"), "OrganizationInformation")
        name = SubElement(information, "xnl:OrganisationName", {"xnl:OrganisationID": site.id})
        SubElement(name, "xnl:NameElement").text = site.name
        _emergency(hospital, site.services)
        _beds(hospital, site.services)
        times = [one.at for one in site.services if one.at is not None]
        SubElement(hospital, "LastUpdateTime").text = _time(max(times, default=now))
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _emergency(hospital: Element, services: Iterable[CareNow]) -> None:
    """Write whether ambulances are taken: of several emergency departments the one that takes most."""
    order = ("Normal", "Advisory", "Closed")
    told = [traffic for one in services if one.kind == "emergency" and (traffic := _traffic(one.figures))]
    if told:
        status = SubElement(hospital, "EmergencyDepartmentStatus")
        SubElement(SubElement(status, "EMSTraffic"), "EMSTrafficStatus").text = min(told, key=order.index)


def _traffic(figures: CareFigures) -> str | None:
    if figures.diversion or figures.open == "closed":
        return "Closed"
    if figures.open == "limited":
        return "Advisory"
    return "Normal" if figures.open == "open" or figures.diversion is False else None


def _beds(hospital: Element, services: Iterable[CareNow]) -> None:
    told = [(one, _available(one)) for one in services if one.kind in BEDS]
    status: Element | None = None
    for one, available in told:
        if available is None and not one.planned:
            continue
        status = SubElement(hospital, "HospitalBedCapacityStatus") if status is None else status
        beds = SubElement(status, "BedCapacity")
        SubElement(beds, "BedType").text = BEDS[one.kind]
        capacity = SubElement(beds, "Capacity")
        if available is not None:
            SubElement(capacity, "CapacityStatus").text = "Vacant/Available" if available else "NotAvailable"
            SubElement(capacity, "AvailableCount").text = str(available)
        if one.planned:
            SubElement(capacity, "BaselineCount").text = str(one.planned)
        SubElement(beds, "CommentText").text = f"{one.name}, {_time(one.at)}" if one.at else one.name


def _available(one: CareNow) -> int | None:
    """Return how many can be taken at once; None where that was not reported."""
    figures = one.figures
    if figures.open == "closed":
        return 0
    if one.kind == "theatre":
        return figures.rooms
    return None if figures.beds is None or figures.occupied is None else max(0, figures.beds - figures.occupied)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
