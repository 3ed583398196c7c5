"""Answers that are made once for many: never older than what was announced, never for whom they are not."""

from __future__ import annotations

import asyncio

import console_items as made
import httpx
import pytest
from console_rig import Rig, Running

from safecare.console import board as boards

pytest_plugins = ["console_fixtures"]


async def test_many_at_once_are_answered_by_one_reading(served: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0
    before = boards.situation

    def counted(*given: object) -> object:
        nonlocal count
        count += 1
        return before(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(boards, "situation", counted)
    cookies = {"safecare_session": served.rig.sign_in("operator")}
    async with httpx.AsyncClient(base_url=served.url, cookies=cookies) as desk:
        answers = await asyncio.gather(*(desk.get("/api/board") for _ in range(40)))
    assert {one.status_code for one in answers} == {200}
    assert count < 10


async def test_language_and_site_have_answers_of_their_own(served: Running) -> None:
    rig = served.rig
    at = rig.clock.now()
    rig.add(made.incident(at, id="here"), made.incident(at, id="there", site=made.OTHER))
    cookies = {"safecare_session": rig.sign_in("operator")}
    narrow = {"safecare_session": rig.sign_in("operator", site="aurore")}
    async with (
        httpx.AsyncClient(base_url=served.url, cookies=cookies) as all_sites,
        httpx.AsyncClient(base_url=served.url, cookies=narrow) as one_site,
    ):
        wide = (await all_sites.get("/api/board")).json()["incidents"]
        french = (await all_sites.get("/api/board", headers={"Accept-Language": "fr"})).json()["incidents"]
        here = (await one_site.get("/api/board")).json()["incidents"]
    assert {one["id"] for one in wide} == {"here", "there"}
    assert {one["id"] for one in here} == {"here"}
    assert {one["title"] for one in wide} != {one["title"] for one in french} or len(french) == 2


async def test_packed_and_plain_say_the_same(rig: Rig) -> None:
    rig.add(*(made.incident(rig.clock.now()) for _ in range(10)))
    async with rig.browser("operator") as desk:
        packed = await desk.get("/api/board", headers={"Accept-Encoding": "gzip"})
        plain = await desk.get("/api/board", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json()["incidents"] == plain.json()["incidents"]


async def test_a_reading_that_fails_is_tried_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("busy")

    with monkeypatch.context() as patch:
        patch.setattr(boards, "situation", broken)
        async with rig.browser("operator") as desk:
            with pytest.raises(OSError, match="busy"):
                await desk.get("/api/board")
    async with rig.browser("operator") as desk:
        assert (await desk.get("/api/board")).status_code == 200
