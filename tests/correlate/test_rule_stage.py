"""The whole stage with the rules of the package: one outcome for any batches and any order within the lateness."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_alerts import CYBER, PHYSICAL, START, latest, made, partition

from safecare.correlate.rules.engine import LATENESS
from safecare.correlate.rules.read import shipped
from safecare.correlate.stage import CorrelateStage
from safecare.model.alert import Alert
from safecare.model.incident import Incident
from safecare.testing.hospital import small_hospital

HOSPITAL = small_hospital()
ASSETS = [asset.id for asset in HOSPITAL.assets]
ZONES = [zone.id for zone in HOSPITAL.zones]
RULES = shipped().rules
NAMES = {
    PHYSICAL: [
        "door.forced",
        "door.held-open",
        "camera.lost",
        "people.loitering",
        "fire.alarm",
        "power.lost",
        "sensor.silent",
    ],
    CYBER: ["network.scan", "log.sigma", "mail.phishing", "file.unreadable"],
}


@st.composite
def some_alerts(draw: st.DrawFn) -> list[Alert]:
    found = []
    for number in range(draw(st.integers(0, 16))):
        domain = draw(st.sampled_from([PHYSICAL, PHYSICAL, CYBER]))
        found.append(
            made(
                draw(st.sampled_from(NAMES[domain])),
                draw(st.integers(0, 1200)),
                severity=draw(st.sampled_from([35, 45, 70])),
                confidence=draw(st.sampled_from([0.4, 0.9])),
                domain=domain,
                assets=draw(st.lists(st.sampled_from(ASSETS), max_size=1)),
                zones=draw(st.lists(st.sampled_from(ZONES), max_size=1)),
                holders=draw(st.lists(st.sampled_from(["holder.1", "holder.2"]), max_size=1)),
                name=str(number),
            )
        )
    return found


def played(order: list[Alert], cut: list[int], *, crash: bool = False) -> list[Incident]:
    """Feed `order` in batches of the sizes `cut` (again and again), then let time pass."""
    stage, found, sizes = CorrelateStage(HOSPITAL, RULES), [], list(cut)
    rest = list(order)
    while rest:
        size = sizes[0]
        sizes = [*sizes[1:], size]
        found += [one for one in stage.feed(rest[:size]) if isinstance(one, Incident)]
        del rest[:size]
        if crash:
            state, stage = stage.snapshot(), CorrelateStage(HOSPITAL, RULES)
            stage.restore(state)
    for seconds in (10_000, 20_000):
        found += [one for one in stage.tick(START + timedelta(seconds=seconds)) if isinstance(one, Incident)]
    return found


def told(found: list[Incident]) -> set[tuple[frozenset[str], tuple[str, ...], int]]:
    """Return what the incidents hold, which rules told of them, and how grave they are."""
    return {
        (frozenset(link.alert for link in one.links), one.rules, one.severity)
        for one in latest(found).values()
        if one.into is None
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    some_alerts(),
    st.randoms(use_true_random=False),
    st.lists(st.integers(1, 16), min_size=1, max_size=4),
    st.booleans(),
)
@pytest.mark.slow
def test_order_and_batches_change_no_incident(
    alerts: list[Alert], rng: random.Random, cut: list[int], crash: bool
) -> None:
    straight = played(sorted(alerts, key=lambda one: one.first), [1])
    late = {one.id: one.first.timestamp() + rng.uniform(0, LATENESS * 0.99) for one in alerts}
    shuffled = played(sorted(alerts, key=lambda one: (late[one.id], one.id)), cut, crash=crash)
    assert partition(shuffled) == partition(straight)
    assert told(shuffled) == told(straight)
