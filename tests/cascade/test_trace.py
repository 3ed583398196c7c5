"""Explanations: chains that really happened, from a seed to the effect, in order of time."""

from __future__ import annotations

from itertools import pairwise

from safecare.cascade.engine import Cascade
from safecare.cascade.trace import chain
from safecare.cascade.words import Fact, Rule, Seed
from safecare.model.forecast import State
from safecare.testing.cascade import incident_of, theft_alerts
from safecare.testing.hospital import small_hospital


def test_every_effect_has_a_chain_back_to_an_alert() -> None:
    cascade = Cascade.of(small_hospital())
    incident = incident_of(theft_alerts())
    outcome, _ = cascade.play(cascade.seeds(incident, theft_alerts()), cascade.draws(incident, 256))
    explained = 0
    for fact, _ in outcome.seen():
        steps = chain(outcome, fact)
        explained += 1
        assert isinstance(steps[0].by, Seed)
        assert steps[-1].fact == fact
        assert [step.after for step in steps] == sorted(step.after for step in steps)
        for before, after in pairwise(steps):
            assert isinstance(after.by, Rule)
            assert before.fact in after.by.tails
            assert after.by.head == after.fact
    assert explained > 30


def test_what_nobody_reached_has_no_chain() -> None:
    cascade = Cascade.of(small_hospital())
    outcome, _ = cascade.play((), cascade.draws(incident_of(theft_alerts()), 8))
    assert chain(outcome, Fact("freezer.1", State.DOWN)) == []
