"""Locating systems by FHIR, over real HTTP, with messages in the form of the guide's examples."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.fhir_rtls import RtlsError, read_rtls
from safecare.model.events.doors import HolderPlaced
from safecare.model.events.panels import PanelSignal
from safecare.sources.api import UnreadableError
from safecare.sources.rtls.door import RtlsDoor
from safecare.testing.clock import START
from safecare.testing.device_server import running
from safecare.testing.hospital import small_hospital
from safecare.testing.intake import MemoryIntake

TOKEN = "a-long-enough-token"
CODES = "http://hl7.org/fhir/uv/rtls/CodeSystem/rtlsMessageEvents"


def device(tag: str = "B002") -> dict[str, Any]:
    return {"resourceType": "Device", "id": "d", "identifier": [{"system": "urn:tags", "value": tag}]}


def location(place: str = "aurore.ward.a") -> dict[str, Any]:
    return {"resourceType": "Location", "id": "l", "identifier": [{"value": place}], "name": "Room 317"}


def bundle(event: str, *resources: dict[str, Any], at: str = "") -> dict[str, Any]:
    """A message as the guide has it: a header, and a Bundle that holds the rest."""
    header = {"resourceType": "MessageHeader", "eventCoding": {"system": CODES, "code": event}}
    inner = {"resourceType": "Bundle", "type": "message", "entry": [{"resource": one} for one in resources]}
    stamp = at or START.isoformat()
    entries = [{"resource": header}, {"resource": inner}]
    return {"resourceType": "Bundle", "id": "b", "type": "message", "timestamp": stamp, "entry": entries}


def parameters(event: str, *resources: dict[str, Any]) -> dict[str, Any]:
    told: list[dict[str, Any]] = [{"name": "event", "valueCoding": {"system": CODES, "code": event}}]
    told += [{"name": one["resourceType"].lower(), "resource": one} for one in resources]
    told.append({"name": "timestamp", "valueInstant": START.isoformat()})
    return {"resourceType": "Parameters", "parameter": told}


@pytest.mark.parametrize("made", [bundle, parameters])
def test_a_call_for_help_tells_who_and_where(made: Any) -> None:
    raw = json.dumps(made("staff-duress", device(), location())).encode()
    placed, panic = RtlsDoor("rtls", token=TOKEN).decode(raw, {}, MemoryIntake())
    assert isinstance(placed, HolderPlaced)
    assert isinstance(panic, PanelSignal)
    assert (placed.zone, placed.by, placed.holder) == ("aurore.ward.a", "tag", "holder.2")
    assert (panic.what, panic.zone, panic.holder, panic.at) == ("panic", "aurore.ward.a", "holder.2", START)


def test_a_call_for_help_from_nowhere_is_told_all_the_same_and_a_place_that_nobody_knows_is_not() -> None:
    door, intake = RtlsDoor("rtls", token=TOKEN), MemoryIntake()
    (panic,) = door.decode(json.dumps(bundle("staff-duress", device(), location("EMC-317"))).encode(), {}, intake)
    assert isinstance(panic, PanelSignal)
    assert (panic.site, panic.zone) == ("aurore", None)
    assert "EMC-317" in panic.code
    with pytest.raises(UnreadableError, match="EMC-317"):
        door.decode(json.dumps(bundle("location-update", device(), location("EMC-317"))).encode(), {}, intake)
    assert not list(door.decode(json.dumps(bundle("enroll-tag", device())).encode(), {}, intake))


def test_a_place_by_the_address_of_its_beacon() -> None:
    small = small_hospital()
    assets = tuple(
        msgspec.structs.replace(one, addresses=one.addresses | {"rtls": "EMC-317"}) if one.id == "freezer.1" else one
        for one in small.assets
    )
    intake = MemoryIntake(hospital=msgspec.structs.replace(small, assets=assets))
    raw = json.dumps(bundle("location-update", device("unknown"), location("EMC-317"))).encode()
    (placed,) = RtlsDoor("rtls", token=TOKEN).decode(raw, {}, intake)
    assert isinstance(placed, HolderPlaced)
    assert placed.zone == "aurore.pharmacy.cold"
    assert placed.holder != "unknown"


def test_seven_digits_of_a_second_as_in_the_guide_s_example() -> None:
    told = read_rtls(json.dumps(bundle("location-update", device(), at="2023-03-24T10:24:13.1882432-05:00")).encode())
    assert told.at == datetime(2023, 3, 24, 15, 24, 13, 188243, tzinfo=UTC)


async def test_posts_are_answered_once_they_are_stored() -> None:
    intake, door = MemoryIntake(), RtlsDoor("rtls", port=0, token=TOKEN)
    async with running(door, intake):
        await asyncio.wait_for(door.started.wait(), 10)
        async with httpx.AsyncClient(base_url="http://{}:{}".format(*door.address)) as client:
            headers = {"authorization": f"Bearer {TOKEN}"}
            good = await client.post("/", json=bundle("staff-duress", device(), location()), headers=headers)
            bad = await client.post("/", content=b"{}", headers=headers)
            stranger = await client.post("/", json=bundle("staff-duress", device(), location()))
            intake.room = 0
            full = await client.post("/", json=bundle("staff-duress", device(), location()), headers=headers)
    assert [one.status_code for one in (good, bad, stranger, full)] == [202, 202, 401, 507]
    assert (len(intake.events), len(intake.rejects)) == (2, 1)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ([], "no JSON"),
        ({"resourceType": "Patient"}, "no Bundle or Parameters"),
        ({"resourceType": "Bundle"}, "the event is not told"),
        (bundle("tea-is-ready", device()), "are not taken"),
        (bundle("staff-duress"), "the tag is not told"),
    ],
)
def test_what_is_no_message_is_told(told: object, reason: str) -> None:
    with pytest.raises(RtlsError, match=reason):
        read_rtls(json.dumps(told).encode())


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=9),
    lambda x: (
        st.lists(x, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resource", "resourceType", "entry", "identifier", "value", "code", "eventCoding"]),
            x,
            max_size=4,
        )
    ),
    max_leaves=9,
)


@given(st.sampled_from(["Bundle", "Parameters"]), values, values)
def test_no_message_raises_anything_else(type: str, one: object, other: object) -> None:
    raw = json.dumps({"resourceType": type, "entry": one, "parameter": one, "timestamp": other}).encode()
    with contextlib.suppress(RtlsError):
        read_rtls(raw)


def test_text_that_is_no_utf_8_is_told() -> None:
    """Found by `script/fuzz`."""
    with pytest.raises(RtlsError, match="no JSON"):
        read_rtls(b'{"resourceType":"\xe9"}')


LINKED = "http://example.org/Location/9"


def update(*resources: tuple[str, dict[str, Any]]) -> bytes:
    header = {"resourceType": "MessageHeader", "eventUri": f"{CODES}#location-update"}
    entries = [{"resource": header}, *({"fullUrl": full, "resource": one} for full, one in resources)]
    return json.dumps({"resourceType": "Bundle", "timestamp": START.isoformat(), "entry": entries}).encode()


def at(tag: str, **link: Any) -> tuple[str, dict[str, Any]]:
    return f"urn:{tag}", device(tag) | {"location": link}


@pytest.mark.parametrize(
    "link",
    [
        {"reference": LINKED},
        {"reference": "Location/l"},
        {"reference": "http://elsewhere/Location/aurore.ward.a"},
        {"identifier": {"value": "aurore.ward.a"}},
        {"display": "aurore.ward.a"},
    ],
)
def test_a_tag_is_where_its_own_link_says(link: dict[str, Any]) -> None:
    other = {"resourceType": "Location", "id": "o", "identifier": [{"value": "aurore.entrance"}]}
    raw = update(("urn:other", other), at("B002", **link), (LINKED, location()))
    (placed,) = RtlsDoor("rtls", token=TOKEN).decode(raw, {}, MemoryIntake())
    assert isinstance(placed, HolderPlaced)
    assert placed.zone == "aurore.ward.a"


def test_each_tag_of_a_message_is_told_and_one_without_a_place_hides_none() -> None:
    raw = update(at("B002", display="aurore.ward.a"), at("B001", display="aurore.pharmacy"), at("B003", display="?"))
    events = list(RtlsDoor("rtls", token=TOKEN).decode(raw, {}, MemoryIntake()))
    assert [(one.kind, one.zone) for one in events] == [
        ("holder.placed", "aurore.ward.a"),
        ("holder.placed", "aurore.pharmacy"),
    ]
    assert len({one.id for one in events}) == 2
    assert not list(RtlsDoor("rtls", token=TOKEN).decode(update(("urn:d", device())), {}, MemoryIntake()))


def test_a_place_within_the_tag_s_own_resource() -> None:
    inside = device() | {"location": {"reference": "#l"}, "contained": [location()]}
    (placed,) = RtlsDoor("rtls", token=TOKEN).decode(update(("urn:d", inside)), {}, MemoryIntake())
    assert placed.zone == "aurore.ward.a"


XML = """<?xml version="1.0"?><Bundle xmlns="http://hl7.org/fhir"><type value="message"/>
<timestamp value="2026-03-02T07:00:00Z"/><entry><resource><MessageHeader><eventCoding><code value="staff-duress"/>
</eventCoding></MessageHeader></resource></entry><entry><resource><Bundle><entry><fullUrl value="urn:d"/><resource>
<Device><identifier><value value="B002"/></identifier><location><reference value="urn:l"/></location></Device>
</resource></entry><entry><fullUrl value="urn:l"/><resource><Location><identifier><value value="aurore.ward.a"/>
</identifier></Location></resource></entry></Bundle></resource></entry></Bundle>"""


def test_the_same_in_xml() -> None:
    placed, panic = RtlsDoor("rtls", token=TOKEN).decode(XML.encode(), {}, MemoryIntake())
    assert isinstance(panic, PanelSignal)
    assert (placed.zone, panic.zone, panic.holder) == ("aurore.ward.a", "aurore.ward.a", "holder.2")
    for raw in (XML[:300].encode(), b"<a>" * 3000, b"<Bundle/>"):
        with pytest.raises(RtlsError):
            read_rtls(raw)
