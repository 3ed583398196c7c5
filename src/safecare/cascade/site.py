"""The rules of a hospital: from its dependencies, its places, and what its things are.

=============  =========================================================================================
dependency     rules
=============  =========================================================================================
needs          too few of `on` left -> `of` DOWN (service: DEGRADED at once, DOWN when its fallback ends);
               CORRUPTED or DEGRADED `on` -> service DEGRADED, CORRUPTED -> service UNSAFE
powers         `of` DOWN for longer than the autonomy -> `on` DOWN; several suppliers: all must fail;
               a zone or sector as `on` means what stands there and the services given there
hosts          `of` DOWN or (zone) UNSAFE -> `on` DOWN; COMPROMISED -> applications CORRUPTED or DOWN
connects       foothold on one -> network -> the others; network DOWN -> what can't work alone DOWN
allows         foothold on network `of` -> foothold on networks `on`
controls       COMPROMISED `of` -> door COMPROMISED, device DOWN; `of` DOWN -> `on` DEGRADED
stores         data: COMPROMISED `of` -> EXPOSED, CORRUPTED; goods: `of` DOWN, DEGRADED -> spoilt after the
               thermal delay (redundant store: part of them), `of` ACCESSED -> stolen
feeds          `of` CORRUPTED -> `on` CORRUPTED (service: DEGRADED, UNSAFE); `of` DOWN -> `on` DEGRADED
opens          COMPROMISED `of` -> door COMPROMISED
=============  =========================================================================================

Without a dependency: fire in a zone spreads to neighbours of the same fire compartment and takes what stands
there; an intruder in a restricted zone reaches things there; a compromised machine is encrypted later; a
freezer opened or out of range fails. Figures of the file win; the chosen ones of `safecare.cascade.figures`
stand in where the file gives none, and say ``assumed``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from safecare.cascade.edges import edge_rules, supply_rules
from safecare.cascade.places import place_rules
from safecare.cascade.system import System, compile_rules
from safecare.cascade.things import thing_rules
from safecare.cascade.words import Fact, Rule
from safecare.model.forecast import State
from safecare.model.hospital import Hospital


def hospital_rules(hospital: Hospital) -> Iterator[Rule]:
    """Yield all rules of `hospital`."""
    for dependency in hospital.dependencies:
        yield from edge_rules(hospital, dependency)
    yield from supply_rules(hospital)
    yield from place_rules(hospital)
    yield from thing_rules(hospital)


def hospital_system(hospital: Hospital, more: Iterable[Rule] = ()) -> System:
    """Return the rules of `hospital`, and `more`, compiled, with a number for every state of every thing."""
    assets, zones, services = hospital.assets, hospital.zones, hospital.services
    ids = (*(one.id for one in assets), *(one.id for one in zones), *(one.id for one in services))
    return compile_rules((*hospital_rules(hospital), *more), (Fact(id, state) for id in ids for state in State))
