"""What alarm panels, access-control systems, cameras and locating systems judge by themselves, in one shape.

Rules see one kind of event whatever spoke: an intruder panel by SIA DC-09, a nurse call by ESPA 4.4.4, a camera, a
table of badge events. Fire, power and doors have events of their own (`building`, `doors`).
"""

from __future__ import annotations

from typing import Literal, get_args

from safecare.model.event import Event
from safecare.model.ids import HolderId

PanelKind = Literal[
    "intrusion",  # somebody where nobody may be
    "panic",  # somebody asks for help by a button, openly or unseen
    "duress",  # somebody is forced to do what the system took
    "medical",  # somebody needs a carer: emergency call, cardiac arrest
    "call",  # an ordinary call of a patient
    "forced",  # a door opened without a grant, as the controller judges
    "held",  # a door stood open too long, as the controller judges
    "passback",  # a badge was used twice in one direction, as the controller judges
    "tamper",  # a housing, a cable or a lens was interfered with
    "trouble",  # a fault of a device or of its line
    "bypass",  # a part was taken out of service by somebody
    "silent",  # a device that is supervised says nothing any more
    "armed",  # intrusion detection is on
    "tag_cut",  # a person's tag was cut or taken off
    "tag_exit",  # a tagged person is at a way out, or beyond it
    "test",  # a test that somebody said is one
    "note",  # anything else that a panel tells, and that needs nobody
]
"""Kinds of what a panel reports."""
PANEL_KINDS = frozenset(get_args(PanelKind))


class PanelSignal(Event, frozen=True, kw_only=True, tag="panel.signal"):
    """A panel reports `what` about `asset` (or, where nobody knows which, about `zone`): begun, or over."""

    what: PanelKind
    on: bool = True
    """False: back to normal."""
    holder: HolderId | None = None
    """Whose button, tag or code it was."""
    code: str = ""
    """The sender's own word for it: ``BA``, ``1130``, ``fielddetection``."""
    part: str = ""
    """The sender's own number of its part, where the hospital's files name only the whole: each has its own alarms."""


class DeviceHeard(Event, frozen=True, kw_only=True, tag="device.heard"):
    """`asset` says that it is there, and nothing else (supervision, heartbeat, availability)."""

    every: float = 0.0
    """Seconds from one such message to the next, as agreed with the device; 0 if nothing is agreed."""
