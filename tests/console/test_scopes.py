"""Roles, sites, places and markings together: every page and answer that shows something of a place, walked through."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

import httpx
import msgspec
import pytest
from console_items import SITE, alert, forecast, incident, notice, plan
from console_rig import Rig
from fastapi.routing import APIRoute

from safecare.console.clips import MEDIA, WEBM
from safecare.console.news import Newsroom
from safecare.console.rights import RIGHTS, Visitor, manages
from safecare.model.alert import Alert
from safecare.model.events.video import ClipKept
from safecare.model.ids import AssetId, SiteId, ZoneId
from safecare.model.incident import Incident
from safecare.model.marking import Tlp
from safecare.model.notice import Notice
from safecare.model.plan import Plan
from safecare.model.roles import ROLES, reader_of
from safecare.model.scope import places_of, scope_of
from safecare.store.accounts import session_id
from safecare.testing.hospital import small_hospital
from safecare.testing.made import made

pytest_plugins = ["console_fixtures"]

PHARMACY, WARD = ZoneId("aurore.pharmacy"), ZoneId("aurore.ward.a")
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////"
    "////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z"
)

SCOPES: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "everything": (None, ()),
    "the site": ("aurore", ()),
    "the pharmacy": ("aurore", ("aurore.pharmacy",)),
    "the ward": ("aurore", ("aurore.ward.a",)),
    "the building": (None, ("aurore.main",)),
    "a place that is no more": ("aurore", ("aurore.attic",)),
}
HELD = {
    "everything": {"pharmacy", "ward", "server", "elsewhere", "shared"},
    "the site": {"pharmacy", "ward", "server", "shared"},
    "the pharmacy": {"pharmacy", "server", "shared"},
    "the ward": {"ward", "server"},
    "the building": {"pharmacy", "ward", "server", "shared"},
    "a place that is no more": set(),
}
"""What lies in a scope. An attack on a server that stands nowhere is everybody's at its site."""


@dataclass
class Thing:
    """An incident with all that belongs to it."""

    alert: Alert
    incident: Incident
    plan: Plan
    notices: dict[str, Notice]
    still: str
    clip: str


def _thing(rig: Rig, at: datetime, name: str, site: SiteId, zone: ZoneId | None, tlp: Tlp) -> Thing:
    still = rig.artifacts.keep(JPEG + name.encode(), "image/jpeg")
    zones = (zone,) if zone else ()
    seen = msgspec.structs.replace(alert(at, still), site=site, zones=zones)
    found = msgspec.structs.replace(incident(at, seen, site=site, tlp=tlp), zones=zones)
    told = {role: msgspec.structs.replace(notice(found, role), zone=zone, still=still) for role in ROLES}
    proposed = plan(found)
    clip = rig.artifacts.keep(WEBM + name.encode(), MEDIA)
    film = made(ClipKept, 0, site=site, zone=zone, alerts=(seen.id,), seconds=20.0, artifact=clip, until=at)
    rig.add(seen, found, forecast(found), proposed, film, *told.values())
    return Thing(seen, found, proposed, told, still, clip)


@pytest.fixture
def things(rig: Rig) -> dict[str, Thing]:
    at, inside = rig.clock.now(), Tlp.AMBER_STRICT
    return {
        "pharmacy": _thing(rig, at, "pharmacy", SITE, PHARMACY, inside),
        "ward": _thing(rig, at, "ward", SITE, WARD, inside),
        "server": _thing(rig, at, "server", SITE, None, inside),
        "elsewhere": _thing(rig, at, "elsewhere", SiteId("tilleuls"), ZoneId("tilleuls.hall"), inside),
        "shared": _thing(rig, at, "shared", SITE, PHARMACY, Tlp.GREEN),
    }


