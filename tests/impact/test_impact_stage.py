"""Forecasts of the story on the tiny hospital, and the stage around them."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from safecare.cascade.engine import LEAST_SAMPLES, Cascade
from safecare.impact.forecast import FIRST_SAMPLES, MOST_EFFECTS, family
from safecare.impact.stage import ImpactStage
from safecare.model.forecast import Effect, Forecast, State
from safecare.model.topics import decode, encode
from safecare.testing.cascade import incident_of, raised, theft_alerts
from safecare.testing.hospital import small_hospital

HOSPITAL = small_hospital()
ALERTS = theft_alerts()


def only(stage: ImpactStage, *items: object) -> Forecast:
    (found,) = stage.feed(items)
    assert isinstance(found, Forecast)
    return found


@pytest.fixture(scope="module")
def story() -> Forecast:
    return only(ImpactStage(HOSPITAL), *ALERTS, incident_of(ALERTS))


def effect(forecast: Forecast, target: str, state: State) -> Effect:
    return next(one for one in forecast.effects if one.target == target and one.state is state)


def test_the_story_reaches_it_pharmacy_cold_chain_power_and_care(story: Forecast) -> None:
    groups = {one.group for one in story.effects}
    assert {"it", "network", "pharmacy", "cold_chain", "utility", "physical", "care"} <= groups
    assert effect(story, "app.appointments", State.CORRUPTED).probability > 0.5
    assert effect(story, "vaccines", State.DOWN).probability > 0.5
    assert effect(story, "freezer.1", State.DOWN).probability > 0.5
    for service in ("service.vaccination", "service.pharmacy", "service.ward.a"):
        assert effect(story, service, State.DEGRADED).probability > 0.2
    assert {loss.service for loss in story.losses} == {"service.vaccination", "service.pharmacy", "service.ward.a"}
    assert 0.0 < story.loss[0] <= story.loss[1]
    assert story.unknown == ()
    assert story.left_out == 0


def test_every_effect_is_explained_and_its_figures_agree(story: Forecast) -> None:
    for one in story.effects:
        assert one.path, one
        assert one.path[0].text.key == "Alert: {title}"
        assert one.interval[0] <= one.probability <= one.interval[1]
        shares = [share for _, share in one.by]
        assert shares == sorted(shares)
        assert shares[-1] == pytest.approx(one.probability)
        assert one.earliest >= 0.0
        if one.likely:
            low, middle, high = one.likely
            assert one.earliest <= low <= middle <= high
        after = [hop.after for hop in one.path]
        assert after == sorted(after)


def test_services_come_first_and_the_list_is_bounded(story: Forecast) -> None:
    kinds = [one.kind for one in story.effects]
    assert kinds == sorted(kinds, reverse=True)
    assert len(story.effects) <= MOST_EFFECTS


def test_vaccines_spoil_hours_after_the_power_cut_not_at_once(story: Forecast) -> None:
    times = effect(story, "vaccines", State.DOWN).likely
    assert times is not None
    assert times[1] > 1800.0


def test_a_forecast_travels_unchanged(story: Forecast) -> None:
    assert decode("forecast", encode(story)) == story


def test_one_alert_alone_says_little() -> None:
    alerts = (raised("camera.lost", 0, assets=("camera.hall",)),)
    found = only(ImpactStage(HOSPITAL), *alerts, incident_of(alerts))
    assert [(one.target, one.state) for one in found.effects] == [("camera.hall", State.DOWN)]
    assert found.losses == ()
    assert found.loss == (0.0, 0.0)


def test_a_rule_that_the_table_does_not_know_is_listed_as_unknown() -> None:
    alerts = (raised("moon.full", 0, assets=("freezer.1", "not.there")),)
    found = only(ImpactStage(HOSPITAL), *alerts, incident_of(alerts))
    assert found.effects == ()
    assert found.unknown == ("freezer.1", "not.there")


def test_confirmation_by_a_person_makes_it_surer() -> None:
    stage = ImpactStage(HOSPITAL)
    doubtful = only(stage, *ALERTS, incident_of(ALERTS))
    sure = only(stage, incident_of(ALERTS, 2, "validated"))
    assert effect(sure, "board.north", State.DOWN).probability > effect(doubtful, "board.north", State.DOWN).probability
    assert sure.revision == 2


def test_only_new_evidence_makes_a_new_forecast() -> None:
    stage = ImpactStage(HOSPITAL)
    assert only(stage, *ALERTS, incident_of(ALERTS[:4])).revision == 1
    assert list(stage.feed([incident_of(ALERTS[:4], 2)])) == []
    assert only(stage, incident_of(ALERTS, 3)).revision == 3


def test_a_burst_is_answered_once_with_the_newest() -> None:
    burst = [incident_of(ALERTS[:count], count) for count in (4, 6, 5, 10)]
    assert only(ImpactStage(HOSPITAL), *ALERTS, *burst).revision == 10


def test_closed_and_merged_incidents_are_left_alone() -> None:
    stage = ImpactStage(HOSPITAL)
    merged = msgspec.structs.replace(incident_of(ALERTS, 2), into=incident_of(ALERTS[1:]).id)
    assert list(stage.feed([*ALERTS, incident_of(ALERTS, 1, "closed")])) == []
    assert list(stage.feed([merged])) == []


def test_a_policy_is_no_person_the_doubt_stays() -> None:
    stage = ImpactStage(HOSPITAL)
    unsure = only(stage, *ALERTS, incident_of(ALERTS))
    by_policy = msgspec.structs.replace(incident_of(ALERTS, 2, "validated"), validated_by="policy:combined")
    assert list(stage.feed([by_policy])) == []
    by_person = msgspec.structs.replace(by_policy, revision=3, validated_by="user.1")
    assert only(stage, by_person).loss[0] > unsure.loss[0]


def test_a_restart_goes_on_and_a_replay_repeats() -> None:
    stage, again = ImpactStage(HOSPITAL), ImpactStage(HOSPITAL)
    list(stage.feed(ALERTS))
    again.restore(stage.snapshot())
    assert list(again.feed([incident_of(ALERTS)])) == list(stage.feed([incident_of(ALERTS)]))
    assert again.snapshot() == stage.snapshot()
    assert list(again.feed([incident_of(ALERTS)])) == []
    again.restore(b"")
    assert only(again, *ALERTS, incident_of(ALERTS)).revision == 1
    assert list(again.tick(incident_of(ALERTS).updated)) == []


def test_families_on_screen() -> None:
    assert family(HOSPITAL, "door.cold") == "physical"
    assert family(HOSPITAL, "service.pharmacy") == "care"
    assert family(HOSPITAL, "switch.core") == "network"


def test_what_reaches_much_is_told_at_once_and_refined_when_nothing_else_waits() -> None:
    incident, now = incident_of(ALERTS), incident_of(ALERTS).updated
    stage = ImpactStage(HOSPITAL, replace(Cascade.of(HOSPITAL), work=1))
    first = only(stage, *ALERTS, incident)
    assert first.rough
    assert first.samples == FIRST_SAMPLES
    again = ImpactStage(HOSPITAL, replace(Cascade.of(HOSPITAL), work=1))
    again.restore(stage.snapshot())
    (refined,) = again.tick(now)
    assert isinstance(refined, Forecast)
    assert (refined.rough, refined.revision, refined.samples) == (False, 1, LEAST_SAMPLES)
    for one in first.effects:
        if any((one.target, one.state) == (other.target, other.state) for other in refined.effects):
            assert one.earliest == effect(refined, one.target, one.state).earliest
    assert list(again.tick(now)) == []
    assert list(stage.feed([incident_of(ALERTS, 2, "closed")])) == []
    assert list(stage.tick(now)) == []
