"""Rules of the hospital: every dependency kind, supply, places, things."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from safecare.cascade.engine import HORIZON, Cascade
from safecare.cascade.simulate import Draws, Outcome, simulate
from safecare.cascade.site import hospital_rules, hospital_system
from safecare.cascade.words import Fact, Seed
from safecare.model.forecast import State
from safecare.model.hospital import Asset, Dependency, DependencyKind, Hospital, Name
from safecare.model.ids import AssetId, SiteId, ZoneId
from safecare.model.text import say
from safecare.testing.hospital import small_hospital

NAME = Name("x", "x")


def with_edges(*edges: Dependency, assets: tuple[Asset, ...] = ()) -> Hospital:
    """The tiny hospital with other dependencies."""
    hospital = small_hospital()
    return msgspec.structs.replace(hospital, dependencies=edges, assets=(*hospital.assets, *assets))


def edge(kind: DependencyKind, of: str, *on: str, at_least: int | None = None, hours: float = 0.0) -> Dependency:
    seconds = hours * 3600.0
    return Dependency(
        id=f"{kind}:{of}>{on[0]}", kind=kind, of=of, on=on, at_least=at_least, delay=(seconds, seconds, seconds)
    )


def spread(hospital: Hospital, *facts: tuple[str, State], samples: int = 400) -> Outcome:
    system = hospital_system(hospital)
    seeds = [Seed(key=f"{target}.{state}", fact=Fact(target, state), text=say("Seen")) for target, state in facts]
    return simulate(system, seeds, Draws(system, 5, samples), HORIZON)


def chance(outcome: Outcome, target: str, state: State) -> float:
    return float(np.isfinite(outcome.start(Fact(target, state))).mean())


@pytest.mark.parametrize(
    ("kind", "of", "on", "cause", "effect"),
    [
        ("needs", "server.mail", "switch.core", ("switch.core", State.DOWN), ("server.mail", State.DOWN)),
        ("needs", "service.ward.a", "switch.core", ("switch.core", State.DOWN), ("service.ward.a", State.DEGRADED)),
        (
            "needs",
            "service.ward.a",
            "app.appointments",
            ("app.appointments", State.CORRUPTED),
            ("service.ward.a", State.UNSAFE),
        ),
        ("powers", "board.north", "ahu.north", ("board.north", State.DOWN), ("ahu.north", State.DOWN)),
        ("hosts", "server.mail", "app.appointments", ("server.mail", State.DOWN), ("app.appointments", State.DOWN)),
        (
            "hosts",
            "server.mail",
            "app.appointments",
            ("server.mail", State.COMPROMISED),
            ("app.appointments", State.CORRUPTED),
        ),
        (
            "hosts",
            "aurore.technical.north",
            "server.mail",
            ("aurore.technical.north", State.UNSAFE),
            ("server.mail", State.DOWN),
        ),
        ("connects", "net.staff", "ws.ward.1", ("ws.ward.1", State.COMPROMISED), ("net.staff", State.COMPROMISED)),
        ("connects", "net.staff", "ws.ward.1", ("net.staff", State.COMPROMISED), ("ws.ward.1", State.COMPROMISED)),
        ("connects", "net.staff", "ws.ward.1", ("net.staff", State.DOWN), ("ws.ward.1", State.DOWN)),
        ("connects", "net.medical", "modality.ct.1", ("net.medical", State.DOWN), ("modality.ct.1", State.DEGRADED)),
        ("allows", "net.staff", "net.server", ("net.staff", State.COMPROMISED), ("net.server", State.COMPROMISED)),
        (
            "controls",
            "server.building",
            "door.technical",
            ("server.building", State.COMPROMISED),
            ("door.technical", State.COMPROMISED),
        ),
        ("controls", "server.building", "ahu.north", ("server.building", State.COMPROMISED), ("ahu.north", State.DOWN)),
        ("controls", "server.building", "ahu.north", ("server.building", State.DOWN), ("ahu.north", State.DEGRADED)),
        (
            "stores",
            "server.mail",
            "data.appointments",
            ("server.mail", State.COMPROMISED),
            ("data.appointments", State.EXPOSED),
        ),
        ("stores", "freezer.1", "vaccines", ("freezer.1", State.DOWN), ("vaccines", State.DOWN)),
        ("stores", "freezer.1", "vaccines", ("freezer.1", State.ACCESSED), ("vaccines", State.DOWN)),
        (
            "feeds",
            "app.appointments",
            "service.ward.a",
            ("app.appointments", State.CORRUPTED),
            ("service.ward.a", State.DEGRADED),
        ),
        (
            "feeds",
            "app.appointments",
            "server.pacs",
            ("app.appointments", State.CORRUPTED),
            ("server.pacs", State.CORRUPTED),
        ),
        (
            "opens",
            "server.directory",
            "door.cold",
            ("server.directory", State.COMPROMISED),
            ("door.cold", State.COMPROMISED),
        ),
    ],
)
def test_every_dependency_kind_carries_its_effect(
    kind: DependencyKind, of: str, on: str, cause: tuple[str, State], effect: tuple[str, State]
) -> None:
    assert chance(spread(with_edges(edge(kind, of, on)), cause), *effect) > 0.0
    assert chance(spread(with_edges(), cause), *effect) == 0.0


def test_needs_k_of_n() -> None:
    hospital = with_edges(edge("needs", "ahu.north", "freezer.1", "freezer.2", "switch.core", at_least=2))
    assert chance(spread(hospital, ("freezer.1", State.DOWN)), "ahu.north", State.DOWN) == 0.0
    two = (("freezer.1", State.DOWN), ("switch.core", State.DOWN))
    assert chance(spread(hospital, *two), "ahu.north", State.DOWN) == 1.0


def test_what_has_two_supplies_needs_both_to_fail_and_the_battery_to_run_out() -> None:
    hospital = with_edges(
        edge("powers", "board.north", "server.mail"),
        edge("powers", "board.south", "ups.server", hours=2.0),
        edge("powers", "ups.server", "server.mail"),
    )
    one = spread(hospital, ("board.north", State.DOWN))
    assert chance(one, "server.mail", State.DOWN) == 0.0
    both = spread(hospital, ("board.north", State.DOWN), ("board.south", State.DOWN))
    assert both.start(Fact("server.mail", State.DOWN)).tolist() == [7200.0] * both.samples


def test_a_zone_as_load_means_its_whole_sector_and_the_care_given_there() -> None:
    hospital = with_edges(edge("powers", "board.north", "aurore.pharmacy"))
    outcome = spread(hospital, ("board.north", State.DOWN))
    assert chance(outcome, "aurore.ward.a", State.DOWN) == 1.0
    assert chance(outcome, "freezer.1", State.DOWN) == 1.0
    assert chance(outcome, "service.ward.a", State.DEGRADED) == 1.0
    assert chance(outcome, "service.ward.a", State.DOWN) == 1.0
    assert chance(outcome, "service.vaccination", State.DEGRADED) == 0.0


def test_redundant_stores_spoil_a_part_and_all_of_them_everything() -> None:
    hospital = with_edges(
        edge("stores", "freezer.1", "vaccines"),
        edge("needs", "vaccines", "freezer.1", "freezer.2", at_least=1, hours=2.0),
    )
    one = spread(hospital, ("freezer.1", State.DOWN))
    assert chance(one, "vaccines", State.DOWN) == 0.0
    assert chance(one, "vaccines", State.DEGRADED) > 0.3
    both = spread(hospital, ("freezer.1", State.DOWN), ("freezer.2", State.DOWN))
    assert both.start(Fact("vaccines", State.DOWN)).tolist() == [7200.0] * both.samples


def test_fire_stays_in_its_compartment() -> None:
    outcome = spread(with_edges(), ("aurore.technical.north", State.UNSAFE))
    assert (
        0.0
        < chance(outcome, "aurore.pharmacy", State.UNSAFE)
        < chance(outcome, "aurore.corridor.pharmacy", State.UNSAFE)
    )
    assert chance(outcome, "aurore.vaccination.hall", State.UNSAFE) == 0.0
    assert chance(outcome, "service.ward.a", State.UNSAFE) > 0.0


def test_an_intruder_reaches_what_stands_in_a_guarded_zone_only() -> None:
    cold = spread(with_edges(), ("aurore.pharmacy.cold", State.ACCESSED))
    assert chance(cold, "freezer.1", State.ACCESSED) > 0.1
    assert chance(cold, "freezer.1", State.DEGRADED) > 0.0
    ward = spread(with_edges(), ("aurore.ward.a", State.ACCESSED))
    assert chance(ward, "ws.ward.1", State.ACCESSED) == 0.0


def test_a_defeated_door_between_guarded_zones_needs_an_intruder_before_it() -> None:
    alone = spread(with_edges(), ("door.cold", State.COMPROMISED))
    assert chance(alone, "aurore.pharmacy.cold", State.ACCESSED) == 0.0
    inside = spread(with_edges(), ("door.cold", State.COMPROMISED), ("aurore.pharmacy", State.ACCESSED))
    assert chance(inside, "aurore.pharmacy.cold", State.ACCESSED) > 0.5


def test_fallback_hours_pass_before_a_service_is_lost() -> None:
    outcome = spread(with_edges(), ("service.vaccination", State.DEGRADED))
    lost = outcome.start(Fact("service.vaccination", State.DOWN))
    assert lost.min() >= 2 * 3600.0
    assert lost.max() <= 6 * 3600.0


def test_keys_are_unique_and_stay_the_same() -> None:
    rules = list(hospital_rules(small_hospital()))
    assert len({rule.key for rule in rules}) == len(rules)
    assert [rule.key for rule in rules] == [rule.key for rule in hospital_rules(small_hospital())]


def test_ids_that_nothing_has_do_no_harm() -> None:
    lost = edge("needs", "nowhere", "nothing", "nobody")
    asset = Asset(id=AssetId("alone"), site=SiteId("aurore"), name=NAME, kind="x", zone=ZoneId("no.zone"))
    assert Cascade.of(with_edges(lost, edge("powers", "ghost", "nothing"), assets=(asset,))).system.rules
