"""Rules at work, with what people judged of them."""

from __future__ import annotations

from datetime import timedelta

import console_items as made
import msgspec
from console_rig import Rig

pytest_plugins = ["console_fixtures"]


async def test_figures_by_rule(rig: Rig) -> None:
    at = rig.clock.now()
    alerts = [made.alert(at, severity=severity) for severity in (25, 45, 70)]
    closed = msgspec.structs.replace(made.incident(at, alerts[0]), state="closed", verdict="false")
    rig.add(*alerts, closed, made.incident(at, alerts[1], alerts[2]))
    async with rig.browser("analyst") as analyst:
        found = {one["rule"]: one for one in (await analyst.get("/api/detections")).json()}
        forced = found["door.forced"]
        assert (forced["alerts"], forced["incidents"], forced["open"]) == (3, 2, 1)
        assert (forced["true"], forced["benign"], forced["false"]) == (0, 0, 1)
        assert dict(map(tuple, forced["below"]))[50] == 2
        assert found["fire.alarm"]["alerts"] == 0
        assert found["fire.alarm"]["active"] is True
        assert (await analyst.get("/api/detections?days=0")).status_code == 422


async def test_what_was_played_does_not_count(rig: Rig) -> None:
    real = made.alert(rig.clock.now())
    rig.add(real, msgspec.structs.replace(made.incident(real.last, real, id="real"), state="closed", verdict="true"))
    rig.clock.advance(timedelta(hours=1))
    begun = rig.clock.now()
    played = made.alert(begun)
    closed = msgspec.structs.replace(made.incident(begun, played, id="played"), state="closed", verdict="benign")
    rig.add(made.exercise(begun, running=True), played, closed)
    async with rig.browser("analyst") as analyst:
        found = {one["rule"]: one for one in (await analyst.get("/api/detections")).json()}["door.forced"]
    assert [found[key] for key in ("alerts", "incidents", "true", "benign", "false")] == [1, 1, 1, 0, 0]


async def test_another_site_counts_for_itself(rig: Rig) -> None:
    rig.add(made.alert(rig.clock.now()))
    async with rig.browser("analyst", site="tilleuls") as analyst:
        assert all(one["alerts"] == 0 for one in (await analyst.get("/api/detections")).json())
