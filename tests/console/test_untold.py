"""If nobody was reached, the incident says why not; and what belongs to an exercise is marked after its end too."""

from __future__ import annotations

from datetime import timedelta

import console_items as made
import msgspec
from console_rig import Rig

from safecare.console.exercises import AFTER, LONGEST, exercise_at, periods

pytest_plugins = ["console_fixtures"]


async def test_why_nobody_was_told(rig: Rig) -> None:
    low = made.incident(rig.clock.now(), severity=1)
    rig.add(low)
    async with rig.browser("operator") as desk:
        found = (await desk.get(f"/api/incidents/{low.id}")).json()
    assert found["notices"] == []
    assert found["untold"]
    assert "severity" in " ".join(found["untold"])


async def test_a_reason_that_two_roles_share_stands_once(rig: Rig) -> None:
    """Nobody signs in as either: the security desk reads for both, and its absence is told once."""
    one = made.incident(rig.clock.now())
    rig.add(one, made.notice(one, role="shift-leader"), made.notice(one, role="duty-pharmacist"))
    async with rig.browser("ciso") as desk:
        found = (await desk.get(f"/api/incidents/{one.id}")).json()["untold"]
    assert sum("nobody has a screen open" in reason for reason in found) == 1
    assert len(found) == len(set(found))


async def test_what_an_exercise_began_stays_marked(rig: Rig) -> None:
    before = made.incident(rig.clock.now())
    rig.clock.advance(60)
    rig.add(made.exercise(rig.clock.now(), running=True))
    rig.clock.advance(10)
    alert = made.alert(rig.clock.now())
    during = made.incident(rig.clock.now(), alert)
    late = made.alert(rig.clock.now())
    filmed = msgspec.structs.replace(
        made.incident(rig.clock.now(), late), opened=rig.clock.now() - timedelta(seconds=200)
    )
    rig.add(before, alert, during, late, filmed)
    rig.clock.advance(10)
    rig.add(made.exercise(rig.clock.now(), running=False))
    rig.clock.advance(600)
    async with rig.browser("operator") as desk:
        cards = {one["id"]: one["exercise"] for one in (await desk.get("/api/board")).json()["incidents"]}
        assert cards == {before.id: "", during.id: "theft", filmed.id: "theft"}
        assert (await desk.get(f"/api/incidents/{during.id}")).json()["exercise"] == "theft"
        assert [one["exercise"] for one in (await desk.get("/api/alerts")).json()] == ["theft", "theft"]


def test_an_exercise_without_an_end_on_record_ends_some_time(rig: Rig) -> None:
    begun = made.exercise(rig.clock.now(), running=True)
    [period] = periods([begun])
    assert period.end == begun.at + LONGEST + AFTER
    assert exercise_at([period], begun.at) == "theft"
    assert exercise_at([period], begun.at - timedelta(seconds=1)) == ""
    assert exercise_at([period], period.end + timedelta(seconds=1)) == ""
