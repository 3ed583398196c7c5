"""What people put together, take apart, suppress; what rules explain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from made_alerts import CYBER, START, latest, made, run

from safecare.correlate.similar import likeness
from safecare.correlate.stage import LONG, CorrelateStage
from safecare.correlate.suppress import covers
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.acts import IncidentArranged, Suppressed
from safecare.model.ids import AlertId, AssetId, IncidentId, SiteId, ZoneId
from safecare.model.incident import Incident
from safecare.testing.hospital import small_hospital

Change = Literal["merge", "split", "detach", "attach"]


def arranged(
    change: Change, incident: str, *, other: str = "", alerts: Sequence[str] = (), at: float = 500
) -> IncidentArranged:
    moment = START + timedelta(seconds=at)
    return IncidentArranged(
        id=Event.id_for(moment, "console", f"{change}{incident}{other}{alerts}"),
        at=moment,
        seen=moment,
        source="console",
        site=SiteId("aurore"),
        actor="user.1",
        incident=IncidentId(incident),
        change=change,
        other=IncidentId(other) if other else None,
        alerts=tuple(map(AlertId, alerts)),
    )


def act(stage: CorrelateStage, change: IncidentArranged) -> dict[str, Incident]:
    return latest(one for one in stage.feed([change]) if isinstance(one, Incident))


def held(incident: Incident) -> set[str]:
    return {link.alert for link in incident.links}


def two() -> tuple[CorrelateStage, Alert, Alert, Incident, Incident]:
    stage = CorrelateStage(small_hospital())
    one = made("people.intrusion", 0, severity=70, zones=["aurore.ward.a"])
    other = made("door.forced", 5, severity=70, assets=["door.cold"], zones=["aurore.pharmacy.cold"])
    first, second = run([one, other], stage=stage)
    return stage, one, other, first, second


def test_a_merge_by_a_person_links_and_can_be_turned_back() -> None:
    stage, one, other, first, second = two()
    merged = act(stage, arranged("merge", first.id, other=second.id))
    assert held(merged[first.id]) == {one.id, other.id}
    assert merged[second.id].into == first.id
    assert act(stage, arranged("merge", first.id, other=second.id)) == {}  # heard before
    back = act(stage, arranged("split", first.id, alerts=[other.id], at=600))
    [part] = [found for found in back.values() if found.id != first.id]
    assert held(part) == {other.id}
    assert held(back[first.id]) == {one.id}
    assert part.id not in {first.id, second.id}


def test_detached_alerts_are_no_incident_until_something_joins_them_and_can_be_attached_again() -> None:
    stage, one, other, first, second = two()
    act(stage, arranged("merge", first.id, other=second.id))
    detached = act(stage, arranged("detach", first.id, alerts=[other.id], at=600))
    assert {found.id for found in detached.values()} == {first.id}
    assert held(detached[first.id]) == {one.id}
    attached = act(stage, arranged("attach", first.id, alerts=[other.id], at=700))
    assert held(attached[first.id]) == {one.id, other.id}


def test_what_was_split_off_comes_back_whole() -> None:
    stage, one, other, first, second = two()
    act(stage, arranged("merge", first.id, other=second.id))
    apart = act(stage, arranged("split", first.id, alerts=[other.id], at=600))
    [part] = [found for found in apart.values() if found.id != first.id]
    back = act(stage, arranged("attach", first.id, alerts=[other.id], at=700))
    assert held(back[first.id]) == {one.id, other.id}
    assert back[part.id].into == first.id


def test_a_story_goes_with_its_alerts() -> None:
    stage = CorrelateStage(small_hospital())
    dark = made("camera.lost", 0, severity=60, assets=["camera.corridor"])
    door = made("door.forced", 60, severity=70, assets=["door.pharmacy"])
    other = made("people.crowd", 5, severity=70, zones=["aurore.vaccination.hall"])
    found = latest(run([dark, door, other], stage=stage))
    first = next(one for one in found.values() if dark.id in held(one) and one.into is None)
    assert "camera-then-door" in first.rules
    if other.id not in held(first):
        second = next(one for one in found.values() if other.id in held(one))
        act(stage, arranged("merge", first.id, other=second.id))
    split = act(stage, arranged("split", first.id, alerts=[dark.id, door.id], at=600))
    [part] = [one for one in split.values() if one.id != first.id]
    assert "camera-then-door" in part.rules
    assert "camera-then-door" not in split[first.id].rules


def test_what_would_leave_nothing_or_knows_no_incident_changes_nothing() -> None:
    stage, one, _, first, second = two()
    assert act(stage, arranged("split", first.id, alerts=[one.id])) == {}
    assert act(stage, arranged("merge", first.id, other=first.id)) == {}
    assert act(stage, arranged("merge", "no-such", other=second.id)) == {}
    assert stage.counts["unheard"] == 3


def test_arrangements_survive_a_crash() -> None:
    stage, _, other, first, second = two()
    act(stage, arranged("merge", first.id, other=second.id))
    act(stage, arranged("split", first.id, alerts=[other.id], at=600))
    reborn = CorrelateStage(small_hospital())
    reborn.restore(stage.snapshot())
    again = made("door.forced", 60, severity=70, assets=["door.cold"], zones=["aurore.pharmacy.cold"])
    assert run([again], stage=reborn) == run([again], stage=stage)


def window(
    *, rules: Sequence[str] = ("door.*",), assets: Sequence[str] = (), severity: int = 70, ended: bool = False
) -> Suppressed:
    return Suppressed(
        id=Event.id_for(START, "console", f"{rules}{assets}{ended}"),
        at=START,
        seen=START,
        source="console",
        site=SiteId("aurore"),
        actor="user.1",
        suppression="window.1",
        window="maintenance",
        reason="The lock is being replaced",
        rules=tuple(rules),
        begins=START,
        expires=START + timedelta(hours=1),
        severity=severity,
        assets=tuple(map(AssetId, assets)),
        ended=ended,
    )


def test_a_window_hides_its_alerts_and_never_what_is_graver_elsewhere_or_later() -> None:
    stage = CorrelateStage(small_hospital())
    stage.feed([window(assets=["door.main"])])
    hidden = made("door.forced", 10, severity=70, assets=["door.main"])
    assert run([hidden], stage=stage) == []
    assert stage.counts["hidden"] == 1
    shown = [
        made("door.forced", 20, severity=71, assets=["door.main"]),
        made("door.forced", 30, severity=70, assets=["door.server"]),
        made("door.forced", 40, severity=70, assets=["door.main", "door.cold"]),
        made("door.forced", 3700, severity=70, assets=["door.main"]),
        made("camera.lost", 50, severity=70, assets=["door.main"]),
    ]
    assert not any(covers(window(assets=["door.main"]), one) for one in shown)
    stage.feed([window(assets=["door.main"], ended=True)])
    assert run([made("door.forced", 60, severity=70, assets=["door.main"])], stage=stage)


def test_consequences_of_an_open_cause_are_listed_and_alarm_nobody_anew() -> None:
    stage = CorrelateStage(small_hospital())
    power = made("power.lost", 0, severity=65, confidence=0.9, assets=["board.north"])
    [opened] = run([power], stage=stage)
    silent = [made("sensor.silent", 60 + n, severity=60, confidence=0.9, assets=[f"freezer.{n}"]) for n in (1, 2)]
    after = latest(run(silent, stage=stage))
    assert after.keys() == {opened.id}
    assert after[opened.id].severity == opened.severity == 65
    assert len(after[opened.id].links) == 3
    [worse] = [
        Alert(**{**{name: getattr(one, name) for name in one.__struct_fields__}, "severity": 80}) for one in silent[:1]
    ]
    assert run([worse], stage=stage)[-1].severity >= 80
    graver = made("sensor.silent", 90, severity=90, assets=["freezer.1"])
    assert run([graver], stage=stage)[-1].severity >= 90


def test_an_incident_of_a_thousand_different_alerts_is_published_seldom_and_whole_at_the_tick() -> None:
    stage = CorrelateStage(small_hospital(), [])
    alerts = [made(f"a.rule-{n}", n / 10, severity=60, domain=CYBER, assets=["ws.ward.1"]) for n in range(1000)]
    revisions = [one for alert in alerts for one in stage.feed([alert])]
    assert len(revisions) <= LONG + 10
    [last] = stage.tick(START + timedelta(seconds=200))
    assert isinstance(last, Incident)
    assert len(last.links) == 1000
    assert list(stage.tick(START + timedelta(seconds=201))) == []


def test_likeness_wants_the_same_rules_or_the_same_place() -> None:
    _, _, _, first, second = two()
    assert likeness(first, {"a"}, first, {"a"}) == 1.0
    assert likeness(first, {"a"}, second, {"b"}) == 0.0
    assert likeness(first, {"a"}, second, {"a"}) > 0.5
    assert ZoneId("aurore.ward.a") in first.zones
