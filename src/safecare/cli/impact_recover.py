"""``safecare impact recover``: how soon crews bring a hospital back, and in which order."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

WRONG_CALL = 2
"""Exit code: a fact, time or figure can't be understood."""
DAY = 86_400.0
MOST_LINES = 40
LEAST = 0.05
"""Share of courses in which a thing is damaged from which it is told on a screen; --json tells all."""
POINTS = (0.1, 0.5, 0.9)


@app.command()
def recover(
    hospital: Annotated[str, typer.Argument(help="Folder of the hospital's files; `demo` for the demo hospital.")],
    fact: Annotated[list[str], typer.Option(help="What is so: 'DOWN(asset)@2h', repeatable. Also COMP, CORR, ...")],
    crews: Annotated[int, typer.Option(min=1, max=10_000, help="Crews that work side by side.")] = 3,
    begin: Annotated[str, typer.Option(help="When they begin: 0, 4h, 2d.")] = "0",
    travel: Annotated[str, typer.Option(help="Way from one site to another: 30min.")] = "0",
    hours: Annotated[
        list[str] | None, typer.Option(help="Hours of work on a thing of a group: it=2,8,24 (low, usual, high).")
    ] = None,
    horizon: Annotated[str, typer.Option(help="How far to look: 72h, 14d.")] = "14d",
    samples: Annotated[int, typer.Option(min=1, max=10_000, help="Courses drawn.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws other courses.")] = 2026,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print in which order damaged things are worked on, when they and care are back, and what the crews spare.

    Exit 0: told. 1: the hospital's files can't be used, or nothing named is known. 2: the call can't be understood.
    """
    import numpy as np

    from safecare.cascade.engine import Cascade
    from safecare.cascade.recovery import Crews, Recovery
    from safecare.cascade.recovery import recover as bring_back
    from safecare.cascade.simulate import Draws
    from safecare.cascade.words import Figure
    from safecare.cli.files import stop
    from safecare.cli.hospital import hospital_named
    from safecare.impact.facts import FactError, read_facts, seconds_of

    def work_of(text: str) -> tuple[str, Figure]:
        group, _, values = text.partition("=")
        try:
            low, usual, high = (float(value) * 3600.0 for value in values.split(","))
        except ValueError:
            low, usual, high = 1.0, 0.0, 0.0
        if not (group and 0.0 <= low <= usual <= high < float("inf")):
            raise FactError(f"--hours {text!r} is not like it=2,8,24")
        return group.strip(), Figure(low, usual, high)

    site = hospital_named(hospital, "en")
    try:
        cascade = Cascade.of(site, horizon=seconds_of(horizon))
        given = read_facts(fact, cascade.system)
        team = Crews(crews, seconds_of(begin), seconds_of(travel), dict(map(work_of, hours or ())))
    except FactError as error:
        stop(error, WRONG_CALL)
    for name in given.unknown[:MOST_LINES]:
        typer.echo(f"{name}: the hospital's files don't know it; nothing is said about it", err=True)
    if not given.seeds:
        stop("none of the things named is known")
    found: Recovery = bring_back(cascade, given.seeds, Draws(cascade.system, seed, samples), team)

    def points(times: object) -> list[float | None]:
        """Return the 10, 50 and 90 % points in hours; None: not within the horizon."""
        values = np.quantile(np.asarray(times, np.float64), POINTS, method="higher") / 3600.0
        return [round(float(value), 2) if np.isfinite(value) else None for value in values]

    damaged = {id: row[np.isfinite(row)] for id, row in zip(found.order, found.finished, strict=True)}
    services = {one.id: found.back(one.id) for one in site.services if (found.back(one.id) > 0.0).mean() >= 0.5}
    told = {
        "crews": crews,
        "order": [
            {"asset": id, "probability": round(len(times) / samples, 3), "back_hours": points(times)}
            for id, times in damaged.items()
        ],
        "services": [{"service": id, "back_hours": points(times)} for id, times in services.items()],
        "repaired": [[day, round(found.repaired(day * DAY), 4)] for day in range(int(cascade.horizon / DAY) + 1)],
        "patient_hours": [round(float(care.total_hours.mean()), 1) for care in found.care],
        "unknown": list(given.unknown),
    }
    if as_json:
        typer.echo(json.dumps(told))
        return
    shown = {id: times for id, times in damaged.items() if len(times) >= LEAST * samples}
    for place, (id, times) in enumerate(list(shown.items())[:MOST_LINES], 1):
        typer.echo(f"{place:3d}. {id}  back after {_hours(points(times))}  (damaged in {len(times) / samples:.0%})")
    for id, times in services.items():
        typer.echo(f"     {id}  whole after {_hours(points(times))}")
    without, with_them = (float(care.total_hours.mean()) for care in found.care)
    typer.echo(f"care not given: {without:.1f} patient-hours without crews, {with_them:.1f} with {crews}")


def _hours(points: list[float | None]) -> str:
    return " / ".join("later" if one is None else f"{one:.1f}" for one in points) + " h"
