"""What stands near what, and that hubs glue nothing together."""

from __future__ import annotations

import pytest
from made_alerts import CYBER, PHYSICAL, made, partition, run

from safecare.correlate import relations as rel
from safecare.correlate.places import Places, telling
from safecare.correlate.stage import CorrelateStage
from safecare.model.alert import Alert
from safecare.model.hospital import Asset, Dependency, Hospital, Level, Name, Service, Site, Zone
from safecare.model.ids import AssetId, ServiceId, SiteId, ZoneId
from safecare.testing.hospital import small_hospital

SITE = SiteId("big")


def big(rooms: int, machines: int) -> Hospital:
    """A main corridor with `rooms` rooms, and `machines` on one core switch, one main board and one wide network."""
    name = Name("x", "x")

    def zone(id: str, left: float, low: float) -> Zone:
        ring = ((left, low), (left + 3, low), (left + 3, low + 3), (left, low + 3))
        return Zone(id=ZoneId(id), site=SITE, level="l", name=name, category="room", outline=ring, sector="s")

    def asset(id: str, kind: str, group: str, room: str | None, between: tuple[str, str] | None = None) -> Asset:
        sides = (ZoneId(between[0]), ZoneId(between[1])) if between else None
        place = ZoneId(room) if room else None
        return Asset(id=AssetId(id), site=SITE, name=name, kind=kind, group=group, zone=place, between=sides)

    zones = (zone("main", -100, 0), *(zone(f"room.{n}", n * 10, 10) for n in range(rooms)))
    doors = (asset(f"door.{n}", "door", "door", None, (f"room.{n}", "main")) for n in range(rooms))
    pcs = tuple(asset(f"pc.{n}", "workstation", "it", f"room.{n % rooms}") for n in range(machines))
    hubs = tuple(
        asset(id, id, group, None) for id, group in (("core", "network"), ("net", "network"), ("board", "utility"))
    )
    ids = tuple(pc.id for pc in pcs)
    return Hospital(
        id="big",
        name=name,
        sites=(Site(id=SITE, name=name),),
        levels=(Level(id="l", site=SITE, building="b", ordinal=0, name=name, building_name=name),),
        zones=zones,
        assets=(*doors, *pcs, *hubs),
        services=(Service(id=ServiceId("service"), site=SITE, name=name, kind="ward", zones=(ZoneId("room.0"),)),),
        dependencies=(
            Dependency(id="1", kind="connects", of="core", on=ids),
            Dependency(id="2", kind="connects", of="net", on=ids),
            Dependency(id="3", kind="powers", of="board", on=ids),
        ),
    )


def split(hospital: Hospital, *alerts: Alert) -> int:
    """Return how many incidents `alerts` make."""
    return len(partition(run(alerts, stage=CorrelateStage(hospital))))


@pytest.mark.parametrize("hub", ["core", "net", "board"])
def test_a_hub_glues_nothing(hub: str) -> None:
    hospital = big(40, 100)
    domain = PHYSICAL if hub == "board" else CYBER
    grave = {"severity": 80, "confidence": 1.0, "domain": domain}
    one, other = (made("a", 0, assets=["pc.1"], **grave), made("b", 10, assets=["pc.2"], **grave))  # type: ignore[arg-type]
    assert split(hospital, one, other) == 2
    passing = [made("c", n, assets=[f"pc.{n}", hub], **grave) for n in (5, 6)]  # type: ignore[arg-type]
    assert split(hospital, *passing) == 2
    about = [made("d", n, assets=[hub, f"pc.{n}"], **grave) for n in (5, 6)]  # type: ignore[arg-type]
    assert split(hospital, *about) == 1


def test_a_main_corridor_glues_nothing_and_a_ward_corridor_does() -> None:
    grave = [made("a", 0, severity=80, zones=["main"]), made("b", 60, severity=80, zones=["main"])]
    assert split(big(60, 1), *grave) == 2
    assert split(big(6, 1), *grave) == 1
    rooms = [made("a", 0, severity=80, assets=["door.1"]), made("b", 60, severity=80, assets=["door.5"])]
    assert split(big(60, 1), *rooms) == 2


def test_a_big_supply_sector_glues_nothing() -> None:
    power = made("power.lost", 0, severity=80, assets=["board"], zones=["room.0"])
    far = made("a", 60, severity=80, zones=["room.30"])
    assert split(big(60, 1), power, far) == 2


def test_two_machines_in_one_room_are_not_tied_by_the_room() -> None:
    alerts = [
        made(rule, 0, severity=80, domain=CYBER, assets=[asset])
        for rule, asset in (("a", "server.mail"), ("b", "server.pacs"))
    ]
    assert split(small_hospital(), *alerts) == 2
    door = made("door.forced", 60, severity=80, assets=["door.server"])
    assert split(small_hospital(), alerts[1], door) == 1


def test_two_phishing_mails_are_not_tied_by_the_mail_server() -> None:
    mails = [
        made("mail.phishing", n, severity=80, domain=CYBER, assets=["server.mail"], holders=[f"holder.{n}"])
        for n in (1, 2)
    ]
    assert split(small_hospital(), *mails) == 2
    same_sender = [
        made("mail.phishing", n, severity=80, domain=CYBER, holders=[f"holder.{n}"], peers=["203.0.113.7"])
        for n in (1, 2)
    ]
    assert split(small_hospital(), *same_sender) == 1


