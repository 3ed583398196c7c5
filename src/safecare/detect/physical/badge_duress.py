"""A code was entered under duress: somebody is forced to open a door, or to switch an alarm off.

Source: access-control practice (EN 60839-11-1:2013, "duress alarm"): the reader grants as usual, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from safecare.detect.api import detector
from safecare.detect.standing import CALM, Standing, thing_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted
from safecare.model.events.panels import PanelSignal
from safecare.model.ids import HolderId
from safecare.model.text import Ref, Text, say


@detector("badge.duress", wants={BadgeGranted, PanelSignal}, domain=Domain.PHYSICAL)
@dataclass
class Duress:
    """Alert at once for each grant that the reader marks as given under duress, and each duress code at a panel.

    What a panel repeats within a minute (of our clock: its own may be put back) is told once.
    """

    _standing: Standing = field(default_factory=Standing, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Pass on what the reader says."""
        for event in batch:
            if isinstance(event, BadgeGranted) and event.duress and event.asset:
                yield self._alert(event, event.holder, say("Somebody is forced to open {door}", door=Ref(event.asset)))
            elif isinstance(event, PanelSignal) and event.what == "duress":
                key = f"{thing_of(event)}\x1f{event.holder or ''}"
                if not self._standing.news(key, event.on, event.seen, CALM):
                    continue
                place = Ref(event.zone or event.asset or event.site)
                yield self._alert(event, event.holder, say("Somebody is forced to use a code: {place}", place=place))

    def _alert(self, event: Event, holder: HolderId | None, title: Text) -> Alert:
        return Alert.of(
            self,
            event,
            severity=90,
            confidence=0.9,
            title=title,
            why=[say("The code that stands for duress was entered. Don't call the person; send help unseen.")],
            holders=[holder] if holder else [],
        )
