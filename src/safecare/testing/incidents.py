"""Published incidents as small hospitals: what the engine says beside what was published. For tests and benchmarks.

A file holds ``assets``, ``services`` and ``dependencies`` (fields of the model; names and site are filled in), the
``facts`` that stood at the start, ``days`` looked ahead, and ``figures``: each a sentence, a measure, what was
published, and how far off the engine may be. Measures:

- ``chance: {state: down, of: id}``: probability within the horizon
- ``present: {service: id, day: d}``: patients in beds at that time
- ``turned_away: {services: [ids], than: [ids]}``: patients turned away by the first, as a share of those of the second
- ``repaired: day``: share of what was damaged that ``crews`` (count, begin in days, hours of work) have brought back

An asset with ``copies`` stands for so many; a fact about it is one about each.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from safecare.cascade.care import present
from safecare.cascade.engine import Cascade
from safecare.cascade.recovery import Crews, Recovery, recover
from safecare.cascade.simulate import Draws, Outcome
from safecare.cascade.words import Fact, Figure
from safecare.impact.facts import read_facts
from safecare.model.forecast import State
from safecare.model.hospital import Asset, Dependency, Hospital, Service, Site

DAY = 86_400.0
HOUR = 3_600.0
SAMPLES = 2_000
RECOVERIES = 3
"""Courses of a recovery. Chosen: thousands of things average out in each."""


class Published(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One published figure. `at_least`, `at_most`: accepted range where nobody published a number.

    `within`: distance that ours keeps, a guard against drift; it says nothing of agreement.
    """

    what: str
    source: str
    published: float | None = None
    chance: dict[str, str] | None = None
    present: dict[str, Any] | None = None
    turned_away: dict[str, list[str]] | None = None
    repaired: float | None = None
    within: float | None = None
    at_least: float = float("-inf")
    at_most: float = float("inf")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    title: str
    days: float
    facts: list[str]
    services: list[dict[str, Any]]
    figures: list[Published]
    crews: dict[str, Any] = {}
    assets: list[dict[str, Any]] = []
    dependencies: list[dict[str, Any]] = []


@dataclass(frozen=True)
class Answer:
    """One figure with the engine's answer."""

    incident: str
    figure: Published
    ours: float

    @property
    def holds(self) -> bool:
        """Whether the answer is as close as the case asks."""
        if self.figure.within is not None and self.figure.published is not None:
            return abs(self.ours - self.figure.published) <= self.figure.within
        return self.figure.at_least <= self.ours <= self.figure.at_most


def answers(path: Path) -> list[Answer]:
    """Return the engine's answers to the case in `path`. Raises `ValueError` for a file that is no case."""
    case = msgspec.convert(yaml.safe_load(path.read_text("utf-8")), _File)
    hospital = _hospital(case)
    cascade = Cascade.of(hospital, horizon=case.days * DAY)
    given = read_facts(_facts(case), cascade.system)
    if given.unknown:
        raise ValueError(f"{path.name}: unknown {given.unknown}")
    if case.crews:
        low, usual, high = (float(value) * HOUR for value in case.crews["hours"])
        groups = {asset.group for asset in hospital.assets}
        work = dict.fromkeys(groups, Figure(low, usual, high))
        crews = Crews(int(case.crews["count"]), float(case.crews["begin"]) * DAY, work=work)
        back = recover(cascade, given.seeds, Draws(cascade.system, 2026, RECOVERIES), crews)
        return [Answer(case.title, figure, _brought_back(figure, back)) for figure in case.figures]
    outcome, _ = cascade.play(given.seeds, Draws(cascade.system, 2026, SAMPLES))
    return [Answer(case.title, figure, _measured(figure, cascade, outcome)) for figure in case.figures]


def _brought_back(figure: Published, back: Recovery) -> float:
    if figure.repaired is None:
        raise ValueError(f"{figure.what}: no measure of a recovery")
    return back.repaired(figure.repaired * DAY)


def _facts(case: _File) -> list[str]:
    """Return the facts, each once for every copy of its asset."""
    found: list[str] = []
    for fact in case.facts:
        one = next((row for row in case.assets if f"({row['id']})" in fact and "copies" in row), None)
        names = _copies(one) if one else []
        found += [fact.replace(f"({one['id']})", f"({name})") for name in names] if one else [fact]
    return found


def _copies(row: dict[str, Any]) -> list[str]:
    return [f"{row['id']}.{number}" for number in range(int(row["copies"]))] if "copies" in row else [row["id"]]


def _measured(figure: Published, cascade: Cascade, outcome: Outcome) -> float:
    if figure.chance is not None:
        return outcome.chance(Fact(figure.chance["of"], State(figure.chance["state"])))
    if figure.present is not None:
        service = cascade.hospital.service(figure.present["service"])
        if service is None:
            raise ValueError(f"no service {figure.present['service']}")
        at, step = float(figure.present["day"]) * DAY, 1800.0
        lost = [_hours(cascade, outcome, service, end) for end in (at - step, at + step)]
        return present(service) - (lost[1] - lost[0]) / (2 * step / 3600.0)
    if figure.turned_away is not None:
        care = cascade.care_of(outcome)
        by_id = {service.id: float(care.patients[row].mean()) for row, service in enumerate(care.services)}
        one, other = (sum(by_id.get(id, 0.0) for id in figure.turned_away[key]) for key in ("services", "than"))  # type: ignore[call-overload]
        return one / other if other else float("nan")
    raise ValueError(f"{figure.what}: no measure")


def _hours(cascade: Cascade, outcome: Outcome, service: Service, until: float) -> float:
    """Return the mean patient-hours that `service` has lost `until` then."""
    from safecare.cascade.care import care

    found = care([service], outcome, until)
    return float(found.total_hours.mean()) if found.services else 0.0


def _hospital(case: _File) -> Hospital:
    def named(row: dict[str, Any]) -> dict[str, Any]:
        told = {key: value for key, value in row.items() if key != "copies"}
        return {"site": "site", "name": {"en": row["id"], "fr": row["id"]}, **told}

    empty = Hospital.empty()
    return msgspec.structs.replace(
        empty,
        sites=(msgspec.convert({"id": "site", "name": {"en": "Site", "fr": "Site"}}, Site),),
        assets=tuple(msgspec.convert({**named(row), "id": id}, Asset) for row in case.assets for id in _copies(row)),
        services=tuple(msgspec.convert(named(row), Service) for row in case.services),
        dependencies=tuple(
            msgspec.convert({"id": f"dep.{number}", **row}, Dependency) for number, row in enumerate(case.dependencies)
        ),
    )
