"""Notices on a phone, with and without script."""

from __future__ import annotations

import re
from typing import Any

import console_items as made
import msgspec
import pytest
from console_pages import Page, check_basics
from console_rig import Rig, later

from safecare.model.events.acts import NoticeAnswered, Reported
from safecare.model.ids import ZoneId
from safecare.model.text import say
from safecare.notify.words import title

pytest_plugins = ["console_fixtures"]


def prepare(rig: Rig, **more: Any) -> str:
    incident = made.incident(rig.clock.now(), id="i")
    notice = made.notice(incident, **more)
    rig.add(incident, notice)
    return notice.id


async def test_guard_sees_own_notices_with_the_place(rig: Rig) -> None:
    mine = prepare(rig)
    incident = made.incident(rig.clock.now(), id="i")
    rig.add(made.notice(incident, role="ciso"), made.notice(incident, user="somebody-else"))
    async with rig.browser("guard") as browser:
        notices = (await browser.get("/api/guard")).json()["notices"]
    assert [one["id"] for one in notices] == [mine]
    assert notices[0]["zone"]["level_id"] == "aurore.0"
    assert len(notices[0]["zone"]["outline"]) >= 4
    assert notices[0]["answers"] == ["acknowledged", "on_my_way", "on_site", "clear", "help"]
    assert notices[0]["done"] is False


async def test_the_title_leaves_out_the_place_that_stands_beneath_it(rig: Rig) -> None:
    incident = made.incident(rig.clock.now(), id="i")
    titled = title(msgspec.structs.replace(incident, title=say("Theft")), ZoneId("aurore.pharmacy"))
    rig.add(incident, msgspec.structs.replace(made.notice(incident), title=titled))
    async with rig.browser("guard") as browser:
        (one,) = (await browser.get("/api/guard")).json()["notices"]
        page = (await browser.get(f"/a/{one['id']}")).text
        listed = (await browser.get("/n")).text
    assert (one["title"], one["zone"]["id"]) == ("Theft", "aurore.pharmacy")
    assert "<h1>Theft</h1>" in page
    assert f">Theft ({one['zone']['name']})<" in listed
    assert f"Where: {one['zone']['name']}" in page


async def test_answered_notice_stays_until_it_is_clear(rig: Rig) -> None:
    incident = made.incident(rig.clock.now(), id="i")
    notice = made.notice(incident)
    rig.add(incident, notice, made.receipt(notice, "on_my_way"))
    async with rig.browser("guard") as browser:
        (one,) = (await browser.get("/api/guard")).json()["notices"]
        assert (one["done"], one["given"][0]["answer"]) == (False, "on_my_way")
        rig.add(made.receipt(notice, "clear"))
        (one,) = (await browser.get("/api/guard")).json()["notices"]
        assert one["done"] is True


async def test_an_answer_sent_again_is_stored_once_with_the_time_of_the_button(rig: Rig) -> None:
    id = prepare(rig)
    at = later(rig.clock, minutes=-3)
    ask = {"answer": "on_my_way", "id": "phone-1", "at": at.isoformat()}
    async with rig.browser("guard") as browser:
        for _ in range(3):
            assert (await browser.post(f"/api/notices/{id}/answer", json=ask)).status_code == 200
        assert (await browser.post("/api/notices/x/answer", json=ask)).status_code == 404
    (act,) = rig.acts()
    assert isinstance(act, NoticeAnswered)
    assert (act.answer, act.at, act.seen, act.role, act.zone) == (
        "on_my_way", at, rig.clock.now(), "guard", "aurore.pharmacy",
    )  # fmt: skip


@pytest.mark.parametrize("minutes", [60 * 24 * 30 * -1, 5])
async def test_a_devices_impossible_clock_is_not_believed(rig: Rig, minutes: int) -> None:
    id = prepare(rig)
    async with rig.browser("guard") as browser:
        ask = {"answer": "clear", "id": "x", "at": later(rig.clock, minutes=minutes).isoformat()}
        assert (await browser.post(f"/api/notices/{id}/answer", json=ask)).status_code == 200
    assert rig.acts()[0].at == rig.clock.now()  # type: ignore[union-attr]


async def test_a_notice_for_someone_else_is_not_there(rig: Rig) -> None:
    id = prepare(rig, role="ciso")
    async with rig.browser("guard") as browser:
        assert (await browser.get(f"/a/{id}")).status_code == 404
        assert (await browser.post(f"/api/notices/{id}/answer", json={"answer": "clear"})).status_code == 404


