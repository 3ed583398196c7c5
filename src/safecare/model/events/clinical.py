"""Clinical information systems: HL7 v2 scheduling, with pseudonyms only."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from safecare.model.event import Event


class AppointmentChanged(Event, frozen=True, kw_only=True, tag="appointment.changed"):
    """An HL7 v2 SIU message changed an appointment. `asset` = the sending application."""

    change: Literal["new", "moved", "modified", "cancelled", "discontinued", "deleted", "noshow"]
    appointment: str
    """Pseudonym of the appointment."""
    patient: str | None = None
    """Pseudonym of the patient."""
    start: datetime | None = None
    resource: str = ""
    """Clinic, room or list that is booked."""
    peer: str = ""
    """Address of the sender."""
