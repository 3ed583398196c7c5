"""What people on site report: durable once, shown to those who run the response, and nothing hidden in a photo."""

from __future__ import annotations

import base64
from datetime import timedelta

import cv2
import numpy as np
import pytest
from console_rig import Rig

from safecare.model.events.acts import Reported

pytest_plugins = ["console_fixtures"]

VOICE = b"\x1a\x45\xdf\xa3" + b"speech" * 20


def photo() -> bytes:
    done, raw = cv2.imencode(".jpg", np.zeros((40, 60, 3), np.uint8))
    assert done
    jpeg = raw.tobytes()
    exif = b"Exif\0\0GPS"
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


def text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


async def test_a_report_with_photo_and_voice_is_stored_once_and_shown(rig: Rig) -> None:
    body = {
        "words": "Door open",
        "zone": "aurore.pharmacy",
        "picture": text(photo()),
        "voice": text(VOICE),
        "id": "phone-1",
    }
    async with rig.browser("guard") as guard, rig.browser("operator") as desk:
        for _ in range(2):
            assert (await guard.post("/api/reports", json=body)).status_code == 201
        rig.store()
        assert len([one for one in rig.acts() if isinstance(one, Reported)]) == 1
        [shown] = (await desk.get("/api/reports")).json()
        assert (shown["words"], shown["zone"]["name"], shown["panic"]) == ("Door open", "Pharmacy", False)
        picture = await desk.get(shown["picture"])
        assert picture.headers["content-type"] == "image/jpeg"
        assert b"GPS" not in picture.content
        voice = await desk.get(shown["voice"])
        assert voice.headers["content-type"] == "audio/webm"
        assert voice.content == VOICE
        assert (await guard.get("/api/reports")).status_code == 403


@pytest.mark.parametrize("days", [-3650, -8, 1, 400])
async def test_a_report_from_a_phone_with_an_odd_clock_is_of_now_and_stored_once(rig: Rig, days: int) -> None:
    at = (rig.clock.now() + timedelta(days=days)).isoformat()
    async with rig.browser("guard") as guard:
        for _ in range(3):  # the answer was lost, and minutes later it is sent again
            body = {"about": "fire", "zone": "aurore.pharmacy", "id": "phone-1", "at": at}
            assert (await guard.post("/api/reports", json=body)).status_code == 201
            rig.clock.advance(timedelta(minutes=3))
        assert (await guard.post("/api/reports", json={"about": "tea"})).status_code == 422
    [act] = [one for one in rig.acts() if isinstance(one, Reported)]
    assert (act.about, act.at, act.zone) == ("fire", act.seen, "aurore.pharmacy")


async def test_a_report_that_waited_for_a_network_keeps_the_time_when_it_was_made(rig: Rig) -> None:
    at = rig.clock.now() - timedelta(hours=9)
    async with rig.browser("guard") as guard:
        assert (await guard.post("/api/reports", json={"words": "x", "at": at.isoformat()})).status_code == 201
    [act] = [one for one in rig.acts() if isinstance(one, Reported)]
    assert (act.at, act.seen) == (at, rig.clock.now())


async def test_a_call_for_help_needs_no_words(rig: Rig) -> None:
    async with rig.browser("guard") as guard:
        assert (await guard.post("/api/reports", json={"panic": True})).status_code == 201
        assert (await guard.post("/api/reports", json={})).status_code == 422
    [act] = [one for one in rig.acts() if isinstance(one, Reported)]
    assert act.panic


@pytest.mark.parametrize(
    "wrong",
    [
        {"picture": text(b"GIF89a")},
        {"picture": "no base 64!"},
        {"voice": text(b"MZ program")},
        {"voice": text(VOICE + bytes(1_000_001))},
        {"zone": "nowhere"},
    ],
)
async def test_other_files_are_not_taken(rig: Rig, wrong: dict[str, str]) -> None:
    async with rig.browser("guard") as guard:
        assert (await guard.post("/api/reports", json={"words": "x", **wrong})).status_code == 422
    assert not rig.acts()


async def test_voices_give_nothing_else_of_the_store(rig: Rig) -> None:
    kept = rig.artifacts.keep(b"From: somebody", "message/rfc822")
    async with rig.browser("operator") as desk:
        assert (await desk.get(f"/api/voices/{kept}")).status_code == 404
        assert (await desk.get("/api/voices/../x")).status_code == 404


async def test_another_site_sees_its_own_reports(rig: Rig) -> None:
    async with rig.browser("guard") as guard, rig.browser("operator", site="tilleuls") as desk:
        await guard.post("/api/reports", json={"words": "x", "zone": "aurore.pharmacy"})
        rig.store()
        assert (await desk.get("/api/reports")).json() == []
