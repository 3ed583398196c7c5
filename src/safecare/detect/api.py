"""What a detector looks like. See DESIGN: one file, found by itself, no edit elsewhere.

A detector is a dataclass with the decorator `detector`. Fields with `init=True` are its few settings
(with units in their docstring) and may name `hospital`, which is then given to it; fields with
`init=False` are its state. State fields must have types that msgspec can write (numbers, text, datetime,
dict, list, tuple, set, Struct): the stage saves and restores them without further code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.plugins import Found, discover, marked

D = TypeVar("D", bound=type)


class Detector(Protocol):
    """A judged rule: given events in order of arrival, yields alerts."""

    name: ClassVar[str]
    version: ClassVar[int]
    domain: ClassVar[Domain]
    wants: ClassVar[frozenset[type[Event]]]
    needs: ClassVar[tuple[str, ...]]
    __dataclass_fields__: ClassVar[dict[str, Any]]

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge events of the wanted kinds."""
        ...


@runtime_checkable
class Timed(Detector, Protocol):
    """A detector for which time matters even when nothing happens."""

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Judge that it is `now` (event time has surely passed this point)."""
        ...


def detector(
    name: str,
    *,
    wants: set[Any],
    domain: Domain,
    version: int = 1,
    needs: tuple[str, ...] = (),
) -> Callable[[D], D]:
    """Mark a class as the detector `name` (``<area>.<rule>``) that wants events of these classes."""
    facts = {"version": version, "domain": domain, "wants": frozenset(wants), "needs": needs}
    return marked("detector_name", name, name=name, **facts)


def detectors() -> Found[type[Detector]]:
    """Return all detectors, those of other packages included, and those that stepped aside."""
    import safecare.detect

    return discover(safecare.detect, "detector_name", "safecare.detectors")