def papers(id: str, role: str) -> list[tuple[str, str]]:
    """Return what is set as PDF, for one role: it takes its time, and comes from what the pages show."""
    found = [("sheet", f"/api/incidents/{id}/sheet.pdf"), ("report_paper", f"/report/{id}/warning.pdf")]
    return found if role == "operator" else []


def single(thing: Thing, role: str) -> list[tuple[str, str]]:
    """Return name and address of all that shows one thing."""
    id = thing.incident.id
    return [
        ("incident", f"/api/incidents/{id}"),
        ("forecast", f"/api/incidents/{id}/forecast"),
        ("plan", f"/api/incidents/{id}/plan"),
        ("similar", f"/api/incidents/{id}/similar"),
        ("impact_graph", f"/api/incidents/{id}/graph"),
        ("recovery", f"/api/incidents/{id}/recovery"),
        ("timeline", f"/api/incidents/{id}/timeline"),
        ("timeline_table", f"/api/incidents/{id}/timeline.csv"),
        *papers(id, role),
        ("share_preview", f"/api/incidents/{id}/share"),
        ("print_page", f"/print/{id}"),
        ("report_page", f"/report/{id}/warning"),
        ("arrangements", f"/api/incidents/{id}/arrangements"),
        ("still", f"/api/stills/{thing.still}"),
        ("clip", f"/api/clips/{thing.clip}"),
        ("notice_page", f"/a/{thing.notices[role].id}"),
    ]


def lists(thing: Thing, role: str) -> list[tuple[str, str, str]]:
    """Return name and address of what lists things, and what stands there of this one."""
    return [
        ("board", "/api/board", thing.incident.id),
        ("alerts", "/api/alerts", thing.alert.id),
        ("guard", "/api/guard", thing.notices[role].id),
        ("availability", "/api/availability", thing.incident.id),
    ]


def expected(name: str, role: str, thing: str, scope: str) -> bool:
    marked = role != "liaison" or thing == "shared" or name in {"still", "clip", "notice_page", "guard"}
    return thing in HELD[scope] and marked


@pytest.mark.slow
@pytest.mark.parametrize("scope", SCOPES)
async def test_every_page_for_every_role_in_every_scope(rig: Rig, things: dict[str, Thing], scope: str) -> None:
    site, places = SCOPES[scope]
    walked = 0
    for role in ROLES:
        async with rig.browser(role, site, places) as browser:
            for called, thing in things.items():
                for name, path in single(thing, role):
                    status = (await browser.get(path)).status_code
                    wanted = 403 if role not in RIGHTS[name] else 200 if expected(name, role, called, scope) else 404
                    assert status == wanted, f"{role} in {scope}: {path} of {called} gives {status}"
                    walked += 1
                for name, path, id in lists(thing, role):
                    if role not in RIGHTS[name] or name == "availability":
                        continue
                    shown = id in (await browser.get(path)).text
                    assert shown == expected(name, role, called, scope), f"{role} in {scope}: {path} and {called}"
                    walked += 1
    assert walked >= len(ROLES) * len(things) * 10


@pytest.mark.slow
@pytest.mark.parametrize("scope", SCOPES)
async def test_acts_on_what_one_may_not_see(rig: Rig, things: dict[str, Thing], scope: str) -> None:
    site, places = SCOPES[scope]
    for role in ROLES:
        async with rig.browser(role, site, places) as browser:
            for called, thing in things.items():
                asked = [
                    ("judge", f"/api/incidents/{thing.incident.id}/judge", {"id": "j", "state": "validated"}),
                    (
                        "decide",
                        f"/api/plans/{thing.plan.id}/decide",
                        {"id": "d", "action": "none", "decision": "refused", "step": "security"},
                    ),
                    ("answer", f"/api/notices/{thing.notices[role].id}/answer", {"id": "a", "answer": "read"}),
                ]
                for name, path, body in asked:
                    status = (await browser.post(path, json=body)).status_code
                    if role not in RIGHTS[name]:
                        assert status == 403
                    elif not expected(name, role, called, scope) and (name, role) != ("answer", "liaison"):
                        assert status == 404, f"{role} in {scope}: {path} of {called} gives {status}"


