"""Orders of magnitude of published incidents: what a forecast of care may say at most.

Sources: Düsseldorf 2020 (outage 10 September; more than 50,000 in-patients a year, about 1,000 in beds; 550 on
day 5), WannaCry 2017 (admissions fell by 6 % per infected hospital and day, Ghafur et al. 2019, table 3).
"""

from __future__ import annotations

import numpy as np
import pytest

from safecare.cascade.care import care, present, service_losses
from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import Draws, simulate
from safecare.cascade.words import Fact, Seed
from safecare.demo import HOSPITAL
from safecare.formats.hospital import load
from safecare.model.forecast import State
from safecare.model.hospital import Hospital, Name, Service
from safecare.model.ids import ServiceId, SiteId
from safecare.model.text import say
from safecare.testing.cascade import DEMO, incident_of, theft_alerts

HOUR = 3600.0
DAY = 24.0
YEAR = 365 * DAY


def university_hospital() -> Service:
    return Service(
        id=ServiceId("service.wards"),
        site=SiteId("aurore"),
        name=Name("Wards", "Unités"),
        kind="ward",
        beds=1200,
        arrivals=50_000 / YEAR,
        capacity=50_000 / YEAR,
        stay=1000 / (50_000 / YEAR),
    )


def lost(hours: float) -> float:
    """Bed-hours that the university hospital loses when it admits nobody for `hours`."""
    end = hours * HOUR
    never, whole = (np.full((1, 1, 1), end),) * 2, (np.zeros((1, 1, 1)), np.full((1, 1, 1), end))
    return float(service_losses([university_hospital()], never, whole, never, end).hours[0, 0])


def test_duesseldorf_day_five() -> None:
    """Nobody was admitted but a few: some 450 fewer in-patients on day 5 were published."""
    fewer = (lost(5 * DAY + 0.5) - lost(5 * DAY - 0.5)) / 1.0
    assert fewer == pytest.approx(450, rel=0.15)


def test_three_days_without_it_cost_a_large_hospital_some_ten_thousand_bed_hours() -> None:
    assert 5_000 < lost(3 * DAY) < 20_000


def demo() -> Hospital:
    hospital = load(HOSPITAL).hospital
    assert hospital is not None
    return hospital


@pytest.mark.slow
def test_the_theft_stays_far_below_a_whole_hospital_outage() -> None:
    cascade = Cascade.of(demo())
    services = cascade.hospital.services
    everything = [
        Seed(key=f"s.{one.id}", fact=Fact(one.id, State.DOWN), text=say("Seen")) for one in services if one.arrivals
    ]
    outage = simulate(cascade.system, everything, Draws(cascade.system, 1, 8), cascade.horizon)
    whole = care(services, outage, cascade.horizon)
    days = cascade.horizon / HOUR
    assert whole.total_hours.max() <= sum(present(one) for one in services) * days
    alerts = theft_alerts(DEMO)
    incident = incident_of(alerts)
    seeds = cascade.seeds(incident, alerts)
    _, theft = cascade.play(seeds, cascade.draws(incident, 200))
    assert theft.total_hours.mean() < 0.5 * whole.total_hours.mean()
    assert theft.total_hours.max() < whole.total_hours.mean()
    for row, service in enumerate(theft.services):
        assert theft.hours[row].max() <= present(service) * days * (1 + 1e-9)
        assert theft.patients[row].max() <= service.arrivals * days + present(service) + 1e-6


@pytest.mark.slow
def test_one_workstation_in_an_attackers_hands_is_no_outage() -> None:
    """WannaCry took 6 % of admissions of hospitals that had it on many machines; one machine stays below that."""
    cascade = Cascade.of(demo())
    fact = Fact(DEMO.workstation, State.COMPROMISED)
    seed = Seed(key="s", fact=fact, text=say("Seen"))
    _, found = cascade.play([seed], Draws(cascade.system, 7, 200))
    normal = sum(present(one) for one in cascade.hospital.services) * cascade.horizon / HOUR
    share = found.total_hours.mean() / normal
    assert share < 0.06
