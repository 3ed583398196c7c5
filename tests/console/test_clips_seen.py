"""Clips around alerts as the console gives them: pixelated ones, and clear ones for a reason that is on record."""

from __future__ import annotations

from datetime import timedelta

from console_items import alert, incident
from console_rig import Rig

from safecare.model.events.acts import ClipSeen
from safecare.model.events.video import ClipKept, ClipMissing
from safecare.model.ids import AlertId, ArtifactHash, AssetId
from safecare.store.clips import seal
from safecare.store.vault import Vault
from safecare.testing.made import made

pytest_plugins = ["console_fixtures"]
FILM, CLEAR = b"\x1a\x45\xdf\xa3 heads hidden", b"\x1a\x45\xdf\xa3 clear heads"


def clip(rig: Rig, alert: str) -> ClipKept:
    """Keep a clip with a clear copy, and return what is told of it."""
    key, sealed = seal(Vault(rig.database, rig.keyring, rig.clock), CLEAR)
    return made(
        ClipKept,
        0,
        asset=AssetId("camera.corridor"),
        alerts=(AlertId(alert),),
        seconds=20.0,
        artifact=rig.artifacts.keep(FILM, "video/webm"),
        until=rig.clock.now() + timedelta(days=7),
        clear=rig.artifacts.keep(sealed, "video/sealed"),
        key=key,
    )


async def test_clear_heads_need_role_and_reason_and_are_on_record(rig: Rig) -> None:
    event = clip(rig, "alert-1")
    rig.add(event)
    path = f"/api/clips/{event.id}/clear"
    async with rig.browser("ciso") as ciso, rig.browser("operator") as operator:
        hidden = await operator.get(f"/api/clips/{event.artifact}")
        assert (hidden.content, hidden.headers["content-type"]) == (FILM, "video/webm")
        assert hidden.headers["cache-control"] == "no-store"
        assert (await operator.post(path, json={"reason": "curious"})).status_code == 403
        assert (await ciso.post(path, json={"reason": " "})).status_code == 422
        assert rig.acts() == []
        shown = await ciso.post(path, json={"reason": "who took the vaccines"})
        assert (shown.content, shown.headers["cache-control"]) == (CLEAR, "no-store")
        rig.store()
        [act] = rig.acts()
        assert isinstance(act, ClipSeen)
        assert (act.clip, act.role, act.reason) == (event.id, "ciso", "who took the vaccines")
        about = [one["about"] for one in (await ciso.get("/api/audit")).json()["entries"]]
        assert any("clear heads" in one and "who took the vaccines" in one for one in about)


async def test_what_is_no_clip_is_not_given(rig: Rig) -> None:
    event = clip(rig, "alert-1")
    rig.add(event)
    other = rig.artifacts.keep(b"a mail", "message/rfc822")
    async with rig.browser("ciso") as ciso:
        assert (await ciso.get(f"/api/clips/{other}")).status_code == 404
        assert (await ciso.get(f"/api/clips/{event.clear}")).status_code == 404  # sealed bytes are no film
        assert (await ciso.post("/api/clips/nothing/clear", json={"reason": "x"})).status_code == 404
        rig.artifacts.delete(ArtifactHash(str(event.clear)))
        assert (await ciso.post(f"/api/clips/{event.id}/clear", json={"reason": "x"})).status_code == 404


async def test_the_incident_shows_its_clips_and_who_may_ask(rig: Rig) -> None:
    first = alert(rig.clock.now())
    whole = incident(rig.clock.now(), first)
    rig.add(first, whole, clip(rig, first.id))
    async with rig.browser("ciso") as ciso, rig.browser("operator") as operator:
        for browser, clear in ((ciso, True), (operator, False)):
            links = (await browser.get(f"/api/incidents/{whole.id}")).json()["links"]
            found = [one for link in links if link["alert"]["id"] == first.id for one in link["clips"]]
            assert [(one["camera"], one["seconds"], one["clear"]) for one in found] == [
                ("camera.corridor", 20.0, clear)
            ]


async def test_the_incident_says_why_a_camera_has_no_clip(rig: Rig) -> None:
    first = alert(rig.clock.now())
    whole = incident(rig.clock.now(), first)
    camera, alerts = AssetId("camera.corridor"), (AlertId(first.id),)
    gone = [made(ClipMissing, n, asset=camera, alerts=alerts, why=why) for n, why in enumerate(("store", "over"))]
    rig.add(first, whole, *gone)
    async with rig.browser("operator") as operator:
        links = (await operator.get(f"/api/incidents/{whole.id}")).json()["links"]
    [told] = [link["missing"] for link in links if link["alert"]["id"] == first.id]
    assert len(told) == 2
    assert "could not be stored" in told[0]
    assert "deleted when its time was over" in told[1]