async def test_report(rig: Rig) -> None:
    async with rig.browser("guard", "aurore") as browser:
        ask = {"words": "Door is broken", "zone": "aurore.pharmacy", "id": "r1"}
        assert (await browser.post("/api/reports", json=ask)).status_code == 201
        assert (await browser.post("/api/reports", json={**ask, "zone": "moon"})).status_code == 422
        assert (await browser.post("/api/reports", json={**ask, "words": ""})).status_code == 422
        assert (await browser.post("/api/reports", json={"words": "No place"})).status_code == 201
    reports = [act for act in rig.acts() if isinstance(act, Reported)]
    assert [(one.zone, one.site) for one in reports] == [("aurore.pharmacy", "aurore"), (None, "aurore")]


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_plain_notice_page(rig: Rig, language: str) -> None:
    id = prepare(rig)
    async with rig.browser("guard", **{"Accept-Language": language}) as browser:
        answer = await browser.get(f"/a/{id}")
        page = Page(answer.text)
        check_basics(page, language)
        assert answer.headers["content-language"] == language
        assert "Look & <listen>" in page.text  # escaped on the way
        assert {"en": "I am on my way", "fr": "J’y vais"}[language] in page.text
        fields = {str(field["name"]): field.get("value") or "" for field in page.all("input")}
        assert (
            await browser.post(f"/a/{id}", data={**fields, "form_key": "wrong", "answer": "clear"})
        ).status_code == 403
        del browser.headers["X-Safecare"]
        for _ in range(2):
            done = await browser.post(f"/a/{id}", data={**fields, "answer": "on_my_way"})
            assert done.status_code == 303
        told = Page((await browser.get(done.headers["location"])).text)
        assert {"en": "Sent: I am on my way", "fr": "Envoyé : J’y vais"}[language] in told.text
        assert (await browser.post(f"/a/{id}", data={**fields, "answer": "dance"})).status_code == 422
        assert (await browser.post(f"/a/{id}", data={**fields, "answer": "clear"})).status_code == 303
    assert [act.answer for act in rig.acts() if isinstance(act, NoticeAnswered)] == ["on_my_way", "clear"]


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_print_sheet(rig: Rig, language: str) -> None:
    alert = made.alert(rig.clock.now())
    incident = made.incident(rig.clock.now(), alert, id="i")
    notice = made.notice(incident)
    rig.add(alert, incident, made.forecast(incident), made.plan(incident), notice, made.receipt(notice))
    async with rig.browser("crisis", **{"Accept-Language": language}) as browser:
        page = Page((await browser.get("/print/i")).text)
    check_basics(page, language)
    for words in ("A door opened", "80 %", "Lock the pharmacy", "Medicines come later", "Surgery is running"):
        assert words in page.text
    assert {"en": "Who was told", "fr": "Qui a été prévenu"}[language] in page.text
    assert "Theft" not in page.text
    rig.runner.running = "theft"
    async with rig.browser("crisis", **{"Accept-Language": language}) as browser:
        marked = Page((await browser.get("/print/i")).text)
    check_basics(marked, language)
    assert {"en": "Exercise", "fr": "Exercice"}[language] in marked.text
    assert "Theft" in marked.text


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_pages_before_sign_in(rig: Rig, language: str) -> None:
    token = rig.accounts.invite(role="guard", name="<b>Bob</b>")
    async with rig.browser(**{"Accept-Language": language, "Accept": "text/html"}) as browser:
        for path in ("/", f"/sign-in/{token}", "/sign-in/unknown", "/a/some", "/guard"):
            answer = await browser.get(path)
            page = Page(answer.text)
            check_basics(page, language)
            assert "<b>" not in answer.text
            style = page.all("link")[-1]["href"] or ""
        sheet = await browser.get(style)
        assert sheet.headers["content-type"].startswith("text/css")
        assert "immutable" in sheet.headers["cache-control"]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


async def test_colours_have_contrast(rig: Rig) -> None:
    async with rig.browser() as browser:
        style = (await browser.get("/plain/x.css")).text
    themes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{([^}]*--low[^}]*)\}", style)
    ]
    assert len(themes) == 2
    for theme in themes:
        for name in ("text", "quiet", "critical", "high", "medium", "low"):
            assert contrast(theme[name], theme["page"]) >= 4.5, name
        assert contrast(theme["on-button"], theme["button"]) >= 4.5
        assert contrast(theme["line"], theme["page"]) >= 3.0


async def test_the_plain_list_has_ones_own_notices_and_takes_reports(rig: Rig) -> None:
    mine = made.incident(rig.clock.now())
    told = made.notice(mine)
    pushed = msgspec.structs.replace(told, id="pushed", channel="webpush")
    rig.add(mine, told, pushed, made.notice(mine, "operator"))
    async with rig.browser("guard") as guard:
        page = await guard.get("/n")
        assert re.findall(r'href="/a/([^"]+)"', page.text) == [told.id]  # one card for all channels
        key = re.findall(r'name="form_key" value="([^"]+)"', page.text)[0]
        assert (await guard.post("/n", data={"form_key": "x", "words": "Smoke"})).status_code == 403
        form = {"form_key": key, "id": "r", "words": "Smoke", "zone": ""}
        for _ in range(2):  # sent twice, kept once
            assert (await guard.post("/n", data=form)).status_code == 303
        assert (await guard.post("/n", data={"form_key": key, "id": "p", "panic": "true"})).status_code == 303
        assert (await guard.post("/n", data={"form_key": key})).status_code == 422
    acts = [(act.words, act.panic) for act in rig.acts() if isinstance(act, Reported)]
    assert acts == [("Smoke", False), ("", True)]
    async with rig.browser("auditor") as auditor:
        assert "form_key" in (await auditor.get("/n")).text  # to sign out
        assert (await auditor.post("/n", data={})).status_code == 403
