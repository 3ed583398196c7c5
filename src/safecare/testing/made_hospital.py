"""Hospitals drawn by chance, each of another size and shape: nothing may be true of one hospital only.

Structure and figures are invented. What a real one has is there: boards with emergency power, switches, servers,
applications, devices, care of several kinds with fallbacks, redundancy, common causes, and figures that are uncertain.
"""

from __future__ import annotations

import random

from safecare.model.hospital import Asset, Dependency, DependencyKind, Hospital, Name, Service, Site
from safecare.model.ids import AssetId, ServiceId, SiteId

SITE = SiteId("made")
HOUR = 3600.0
KINDS = ("emergency", "theatre", "icu", "imaging", "laboratory", "pharmacy", "ward", "outpatient", "dialysis")


def made_hospital(seed: int) -> Hospital:
    """Return hospital number `seed`: always the same one."""
    draw = _Draw(random.Random(seed))
    draw.build()
    return Hospital(
        id=f"made.{seed}",
        name=Name(f"Made hospital {seed}", f"Hôpital fictif {seed}"),
        sites=(Site(id=SITE, name=Name("Made", "Fictif")),),
        levels=(),
        zones=(),
        assets=tuple(draw.assets),
        services=tuple(draw.services),
        dependencies=tuple(draw.dependencies),
        people=(),
        roles={"operator": Name("Operator", "Opérateur")},
        routes=(),
    )


class _Draw:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.assets: list[Asset] = []
        self.services: list[Service] = []
        self.dependencies: list[Dependency] = []

    def build(self) -> None:
        boards = self._things("board", "utility", 2, 5)
        switches = self._things("switch", "network", 1, 4)
        servers = self._things("server", "it", 3, 9)
        applications = self._things("app", "it", 2, 7)
        devices = self._things("device", "medical", 2, 9)
        for one in (*switches, *servers):
            self._needs(one, boards, most=2)
        for one in servers:
            self._needs(one, switches, most=2)
        for one in applications:
            self._needs(one, servers, most=3)
        for one in devices:
            self._needs(one, boards, most=2)
        for one in boards[1:]:
            if self.chance.random() < 0.3:
                self._add("needs", one, (boards[0],), (0.0, 60.0, 600.0))
        for number in range(self.chance.randint(2, 8)):
            service = self._service(number)
            self._needs(service, applications, most=2)
            self._needs(service, devices, most=3)
            if self.chance.random() < 0.5:
                self._needs(service, [one.id for one in self.services if one.id != service] or boards, most=1)

    def _things(self, kind: str, group: str, least: int, most: int) -> list[str]:
        ids = [f"{kind}.{number}" for number in range(self.chance.randint(least, most))]
        self.assets += [
            Asset(
                id=AssetId(id),
                site=SITE,
                name=Name(id, id),
                kind=kind,
                group=group,
                criticality=self.chance.randint(1, 3),
                patient_connected=self.chance.choice([None, False, True]) if group == "medical" else None,
            )
            for id in ids
        ]
        return ids

    def _service(self, number: int) -> str:
        chance, id = self.chance, f"service.{number}"
        arrivals = chance.uniform(0.2, 12.0)
        self.services.append(
            Service(
                id=ServiceId(id),
                site=SITE,
                name=Name(id, id),
                kind=chance.choice(KINDS),
                beds=chance.choice([0, 0, 12, 30]),
                arrivals=arrivals,
                capacity=arrivals * chance.uniform(1.0, 1.5),
                stay=chance.choice([0.5, 2.0, 24.0, 96.0]),
                fallback_hours=chance.choice([0.0, 4.0, 24.0]),
                fallback_efficiency=chance.choice([0.0, 0.3, 0.6]),
                weight=chance.choice([1.0, 3.0, 10.0]),
            )
        )
        return id

    def _needs(self, of: str, pool: list[str], most: int) -> None:
        on = tuple(self.chance.sample(pool, min(len(pool), self.chance.randint(1, most))))
        low = self.chance.choice([0.0, 60.0, HOUR])
        times = (low, low * 2.0 + 60.0, low * 6.0 + self.chance.uniform(120.0, 6.0 * HOUR))
        self._add("needs", of, on, times, self.chance.randint(1, len(on)))

    def _add(
        self, kind: DependencyKind, of: str, on: tuple[str, ...], delay: tuple[float, float, float], least: int = 1
    ) -> None:
        usual = self.chance.uniform(0.3, 1.0)
        self.dependencies.append(
            Dependency(
                id=f"{kind}.{len(self.dependencies)}",
                kind=kind,
                of=of,
                on=on,
                at_least=least,
                delay=delay,
                probability=(usual * 0.7, usual, min(1.0, usual * 1.2)),
                source="invented",
            )
        )
