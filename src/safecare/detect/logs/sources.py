"""Which rules may judge a record: Sigma's log sources, told by the data file ``logsources.yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources

import msgspec
import yaml

from safecare.detect.logs.rule import LogSource
from safecare.detect.logs.values import Value, elements
from safecare.model.layout import laid_out

DECLARED = ("product", "category", "service")
"""Fields by which a record says itself where it comes from."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the data file: a log source, and how its records are known."""

    product: str = ""
    category: str = ""
    service: str = ""
    when: dict[str, str | int | list[str | int]] = {}
    exists: list[str] = []
    absent: list[str] = []
    fields: dict[str, str] = {}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    implied_channels: dict[str, str]
    read_products: list[str]
    sources: list[Row]


class Covered(msgspec.Struct, frozen=True):
    """Rules that may judge a kind of record, under one naming of fields (name in rules to name in records)."""

    rules: tuple[int, ...]
    names: dict[str, str]


class Sources:
    """Finds the rules that may judge a record."""

    def __init__(self, rules: Sequence[LogSource], rows: Sequence[Row], implied: Mapping[str, str]) -> None:
        """Keep what of `rows` some rule asks for. `rules` are the log sources of the rules, in their order."""
        self._rules = rules
        self._rows = [row for row in rows if any(_about(row, source) for source in set(rules))]
        self._implied = {name.lower(): channel for name, channel in implied.items()}
        keys = {name for row in self._rows for name in row.when} | {*DECLARED}
        self.keys = frozenset(keys | ({"Provider_Name"} if "Channel" in keys else set()))
        """Fields whose values decide."""

    def covered(self, shape: frozenset[str], values: Mapping[str, Value]) -> tuple[Covered, ...]:
        """Return the rules for records with the fields `shape` and these `values` of `keys`."""
        known = {name: {str(one).lower() for one in elements(value)} for name, value in values.items()}
        if "Channel" not in known and (names := known.get("Provider_Name")):
            known["Channel"] = {self._implied[name].lower() for name in names if name in self._implied}
        rows = [row for row in self._rows if _holds(row, shape, known)]
        said = {name: next(iter(known.get(name, ())), "") for name in DECLARED}
        if any(said.values()):
            rows.append(Row(said["product"], said["category"], said["service"]))
        by: dict[tuple[tuple[str, str], ...], list[int]] = {}
        found: dict[LogSource, list[dict[str, str]]] = {}
        for number, source in enumerate(self._rules):
            if source not in found:
                found[source] = _namings(source, rows)
            for naming in found[source]:
                by.setdefault(tuple(sorted(naming.items())), []).append(number)
        return tuple(Covered(tuple(numbers), dict(names)) for names, numbers in sorted(by.items()))


def _holds(row: Row, shape: frozenset[str], known: Mapping[str, set[str]]) -> bool:
    if not shape.issuperset(row.exists) or not shape.isdisjoint(row.absent):
        return False
    for name, wanted in row.when.items():
        some = wanted if isinstance(wanted, list) else [wanted]
        if known.get(name, set()).isdisjoint(str(one).lower() for one in some):
            return False
    return True


def _about(row: Row, source: LogSource) -> bool:
    """Tell whether `row` can help to cover `source`."""
    if source.product and row.product.lower() != source.product.lower():
        return False
    category, service = source.category.lower(), source.service.lower()
    return (
        (bool(category) and row.category.lower() == category)
        or (bool(service) and row.service.lower() == service)
        or not (category or service)
    )


def _namings(source: LogSource, rows: Iterable[Row]) -> list[dict[str, str]]:
    """Return the namings of fields under which records of `rows` are of `source`; empty if they are not."""
    about = [row for row in rows if _about(row, source)]
    names: list[dict[str, str]] = []
    parts = [part for part in ("category", "service") if getattr(source, part)] or ["product"]
    for number, part in enumerate(parts):
        wanted = str(getattr(source, part)).lower()
        fitting = [row for row in about if str(getattr(row, part)).lower() == wanted]
        if not fitting:
            return []
        if number == 0:
            for row in fitting:
                if row.fields not in names:
                    names.append(row.fields)
    return names


@lru_cache(maxsize=1)
def shipped() -> _File:
    """Return the data file."""
    text = resources.files(__package__).joinpath("logsources.yaml").read_text("utf-8")
    return msgspec.convert(yaml.load(text, yaml.CSafeLoader), laid_out(_File))


def sources_for(rules: Sequence[LogSource]) -> Sources:
    """Return what finds the rules whose log sources are `rules`."""
    return Sources(rules, shipped().sources, shipped().implied_channels)


def unmapped(source: LogSource) -> bool:
    """Tell whether no row knows `source`: its rules judge only records that say so themselves."""
    return source.product.lower() not in shipped().read_products and not _namings(source, shipped().sources)
