"""What is tried: the cheapest cut beside the likely targets, and what hard constraints keep out."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import Changes, Draws
from safecare.cascade.words import Fact, Seed
from safecare.decide.constraints import LIFE_SERVICES, infeasible
from safecare.decide.effects import RuleIndex, changes
from safecare.decide.playbook import built_in_playbooks
from safecare.decide.ranking import rank
from safecare.decide.wording import action_id, actions
from safecare.demo import HOSPITAL
from safecare.formats.hospital import load
from safecare.model.forecast import State
from safecare.model.hospital import Hospital
from safecare.model.text import Text, say
from safecare.testing.cascade import DEMO, incident_of, theft_alerts

pytestmark = pytest.mark.slow
BOOKS = built_in_playbooks()


@pytest.fixture(scope="module")
def cascade() -> Cascade:
    hospital = load(HOSPITAL).hospital
    assert hospital is not None
    return Cascade.of(hospital)


def test_the_cheapest_cut_is_tried_told_and_keeps_the_service(cascade: Cascade) -> None:
    alerts = theft_alerts(DEMO)[:3]
    incident = incident_of(alerts)
    index, seeds = RuleIndex(cascade.system), cascade.seeds(incident, alerts)
    draws = cascade.draws(incident, 200)
    ranking = rank(cascade, index, BOOKS, seeds, draws)
    cut = [one for one in ranking.candidates if one.saves]
    assert cut
    assert {one.saves for one in cut} == {cut[0].saves}
    assert all(one.infeasible is None for one in cut)
    told = {action.id: action for action in actions(cascade, ranking)}
    assert all(any("every usual way" in text.key for text in told[action_id(one)].why) for one in cut)
    made = [changes(one.playbook, one.target, cascade.hospital, index) for one in cut]
    stops: dict[int, float] = {}
    for one in made:
        for rule, at in one.stops.items():
            stops[rule] = min(at, stops.get(rule, at))
    lost = Fact(cut[0].saves, State.DOWN)
    before = cascade.outcome(seeds, draws)
    after = cascade.outcome(seeds, draws, Changes(stops=stops), before)
    assert before.chance(lost) > 0.05
    assert after.chance(lost) < 0.5 * before.chance(lost)


def forbidden(cascade: Cascade, target: str, state: State) -> Text | None:
    """Why a response that brings `state` of `target` about may not be carried out."""
    price = Seed(key="price", fact=Fact(target, state), text=say("Response"), until=3600.0)
    draws = Draws(cascade.system, 1, 64)
    alone = cascade.outcome((), draws, Changes(seeds=(price,)))
    return infeasible(BOOKS[0], target, cascade.hospital, cascade.outcome((), draws), alone)


def of_kind(hospital: Hospital, kind: str) -> str:
    return next(one.id for one in hospital.services if one.kind == kind)


def test_theatres_intensive_care_and_devices_on_patients_are_kept(cascade: Cascade) -> None:
    hospital = cascade.hospital
    assert forbidden(cascade, of_kind(hospital, "icu"), State.DOWN) is not None
    too_little = forbidden(cascade, of_kind(hospital, "icu"), State.DEGRADED)
    assert too_little is not None
    assert "intensive care" in too_little.key
    zones = {zone for service in hospital.services if service.kind in LIFE_SERVICES for zone in service.zones}
    device = next(one.id for one in hospital.assets if one.group == "medical" and one.zone in zones)
    on_patient = forbidden(cascade, device, State.DEGRADED)
    assert on_patient is not None
    assert forbidden(cascade, "ws.aurore.pharmacy.office.1", State.DOWN) is None


def test_what_works_on_a_patient_is_what_the_hospital_says(cascade: Cascade) -> None:
    hospital = cascade.hospital
    zones = {zone for service in hospital.services if service.kind in LIFE_SERVICES for zone in service.zones}
    spare = next(
        one.id for one in hospital.assets if one.group == "medical" and one.zone in zones and one.criticality < 4
    )
    pump = "ws.aurore.pharmacy.office.1"
    said = {spare: False, pump: True}
    assets = tuple(msgspec.structs.replace(one, patient_connected=said.get(one.id)) for one in hospital.assets)
    told = replace(cascade, hospital=msgspec.structs.replace(hospital, assets=assets))
    assert forbidden(cascade, spare, State.DEGRADED) is not None
    assert forbidden(told, spare, State.DEGRADED) is None
    reason = forbidden(told, pump, State.DOWN)
    assert reason is not None
    assert "works on a patient" in reason.key
