"""Administration: who has access, taking it away at once, channels and their test."""

from __future__ import annotations

import asyncio

import httpx
from console_rig import Rig, Running

from safecare.model.events.acts import SignedIn
from safecare.model.topics import decode

pytest_plugins = ["console_fixtures"]


async def test_users_with_their_sessions(rig: Rig) -> None:
    async with rig.browser("guard"), rig.browser("admin") as admin:
        found = {one["role"]: one for one in (await admin.get("/api/users")).json()}
        assert found["guard"]["role_name"] == "Guard"
        assert len(found["guard"]["sessions"]) == 1
        assert found["guard"]["sessions"][0]["live"] is False
        assert found["guard"]["ways"] == []


async def test_access_is_taken_away_at_once(rig: Rig) -> None:
    async with rig.browser("guard") as guard, rig.browser("admin") as admin:
        [user] = [one for one in (await admin.get("/api/users")).json() if one["role"] == "guard"]
        assert (await guard.get("/api/me")).status_code == 200
        assert (await admin.post(f"/api/users/{user['id']}/revoke")).status_code == 200
        assert (await guard.get("/api/me")).status_code == 401
        [act] = [one for one in rig.acts() if isinstance(one, SignedIn) and one.change == "revoked"]
        assert act.detail == user["id"]
        rig.store()
        about = [one["about"] for one in (await admin.get("/api/audit")).json()["entries"]]
        assert f"Took all access from {user['name']}" in about
        assert (await admin.post("/api/users/nobody/revoke")).status_code == 404


async def test_nobody_locks_themselves_out(rig: Rig) -> None:
    async with rig.browser("admin") as admin:
        me = (await admin.get("/api/me")).json()["user"]
        assert (await admin.post(f"/api/users/{me}/revoke")).status_code == 409


async def test_one_session_is_ended_and_its_open_screen_too(served: Running) -> None:
    rig = served.rig
    cookie = rig.sign_in("operator")
    async with rig.browser("admin") as admin, httpx.AsyncClient(cookies={"safecare_session": cookie}) as desk:
        async with desk.stream("GET", f"{served.url}/api/live") as stream:
            lines = stream.aiter_lines()
            await anext(lines)
            [user] = [one for one in (await admin.get("/api/users")).json() if one["role"] == "operator"]
            [session] = user["sessions"]
            assert session["live"] is True
            assert (await admin.post(f"/api/sessions/{session['id']}/revoke")).status_code == 200
            async with asyncio.timeout(5):
                async for _ in lines:
                    pass
        assert (await desk.get(f"{served.url}/api/me")).status_code == 401
        assert (await admin.post(f"/api/sessions/{session['id']}/revoke")).status_code == 404
        assert (await admin.post("/api/sessions/x/revoke")).status_code == 404


async def test_a_channel_is_tested_by_the_way_of_real_notices_and_waits_for_nobody(rig: Rig) -> None:
    async with rig.browser("admin") as admin, rig.browser("guard") as guard:
        answer = await admin.post("/api/channels/page/test", json={"role": "guard"})
        assert answer.status_code == 202
        [batch] = rig.log.read({"notice"}, 0, 10)
        notice = decode("notice", batch.items[0])
        assert (notice.channel, notice.role, notice.incident) == ("page", "guard", "")
        rig.store()
        assert (await guard.get("/api/guard")).json()["notices"] == []
        assert rig.deps().reader.counts()["notices_open"] == 0
        found = {one["name"]: one for one in (await admin.get("/api/channels")).json()["channels"]}
        assert found["page"]["tests"][0]["outcome"] == "waiting"


async def test_channels_and_routes_in_words(rig: Rig) -> None:
    async with rig.browser("auditor") as auditor:
        found = (await auditor.get("/api/channels")).json()
        assert {"page", "webpush"} <= {one["name"] for one in found["channels"]}
        for route in found["routes"]:
            assert route["in_force"] is True
            assert route["levels"][0][0]["name"]
        assert (await auditor.post("/api/channels/page/test", json={"role": "guard"})).status_code == 403


async def test_one_sign_in_can_not_take_all_streams(served: Running) -> None:
    from safecare.console.live import OF_ONE_SESSION

    cookie = served.rig.sign_in("operator")
    request = f"GET /api/live HTTP/1.1\r\nHost: x\r\nCookie: safecare_session={cookie}\r\n\r\n".encode()

    async def first_line() -> tuple[bytes, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(request)
        line = await reader.readline()
        while not (await reader.readline()).startswith((b"id:", b'{"detail"')):
            pass
        return line, writer

    opened = [await first_line() for _ in range(OF_ONE_SESSION + 1)]
    assert all(b"200" in line for line, _ in opened[:-1])
    assert b"429" in opened[-1][0]
    other = served.rig.sign_in("operator")
    async with (
        httpx.AsyncClient(cookies={"safecare_session": other}) as desk,
        desk.stream("GET", f"{served.url}/api/live") as stream,
    ):
        assert stream.status_code == 200
    for _, writer in opened:
        writer.close()
