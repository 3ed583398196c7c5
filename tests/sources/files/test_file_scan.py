"""The door for files of other programs: 202 at once, the verdict when asked, the policy's word on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from safecare.model.events.files import FileJudged
from safecare.sources.files.upload import FileScan
from safecare.testing.intake import MemoryIntake, running

pytestmark = pytest.mark.slow
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@asynccontextmanager
async def scanning(**settings: Any) -> AsyncIterator[tuple[MemoryIntake, httpx.AsyncClient]]:
    intake, door = MemoryIntake(), FileScan(port=0, **settings)
    async with (
        running(door, intake),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{door.address[1]}", timeout=20) as client,
    ):
        yield intake, client


async def verdict(client: httpx.AsyncClient, id: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            answer = (await client.get(f"/files/{id}")).json()
            if answer["state"] != "waiting":
                return dict(answer)
            await asyncio.sleep(0.02)


async def test_a_file_is_taken_at_once_and_its_verdict_told_when_asked() -> None:
    async with scanning(policy="refuse") as (intake, client):
        taken = await client.post("/files", params={"name": "a.txt"}, content=EICAR)
        assert taken.status_code == 202
        answer = await verdict(client, taken.json()["id"])
        assert (answer["verdict"], answer["act"]) == ("malicious", "refused")
        assert answer["findings"][0]["why"]["fr"].startswith("Un motif connu")
        clean = await verdict(client, (await client.post("/files", content=b"words")).json()["id"])
        assert (clean["verdict"], clean["act"]) == ("clean", "passed")
        assert (await client.get("/files/unknown")).status_code == 404
    judged = [event for event in intake.events if isinstance(event, FileJudged)]
    assert {event.act for event in judged} == {"refused", "passed"}
    assert answer["sha256"] in intake.artifacts.kept


async def test_by_default_nothing_is_stopped() -> None:
    async with scanning() as (_, client):
        answer = await verdict(client, (await client.post("/files", content=EICAR)).json()["id"])
        assert (answer["verdict"], answer["act"]) == ("malicious", "passed")


async def test_without_its_token_nobody_hands_in_or_asks() -> None:
    async with scanning(token="a token of 20 letters") as (intake, client):
        assert (await client.post("/files", content=b"x")).status_code == 401
        assert (await client.get("/files/x")).status_code == 401
        headers = {"Authorization": "Bearer a token of 20 letters"}
        assert (await client.post("/files", content=b"x", headers=headers)).status_code == 202
        assert len(intake.artifacts.kept) == 1


async def test_too_large_and_no_room_are_told() -> None:
    async with scanning(file_mb=0.001) as (intake, client):
        assert (await client.post("/files", content=bytes(2000))).status_code == 413
        intake.room = 0
        assert (await client.post("/files", content=b"x")).status_code == 507
        assert json.loads((await client.post("/files", content=b"x")).content)["error"] == "no room, send again"


def test_settings_that_leave_the_door_open_are_refused() -> None:
    with pytest.raises(ValueError, match="a token is needed"):
        FileScan(host="0.0.0.0")
    with pytest.raises(ValueError, match="at least"):
        FileScan(token="short")
