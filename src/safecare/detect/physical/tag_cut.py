"""The band of a person's tag was cut, or the tag taken off: a newborn, or a patient who must not leave.

Source: infant protection systems (band-cut alarm), as hospitals' practice has them: each is answered at once, and the
ways out are closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from safecare.detect.api import detector
from safecare.detect.standing import Standing, tag_hold, thing_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.panels import PanelSignal
from safecare.model.text import Ref, say

SEVERITY = 90
"""Chosen: critical, so that every route of the site tells it."""


@detector("tag.cut", wants={PanelSignal}, domain=Domain.PHYSICAL)
@dataclass
class TagCut:
    """Alert at once when a tag says that its band was cut; told once as long as it stands."""

    _standing: Standing = field(default_factory=Standing, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Pass on what the tags say."""
        for event in batch:
            if isinstance(event, PanelSignal) and event.what == "tag_cut":
                name = event.asset or event.zone or event.site
                key = f"{thing_of(event)}\x1f{event.holder or ''}"
                if self._standing.news(key, event.on, event.at, tag_hold(event)):
                    yield Alert.of(
                        self,
                        event,
                        severity=SEVERITY,
                        confidence=0.85,
                        title=say("The band of a tag was cut: {place}", place=Ref(event.zone or name)),
                        why=[say("{tag} reports that its band is open.", tag=Ref(name))],
                        holders=[event.holder] if event.holder else [],
                    )
