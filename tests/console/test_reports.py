"""Pages with drafts of reports, in both languages, for those who may see the incident."""

from __future__ import annotations

import io

import console_items as made
import pypdf
import pytest
from console_pages import Page, check_basics
from console_rig import Rig

pytest_plugins = ["console_fixtures"]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("stage", ["warning", "notification", "final"])
async def test_a_draft_is_a_whole_page_with_its_due_time(rig: Rig, language: str, stage: str) -> None:
    alert = made.alert(rig.clock.now())
    incident = made.incident(rig.clock.now(), alert, id="i")
    rig.add(alert, incident, made.forecast(incident), made.plan(incident))
    async with rig.browser("ciso", **{"Accept-Language": language}) as browser:
        page = Page((await browser.get(f"/report/i/{stage}")).text)
        paper = await browser.get(f"/report/i/{stage}.pdf")
        assert (await browser.get("/report/i/no-such")).status_code == 404
        assert (await browser.get("/report/i/no-such.pdf")).status_code == 404
        assert (await browser.get("/report/no-such/final")).status_code == 404
    check_basics(page, language)
    assert {"en": "Due by", "fr": "À remettre avant le"}[language] in page.text
    assert {"en": "to be filled in", "fr": "à compléter"}[language] in page.text
    assert "door.forced" in page.text
    assert paper.headers["content-type"] == "application/pdf"
    printed = "".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(paper.content)).pages)
    assert {"en": "Due by", "fr": "À remettre avant le"}[language] in printed
    assert {"en": "[ ] not known", "fr": "[ ] "}[language] in printed


async def test_guards_and_partners_see_no_drafts(rig: Rig) -> None:
    alert = made.alert(rig.clock.now())
    rig.add(alert, made.incident(rig.clock.now(), alert, id="i"))
    for role in ("guard", "liaison"):
        async with rig.browser(role) as browser:
            assert (await browser.get("/report/i/warning")).status_code == 403
            assert (await browser.get("/report/i/warning.pdf")).status_code == 403
