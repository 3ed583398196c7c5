"""Stations out of what was said: names, cards and makers, the asset that each is, and what speaks against it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from safecare.formats.inventory import Station, stations
from safecare.formats.makers import maker
from safecare.model.network import Said
from safecare.testing.made import HOSPITAL, moment

SCANNER, CARD = "10.1.40.20", "02:00:00:00:40:20"


def said(ip: str, system: str, value: str, second: float = 0) -> Said:
    return Said(ip, system, value, moment(second), moment(second) + timedelta(hours=1), "aurore")


def heard(*rows: Said) -> dict[str, Station]:
    return {one.ip: one for one in stations(rows, HOSPITAL) if one.state != "unheard"}


def test_an_asset_is_known_by_its_address_and_says_who_it_is() -> None:
    one = heard(said(SCANNER, "mac", CARD), said(SCANNER, "dicom", "CT1", 60), said(SCANNER, "tls.client", "t13"))[
        SCANNER
    ]
    assert (one.state, one.name, one.mac, one.doubts) == ("known", "CT1", CARD, ())
    assert one.asset is not None
    assert one.zone is not None
    assert (one.first, one.last) == (moment(0), moment(60) + timedelta(hours=1))


@pytest.mark.parametrize(
    ("rows", "doubts"),
    [
        ([said("10.1.40.99", "mac", CARD)], 1),
        ([said("10.1.10.99", "dicom", "CT1")], 1),
        ([said(SCANNER, "mac", "02:00:00:66:66:66")], 1),
        ([said(SCANNER, "dicom", "PACS")], 1),
        ([said("10.1.10.99", "hl7", "HIS|X")], 0),
    ],
)
def test_what_speaks_against_an_asset_is_a_doubt(rows: list[Said], doubts: int) -> None:
    [one] = heard(*rows).values()
    assert (one.state, len(one.doubts)) == ("doubtful" if doubts else "unknown", doubts)


def test_a_router_gives_its_card_to_nobody_and_order_is_that_of_addresses() -> None:
    rows = [said(f"10.9.0.{last}", "ethernet", "00:0e:8c:00:00:01") for last in (10, 9, 1, 2, 100)]
    found = heard(*rows, said("10.9.0.3", "ethernet", "00:0e:8c:00:00:02"), said("fe80::1", "mdns", "x"))
    assert [one.mac for one in found.values()] == ["", "", "00:0e:8c:00:00:02", "", "", "", ""]
    assert list(found) == ["10.9.0.1", "10.9.0.2", "10.9.0.3", "10.9.0.9", "10.9.0.10", "10.9.0.100", "fe80::1"]


def test_assets_that_were_never_heard_are_listed() -> None:
    all_of_them = stations([said(SCANNER, "mac", CARD)], HOSPITAL)
    unheard = {one.ip for one in all_of_them if one.state == "unheard"}
    assert "10.1.40.10" in unheard
    assert SCANNER not in unheard


def test_makers_of_cards() -> None:
    assert maker("00:0e:8c:11:22:33") == "Siemens AG"
    assert maker("02:00:00:00:00:01") == ""
    assert maker("nonsense") == ""
    assert maker("fc:ff:ff:00:00:00") == ""