def test_two_mails_that_link_to_the_same_site_name_are_not_tied_by_it() -> None:
    mails = [
        made("mail.phishing", n, severity=80, domain=CYBER, holders=[f"holder.{n}"], peers=["office.example"])
        for n in (1, 2)
    ]
    assert split(small_hospital(), *mails) == 2


def test_a_mail_to_everybody_ties_nothing_a_mail_to_a_few_does() -> None:
    theirs = [
        made("badge.owner-absent", 10_800 * n, severity=80, assets=[door], holders=[f"holder.{n}"])
        for n, door in ((1, "door.pharmacy"), (2, "door.main"))
    ]
    everybody = made("mail.phishing", 0, severity=80, domain=CYBER, holders=[f"holder.{n}" for n in range(200)])
    few = made("mail.phishing", 0, severity=80, domain=CYBER, holders=[f"holder.{n}" for n in range(3)])
    assert split(small_hospital(), everybody, *theirs) == 3
    assert split(small_hospital(), few, *theirs) == 1


def test_an_alert_that_names_thousands_is_looked_at_in_bounds() -> None:
    alert = made("network.scan", 0, domain=CYBER, assets=[f"pc.{n}" for n in range(5000)])
    assert len(Places(big(10, 10)).keys(alert)) < 500


def test_a_crowd_where_care_is_given_is_tied_to_its_manipulated_data_a_door_there_is_not() -> None:
    moved = made("appointments.mass-change", 0, severity=70, domain=CYBER, assets=["app.appointments"])
    hall = "aurore.vaccination.hall"
    crowd = made("people.crowd", 7200, severity=60, assets=["camera.hall"], zones=[hall])
    door = made("door.forced", 7200, severity=60, assets=["door.vaccination"], zones=[hall])
    assert split(small_hospital(), moved, crowd) == 1
    assert split(small_hospital(), moved, door) == 2


def test_moved_appointments_and_the_smallest_crowd_bear_each_other_out_mere_information_does_not() -> None:
    moved = made("appointments.mass-change", 0, severity=65, confidence=0.75, domain=CYBER, assets=["app.appointments"])
    scene = {"assets": ["camera.hall"], "zones": ["aurore.vaccination.hall"]}
    crowd = made("people.crowd", 7200, severity=40, confidence=0.7, **scene)  # type: ignore[arg-type]
    waiting = made("people.loitering", 7200, severity=35, confidence=0.8, **scene)  # type: ignore[arg-type]
    held = CorrelateStage(small_hospital())
    run([moved, crowd], stage=held)
    assert held.counts["groups"] == 1
    held = CorrelateStage(small_hospital())
    run([moved, waiting], stage=held)
    assert held.counts["groups"] == 2


def test_mere_information_next_door_ties_nothing() -> None:
    for severity, groups in ((50, 1), (35, 2)):
        stage = CorrelateStage(small_hospital())
        door = made("door.forced", 0, severity=80, assets=["door.stairs"], zones=["aurore.stairs.north"])
        beside = made("people.loitering", 60, severity=severity, zones=["aurore.technical.north"])
        run([door, beside], stage=stage)
        assert stage.counts["groups"] == groups


def test_time_parts_what_place_ties() -> None:
    door = made("door.forced", 0, severity=80, assets=["door.pharmacy"])
    soon, later = (made("people.loitering", at, severity=80, zones=["aurore.pharmacy"]) for at in (300, 7200))
    assert split(small_hospital(), door, soon) == 1
    assert split(small_hospital(), door, later) == 2


def test_fire_reaches_through_a_wall_and_its_compartment() -> None:
    hospital = small_hospital()
    fire = made("fire.alarm", 0, severity=90, assets=["fire.technical.north"], zones=["aurore.technical.north"])
    beside = made("reading.out-of-range", 60, severity=65, zones=["aurore.pharmacy.cold"])
    far = made("door.forced", 60, severity=65, zones=["aurore.outdoor"])
    assert split(hospital, fire, beside) == 1
    assert split(hospital, fire, far) == 2


def test_probes_are_symmetric() -> None:
    for hospital in (small_hospital(), big(40, 100)):
        places = Places(hospital)
        keys: list[str] = [*(asset.id for asset in hospital.assets), *(zone.id for zone in hospital.zones)]
        found = {
            (key, probe.key, probe.relation.name, probe.weight, probe.mixes)
            for key in keys
            for probe in places.probes(key)
            if probe.key in keys
        }
        assert {(there, here, *rest) for here, there, *rest in found} == found
        assert all(weight >= rel.JOIN or name in {"asset", "zone"} for _, _, name, weight, _ in found)


def test_unknown_things_are_found_by_their_id_and_leave_nothing_behind() -> None:
    places = Places(small_hospital())
    alert = made("a", 0, assets=["nowhere"], zones=["neither"], peers=["evil.example", "224.0.0.1", "127.0.0.1", ""])
    assert places.keys(alert) == ("nowhere", "neither", "peer\x1fevil.example")
    assert [probe.key for key in places.keys(alert) for probe in places.probes(key)] == list(places.keys(alert))
    assert places.home("nowhere") == ()
    assert (places.group("nowhere"), places.category("neither")) == ("", "")


@pytest.mark.parametrize(
    ("address", "says"),
    [("10.1.1.1", True), ("255.255.255.255", False), ("::1", False), ("ff02::1", False), ("", False)],
)
def test_which_addresses_say_something(address: str, says: bool) -> None:
    assert telling(address) is says
