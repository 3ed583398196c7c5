"""The story on the demo hospital: all families, times in order, quick enough."""

from __future__ import annotations

import pytest

from safecare.decide.stage import DecideStage
from safecare.demo import HOSPITAL
from safecare.formats.hospital import load
from safecare.impact.stage import ImpactStage
from safecare.model.forecast import Forecast, State
from safecare.model.plan import Plan
from safecare.testing.cascade import DEMO, incident_of, theft_alerts

pytestmark = pytest.mark.slow


def test_the_story_on_the_demo_hospital() -> None:
    hospital = load(HOSPITAL).hospital
    assert hospital is not None
    for thing in DEMO[1:]:
        assert hospital.thing(thing), thing
    alerts = theft_alerts(DEMO)
    impact, decide = ImpactStage(hospital), DecideStage(hospital)
    (forecast,) = impact.feed([*alerts, incident_of(alerts)])
    assert isinstance(forecast, Forecast)
    assert forecast.samples >= 200
    groups = {one.group for one in forecast.effects}
    assert {"it", "network", "pharmacy", "cold_chain", "utility", "physical", "medical", "care"} <= groups
    told = {(one.target, one.state) for one in forecast.effects}
    assert ("stock.aurore.vaccines", State.DOWN) in told
    assert ("app.appointments", State.CORRUPTED) in told
    assert ("service.vaccination", State.DEGRADED) in told
    assert {"service.vaccination", "service.pharmacy"} <= {loss.service for loss in forecast.losses}
    assert forecast.left_out > 0
    (plan,) = decide.feed([*alerts, incident_of(alerts), forecast])
    assert isinstance(plan, Plan)
    wait = next(one.rank for one in plan.actions if one.id == "wait")
    assert wait > 3
    assert plan.actions[0].playbook == "playbook--3641c12b-1dd8-548e-b424-5374d0d0d8d2"  # power of the sector
    before = {one.title.key for one in plan.actions[: wait - 1]}
    assert {
        "Send two guards to {target}",
        "Put a guard at {target} and check what it holds",
        "Move {target} to a store that works",
        "Cut {target} off the network",
    } <= before
    assert all(one.gain >= 0 or one.safer > 0 for one in plan.actions[: wait - 1])
