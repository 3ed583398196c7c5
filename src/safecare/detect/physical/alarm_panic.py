"""Somebody asks for help by a button: a hold-up or panic button, a staff tag, an emergency call of a nurse call system.

Source: EN 50131-1:2006 (hold-up signals), VDE 0834-1 (emergency call), HL7 FHIR RTLS guide 1.0.0-ballot2
(staff-duress): a call for help is always answered, never weighed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from safecare.detect.api import detector
from safecare.detect.standing import Standing, part_of, thing_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.panels import PanelSignal
from safecare.model.text import Ref, Text, say

PANIC, MEDICAL = 90, 60
"""Severity of a call for help against people, and of one for a patient (chosen: the second has a team of its own)."""
AGAIN = timedelta(seconds=60)
"""Time after which the same button is a new call even without a "normal" (chosen: buttons that nobody resets send none,
and a call too many costs less than one that is hidden)."""


@detector("alarm.panic", wants={PanelSignal}, domain=Domain.PHYSICAL)
@dataclass
class PanicAlarm:
    """Alert at once for each call for help; one that is repeated within a minute is told once.

    What is repeated is judged by our clock: one press must not be hidden because the button's was put back.
    """

    _standing: Standing = field(default_factory=Standing, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Pass calls on."""
        for event in batch:
            if isinstance(event, PanelSignal) and event.what in {"panic", "medical"}:
                name = event.asset or event.zone or event.site
                key = f"{event.what}\x1f{thing_of(event)}\x1f{event.holder or ''}\x1f{event.zone or ''}"
                if self._standing.news(key, event.on, event.seen, AGAIN):
                    yield self._alert(event, name)

    def _alert(self, event: PanelSignal, name: str) -> Alert:
        place = Ref(event.zone or name)
        panic = event.what == "panic"
        return Alert.of(
            self,
            event,
            severity=PANIC if panic else MEDICAL,
            confidence=0.95,
            title=say("Call for help by button: {place}", place=place)
            if panic
            else say("Emergency call for a patient: {place}", place=place),
            why=[_why(event, name), *part_of(event)],
            holders=[event.holder] if event.holder else [],
        )


def _why(event: PanelSignal, name: str) -> Text:
    if event.holder and event.zone:
        return say("A person's tag says so, and where they are.")
    if event.asset is None:
        return say("The system that reports it does not say which button.")
    return say("{button} was pressed.", button=Ref(name))
