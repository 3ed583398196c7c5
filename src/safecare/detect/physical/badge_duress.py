"""A code was entered under duress: somebody is forced to open a door.

Source: access-control practice (EN 60839-11-1:2013, "duress alarm"): the reader grants as usual, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted
from safecare.model.text import Ref, say


@detector("badge.duress", wants={BadgeGranted}, domain=Domain.PHYSICAL)
@dataclass
class Duress:
    """Alert at once for each grant that the reader marks as given under duress."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Pass on what the reader says."""
        for event in batch:
            if isinstance(event, BadgeGranted) and event.duress and event.asset:
                yield Alert.of(
                    self,
                    event,
                    severity=90,
                    confidence=0.9,
                    title=say("Somebody is forced to open {door}", door=Ref(event.asset)),
                    why=[say("The code that stands for duress was entered. Don't call the person; send help unseen.")],
                    holders=[event.holder] if event.holder else [],
                )
