"""Ids and names in addresses open nothing by themselves: pictures, clips, voices, and every route that takes one."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from console_items import OTHER, SITE, ZONE, alert, incident, notice, plan
from console_rig import Rig
from fastapi.routing import APIRoute

from safecare.console.clips import MEDIA, WEBM
from safecare.console.news import News
from safecare.console.rights import RIGHTS, Visitor
from safecare.correlate.suppress import covers
from safecare.model.event import Event
from safecare.model.events.acts import ClipSeen, IncidentShared, Reported, Suppressed
from safecare.model.events.files import FileJudged, MailReceived
from safecare.model.events.video import ClipKept, PeopleSeen, SpotsSeen, ThingsSeen
from safecare.model.ids import ArtifactHash, SiteId
from safecare.model.marking import Tlp
from safecare.model.roles import ROLES
from safecare.store.accounts import session_id
from safecare.store.clips import seal
from safecare.store.vault import Vault
from safecare.testing.made import made

pytest_plugins = ["console_fixtures"]
pytestmark = pytest.mark.slow
JPEG, VOICE, FILM = b"\xff\xd8\xff\xe0 a picture of ", b"OggS a voice of ", WEBM + b" heads hidden "
SITES = (SITE, OTHER)
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rights.md"


def reported(rig: Rig, site: SiteId, **kept: Any) -> Reported:
    return made(Reported, 0, site=site, actor="g", role="guard", words="", **kept)


async def opens(browser: httpx.AsyncClient, hash: str) -> set[str]:
    """Return the kinds as which `hash` is given."""
    found = set()
    for kind in ("stills", "clips", "voices"):
        if (await browser.get(f"/api/{kind}/{hash}")).status_code == 200:
            found.add(kind)
    return found


@pytest.mark.parametrize("kind", [PeopleSeen, ThingsSeen, SpotsSeen])
async def test_a_still_without_alert_is_for_who_draws_zones_at_its_site(rig: Rig, kind: type[Event]) -> None:
    what: str = {PeopleSeen: "people", ThingsSeen: "things", SpotsSeen: "spots"}[kind]
    for site in SITES:
        still = rig.artifacts.keep(JPEG + site.encode(), "image/jpeg")
        told: dict[str, Any] = {what: (), "site": site}
        rig.add(made(kind, 0, "camera.corridor", still=still, **told))
        for role in ROLES:
            for home in (None, *SITES):
                async with rig.browser(role, home) as browser:
                    wanted = {"stills"} if role in RIGHTS["zones"] and home in {None, site} else set()
                    assert await opens(browser, still) == wanted, f"{role} of {home}: still of {site}"


async def test_photos_and_voices_are_for_who_reads_reports_of_their_site(rig: Rig) -> None:
    for site in SITES:
        picture = rig.artifacts.keep(JPEG + site.encode(), "image/jpeg")
        voice = rig.artifacts.keep(VOICE + site.encode(), "audio/ogg")
        rig.add(reported(rig, site, picture=picture, voice=voice))
        for role in ROLES:
            for home in (None, *SITES):
                async with rig.browser(role, home) as browser:
                    may = role in RIGHTS["reports"] and home in {None, site}
                    assert await opens(browser, picture) == ({"stills"} if may else set())
                    assert await opens(browser, voice) == ({"voices"} if may else set())


async def test_clips_are_for_who_sees_incidents_of_the_cameras_site(rig: Rig) -> None:
    for site in SITES:
        film = rig.artifacts.keep(FILM + site.encode(), MEDIA)
        until = rig.clock.now() + timedelta(days=1)
        rig.add(made(ClipKept, 0, site=site, alerts=(), seconds=9.0, artifact=film, until=until))
        for role in ROLES:
            for home in (None, *SITES):
                async with rig.browser(role, home) as browser:
                    may = role in RIGHTS["alerts"] and home in {None, site}
                    assert await opens(browser, film) == ({"clips"} if may else set()), f"{role} of {home}"


async def test_a_guard_has_the_pictures_of_their_notices_alone(rig: Rig) -> None:
    at = rig.clock.now()
    hashes = {}
    for name, role, site in (("mine", "guard", SITE), ("chiefs", "ciso", SITE), ("theirs", "guard", OTHER)):
        still = hashes[name] = rig.artifacts.keep(JPEG + name.encode(), "image/jpeg")
        seen = msgspec.structs.replace(alert(at, still), site=site)
        found = incident(at, seen, site=site)
        told = msgspec.structs.replace(notice(found, role), still=still)
        rig.add(seen, found, told)
    unsaid = hashes["unsaid"] = rig.artifacts.keep(JPEG + b"unsaid", "image/jpeg")
    rig.add(alert(at, unsaid))
    for home, allowed in ((SITE, {"mine"}), (OTHER, {"theirs"}), (None, {"mine", "theirs"})):
        async with rig.browser("guard", home) as guard:
            assert {name for name, hash in hashes.items() if await opens(guard, hash)} == allowed
        async with rig.browser("liaison", home) as outside:
            assert not {name for name, hash in hashes.items() if await opens(outside, hash)}


async def test_pictures_that_came_by_mail_or_belong_to_nothing_are_no_stills(rig: Rig) -> None:
    attached, nobodys, held = (rig.artifacts.keep(JPEG + one, "image/jpeg") for one in (b"mail", b"nobody", b"held"))
    rig.add(
        made(MailReceived, 0, artifact=attached, size=9, client="10.0.0.1"),
        made(FileJudged, 0, artifact=held, size=9, type="jpeg", verdict="malicious", score=1.0, act="held", kept=True),
    )
    for role in ("admin", "ciso", "guard"):
        async with rig.browser(role) as browser:
            for hash in (attached, nobodys, held):
                assert await opens(browser, hash) == set()


async def test_the_same_photo_at_two_sites_is_seen_at_both_and_nowhere_else(rig: Rig) -> None:
    picture = rig.artifacts.keep(JPEG, "image/jpeg")
    rig.add(reported(rig, SITE, picture=picture), reported(rig, OTHER, picture=picture))
    for home, wanted in ((SITE, {"stills"}), (OTHER, {"stills"}), (SiteId("third"), set()), (None, {"stills"})):
        async with rig.browser("operator", home) as desk:
            assert await opens(desk, picture) == wanted


async def test_what_a_browser_has_kept_is_asked_for_again(rig: Rig) -> None:
    picture = rig.artifacts.keep(JPEG, "image/jpeg")
    rig.add(reported(rig, SITE, picture=picture))
    headers = {"If-None-Match": f'"{picture}"'}
    for home, status in ((SITE, 304), (OTHER, 404)):
        async with rig.browser("operator", home) as desk:
            assert (await desk.get(f"/api/stills/{picture}", headers=headers)).status_code == status


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("home", [None, *SITES])
async def test_clear_heads_by_role_site_and_reason_alone(rig: Rig, role: str, home: str | None) -> None:
    key, sealed = seal(Vault(rig.database, rig.keyring, rig.clock), FILM + b"clear")
    clip = made(
        ClipKept,
        0,
        "camera.corridor",
        alerts=(),
        seconds=9.0,
        artifact=rig.artifacts.keep(FILM, MEDIA),
        until=rig.clock.now() + timedelta(days=1),
        clear=rig.artifacts.keep(sealed, "video/sealed"),
        key=key,
    )
    rig.add(clip)
    async with rig.browser(role, home) as browser:
        for hash in (clip.clear, clip.id, clip.key):
            assert await opens(browser, str(hash)) == set()
        for other in (clip.artifact, clip.clear, clip.key):  # a clip is asked for by its event alone
            asked = await browser.post(f"/api/clips/{other}/clear", json={"reason": "theft"})
            assert asked.status_code == (404 if role in RIGHTS["clear_clip"] else 403)
        unsaid = await browser.post(f"/api/clips/{clip.id}/clear", json={"reason": ""})
        given = await browser.post(f"/api/clips/{clip.id}/clear", json={"reason": "theft"})
    rig.store()
    seen = [one for one in rig.acts() if isinstance(one, ClipSeen)]
    if role in RIGHTS["clear_clip"] and home in {None, SITE}:
        assert (unsaid.status_code, given.status_code, given.content) == (422, 200, FILM + b"clear")
        assert [(one.clip, one.reason, one.role) for one in seen] == [(clip.id, "theft", role)]
    else:
        wanted = 404 if role in RIGHTS["clear_clip"] else 403
        assert (unsaid.status_code, given.status_code, seen) == (wanted, wanted, [])


async def test_a_machine_does_not_say_what_the_store_holds(rig: Rig) -> None:
    still = rig.artifacts.keep(JPEG, "image/jpeg")
    held: dict[str, Any] = {"size": 1, "type": "x", "verdict": "malicious", "score": 1.0, "kept": True}
    until = rig.clock.now() + timedelta(days=1)
    claims: list[Event] = [
        made(PeopleSeen, 0, people=(), still=still),
        made(ClipKept, 0, alerts=(), seconds=9.0, artifact=still, until=until),
        made(FileJudged, 0, artifact=still, act="held", **held),
    ]
    plain: list[Event] = [made(PeopleSeen, 0, people=()), made(FileJudged, 1, artifact=still, act="passed", **held)]
    for role, site in (("source", SITE), ("admin", SITE), ("source", None)):
        async with rig.browser(role, site) as machine:
            for event, taken in [*((one, False) for one in claims), *((one, True) for one in plain)]:
                sent = await machine.post("/api/ingest/events", content=msgspec.json.encode(event))
                assert sent.status_code == (202 if taken else 400), event.kind
    rig.store()
    async with rig.browser("ciso", SITE) as ciso:
        assert await opens(ciso, still) == set()


async def test_an_administrator_of_a_site_takes_no_phone_of_another(rig: Rig) -> None:
    ids = {}
    for site in SITES:
        user = rig.accounts.add("Guard", "guard", site)
        ids[site] = rig.devices.add(user, "phone", "fr", f"https://push.example/{site}", "k", "a")
    async with rig.browser("admin", OTHER) as theirs, rig.browser("admin", SITE, [ZONE]) as part:
        for browser in (theirs, part):
            assert (await browser.post(f"/api/devices/{ids[SITE]}/remove")).status_code == 404
        assert (await theirs.post(f"/api/devices/{ids[OTHER]}/remove")).status_code == 200
    async with rig.browser("admin") as chief:
        assert (await chief.post(f"/api/devices/{ids[SITE]}/remove")).status_code == 200


async def test_a_line_of_another_sites_crisis_is_not_corrected(rig: Rig) -> None:
    async with rig.browser("crisis", SITE) as here, rig.browser("crisis", OTHER) as there:
        line = (await here.post("/api/crisis", json={"entry": "note", "words": "a"})).json()["id"]
        rig.store()
        fix = {"entry": "note", "words": "b", "corrects": line}
        assert (await there.post("/api/crisis", json=fix)).status_code == 422
        assert (await here.post("/api/crisis", json=fix)).status_code == 201


async def test_the_audit_and_what_was_shared_stay_with_their_place(rig: Rig) -> None:
    at = rig.clock.now()
    found = msgspec.structs.replace(incident(at, alert(at)), zones=(ZONE,))
    share = made(
        IncidentShared, 0, actor="a", incident=found.id, to="anssi", tlp=Tlp.GREEN, form="cap", sha256="0", revision=1
    )
    rig.add(found, share, reported(rig, OTHER))
    for site, zones, acts, shares in (
        (None, ["aurore.main"], {"act.share"}, 1),
        (SITE, ["aurore.ward.a"], {"act.share"}, 0),
        (OTHER, [], {"act.report"}, 0),
        (None, [], {"act.share", "act.report"}, 1),
    ):
        async with rig.browser("auditor", site, zones) as auditor:
            assert {one["act"] for one in (await auditor.get("/api/audit")).json()["entries"]} == acts
            assert len((await auditor.get("/api/shares")).json()) == shares


def test_a_plan_drawn_anew_is_told_at_its_site_alone() -> None:
    news = News("level", "aurore.0", site=SITE)
    assert news.seen_by(Visitor("u", "U", "guard", SITE))
    assert news.seen_by(Visitor("u", "U", "guard"))
    assert not news.seen_by(Visitor("u", "U", "guard", OTHER))


async def test_who_looks_after_a_site_hides_nothing_at_another(rig: Rig) -> None:
    """Without places a window holds for its rules everywhere: for who sees one site, everywhere is that site."""
    now = rig.clock.now()
    ask: dict[str, Any] = {
        "reason": "works",
        "rules": ["*"],
        "severity": 100,
        "expires": (now + timedelta(hours=1)).isoformat(),
    }
    mine, theirs = alert(now), msgspec.structs.replace(alert(now), site=OTHER)
    async with rig.browser("analyst", SITE) as part, rig.browser("analyst") as whole, rig.browser("ciso", OTHER) as far:
        own = (await part.post("/api/suppressions", json=ask)).json()["id"]
        rig.store()
        [act] = rig.acts()
        assert isinstance(act, Suppressed)
        assert (covers(act, mine), covers(act, theirs)) == (True, False)
        assert (await far.get("/api/suppressions")).json() == []
        for browser, status in ((far, 404), (whole, 200), (part, 200)):
            again = await browser.post("/api/suppressions", json={**ask, "suppression": act.suppression})
            assert again.status_code == status
        rig.store()
        assert all(isinstance(one, Suppressed) and one.only == SITE for one in rig.acts())
        everywhere = (await whole.post("/api/suppressions", json=ask)).json()["id"]
        rig.store()
        last = rig.acts()[-1]
        assert isinstance(last, Suppressed)
        assert covers(last, mine)
        assert covers(last, theirs)
        # what hides their alarms is shown to both, and is neither's to change
        for browser, shown in ((part, 2), (far, 1)):
            assert len((await browser.get("/api/suppressions")).json()) == shown
            ended = await browser.post(
                "/api/suppressions", json={**ask, "suppression": last.suppression, "ended": True}
            )
            assert ended.status_code == 403
    assert own != everywhere


NOBODYS = {
    "no object of a place": "run_scenario scenario_run plain_file ingest texts page test_channel",
    "a secret of its own": "sign_in_page sign_in",
}
"""Routes whose address names something that belongs to no site, and why."""


async def test_every_route_with_an_id_refuses_what_lies_at_another_site(rig: Rig) -> None:
    """Walks all routes that take an id, as an administrator of another site. A new one must be put into this list."""
    at = rig.clock.now()
    still = rig.artifacts.keep(JPEG, "image/jpeg")
    seen = alert(at, still)
    found = incident(at, seen)
    proposed = plan(found)
    told = msgspec.structs.replace(notice(found, "admin"), still=still)
    film = made(
        ClipKept, 0, "camera.corridor", alerts=(seen.id,), seconds=9.0, until=at + timedelta(days=1),
        artifact=rig.artifacts.keep(FILM, MEDIA), clear=rig.artifacts.keep(b"sealed", "video/sealed"),
    )  # fmt: skip
    voice = rig.artifacts.keep(VOICE, "audio/ogg")
    held = made(
        FileJudged, 0, artifact=ArtifactHash("a" * 64), size=1, type="x", verdict="malicious", score=1.0, act="held",
        kept=True,
    )  # fmt: skip
    rig.add(seen, found, proposed, told, film, held, reported(rig, SITE, voice=voice))
    user = rig.accounts.add("Nurse", "guard", SITE)
    device = rig.devices.add(user, "phone", "fr", "https://push.example/1", "k", "a")
    key = rig.credentials.add(user, "totp", "", b"k")
    session = session_id(rig.sign_in("guard", SITE))
    level = rig.hospital.levels[0].id
    camera = next(one.id for one in rig.hospital.assets if one.kind == "camera")
    service = next(one.id for one in rig.hospital.services if one.site == SITE)
    act: dict[str, Any] = {"id": "x"}
    asked: dict[str, tuple[str, dict[str, Any] | None]] = {
        "incident": (f"/api/incidents/{found.id}", None),
        "forecast": (f"/api/incidents/{found.id}/forecast", None),
        "plan": (f"/api/incidents/{found.id}/plan", None),
        "timeline": (f"/api/incidents/{found.id}/timeline", None),
        "timeline_table": (f"/api/incidents/{found.id}/timeline.csv", None),
        "impact_graph": (f"/api/incidents/{found.id}/graph", None),
        "what_if": (f"/api/incidents/{found.id}/what-if", {}),
        "recovery": (f"/api/incidents/{found.id}/recovery", None),
        "similar": (f"/api/incidents/{found.id}/similar", None),
        "arrangements": (f"/api/incidents/{found.id}/arrangements", None),
        "arrange": (f"/api/incidents/{found.id}/arrange", {"change": "split", "alerts": [seen.id]}),
        "judge": (f"/api/incidents/{found.id}/judge", {"state": "closed"}),
        "share_preview": (f"/api/incidents/{found.id}/share", None),
        "share": (f"/api/incidents/{found.id}/share", {"to": "x", "tlp": "TLP:CLEAR", "form": "cap"}),
        "send_share": (f"/api/incidents/{found.id}/send", {"to": "x", "tlp": "TLP:CLEAR"}),
        "sheet": (f"/api/incidents/{found.id}/sheet.pdf", None),
        "print_page": (f"/print/{found.id}", None),
        "report_page": (f"/report/{found.id}/warning", None),
        "report_paper": (f"/report/{found.id}/warning.pdf", None),
        "decide": (f"/api/plans/{proposed.id}/decide", {"action": "lock", "decision": "refused"}),
        "act_on_procedure": (f"/api/plans/{proposed.id}/procedures/p", {"outcome": "begin"}),
        "notice_page": (f"/a/{told.id}", None),
        "answer": (f"/api/notices/{told.id}/answer", {"answer": "clear"}),
        "answer_page": (f"/a/{told.id}", {"answer": "clear"}),
        "still": (f"/api/stills/{still}", None),
        "clip": (f"/api/clips/{film.artifact}", None),
        "clear_clip": (f"/api/clips/{film.id}/clear", {"reason": "theft"}),
        "voice": (f"/api/voices/{voice}", None),
        "decide_held": (f"/api/held/{held.id}", {"decision": "release", "reason": "x"}),
        "level": (f"/api/levels/{level}", None),
        "drawing": (f"/api/drawings/{level}", None),
        "import_drawing": (f"/api/drawings/{level}/import?form=dxf", {}),
        "preview_plan": (f"/api/drawings/{level}/preview", {"rooms": [], "base": 0}),
        "draw_plan": (f"/api/drawings/{level}", {"rooms": [], "base": 0}),
        "undo_plan": (f"/api/drawings/{level}/undo", {"to": 0, "base": 0}),
        "zones": (f"/api/cameras/{camera}/zones", None),
        "draw_zones": (f"/api/cameras/{camera}/zones", {"file": {}, "base": 0}),
        "try_zones": (f"/api/cameras/{camera}/zones/try", {"file": {}}),
        "state_care": (f"/api/availability/{service}", {"figures": {"open": "closed"}}),
        "revoke_user": (f"/api/users/{user}/revoke", {}),
        "revoke_session": (f"/api/sessions/{session}/revoke", {}),
        "remove_device": (f"/api/devices/{device}/remove", {}),
        "remove_access": (f"/api/access/{key}/remove", {}),
        "risk": ("/api/risk/tables", None),
    }  # fmt: skip
    with_id = {route.name for route in rig.app.routes if isinstance(route, APIRoute) and route.param_convertors}
    assert with_id == set(asked) | {one for names in NOBODYS.values() for one in names.split()}
    before = len(rig.acts())
    for home, zones in ((OTHER, []), (SITE, ["aurore.attic"])):
        cookie = rig.sign_in("admin", home, zones=zones)
        async with rig.browser() as browser:
            browser.cookies.set("safecare_session", cookie)
            for name, (path, body) in asked.items():
                if name == "answer_page":
                    wrong = await browser.post(path, data={"answer": "clear", "form_key": session_id(cookie)})
                    assert wrong.status_code in {403, 404}
                    continue
                sent = browser.get(path) if body is None else browser.post(path, json={**act, **body} if body else {})
                status = (await sent).status_code
                if name == "state_care" and zones:
                    continue  # care is a whole site's, below
                assert status == 404, f"{name} of another site gives {status} to {home} {zones}"
    rig.store()
    assert len(rig.acts()) == before
    assert rig.accounts.user(user).revoked is None  # type: ignore[union-attr]


def test_the_page_about_addresses_names_each(rig: Rig) -> None:
    with_id = {route.name for route in rig.app.routes if isinstance(route, APIRoute) and route.param_convertors}
    rows = [line.split("|")[1] for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(told) == sorted(with_id)