@pytest.mark.parametrize("scope", SCOPES)
async def test_live_stream_tells_of_ones_own_place_alone(rig: Rig, things: dict[str, Thing], scope: str) -> None:
    site, places = SCOPES[scope]
    newsroom = Newsroom(rig.deps())
    visitor = Visitor("u", "U", "operator", site, "", places, scope_of(rig.hospital, places))
    guard = msgspec.structs.replace(visitor, role="guard")
    for called, thing in things.items():
        for item in (thing.alert, thing.incident, forecast(thing.incident), thing.plan):
            news = await newsroom.news(item)
            assert news is not None
            assert news.seen_by(visitor) == (called in HELD[scope]), f"{called}: {news.topic}"
            assert not news.seen_by(guard)
        news = await newsroom.news(thing.notices["guard"])
        assert news is not None
        assert news.seen_by(guard) == (called in HELD[scope])


ELSEWHERE = {
    "tests of their own, here and beside their routes": "still voice level drawing sites cameras zones",
    "care of a site, from what the board shows": "availability availability_table availability_have situation",
    "listed above; the plain list is made from the same answer": "guard notices_page",
    "judged by what the feed announces": "live",
    "what an administrator of a part sees, below": "users audit",
    "by site or place, beside their routes": """
        risk suppressions detections held inventory reports shares
        crisis crisis_table crisis_file crisis_page""",
    "about the visitor": """
        me access devices sign_in_page code_page begin_oidc oidc_callback texts plain_file page""",
    "about the platform itself": """
        health metrics rejects channels alarm_load openapi rules procedures scenarios scenario_runs scenario_run""",
}
"""Routes that are read and not walked above, and why."""


def test_no_page_is_forgotten(rig: Rig) -> None:
    """A new route that shows something must say here how its places are kept apart."""
    said = {one for names in ELSEWHERE.values() for one in names.split()}
    thing = incident(rig.clock.now())
    shown = Thing(alert(rig.clock.now()), thing, plan(thing), {"operator": notice(thing)}, "", "")
    walked = {name for name, _ in single(shown, "operator")} | {name for name, _, _ in lists(shown, "operator")}
    read = {route.name for route in rig.app.routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())}
    assert read - said - walked == set()
    assert (said | walked) - read == set()


async def test_who_reports_from_another_place_is_not_heard_there(rig: Rig) -> None:
    picture = base64.b64encode(JPEG).decode()
    async with rig.browser("guard", "aurore", [WARD]) as guard:
        body = {"id": "r", "words": "Smoke", "zone": WARD, "picture": picture}
        assert (await guard.post("/api/reports", json=body)).status_code == 201
    rig.store()
    for places, told in (((), 1), ((WARD,), 1), ((PHARMACY,), 0)):
        async with rig.browser("operator", "aurore", places) as desk:
            assert len((await desk.get("/api/reports")).json()) == told
            async with rig.browser("operator") as all:
                [report] = (await all.get("/api/reports")).json()
            assert (await desk.get(report["picture"])).status_code == (200 if told else 404)


async def test_plans_colour_ones_own_rooms_only(rig: Rig, things: dict[str, Thing]) -> None:
    async with rig.browser("operator", "aurore", [WARD]) as desk:
        assert set((await desk.get("/api/levels/aurore.0")).json()["state"]["zones"]) == {WARD}
        assert [one["id"] for one in (await desk.get("/api/sites")).json()[0]["levels"]] == ["aurore.0"]
    async with rig.browser("operator", "aurore", ["aurore.attic"]) as desk:
        assert (await desk.get("/api/levels/aurore.0")).status_code == 404


