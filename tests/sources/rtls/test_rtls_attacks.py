"""A call for help by tag that is played again, late, or for somebody else; over real HTTP, to the alert."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from test_rtls_door import TOKEN, bundle, device, location, parameters

from safecare.detect.physical.alarm_panic import PanicAlarm
from safecare.model.events.doors import HolderPlaced
from safecare.model.events.panels import PanelSignal
from safecare.sources.api import UnreadableError
from safecare.sources.rtls.door import RtlsDoor
from safecare.testing.clock import START, FakeClock
from safecare.testing.device_server import running
from safecare.testing.intake import MemoryIntake

DURESS = json.dumps(bundle("staff-duress", device(), location())).encode()


def notification(message: dict[str, Any], kind: str = "subscription-notification") -> bytes:
    """Return a message as a Subscription's notification brings it (R4 Subscriptions Backport guide)."""
    status = {"resourceType": "Parameters", "parameter": [{"name": "type", "valueCode": "event-notification"}]}
    entries = [{"resource": status}, {"fullUrl": "urn:uuid:1", "resource": message}]
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode()


def decode(raw: bytes, intake: MemoryIntake) -> list[Any]:
    return list(RtlsDoor("rtls", token=TOKEN).decode(raw, {}, intake))


@pytest.mark.parametrize("kind", ["subscription-notification", "history"])
def test_a_notification_of_a_subscription_is_the_message_that_it_brings(kind: str) -> None:
    placed, panic = decode(notification(bundle("staff-duress", device(), location()), kind), MemoryIntake())
    assert isinstance(placed, HolderPlaced)
    assert isinstance(panic, PanelSignal)
    assert (panic.what, panic.zone, panic.holder) == ("panic", "aurore.ward.a", "holder.2")


async def test_a_call_that_is_played_again_is_the_same_call() -> None:
    clock = FakeClock()
    intake, door = MemoryIntake(clock=clock), RtlsDoor("rtls", port=0, token=TOKEN)
    async with running(door, intake):
        await asyncio.wait_for(door.started.wait(), 10)
        async with httpx.AsyncClient(base_url="http://{}:{}".format(*door.address)) as client:
            headers = {"authorization": f"Bearer {TOKEN}"}
            for minutes in (0, 0, 5, 24 * 60):
                clock.advance(timedelta(minutes=minutes))
                assert (await client.post("/", content=DURESS, headers=headers)).status_code == 202
    calls = [one for one in intake.events if isinstance(one, PanelSignal)]
    assert len({one.id for one in calls}) == 1
    assert {one.at for one in calls} == {START}
    told = list(PanicAlarm().feed(calls))
    assert len({one.id for one in told}) == 1, "whoever plays it again calls nobody anew"


async def test_a_signed_call_needs_its_own_signature() -> None:
    intake, key = MemoryIntake(), "another-secret-of-ours"
    door = RtlsDoor("rtls", port=0, key=key)
    other = json.dumps(bundle("staff-duress", device("B001"), location())).encode()
    signed = hmac.new(key.encode(), DURESS, hashlib.sha256).hexdigest()
    async with running(door, intake):
        await asyncio.wait_for(door.started.wait(), 10)
        async with httpx.AsyncClient(base_url="http://{}:{}".format(*door.address)) as client:
            for raw, header, status in (
                (other, {"x-hub-signature-256": f"sha256={signed}"}, 401),
                (DURESS, {}, 401),
                (DURESS, {"x-hub-signature-256": "sha256="}, 401),
                (DURESS, {"x-hub-signature-256": f"sha256={signed}"}, 202),
            ):
                assert (await client.post("/", content=raw, headers=header)).status_code == status
    assert [one.holder for one in intake.events if isinstance(one, PanelSignal)] == ["holder.2"]


def test_each_calls_for_themselves() -> None:
    """The tag says who calls: neither another tag of the message, nor a patient in it, nor who was there before."""
    patient = {"resourceType": "Patient", "id": "p", "identifier": [{"value": "B001"}]}
    both = bundle("staff-duress", device("B002"), location(), patient)
    panics = [one for one in decode(json.dumps(both).encode(), MemoryIntake()) if isinstance(one, PanelSignal)]
    assert [one.holder for one in panics] == ["holder.2"]
    intake = MemoryIntake()
    stranger = decode(json.dumps(bundle("staff-duress", device("never seen"), location())).encode(), intake)
    (panic,) = (one for one in stranger if isinstance(one, PanelSignal))
    assert panic.holder == intake.pseudonym("badge", "never seen")
    assert panic.zone == "aurore.ward.a"


def test_two_who_call_from_one_room_are_two_calls() -> None:
    intake, events = MemoryIntake(), []
    for tag in ("B001", "B002", "B001", "B002"):
        events += decode(json.dumps(bundle("staff-duress", device(tag), location())).encode(), intake)
    assert len(list(PanicAlarm().feed(one for one in events if isinstance(one, PanelSignal)))) == 2


@pytest.mark.parametrize("hours", [-24 * 365, -24 * 8, -2, 2, 24 * 365])
def test_a_call_with_a_wrong_clock_is_a_call(hours: int) -> None:
    at = (START + timedelta(hours=hours)).isoformat()
    events = decode(json.dumps(bundle("staff-duress", device(), location(), at=at)).encode(), MemoryIntake())
    (alert,) = PanicAlarm().feed(one for one in events if isinstance(one, PanelSignal))
    assert alert.first == (START + timedelta(hours=hours) if hours == -2 else START)


@pytest.mark.parametrize(
    "raw",
    [
        b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><Bundle><id value='&x;'/></Bundle>",
        b'{"resourceType": "Bundle", "entry": ' + b'[{"resource": {"resourceType": "Bundle", "entry": ' * 400,
        notification({"resourceType": "Bundle"}),
        json.dumps(parameters("staff-duress")).encode(),
        json.dumps(bundle("staff-duress", {"resourceType": "Device", "identifier": [{"value": ""}]})).encode(),
    ],
)
def test_what_calls_for_nobody_is_kept_apart(raw: bytes) -> None:
    with pytest.raises(UnreadableError):
        decode(raw, MemoryIntake())
