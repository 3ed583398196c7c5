"""Risk origins and where they first touch the hospital, read from a file and laid onto its assets."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import msgspec

from safecare.model.forecast import State
from safecare.model.hospital import Asset, Hospital, Name
from safecare.model.layout import laid_out


class OriginError(ValueError):
    """A file of origins can't be used; the message names file and place."""


class First(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Things on which it begins, and their state then. `count` 0 means all at once."""

    state: State
    groups: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    count: int = 1


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One risk origin with its aim. `yearly`: how often it gets as far as `first`, low, usual, high."""

    id: str
    origin: Name
    aim: Name
    first: First
    yearly: tuple[float, float, float]


def read_origins(text: str, place: str) -> tuple[Origin, ...]:
    """Read origins from YAML. Raises `OriginError`."""
    import yaml

    try:
        found = msgspec.convert(yaml.safe_load(text), laid_out(tuple[Origin, ...]))
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as error:
        raise OriginError(f"{place}: {error}") from error
    for number, one in enumerate(found):
        low, usual, high = one.yearly
        if not 0.0 <= low <= usual <= high < float("inf"):
            raise OriginError(f"{place}: [{number}].yearly: not three rates from 0 on that rise: {one.yearly}")
        if one.first.count < 0:
            raise OriginError(f"{place}: [{number}].first.count: below 0")
    if len({one.id for one in found}) != len(found):
        raise OriginError(f"{place}: an id stands twice")
    return found


def origins(path: Path | None = None) -> tuple[Origin, ...]:
    """Return the origins of the file at `path`, else those that come along. Raises `OriginError`, `OSError`."""
    if path is None:
        return read_origins((files("safecare.risk") / "origins.yaml").read_text("utf-8"), "origins.yaml")
    return read_origins(path.read_text("utf-8", "replace"), str(path))


def touched(origin: Origin, hospital: Hospital, known: Callable[[Asset], bool]) -> tuple[Asset, ...]:
    """Return the assets on which `origin` begins, the most critical and most depended-on first.

    Only assets for which `known` is true are taken: those of which the model can say anything.
    """
    first = origin.first
    fits = [
        one
        for one in hospital.assets
        if (not first.groups or one.group in first.groups)
        and (not first.kinds or one.kind in first.kinds)
        and known(one)
    ]
    fits.sort(key=lambda one: (-one.criticality, -len(hospital.dependencies_at(one.id)), one.id))
    return tuple(fits[: first.count or None])
