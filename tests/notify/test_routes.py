"""Which route covers which incident, and the reason when it does not."""

from __future__ import annotations

import pytest
from made_incidents import PHARMACY, WARD, hospital, incident, notices, route

from safecare.model.alert import Domain
from safecare.notify.routes import obstacle
from safecare.notify.stage import NotifyStage
from safecare.testing.clock import START


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, None),
        ({"severity": 80}, "begins at severity"),
        ({"sites": ("elsewhere",)}, "other sites"),
        ({"zones": (PHARMACY,)}, "other places"),
        ({"zones": (PHARMACY, WARD)}, None),
        ({"domains": ("cyber",)}, "kind of attack"),
        ({"domains": ("physical",)}, None),
        ({"shifts": ("00:00-24:00",)}, None),
    ],
)
def test_what_stands_in_the_way(fields: dict[str, object], why: str | None) -> None:
    found = obstacle(route(**fields), incident(), hospital(), START)
    assert (found is None) if why is None else (found is not None and why in found.key)


def test_the_hours_are_those_of_the_site() -> None:
    hour = START.astimezone().hour  # of this machine: any; the site's is Paris
    site = hospital().sites[0]
    assert site.timezone == "Europe/Paris"
    at = START.replace(hour=22, minute=30)  # 23:30 or 00:30 in Paris
    late = route(shifts=("22:00-23:00",))
    assert obstacle(late, incident(), hospital(), at) is not None, hour


def test_day_and_night_are_told_by_their_own_routes() -> None:
    routes = (
        route(id="day", levels=(("guard",),), shifts=("07:00-19:00",)),
        route(id="night", levels=(("operator",),), shifts=("19:00-07:00",)),
    )
    told = notices(NotifyStage(hospital(*routes)).feed([incident()]))
    assert len(told) == 1


def test_a_new_place_brings_in_the_route_of_that_place() -> None:
    stage = NotifyStage(hospital(route(id="p", zones=(PHARMACY,), levels=(("ciso",),))))
    assert not notices(stage.feed([incident()]))
    told = notices(stage.feed([incident(2, zones=(WARD, PHARMACY))]))
    assert [one.role for one in told] == ["ciso"]


def test_a_cyber_attack_goes_to_those_for_whom_it_is() -> None:
    stage = NotifyStage(hospital(route(domains=("cyber",), levels=(("analyst",),))))
    assert not notices(stage.feed([incident()]))
    assert notices(stage.feed([incident(2, domains=(Domain.CYBER,))]))
