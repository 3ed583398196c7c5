"""The certificate of one of the platform's own doors ends soon, or what it was renewed with can't be used.

Source: RFC 8555 (ACME) clients renew when a third of a certificate's life is left (certbot: 30 of 90 days): one with
less than a quarter left was not renewed. When it ends, devices no longer reach us, and nobody hears their alarms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.platform import CertificateSeen
from safecare.model.text import Span, Text, When, say

DOORS = 500
"""Most doors remembered (chosen: more than a site has)."""
SOON, ENDED = 45, 70
"""Severity of a certificate that ends, and of one that has ended (chosen: then alarms are not heard)."""


class Told(msgspec.Struct):
    """What was told of a door's certificate last, and when."""

    what: str
    at: datetime


@detector("certificate.ending", wants={CertificateSeen}, domain=Domain.CYBER)
@dataclass
class EndingCertificate:
    """Alert when less than `share` (0-1) of a certificate's life is left, at most `most` (time), or it can't be used.

    Told once in each `again` (time), and at once when it gets worse.
    """

    share: float = 0.25
    most: timedelta = timedelta(days=21)
    again: timedelta = timedelta(days=1)
    _told: dict[str, Told] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge certificates as they are seen."""
        for event in batch:
            if isinstance(event, CertificateSeen):
                what = self._what(event)
                told = self._told.get(event.door)
                if not what:
                    self._told.pop(event.door, None)
                elif told is None or told.what != what or event.at - told.at >= self.again:
                    remember(self._told, event.door, Told(what, event.at), DOORS)
                    yield self._alert(event, what)

    def _what(self, event: CertificateSeen) -> str:
        """Return what is wrong with a certificate: ``ended``, ``unusable``, ``ending``; empty for a good one."""
        if event.ends is not None and event.ends <= event.at:
            return "ended"
        if event.wrong:
            return "unusable"
        if event.ends is None:
            return ""
        life = event.ends - (event.begins or event.at)
        return "ending" if event.ends - event.at < min(self.most, life * self.share) else ""

    def _alert(self, event: CertificateSeen, what: str) -> Alert:
        why: list[Text] = []
        if event.ends is not None and what == "ended":
            why.append(
                say("It ended on {when}: devices that check it no longer reach this door.", when=When(event.ends))
            )
        elif event.ends is not None:
            left = Span((event.ends - event.at).total_seconds())
            why.append(
                say(
                    "It ends on {when}, in {left}; it should have been renewed by now.",
                    when=When(event.ends),
                    left=left,
                )
            )
        if event.wrong:
            why.append(say("What stands in its files now can't be used: {reason}", reason=event.wrong[:200]))
        titles = {
            "ended": say("The certificate of door {door} has ended", door=event.door),
            "unusable": say("The renewed certificate of door {door} can't be used", door=event.door),
            "ending": say("The certificate of door {door} ends soon", door=event.door),
        }
        return Alert.of(
            self,
            event,
            window=what,
            severity=ENDED if what == "ended" else SOON,
            confidence=1.0,
            title=titles[what],
            why=why,
        )
