"""Building automation: readings, states, fire and power."""

from __future__ import annotations

from typing import Literal

from safecare.model.event import Event


class Reading(Event, frozen=True, kw_only=True, tag="reading"):
    """A measured `quantity` of `asset`, for example temperature, -19.5, Cel (UCUM unit)."""

    quantity: str
    value: float
    unit: str


class PointChanged(Event, frozen=True, kw_only=True, tag="point.changed"):
    """A binary point of `asset` changed, for example ``lid`` is now on (open)."""

    point: str
    on: bool


class FireSignal(Event, frozen=True, kw_only=True, tag="fire.signal"):
    """A fire detector or call point: alarm, pre-alarm, fault or back to normal."""

    state: Literal["alarm", "prealarm", "fault", "normal"]
    part: str = ""
    """The panel's own number of its part, where the hospital's files name only the panel."""


class PowerSignal(Event, frozen=True, kw_only=True, tag="power.signal"):
    """The supply that `asset` gives: lost, on battery, on generator, or back to normal."""

    state: Literal["lost", "battery", "generator", "normal"]
