"""The audit list says in words what was done, in the reader's language; the sealed record stands beside it."""

from __future__ import annotations

import console_items as made
from console_rig import Rig

pytest_plugins = ["console_fixtures"]


async def told(rig: Rig, language: str = "en") -> list[str]:
    rig.store()
    async with rig.browser("auditor", **{"Accept-Language": language}) as browser:
        audit = (await browser.get("/api/audit")).json()
    assert audit["verified"] is True
    return [one["about"] for one in audit["entries"]]


async def test_acts_in_words(rig: Rig) -> None:
    incident = made.incident(rig.clock.now(), id="i")
    plan, notice = made.plan(incident), made.notice(incident)
    rig.add(incident, plan, notice)
    async with rig.browser("admin") as browser:
        closed = {"state": "closed", "verdict": "false", "comment": "A drill"}
        await browser.post("/api/incidents/i/judge", json=closed)
        decided = {"action": "lock", "decision": "approved", "step": "security"}
        await browser.post(f"/api/plans/{plan.id}/decide", json=decided)
        await browser.post(f"/api/notices/{notice.id}/answer", json={"answer": "on_site"})
        await browser.post("/api/reports", json={"words": "Broken window"})
        await browser.post("/api/invitations", json={"role": "guard", "name": "Tom"})
    acts = await told(rig)
    assert acts[0].startswith("Closed · A false alarm · ")
    assert acts[0].endswith(": “A drill”")
    assert acts[1].startswith("Approved · Security · ")
    assert acts[2].startswith("On site after the notice · ")
    assert acts[3:] == ["Reported something: “Broken window”", "Made a sign-in link for Tom (Guard)"]


async def test_a_refusal_with_its_reason(rig: Rig) -> None:
    rig.add(made.incident(rig.clock.now(), id="i"), plan := made.plan(made.incident(rig.clock.now(), id="i")))
    async with rig.browser("operator") as browser:
        await browser.post(
            f"/api/plans/{plan.id}/decide", json={"action": "lock", "decision": "refused", "comment": "No"}
        )
    (act,) = await told(rig)
    assert act.startswith("Refused · Security")
    assert act.endswith("“No”")
