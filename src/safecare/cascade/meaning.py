"""Which facts an alert states, by the readable table ``meanings.yaml`` (or a site's own of the same form)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from importlib.resources import files
from math import inf
from typing import Literal

import msgspec

from safecare.cascade.words import Fact, Figure, Seed
from safecare.model.alert import Alert
from safecare.model.forecast import State
from safecare.model.hospital import Asset, Hospital
from safecare.model.layout import laid_out
from safecare.model.text import say

SECURITY_ORDER = ("public", "staff", "restricted", "critical")
HOUR = 3600.0


class MeaningsError(ValueError):
    """A table of meanings can't be read; names the place and the reason."""


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One state that an alert puts on some of its things. The table's head explains the fields."""

    target: Literal["asset", "first", "others", "zone", "entered", "workstation"]
    state: State
    probability: tuple[float, float, float]
    groups: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    lasts: float | None = None

    def __post_init__(self) -> None:
        """Refuse probabilities out of order (`ValueError`)."""
        low, usual, high = self.probability
        if not 0.0 <= low <= usual <= high <= 1.0:
            raise ValueError(f"probability {self.probability} is not low <= usual <= high within 0-1")


class Meaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row: what alerts of rules that fit the pattern `alert` state."""

    alert: str
    states: tuple[Statement, ...]


def read_meanings(text: str) -> tuple[Meaning, ...]:
    """Read a table of meanings from YAML. Raises `MeaningsError`."""
    import yaml

    try:
        return msgspec.convert(yaml.safe_load(text), laid_out(tuple[Meaning, ...]))
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as error:
        raise MeaningsError(f"meanings: {error}") from error


def built_in_meanings() -> tuple[Meaning, ...]:
    """Return the table that comes with the platform."""
    return read_meanings(files("safecare.cascade").joinpath("meanings.yaml").read_text("utf-8"))


def meaning_of(alert: Alert, meanings: Sequence[Meaning]) -> Meaning | None:
    """Return the row that fits `alert`; None for a rule that the table doesn't know."""
    return next((one for one in meanings if fnmatchcase(alert.rule, one.alert)), None)


def seeds_of(
    alerts: Iterable[Alert],
    hospital: Hospital,
    meanings: Sequence[Meaning],
    start: datetime,
    *,
    confirmed: bool = False,
) -> tuple[Seed, ...]:
    """Return what `alerts` state, with times in seconds from `start` (before it: negative).

    `confirmed`: a person has validated the incident, so doubt about the alerts themselves is over and only
    the doubt of the table remains.
    """
    found: dict[str, Seed] = {}
    for alert in alerts:
        meaning = meaning_of(alert, meanings)
        for statement in meaning.states if meaning else ():
            for target in _targets(statement, alert, hospital):
                seed = _seed(alert, statement, target, start, 1.0 if confirmed else alert.confidence)
                found.setdefault(seed.key, seed)
    return tuple(found.values())


def _seed(alert: Alert, statement: Statement, target: str, start: datetime, confidence: float) -> Seed:
    at = (alert.first - start).total_seconds()
    return Seed(
        key=f"{alert.id}:{target}.{statement.state}",
        fact=Fact(target, statement.state),
        text=say("Alert: {title}", title=alert.title),
        at=at,
        probability=Figure(*statement.probability).scaled(confidence),
        until=inf if statement.lasts is None else (alert.last - start).total_seconds() + statement.lasts * HOUR,
        source=f"{alert.rule} v{alert.rule_version}",
    )


def _targets(statement: Statement, alert: Alert, hospital: Hospital) -> Iterator[str]:
    match statement.target:
        case "zone":
            places = alert.zones or tuple(asset.zone for asset in _assets(alert, hospital) if asset.zone)
            yield from (zone for zone in dict.fromkeys(places) if hospital.zone(zone))
        case "entered":
            for asset in _assets(alert, hospital):
                if asset.between:
                    yield max(asset.between, key=lambda zone: _guard(hospital, zone))
        case "workstation":
            for holder in alert.holders:
                person = hospital.person("holder", holder)
                if person and person.workstation and hospital.asset(person.workstation):
                    yield person.workstation
        case "asset" | "first" | "others":
            assets = _assets(alert, hospital)
            chosen = (
                assets if statement.target == "asset" else assets[:1] if statement.target == "first" else assets[1:]
            )
            yield from (asset.id for asset in chosen if _fits(statement, asset))


def _assets(alert: Alert, hospital: Hospital) -> list[Asset]:
    return [asset for id in alert.assets if (asset := hospital.asset(id))]


def _fits(statement: Statement, asset: Asset) -> bool:
    return (not statement.groups or asset.group in statement.groups) and (
        not statement.kinds or asset.kind in statement.kinds
    )


def _guard(hospital: Hospital, id: str) -> int:
    zone = hospital.zone(id)
    return SECURITY_ORDER.index(zone.security) if zone else -1


def unknown_assets(alerts: Iterable[Alert], hospital: Hospital, meanings: Sequence[Meaning]) -> tuple[str, ...]:
    """Return the assets of `alerts` about which nothing can be foretold.

    That is: the hospital doesn't know them, or it names no dependency and no place for them, or only
    alerts that state nothing speak of them.
    """
    spoken: dict[str, bool] = {}
    for alert in alerts:
        known = meaning_of(alert, meanings) is not None
        for id in alert.assets:
            spoken[id] = spoken.get(id, False) or known
    return tuple(id for id, known in spoken.items() if not (known and is_modelled(hospital, id)))


def is_modelled(hospital: Hospital, id: str) -> bool:
    """Return whether `hospital` has `id`, with a dependency or a place for it."""
    asset = hospital.asset(id)
    return asset is not None and bool(hospital.dependencies_at(id) or asset.zone or asset.between)
