"""Forecast and plan on the demo hospital. The engine on its own: ``script/bench impact``.

Times are CPU seconds of one core, the best of several, because machines are shared.
"""

from __future__ import annotations

from collections.abc import Iterable

from safecare.cascade.engine import Cascade
from safecare.decide.stage import DecideStage
from safecare.demo import HOSPITAL
from safecare.formats.hospital import load
from safecare.impact.stage import ImpactStage
from safecare.model.hospital import Hospital
from safecare.testing.bench import Row, Skipped, quickest
from safecare.testing.cascade import DEMO, incident_of, theft_alerts


def rows() -> Iterable[Row | Skipped]:
    """Measure everything."""
    hospital = load(HOSPITAL).hospital
    if hospital is None:
        yield Skipped("forecast", "the demo hospital can't be read")
        return
    yield from _times(hospital)


def _times(hospital: Hospital) -> Iterable[Row]:
    alerts = theft_alerts(DEMO)
    incident = incident_of(alerts)
    cascade = Cascade.of(hospital)
    assets = f"{len(hospital.assets)} assets, {len(cascade.system.rules)} rules"
    yield Row(
        what="Hospital to rules", figure=quickest(lambda: Cascade.of(hospital)), unit="s", better="less", note=assets
    )

    def foretell() -> object:
        return next(iter(ImpactStage(hospital, cascade).feed([*alerts, incident])))

    (forecast,) = ImpactStage(hospital, cascade).feed([*alerts, incident])
    yield Row(what="Forecast of the vaccine theft", figure=quickest(foretell), unit="s", better="less", target=1.0)

    def plan() -> object:
        return list(DecideStage(hospital, cascade).feed([*alerts, incident, forecast]))

    yield Row(what="Plan of the vaccine theft", figure=quickest(plan), unit="s", better="less", target=2.0)
