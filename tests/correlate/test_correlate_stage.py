"""Alerts into incidents: the whole theft, quiet days, order, acts, crashes, speed."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_alerts import CYBER, START, judged, latest, made, noise, partition, run, sorted_by_time, theft

from safecare.correlate.group import ALIKE
from safecare.correlate.stage import CorrelateStage
from safecare.correlate.story import STORIES
from safecare.model.alert import Alert, Domain
from safecare.model.incident import Incident
from safecare.model.topics import decode, encode
from safecare.testing.hospital import small_hospital


def test_the_theft_is_one_combined_incident_and_noise_stays_out() -> None:
    alerts = sorted_by_time(theft() + noise())

    found = latest(run(alerts))

    story = {alert.id for alert in theft()}
    [incident] = [one for one in found.values() if one.into is None and one.combined]
    assert {link.alert for link in incident.links} == story
    assert incident.validated_by == "policy:combined"
    assert incident.state == "validated"
    assert incident.title.key == "Combined attack on the pharmacy: mail, network, door and cold chain"
    assert len(incident.story) == STORIES + len(story)
    assert {"theft-chain", "appointments-then-crowd", "entry-then-cold-chain"} <= set(incident.rules)
    assert incident.opened == START
    for other in found.values():
        assert other is incident or not story & {link.alert for link in other.links}


def test_each_link_names_an_earlier_member_and_a_reason() -> None:
    [incident] = latest(run(theft())).values()
    seen: set[str] = set()
    for link in incident.links:
        assert link.why.key
        assert 0 < link.score <= 1
        assert link.to is None if not seen else link.to in seen
        seen.add(link.alert)
    assert decode("incident", encode(incident)) == incident


def test_low_alerts_of_a_normal_day_make_no_incident() -> None:
    rng = random.Random(7)
    hospital = small_hospital()
    places = [asset.id for asset in hospital.assets if asset.group in {"door", "camera", "it"}]
    day = [
        made(
            rng.choice(["door.held-open", "people.loitering", "network.signature", "badge.denied"]),
            rng.uniform(0, 86_400),
            severity=rng.randint(10, 25),
            confidence=0.6,
            domain=rng.choice(list(Domain)),
            assets=[rng.choice(places)],
            name=str(number),
        )
        for number in range(150)  # ISA 18.2-2009: what one operator can take in a day
    ]
    assert run(sorted_by_time(day), batch=10) == []


def test_repeats_of_one_weak_rule_never_open_an_incident() -> None:
    alerts = [
        made("door.held-open", number * 60, severity=40, confidence=0.8, assets=["door.main"]) for number in range(200)
    ]
    assert run(alerts) == []


def test_two_weak_alerts_of_different_rules_that_belong_together_open_one() -> None:
    one = made("people.loitering", 0, severity=45, zones=["aurore.pharmacy"])
    other = made("badge.denied", 60, severity=50, assets=["door.pharmacy"])
    [incident] = run([one, other])
    assert [link.alert for link in incident.links] == [one.id, other.id]
    assert run([one, made("badge.denied", 60, severity=50, assets=["door.main"])]) == []


def together(one: Alert, other: Alert) -> bool:
    return any(len(incident.links) == 2 for incident in run(sorted_by_time([one, other])))


def test_who_comes_after_an_attack_on_a_machine_in_the_room_did_not_do_it() -> None:
    attack = made("file.dangerous", 1000, severity=70, domain=CYBER, assets=["ws.ward.1"])
    assert together(attack, made("people.intrusion", 400, severity=70, zones=["aurore.ward.a"]))
    assert together(attack, made("people.intrusion", 1200, severity=70, zones=["aurore.ward.a"]))
    assert not together(attack, made("people.intrusion", 1400, severity=70, zones=["aurore.ward.a"]))


def test_a_blind_camera_touches_no_machine_and_nothing_next_door() -> None:
    blind = made("camera.lost", 0, severity=70, assets=["camera.corridor"])
    assert not together(blind, made("door.forced", 60, severity=70, assets=["door.cold"]))
    assert together(blind, made("door.forced", 60, severity=70, assets=["door.pharmacy"]))


def test_only_many_people_are_what_changed_appointments_bring() -> None:
    change = made("appointments.mass-change", 0, severity=70, domain=CYBER, assets=["app.appointments"])
    hall = next(zone for one in small_hospital().services if "vaccin" in one.id for zone in one.zones)
    assert together(change, made("people.crowd", 3600, severity=60, zones=[hall]))
    assert not together(change, made("people.loitering", 3600, severity=60, zones=[hall]))


def test_a_repeat_never_hides_a_higher_severity_or_a_new_place() -> None:
    first = made("door.forced", 0, severity=60, assets=["door.pharmacy"])
    graver = made("door.forced", 30, severity=95, assets=["door.pharmacy"])
    farther = made("door.forced", 60, severity=60, assets=["door.cold"])
    revisions = run([first, graver, farther])
    assert [one.severity for one in revisions][:2] == [60, 95]
    assert "aurore.pharmacy.cold" not in revisions[1].zones
    assert "aurore.pharmacy.cold" in revisions[2].zones


def test_the_same_alert_again_changes_nothing_unless_it_says_more() -> None:
    alert = made("door.forced", 0, severity=60, assets=["door.pharmacy"])
    stage = CorrelateStage(small_hospital())
    assert len(run([alert, alert, alert], stage=stage)) == 1
    more = Alert(**{**{name: getattr(alert, name) for name in alert.__struct_fields__}, "severity": 80})
    [revision] = run([more], stage=stage)
    assert (revision.severity, revision.revision, len(revision.links)) == (80, 2, 1)


def test_an_alert_that_ties_two_incidents_merges_them_and_the_merge_can_be_undone() -> None:
    one = made("people.intrusion", 0, severity=70, zones=["aurore.ward.a"])
    other = made("door.forced", 5, severity=70, assets=["door.cold"], zones=["aurore.pharmacy.cold"])
    between = made("people.loitering", 60, severity=70, zones=["aurore.ward.a", "aurore.pharmacy.cold"])
    stage = CorrelateStage(small_hospital())
    first, second = run([one, other], stage=stage)
    merged = latest(run([between], stage=stage))
    assert merged[second.id].into == first.id
    assert merged[second.id].state == "closed"
    assert merged[first.id].merged == (second.id,)
    assert len(merged[first.id].links) == 3
    assert sum(link.to is None for link in merged[first.id].links) == 1

    apart = latest(run([judged(second.id, "new", 120)], stage=stage))
    assert apart[second.id].into is None
    assert {link.alert for link in apart[second.id].links} == {other.id}
    assert {link.alert for link in apart[first.id].links} == {one.id, between.id}
    again = made("people.intrusion", 130, severity=60, zones=["aurore.ward.a", "aurore.pharmacy.cold"])
    after = latest(run([again], stage=stage))
    assert len(after) == 1
    assert all(one.into is None for one in after.values())


def test_acts_validate_contain_close_and_reopen() -> None:
    stage = CorrelateStage(small_hospital())
    [opened] = run([made("door.forced", 0, severity=60, assets=["door.pharmacy"])], stage=stage)
    states = []
    for number, state in enumerate(("validated", "contained", "closed", "new"), 1):
        verdict = "benign" if state == "closed" else ""
        [revision] = run([judged(opened.id, state, 100 * number, verdict=verdict)], stage=stage)  # type: ignore[arg-type]
        states.append((revision.revision, revision.state, revision.verdict, revision.validated_by))
    assert states == [
        (2, "validated", "", "user.1"),
        (3, "contained", "", "user.1"),
        (4, "closed", "benign", "user.1"),
        (5, "new", "", ""),
    ]
    assert run([judged(opened.id, "new", 400)], stage=stage) == []
    assert run([judged("no-such-incident", "closed", 500)], stage=stage) == []
    assert stage.counts["unheard"] == 1


def test_a_closed_incident_takes_what_was_late_and_nothing_that_came_after() -> None:
    stage = CorrelateStage(small_hospital())
    [opened] = run([made("door.forced", 0, severity=70, assets=["door.pharmacy"])], stage=stage)
    run([judged(opened.id, "closed", 100, verdict="true")], stage=stage)
    [late] = run([made("people.loitering", 50, severity=65, zones=["aurore.pharmacy"])], stage=stage)
    assert (late.id, late.state, len(late.links)) == (opened.id, "closed", 2)
    [fresh] = run([made("people.loitering", 200, severity=65, zones=["aurore.pharmacy"])], stage=stage)
    assert fresh.id != opened.id
    [grave] = run([made("door.forced", 90, severity=95, assets=["door.pharmacy"])], stage=stage)
    assert grave.id == fresh.id


def test_reopened_it_takes_alerts_again() -> None:
    stage = CorrelateStage(small_hospital())
    [opened] = run([made("door.forced", 0, severity=70, assets=["door.pharmacy"])], stage=stage)
    run([judged(opened.id, "closed", 100), judged(opened.id, "new", 150)], stage=stage)
    [more] = run([made("people.loitering", 200, severity=65, zones=["aurore.pharmacy"])], stage=stage)
    assert more.id == opened.id


def test_a_contained_incident_that_goes_on_is_contained_no_more() -> None:
    stage = CorrelateStage(small_hospital())
    [opened] = run([made("door.forced", 0, severity=70, assets=["door.pharmacy"])], stage=stage)
    run([judged(opened.id, "contained", 100)], stage=stage)
    [same] = run([made("door.forced", 130, severity=60, assets=["door.pharmacy"])], stage=stage)
    assert same.state == "contained"
    [on] = run([made("door.forced", 160, severity=60, assets=["door.cold"])], stage=stage)
    assert on.state == "validated"


def test_the_policy_is_silent_once_a_person_has_judged() -> None:
    stage = CorrelateStage(small_hospital())
    chain = theft()
    [*_, before] = run(chain[:5], stage=stage)
    run([judged(before.id, "new", 500)], stage=stage)
    after = latest(run(chain[5:], stage=stage))[before.id]
    assert after.combined
    assert after.state == "new"


def test_who_contains_what_a_policy_validated_has_confirmed_it() -> None:
    stage = CorrelateStage(small_hospital())
    [*_, opened] = run(theft(), stage=stage)
    assert (opened.validated_by, opened.confirmed) == ("policy:combined", False)
    [contained] = run([judged(opened.id, "contained", 3000)], stage=stage)
    assert (contained.validated_by, contained.confirmed) == ("user.1", True)


CHAIN = theft() + noise()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations(CHAIN), st.integers(1, len(CHAIN)))
@pytest.mark.slow
def test_any_order_and_batches_give_the_same_partition(alerts: list[Alert], batch: int) -> None:
    assert partition(run(alerts, batch=batch)) == partition(run(CHAIN, batch=1))


HOSPITAL = small_hospital()
ASSETS = [asset.id for asset in HOSPITAL.assets]
ZONES = [zone.id for zone in HOSPITAL.zones]


@st.composite
def some_alerts(draw: st.DrawFn) -> list[Alert]:
    return [
        made(
            draw(st.sampled_from(["a.one", "b.two", "c.three"])),
            draw(st.integers(0, 3600)),
            severity=draw(st.integers(0, 100)),
            confidence=draw(st.sampled_from([0.2, 0.5, 0.9])),
            domain=draw(st.sampled_from(list(Domain))),
            assets=draw(st.lists(st.sampled_from(ASSETS), max_size=2, unique=True)),
            zones=draw(st.lists(st.sampled_from(ZONES), max_size=1)),
            holders=draw(st.lists(st.sampled_from(["holder.1", "holder.2"]), max_size=1)),
            name=str(number),
        )
        for number in range(draw(st.integers(0, 14)))
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some_alerts(), st.randoms(use_true_random=False), st.integers(1, 14))
@pytest.mark.slow
def test_random_alerts_in_any_order_give_the_same_partition(
    alerts: list[Alert], rng: random.Random, batch: int
) -> None:
    shuffled = rng.sample(alerts, len(alerts))
    assert partition(run(shuffled, batch=batch)) == partition(run(alerts))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some_alerts(), st.integers(0, 14), st.integers(1, 14))
@pytest.mark.slow
def test_revisions_and_batches_after_a_crash_are_the_same(alerts: list[Alert], cut: int, batch: int) -> None:
    straight = {(one.id, one.revision): one for one in run(alerts)}
    stage = CorrelateStage(small_hospital())
    run(alerts[:cut], batch=batch, stage=stage)
    reborn = CorrelateStage(small_hospital())
    reborn.restore(stage.snapshot())
    for one in run(alerts[cut:], batch=batch, stage=reborn):
        assert straight[one.id, one.revision] == one


def test_snapshot_of_nothing_and_of_acts_comes_back() -> None:
    stage = CorrelateStage(small_hospital())
    stage.restore(stage.snapshot())
    [opened] = run([made("door.forced", 0, severity=70, assets=["door.pharmacy"])], stage=stage)
    run([judged(opened.id, "closed", 100)], stage=stage)
    reborn = CorrelateStage(small_hospital())
    reborn.restore(stage.snapshot())
    assert run([judged(opened.id, "closed", 100)], stage=reborn) == []
    [again] = run([judged(opened.id, "new", 200)], stage=reborn)
    assert (again.state, again.revision) == ("new", 3)


def test_what_is_too_old_is_forgotten_and_open_incidents_stay() -> None:
    stage = CorrelateStage(small_hospital())
    stage.tick(START)
    [opened] = run([made("door.forced", 0, severity=70, assets=["door.pharmacy"])], stage=stage)
    run([made("people.loitering", 0, severity=20, zones=["aurore.entrance"])], stage=stage)
    assert (stage.counts["alerts"], stage.counts["groups"]) == (2, 2)
    stage.tick(START + timedelta(days=8))
    assert (stage.counts["alerts"], stage.counts["groups"]) == (0, 1)
    [closed] = run([judged(opened.id, "closed", 86_400 * 8)], stage=stage)
    assert closed.state == "closed"


def test_alerts_of_an_old_recording_that_wait_at_a_start_are_not_too_old() -> None:
    stage = CorrelateStage(small_hospital())
    run([made("people.loitering", 0, severity=45, zones=["aurore.pharmacy"])], stage=stage)
    reborn = CorrelateStage(small_hospital())
    reborn.restore(stage.snapshot())
    reborn.tick(START + timedelta(days=365))
    assert len(run([made("door.forced", 60, severity=70, assets=["door.pharmacy"])], stage=reborn)[-1].links) == 2
    reborn.tick(START + timedelta(days=373))
    assert reborn.counts["alerts"] == 0


def test_memory_is_bounded() -> None:
    stage = CorrelateStage(small_hospital(), alerts=50, incidents=10)
    alerts = [
        made("door.forced", number * 5.0, severity=80, assets=[f"unknown.{number}"], name=str(number))
        for number in range(200)
    ]
    assert len(latest(run(alerts, stage=stage))) == 200
    assert stage.counts["alerts"] <= 50
    assert stage.counts["groups"] <= 60
    assert stage.counts["forgotten"] == 150
    assert stage.counts["dropped"] == 190
    assert stage.reasons() == {"correlate": "more came than memory holds: forgotten 150, dropped 190"}
    assert CorrelateStage(small_hospital()).reasons() == {}


def test_a_flood_of_one_rule_is_counted_not_listed() -> None:
    stage = CorrelateStage(small_hospital())
    flood = [made("network.scan", n, severity=60, domain=CYBER, assets=["ws.ward.1"]) for n in range(ALIKE + 50)]
    last = run(flood, batch=500, stage=stage)[-1]
    assert len(last.links) == ALIKE
    assert last.story[-1].args["count"] == 50
    [after] = run([made("network.scan", 2000, severity=99, domain=CYBER, assets=["ws.ward.1"])], stage=stage)
    assert after.severity >= 99
    assert len(after.links) == ALIKE + 1
    assert run([made("network.scan", 2100, severity=99, domain=CYBER, assets=["ws.ward.1"])], stage=stage) == []


def test_an_incident_that_repeats_itself_for_days_is_told_seldom() -> None:
    stage = CorrelateStage(small_hospital())
    days = [made("network.scan", 60 * n, severity=60, domain=CYBER, assets=["ws.ward.1"]) for n in range(4 * 1440)]
    revisions = run(days, stage=stage)
    assert [one.revision for one in revisions] == list(range(1, len(revisions) + 1))
    assert len(revisions) < 150
    assert max(len(encode(one)) for one in revisions) < 50_000
    assert 1.1 * revisions[-1].story[-1].args["count"] >= len(days) - ALIKE  # type: ignore[operator]


def test_repeats_that_tie_two_groups_still_unite_them() -> None:
    stage = CorrelateStage(small_hospital())
    flood = [made("door.forced", n, severity=60, zones=["aurore.ward.a"]) for n in range(ALIKE)]
    other = made("people.intrusion", 10_000, severity=70, zones=["aurore.ward.a"])
    assert len(partition(run([*flood, other], stage=stage))) == 2
    between = made("door.forced", 1500, severity=60, zones=["aurore.ward.a"], lasting=8000)
    merged = latest(run([between], stage=stage))
    assert sum(one.into is None for one in merged.values()) == 1


@pytest.mark.slow
def test_ten_thousand_open_keys_stay_apart() -> None:
    stage = CorrelateStage(small_hospital())
    rng = random.Random(3)
    opening = [
        made("door.held-open", number / 10, severity=40, assets=[f"thing.{number}"], name="o")
        for number in range(10_000)
    ]
    run(opening, batch=500, stage=stage)
    assert stage.counts["groups"] == 10_000
    more = [
        made("network.scan", 1000 + number / 10, severity=30, assets=[f"thing.{rng.randrange(10_000)}"], name="m")
        for number in range(5_000)
    ]
    run(more, batch=500, stage=stage)
    assert any(isinstance(one, Incident) for one in run([made("door.forced", 3000, severity=90)], stage=stage))
