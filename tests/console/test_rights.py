"""The table of rights, walked for every route and every role."""

from __future__ import annotations

import httpx
import pytest
from console_rig import TOKEN, Rig
from fastapi import FastAPI
from fastapi.routing import APIRoute

from safecare.console import rights
from safecare.console.application import check_rights
from safecare.console.rights import PUBLIC, RIGHTS, SOURCE, Visitor, may_see_at
from safecare.model.marking import Marking, Tlp
from safecare.model.roles import ROLES

pytest_plugins = ["console_fixtures"]

BODIES = {"ingest": b"{}"}


def routes(app: FastAPI) -> list[tuple[str, str, str]]:
    found = []
    for route in app.routes:
        assert isinstance(route, APIRoute)
        method = "GET" if "GET" in (route.methods or ()) else "POST"
        path = route.path.replace(":path", "")
        for place in route.param_convertors:
            path = path.replace("{" + place + "}", "events" if route.name == "ingest" else "0" * 16)
        found.append((route.name, method, path))
    return found


async def ask(browser: httpx.AsyncClient, name: str, method: str, path: str) -> int:
    return (
        await browser.request(method, path, content=BODIES.get(name, b"{}" if method == "POST" else None))
    ).status_code


@pytest.mark.slow
@pytest.mark.parametrize("role", [*ROLES, SOURCE])
async def test_every_route_for_every_role(rig: Rig, role: str) -> None:
    async with rig.browser(role) as browser:
        for name, method, path in routes(rig.app):
            if name in {"live", "sign_out"}:
                continue  # endless, or ends the session: below
            status = await ask(browser, name, method, path)
            allowed = RIGHTS[name] is PUBLIC or role in RIGHTS[name]
            assert (status not in {401, 403}) == allowed, f"{role} {method} {path}: {status}"
        assert (await ask(browser, "sign_out", "POST", "/sign-out") != 403) == (role in RIGHTS["sign_out"])


async def test_nothing_but_public_without_sign_in(rig: Rig) -> None:
    async with rig.browser() as browser:
        for name, method, path in routes(rig.app):
            status = await ask(browser, name, method, path)
            if RIGHTS[name] is not PUBLIC:
                assert status == 401, f"{method} {path}: {status}"
        assert (await browser.get("/some/page")).status_code == 401


def test_live_stream_has_an_entry_for_everyone_who_signs_in() -> None:
    assert RIGHTS["live"] == frozenset(ROLES)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/api/nothing"])
async def test_no_other_addresses(rig: Rig, path: str) -> None:
    async with rig.browser() as browser:
        assert (await browser.get(path)).status_code in {401, 404}


def test_a_route_without_entry_keeps_the_console_from_starting(rig: Rig) -> None:
    @rig.app.get("/api/more", name="more")
    async def more() -> None: ...

    with pytest.raises(ValueError, match="route more has no entry"):
        check_rights(rig.app)


def test_an_auditor_changes_nothing() -> None:
    changing = {"judge", "decide", "answer", "answer_page", "report", "invite", "run_scenario", "ingest"}
    assert not [name for name in changing if "auditor" in RIGHTS[name]]


def test_liaison_sees_what_is_shared_and_a_site_only_its_own() -> None:
    liaison = Visitor("u", "U", "liaison")
    assert not may_see_at(liaison, "s", Marking(Tlp.AMBER_STRICT))
    assert not may_see_at(liaison, "s", Marking(Tlp.RED))
    assert may_see_at(liaison, "s", Marking(Tlp.GREEN))
    assert may_see_at(liaison, "s", Marking(Tlp.RED, ("u",)))
    assert not may_see_at(Visitor("u", "U", "operator", "other"), "s", Marking(Tlp.CLEAR))
    assert may_see_at(Visitor("u", "U", "operator"), "s", Marking(Tlp.RED))


def test_notices_of_roles_that_nobody_has_are_the_desks() -> None:
    assert rights.addressed(Visitor("u", "U", "operator"), "shift_leader", "")
    assert not rights.addressed(Visitor("u", "U", "guard"), "shift_leader", "")
    assert not rights.addressed(Visitor("u", "U", "guard"), "guard", "v")


async def test_local_token_acts_as_admin_and_a_wrong_one_as_nobody(rig: Rig) -> None:
    async with rig.browser(Authorization=f"Bearer {TOKEN}") as machine:
        del machine.headers["X-Safecare"]
        assert (await machine.get("/api/me")).json()["role"] == "admin"
        assert (await machine.post("/api/invitations", json={"role": "guard", "name": "G"})).status_code == 201
    async with rig.browser(Authorization="Bearer wrong-token-that-is-long") as machine:
        assert (await machine.get("/api/me")).status_code == 401
        assert (await machine.get("/")).status_code == 401


async def test_failed_tokens_are_limited_by_address_and_the_local_one_still_works(rig: Rig) -> None:
    async with rig.browser() as machine:
        wrong = {"Authorization": "Bearer wrong-token-that-is-long"}
        answers = [(await machine.get("/api/me", headers=wrong)).status_code for _ in range(25)]
        assert answers[0] == 401
        assert answers[-1] == 429
        assert (await machine.get("/sign-in/" + "x" * 43)).status_code == 429
        assert (await machine.get("/api/me", headers={"Authorization": f"Bearer {TOKEN}"})).status_code == 200
        true = rig.accounts.invite(role="guard", name="Guard who shares the address")
        assert (await machine.get(f"/sign-in/{true}")).status_code == 200
        rig.clock.advance(61)
        assert (await machine.get("/api/me", headers=wrong)).status_code == 401


async def test_openapi_names_shapes_and_roles(rig: Rig) -> None:
    async with rig.browser("admin") as browser:
        described = (await browser.get("/api/openapi.json")).json()
    board = described["paths"]["/api/board"]["get"]
    assert board["responses"]["200"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Board"}
    assert "operator" in board["description"]
    assert described["components"]["schemas"]["Card"]["properties"]["level"]["enum"] == [
        "critical",
        "high",
        "low",
        "medium",
    ]
