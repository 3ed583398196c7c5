"""What care services can give right now: beds, staff, rooms, diversion. Counts only, never a patient."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from safecare.model.event import Event
from safecare.model.events.acts import Act
from safecare.model.ids import ServiceId

Number = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
"""A count. The upper bound (chosen) is beyond any hospital: a larger one is a mistake in typing."""


class CareFigures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one report says of one service; what it does not say is None."""

    open: Literal["open", "limited", "closed"] | None = None
    beds: Number | None = None
    """Beds with staff."""
    occupied: Number | None = None
    staff: Number | None = None
    """People on duty."""
    rooms: Number | None = None
    """Theatres, consulting rooms or machines that can be used."""
    diversion: bool | None = None
    """True: ambulances and referrals go elsewhere."""


class CareCounted(Event, frozen=True, kw_only=True, tag="care.counted"):
    """Another system of the hospital (bed management, rostering) counted what `service` has."""

    service: ServiceId
    figures: CareFigures


class CareStated(Act, frozen=True, kw_only=True, tag="act.care"):
    """A person stated what `service` has."""

    service: ServiceId
    figures: CareFigures
    comment: str = ""