async def test_figures_of_the_whole_house_are_not_told_to_who_sees_a_part(rig: Rig, things: dict[str, Thing]) -> None:
    async with rig.browser("operator", "aurore", [WARD]) as desk, rig.browser("operator") as all:
        part, whole = (await desk.get("/api/board")).json(), (await all.get("/api/board")).json()
    assert (part["counts"]["incidents_open"], whole["counts"]["incidents_open"]) == (2, 5)
    assert (part["flood"]["alarms_10min"], whole["flood"]["alarms_10min"]) == (2, 5)


async def _users(browser: httpx.AsyncClient) -> dict[str, str]:
    return {one["name"]: one["id"] for one in (await browser.get("/api/users")).json()}


async def test_an_administrator_of_a_part_gives_and_takes_nothing_beyond_it(rig: Rig) -> None:
    chief = rig.accounts.add("Chief", "admin")
    nurse = rig.accounts.add("Nurse", "guard", "aurore", [WARD])
    chemist = rig.accounts.add("Chemist", "guard", "aurore", [PHARMACY])
    foreign = session_id(rig.sign_in("guard"))
    async with rig.browser("admin", "aurore", [WARD]) as browser:
        assert set(await _users(browser)) == {"Nurse", "Someone"}
        for id in (chief, chemist):
            assert (await browser.post(f"/api/users/{id}/revoke")).status_code == 404
        assert (await browser.post(f"/api/sessions/{foreign}/revoke")).status_code == 404
        for body, status in (
            ({"role": "admin", "name": "All"}, 403),
            ({"role": "admin", "name": "Site", "site": "aurore"}, 403),
            ({"role": "guard", "name": "Other", "site": "aurore", "zones": [PHARMACY]}, 403),
            ({"role": "guard", "name": "Both", "site": "aurore", "zones": [PHARMACY, WARD]}, 403),
            ({"role": "guard", "name": "None", "site": "aurore", "zones": ["aurore.attic"]}, 422),
            ({"role": "guard", "name": "Mine", "site": "aurore", "zones": [WARD]}, 201),
        ):
            assert (await browser.post("/api/invitations", json=body)).status_code == status, body
        assert (await browser.post(f"/api/users/{nurse}/revoke")).status_code == 200


async def test_nobody_silences_more_than_their_place(rig: Rig) -> None:
    until = (rig.clock.now().replace(microsecond=0)).isoformat().replace("08:00", "09:00")
    async with rig.browser("analyst", "aurore", [WARD]) as browser:
        for zones, status in (([], 403), ([PHARMACY], 403), ([WARD, PHARMACY], 403), ([WARD], 200)):
            body = {
                "id": "s",
                "reason": "works",
                "rules": ["door.forced"],
                "expires": until,
                "zones": zones,
                "severity": 60,
            }
            assert (await browser.post("/api/suppressions", json=body)).status_code == status, zones


def test_scopes() -> None:
    house = small_hospital()
    assert scope_of(house, ()) is None
    storey = scope_of(house, ["aurore.0"])
    building = scope_of(house, ["aurore.main"])
    assert storey == building
    assert storey is not None
    assert not storey.outside
    room = scope_of(house, [PHARMACY])
    assert room is not None
    assert room.holds(SITE, [PHARMACY])
    assert room.holds(SITE, [PHARMACY, WARD])
    assert not room.holds(SITE, [WARD])
    assert room.holds(SITE, [])
    assert not room.holds("tilleuls", [])
    standing = next(one for one in house.assets if one.zone == WARD)
    assert not room.holds(SITE, [standing.id])
    assert room.holds(SITE, [AssetId("unknown")])
    gone = scope_of(house, ["attic"])
    assert gone is not None
    assert not gone.holds(SITE, [])
    assert places_of(house, "tilleuls") == set()
    assert not manages(house, Visitor("u", "U", "admin", None, "", (WARD,), scope_of(house, [WARD])), None, [])


def test_every_role_reads_its_own_notices() -> None:
    assert all(reader_of(role) == role for role in ROLES)
