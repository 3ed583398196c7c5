"""What the hospital's care can give now and soon: figures with source and age beside the open forecasts."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.acts import Desk
from safecare.console.deps import ConsoleDeps
from safecare.console.rights import Visitor, may_see, may_see_at, within
from safecare.console.web import ProblemError, answer, not_found, read_struct, visitor_of, words_of
from safecare.console.wire.asks import StateCare
from safecare.console.wire.care import CareView, ExpectedView, FigureView
from safecare.console.wire.platform import Done
from safecare.console.words import Words
from safecare.impact.states import STATES
from safecare.model.events.care import CareCounted, CareFigures, CareStated
from safecare.model.forecast import Effect, Forecast, State
from safecare.model.hospital import Service
from safecare.model.text import say
from safecare.share.have import CareNow, SiteNow, have

FIGURES = tuple(CareFigures.__struct_fields__)
MOST = 3
"""Expectations told for one service, the likeliest first. Chosen: a row of a table."""
BROKEN = frozenset({State.DOWN, State.DEGRADED, State.UNSAFE})
"""States of a service that take care away."""

Report = CareCounted | CareStated


def care_views(
    services: Iterable[Service],
    reports: Mapping[tuple[str, str], Report],
    forecasts: Iterable[Forecast],
    words: Words,
) -> list[CareView]:
    """Return one row for each of `services`. `reports` by service and figure; `forecasts` of open incidents."""
    expected: dict[str, list[tuple[Forecast, Effect]]] = {}
    for forecast in forecasts:
        for effect in forecast.effects:
            if effect.kind == "service" and effect.state in BROKEN:
                expected.setdefault(effect.target, []).append((forecast, effect))
    rows: list[CareView] = []
    for service in services:
        known = [name for name in FIGURES if (service.id, name) in reports]
        told = {name: _figure(reports[service.id, name], name, words) for name in known}
        rows.append(_row(service, told, expected.get(service.id, []), words))
    return rows


def _figure(report: Report, name: str, words: Words) -> FigureView:
    by = words.person(report.actor) if isinstance(report, CareStated) else report.source
    return FigureView(getattr(report.figures, name), report.at, by)


def _row(
    service: Service, figures: dict[str, FigureView], expected: list[tuple[Forecast, Effect]], words: Words
) -> CareView:
    ranked = sorted(expected, key=lambda pair: -pair[1].probability)
    return CareView(
        id=service.id,
        name=words.named(service.id).name,
        kind=service.kind,
        site=service.site,
        site_name=words.named(service.site).name,
        planned_beds=service.beds,
        figures=figures,
        expected=[_expected(forecast, effect, words) for forecast, effect in ranked[:MOST]],
        fallback=_fallback(service, words),
    )


def _expected(forecast: Forecast, effect: Effect, words: Words) -> ExpectedView:
    lost = next((one.hours_down for one in forecast.losses if one.service == effect.target), 0.0)
    return ExpectedView(
        incident=forecast.incident,
        state=effect.state,
        state_name=words.say(STATES[effect.state]),
        probability=effect.probability,
        earliest=effect.earliest,
        at=forecast.at,
        hours_down=lost,
    )


def _fallback(service: Service, words: Words) -> str | None:
    if service.fallback is None:
        return None
    return service.fallback.fr if words.language == "fr" else service.fallback.en


class Availability:
    """What is read of care. Blocking."""

    def __init__(self, deps: ConsoleDeps) -> None:
        """Take the platform's parts."""
        self._deps = deps

    def rows(self, visitor: Visitor, words: Words) -> list[CareView]:
        """Return the services of the sites that `visitor` may see."""
        reader = self._deps.reader
        services = [one for one in self._deps.hospital.services if within(visitor, one.site)]
        reports = {key: one for key, one in reader.care().items() if may_see_at(visitor, one.site, one.marking)}
        shown = [one for one in reader.incidents() if may_see(visitor, one)]
        forecasts = [found for one in shown if (found := reader.forecast(one.id)) is not None]
        return care_views(services, reports, forecasts, words)


def routes(app: FastAPI, deps: ConsoleDeps) -> None:
    """Add the routes of availability."""
    availability = Availability(deps)
    desk = Desk(deps)

    @app.get("/api/availability", name="availability")
    async def read(request: Request) -> Response:
        return answer(await asyncio.to_thread(availability.rows, visitor_of(request), words_of(request)))

    @app.get("/api/availability.csv", name="availability_table")
    async def table(request: Request) -> Response:
        rows = await asyncio.to_thread(availability.rows, visitor_of(request), words_of(request))
        head = {"Content-Disposition": 'attachment; filename="availability.csv"'}
        return Response(as_csv(rows, deps.clock.now()), media_type="text/csv; charset=utf-8", headers=head)

    @app.get("/api/availability.have.xml", name="availability_have")
    async def message(request: Request) -> Response:
        words = words_of(request)
        rows = await asyncio.to_thread(availability.rows, visitor_of(request), words)
        sites = [one for one in deps.hospital.sites if any(row.site == one.id for row in rows)]
        if not sites:
            raise not_found()
        told = [SiteNow(one.id, words.named(one.id).name, _now(rows, one.id)) for one in sites]
        head = {"Content-Disposition": 'attachment; filename="availability.have.xml"'}
        return Response(have(told, deps.clock.now()), media_type="application/xml", headers=head)

    @app.post("/api/availability/{service}", name="state_care")
    async def state(request: Request, service: str) -> Response:
        visitor = visitor_of(request)
        ask = await read_struct(request, StateCare)
        found = next((one for one in deps.hospital.services if one.id == service), None)
        if found is None or not within(visitor, found.site):
            raise not_found()
        if ask.figures == CareFigures():
            raise ProblemError(422, say("The report says nothing."))
        act = CareStated(
            **desk.stamp(visitor, ask.id, found.site), service=found.id, figures=ask.figures, comment=ask.comment
        )
        return answer(Done(await desk.record(act, ask.id)), 201)


def _now(rows: Iterable[CareView], site: str) -> tuple[CareNow, ...]:
    return tuple(
        CareNow(
            name=row.name,
            kind=row.kind,
            planned=row.planned_beds,
            figures=CareFigures(**{name: figure.value for name, figure in row.figures.items()}),  # type: ignore[arg-type]
            at=max((figure.at for figure in row.figures.values()), default=None),
        )
        for row in rows
        if row.site == site
    )


def as_csv(rows: Iterable[CareView], now: datetime) -> str:
    """Return the rows as CSV (RFC 4180), one line for each service; times in UTC."""
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(["at", "site", "service", "name", "kind", "planned_beds", *FIGURES, *(f"{one}_at" for one in FIGURES)])
    for row in rows:
        told = [row.figures.get(one) for one in FIGURES]
        values = [_cell(one) if one else "" for one in told]
        times = [one.at.isoformat() if one else "" for one in told]
        out.writerow([now.isoformat(), row.site, row.id, _safe(row.name), row.kind, row.planned_beds, *values, *times])
    return text.getvalue()


def _cell(figure: FigureView) -> str:
    return str(figure.value).lower() if isinstance(figure.value, bool) else str(figure.value)


def _safe(text: str) -> str:
    """Keep spreadsheet programs from taking a name for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text
