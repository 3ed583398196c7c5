from __future__ import annotations

import msgspec
from made_items import alert, forecast, incident, judged, later, notice, plan, receipt, reject
from made_road import Road

from safecare.exchange.log import Entry
from safecare.model.ids import AlertId, AssetId, EventId, IncidentId, NoticeId, PlanId, ZoneId
from safecare.model.topics import Item
from safecare.store.glance import Glance
from safecare.testing.road import badge, entry_of

pytest_plugins = ["store_fixtures"]


def put(road: Road, *items: Item) -> None:
    entries: list[Entry] = [entry_of(item) for item in items]
    road.log.append(entries)
    road.drain()


def test_nothing_is_there_at_first(road: Road) -> None:
    reader = road.reader
    assert reader.event(EventId("x")) is None
    assert reader.events([]) == []
    assert reader.alerts(ids=[]) == []
    assert reader.alert_incident(AlertId("x")) is None
    assert reader.incident(IncidentId("x")) is None
    assert reader.forecast(IncidentId("x")) is None
    assert reader.plan(IncidentId("x")) is None
    assert reader.plan_by_id(PlanId("x")) is None
    assert reader.notice(NoticeId("x")) is None
    assert reader.reject("x") is None
    assert set(reader.counts().values()) == {0}


def test_events_by_id_come_in_the_order_of_time(road: Road) -> None:
    events = [badge(n) for n in range(1200)]
    road.log.append([entry_of(*reversed(events))])
    road.drain()
    assert road.reader.events([one.id for one in reversed(events)]) == events


def test_events_about_takes_asset_zone_since_and_the_newest(road: Road) -> None:
    put(road, *(badge(n, zone="zone-1" if n % 2 else "zone-2") for n in range(40)))
    door = AssetId("door-3")
    assert [one.id for one in road.reader.events_about(asset=door)] == [badge(n).id for n in (3, 13, 23, 33)]
    assert [one.id for one in road.reader.events_about(asset=door, limit=2)] == [badge(n).id for n in (23, 33)]
    assert [one.id for one in road.reader.events_about(asset=door, since=later(23))] == [badge(n).id for n in (23, 33)]
    assert len(road.reader.events_about(zone=ZoneId("zone-2"))) == 20
    assert road.reader.events_about(asset=door, zone=ZoneId("zone-2")) == []


def test_alerts_by_time_and_by_id(road: Road) -> None:
    alerts = [alert(str(n), last=n) for n in range(5)]
    put(road, *reversed(alerts))
    assert road.reader.alerts() == alerts
    assert road.reader.alerts(limit=2) == alerts[3:]
    assert road.reader.alerts(since=later(3)) == alerts[3:]
    assert road.reader.alerts(ids=[alerts[4].id, alerts[1].id, AlertId("x")]) == [alerts[1], alerts[4]]


def test_the_latest_revision_counts_in_whatever_order_they_come(road: Road) -> None:
    one, two = alert("1"), alert("2")
    revisions = [incident("i", 1, one), incident("i", 2, one, two, updated=9), incident("i", 3, one, two, updated=5)]
    put(road, revisions[0], revisions[2], revisions[1])
    assert road.reader.incident(IncidentId("i")) == revisions[2]
    history = road.reader.history(IncidentId("i"))
    assert [(one.revision, one.at, one.alerts) for one in history] == [
        (one.revision, one.updated, len(one.links)) for one in revisions
    ]
    assert road.reader.history(IncidentId("i"), limit=1) == history[2:]
    assert road.reader.alert_incident(two.id) == "i"


def test_open_incidents_are_neither_closed_nor_merged(road: Road) -> None:
    put(
        road,
        incident("a", 1, updated=1),
        incident("b", 1, updated=2),
        incident("b", 2, state="closed", updated=3),
        incident("c", 1, updated=4, into=IncidentId("a")),
    )
    assert [one.id for one in road.reader.incidents()] == ["a"]
    assert [one.id for one in road.reader.incidents(open_only=False)] == ["c", "b", "a"]
    assert [one.id for one in road.reader.incidents(open_only=False, limit=1)] == ["c"]
    assert road.reader.counts()["incidents_open"] == 1


