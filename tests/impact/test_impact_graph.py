"""The forecast as a graph, and what a person tries out on it: the figures of the forecast, and what changes them."""

from __future__ import annotations

import pytest

from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import Changes, Repair
from safecare.cascade.words import Fact
from safecare.decide.effects import RuleIndex, change_of
from safecare.decide.playbook import built_in_playbooks
from safecare.impact.forecast import forecast
from safecare.impact.graph import Graph
from safecare.impact.whatif import Looked, kept_from_harm, look_at, together
from safecare.model.forecast import State
from safecare.testing.cascade import incident_of, theft_alerts
from safecare.testing.hospital import small_hospital

ALERTS = theft_alerts()
INCIDENT = incident_of(ALERTS)
CASCADE = Cascade.of(small_hospital())


@pytest.fixture(scope="module")
def looked() -> Looked:
    return look_at(CASCADE, INCIDENT, ALERTS)


def chances(graph: Graph) -> dict[tuple[str, State], float]:
    return {(node.id, one.state): one.probability for node in graph.nodes for one in node.states}


def test_it_says_what_the_forecast_says(looked: Looked) -> None:
    told = forecast(CASCADE, INCIDENT, ALERTS)
    drawn = chances(looked.graph)
    assert looked.loss == looked.loss_without == told.loss
    assert looked.gain is None
    for effect in told.effects:
        assert drawn[effect.target, effect.state] == effect.probability


def test_columns_lead_from_the_evidence_to_care(looked: Looked) -> None:
    nodes = {node.id: node for node in looked.graph.nodes}
    assert {node.layer for node in nodes.values() if node.evidence} == {0}
    care = {node.layer for node in nodes.values() if node.kind == "service"}
    assert care == {max(node.layer for node in nodes.values())}
    assert all(node.layer < min(care) for node in nodes.values() if node.kind != "service")
    reached = {edge.on for edge in looked.graph.edges}
    assert {id for id, node in nodes.items() if not node.evidence} <= reached


def test_edges_are_rules_that_were_causes(looked: Looked) -> None:
    rules = {rule.key: rule for rule in CASCADE.system.rules}
    for edge in looked.graph.edges:
        for cause in edge.causes:
            assert rules[cause.rule].head.target == edge.on
            assert edge.of in {tail.target for tail in rules[cause.rule].tails}
            assert 0.0 < cause.share <= 1.0


def test_what_holds_at_a_time_is_never_more_than_what_ever_happens(looked: Looked) -> None:
    for node in looked.graph.nodes:
        assert len(node.holds) == len(looked.graph.times)
        assert max(node.holds) <= node.probability + 1e-9
        assert node.probability >= max(one.probability for one in node.states) - 1e-9
    freezer = next(node for node in looked.graph.nodes if node.id == "vaccines")
    assert freezer.holds[0] < freezer.holds[-1]  # spoilt hours later


def test_a_thing_kept_from_harm_is_not_hit(looked: Looked) -> None:
    changed = look_at(CASCADE, INCIDENT, ALERTS, kept_from_harm(CASCADE.system, ["vaccines"], [], 0.0))
    assert not any(target == "vaccines" for target, _ in chances(changed.graph))
    assert changed.gain is not None
    assert changed.gain.low <= changed.gain.mean <= changed.gain.high
    assert changed.loss_without == looked.loss
    assert changed.loss[0] == pytest.approx(looked.loss[0] - changed.gain.mean)


def test_a_rule_that_holds_no_more_brings_nothing(looked: Looked) -> None:
    edge = next(one for one in looked.graph.edges if one.on == "vaccines")
    rule = edge.causes[0].rule
    changed = look_at(CASCADE, INCIDENT, ALERTS, kept_from_harm(CASCADE.system, [], [rule], 0.0))
    assert all(cause.rule != rule for one in changed.graph.edges for cause in one.causes)


def test_a_change_after_the_horizon_changes_nothing(looked: Looked) -> None:
    late = kept_from_harm(CASCADE.system, ["vaccines"], [], CASCADE.horizon + 1)
    assert look_at(CASCADE, INCIDENT, ALERTS, late).graph == looked.graph


def test_nothing_stated_nothing_drawn() -> None:
    graph = look_at(CASCADE, INCIDENT, ()).graph
    assert (graph.nodes, graph.edges, graph.left_out) == ((), (), 0)


def test_an_action_of_a_plan_is_found_by_its_id() -> None:
    index = RuleIndex(CASCADE.system)
    book = next(one for one in built_in_playbooks() if one.response.stops)
    id = f"{book.id.removeprefix('playbook--')}:ws.pharmacy.1"
    assert change_of(id, built_in_playbooks(), CASCADE.hospital, index) is not None
    assert change_of("no-such:ws.pharmacy.1", built_in_playbooks(), CASCADE.hospital, index) is None
    assert change_of("wait", built_in_playbooks(), CASCADE.hospital, index) is None


def test_changes_put_together_keep_the_earliest_and_the_strongest() -> None:
    fact = Fact("vaccines", State.DOWN)
    one = Changes(stops={1: 60.0, 2: 5.0}, slows={3: (60.0, 2.0)}, repairs={fact: Repair(60.0)})
    other = Changes(stops={1: 30.0}, slows={3: (90.0, 4.0)}, repairs={fact: Repair(30.0)})
    both = together([one, other])
    assert both.stops == {1: 30.0, 2: 5.0}
    assert both.slows == {3: (60.0, 4.0)}
    assert both.repairs == {fact: Repair(30.0)}
