"""A person calls for help, or reports what they have seen.

Source: lone-worker practice (INRS ED 6288): a call for help is always answered, never weighed; a report of a guard is
evidence beside what sensors say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.acts import Reported
from safecare.model.text import Ref, Text, say

HELP = 90
"""Severity of a call for help (chosen: critical, so that every route of the site tells it)."""
SEEN = 35
"""Severity of an ordinary report (chosen: opens no incident by itself, joins those nearby)."""
KINDS: dict[str, int] = {"fire": 75, "violence": 75, "object": 60, "stranger": 50, "water": 40, "damage": SEEN}
"""Severity by what the person says that it is (chosen: a person on site is believed; a thing left behind is looked at
before it is handled as a bomb)."""


@detector("person.report", wants={Reported}, domain=Domain.PHYSICAL)
@dataclass
class PersonReport:
    """Alert for each report. The words stand in the reasons only: titles leave the house in push messages."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Pass reports on."""
        for event in batch:
            if isinstance(event, Reported):
                yield self._alert(event)

    def _alert(self, event: Reported) -> Alert:
        why: list[Text] = [say("Somebody on site reports it.")]
        if event.words:
            why.append(say("In their words: “{words}”", words=event.words))
        if event.voice is not None:
            why.append(say("A voice note is with the reports."))
        return Alert.of(
            self,
            event,
            severity=HELP if event.panic else KINDS.get(event.about, SEEN),
            confidence=1.0 if event.panic else 0.8,
            title=_title(event),
            why=why,
            still=event.picture,
        )


def _title(event: Reported) -> Text:
    zone = Ref(event.zone or event.site)
    if event.panic:
        return say("Call for help: {zone}", zone=zone) if event.zone else say("Call for help, place unknown")
    match event.about:
        case "fire":
            return say("A person reports fire or smoke: {zone}", zone=zone)
        case "violence":
            return say("A person reports violence or a threat: {zone}", zone=zone)
        case "stranger":
            return say("A person reports somebody who should not be there: {zone}", zone=zone)
        case "object":
            return say("A person reports a suspicious thing: {zone}", zone=zone)
        case "water":
            return say("A person reports a leak: {zone}", zone=zone)
        case "damage":
            return say("A person reports damage: {zone}", zone=zone)
    return say("Report of a person: {zone}", zone=zone) if event.zone else say("Report of a person, place unknown")