def test_an_alert_follows_its_incident_through_merges(road: Road) -> None:
    one, two = alert("1"), alert("2")
    put(road, incident("a", 1, one), incident("b", 1, two), incident("b", 2, two, into=IncidentId("a")))
    assert road.reader.alert_incident(two.id) == "a"
    put(road, incident("a", 2, one, two), incident("a", 3, one, two, into=IncidentId("c")), incident("c", 1, one, two))
    assert road.reader.alert_incident(one.id) == "c"
    assert road.reader.alert_incident(two.id) == "c"


def test_the_latest_forecast_and_plan(road: Road) -> None:
    put(road, forecast("i", 1), forecast("i", 2, at=5), forecast("i", 2, at=3), forecast("other", 9))
    assert road.reader.forecast(IncidentId("i")) == forecast("i", 2, at=3)  # came last, though its clock says less
    put(road, plan("p", "i", 1), plan("p", "i", 2, at=3), plan("q", "other", 1))
    assert road.reader.plan(IncidentId("i")) == plan("p", "i", 2, at=3)
    assert road.reader.plan_by_id(PlanId("p")) == plan("p", "i", 2, at=3)


def test_a_notice_is_open_until_answered_and_again_when_it_rings_anew(road: Road) -> None:
    first, other = notice("n", "i"), notice("m", "j", at=1, role="operator")
    put(road, first, other, receipt("r1", first, "sent"), receipt("r2", first, "read"))
    assert road.reader.notices() == [other, first]
    assert road.reader.counts()["notices_open"] == 2
    put(road, receipt("r3", first, "on_my_way", at=-100))
    assert road.reader.counts()["notices_open"] == 1
    again = notice("n", "i", revision=2, at=50)
    put(road, again)
    assert road.reader.notices() == [again, other]
    assert road.reader.counts()["notices_open"] == 2
    assert road.reader.notices(role="guard") == [again]
    assert road.reader.notices(incident=IncidentId("j")) == [other]
    assert [one.id for one in road.reader.receipts(notice=first.id)] == ["r1", "r2", "r3"]
    assert road.reader.receipts(incident=IncidentId("j")) == []
    put(road, msgspec.structs.replace(incident("j", 1), state="closed"))
    assert road.reader.counts()["notices_open"] == 1


def test_rejects_newest_first(road: Road) -> None:
    put(road, reject("a", 1), reject("b", 2, door="door-2"), reject("c", 3))
    assert [one.id for one in road.reader.rejects()] == ["c", "b", "a"]
    assert [one.id for one in road.reader.rejects(limit=1)] == ["c"]
    assert [one.id for one in road.reader.rejects(door="door-1")] == ["c", "a"]


def test_counts(road: Road) -> None:
    put(road, *(badge(n) for n in range(6)), judged(3), alert("a"), reject("x"))
    assert road.reader.counts() == {
        "events": 7,
        "alerts": 1,
        "rejects": 1,
        "incidents": 0,
        "incidents_open": 0,
        "notices_open": 0,
        "audit": 1,
    }


def test_audit_pages(road: Road) -> None:
    put(road, *(judged(n) for n in range(5)))
    assert [one.seq for one in road.reader.audit(limit=3)] == [1, 2, 3]
    page = road.reader.audit(after=3)
    assert [(one.seq, one.at, one.actor, one.act) for one in page] == [
        (4, later(3), "user-1", "act.incident"),
        (5, later(4), "user-1", "act.incident"),
    ]


def test_a_call_for_help_takes_nothing_over(road: Road) -> None:
    rung = notice("n", of="i")
    put(road, rung, receipt("r1", rung, "help"))
    glance = Glance(road.database)
    assert road.reader.counts()["notices_open"] == 1
    assert glance.acknowledged([rung.incident]) == set()
    put(road, receipt("r2", rung, "on_my_way"))
    assert road.reader.counts()["notices_open"] == 0
    assert glance.acknowledged([rung.incident]) == {rung.incident}


def test_a_refined_forecast_takes_the_place_of_the_first_estimate(road: Road) -> None:
    refined = forecast("i", 1)
    put(road, msgspec.structs.replace(refined, rough=True), refined)
    assert road.reader.forecast(IncidentId("i")) == refined
