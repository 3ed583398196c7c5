"""A mail that looks like phishing: several independent kinds of evidence, weighed, with the reasons in words.

Source: MITRE ATT&CK T1566.001/.002; NIST Phish Scale (NIST TN 2276, 2023) for the cues; weights in
`safecare.examine`. One kind of evidence is not enough unless it is decisive, since
hospitals do receive macros, new domains, unsigned mail and urgent requests every day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from safecare.detect.api import detector
from safecare.detect.cyber.mail_contacts import Contacts
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.files import MailExamined
from safecare.model.finding import kinds, strength
from safecare.model.hospital import Hospital
from safecare.model.ids import AssetId
from safecare.model.text import say

WEAK = 0.2
"""Strength from which a kind of evidence counts as one of several. Chosen."""
DECISIVE = 0.85
"""Strength from which one kind is enough, by two strong facts that agree. Chosen."""
CARRIES = 0.4
"""Strength from which what a mail carries is dangerous of itself: that of a macro that runs when it is opened."""
ALARMING = 0.5
"""Strength from which nobody gets acquainted by a mail: that of a verdict above clean."""
OF_MAIL = ("mail", "limit")
"""Kinds of evidence of the mail itself; others are of what it carries."""
MOST_REASONS = 6
"""Reasons that are told. Chosen: what a person reads."""


@detector("mail.phishing", wants={MailExamined}, domain=Domain.CYBER)
@dataclass
class Phishing:
    """Alert for a mail whose evidence reaches `threshold` from at least two kinds, or is decisive alone."""

    hospital: Hospital
    """Gives the recipients' workstations."""
    threshold: float = 0.65
    """Combined strength (0-1) from which a mail is alerted."""
    contacts: Contacts = field(init=False, default_factory=Contacts)
    """With whom the house writes."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge examined mails."""
        for event in batch:
            if isinstance(event, MailExamined):
                mail = msgspec.structs.replace(event, findings=self.contacts.judge(event))
                by_kind = kinds(mail.findings)
                self.contacts.learn(event, alarming=strength(by_kind.values()) >= ALARMING)
                yield from self._judge(mail, by_kind)

    def _judge(self, mail: MailExamined, by_kind: dict[str, float]) -> Iterator[Alert]:
        facts = {*mail.facts, *(fact for part in mail.parts for fact in part.facts)}
        total = strength(by_kind.values()) * _trust(facts)
        several = sum(one >= WEAK for one in by_kind.values()) >= 2
        if total < self.threshold or not (several or max(by_kind.values(), default=0.0) >= DECISIVE):
            return
        people = [self.hospital.person("holder", holder) for holder in mail.holders]
        carries = any(one >= CARRIES for kind, one in by_kind.items() if not kind.startswith(OF_MAIL))
        yield Alert.of(
            self,
            mail,
            severity=_severity(carries=carries, links="mail.link.any" in facts, known=bool(mail.holders)),
            confidence=round(min(total, 0.99), 2),
            title=say("A mail with dangerous content looks like phishing")
            if carries
            else say("A mail looks like phishing"),
            why=[one.why for one in mail.findings if one.weight > 0][:MOST_REASONS],
            assets=[AssetId(one.workstation) for one in people if one and one.workstation],
            holders=mail.holders,
            peers=mail.link_domains[:10],
            techniques=("T1566.001",) if carries else ("T1566.002",),
        )


def _trust(facts: set[str]) -> float:
    """Return what the evidence is worth given who vouches: mail that the hospital's own domain surely sent weighs less.

    A hijacked account of the hospital would pass too, so the evidence is halved, never dropped.
    """
    own = "mail.from.own" in facts and "mail.auth.dmarc.pass" in facts
    return 0.5 if own and not any(fact.startswith("mail.auth.") and fact.endswith(".fail") for fact in facts) else 1.0


def _severity(*, carries: bool, links: bool, known: bool) -> int:
    """Return 0-100: code that may run on a known person's machine is worst, a bare text least."""
    return (65 if carries else 50 if links else 40) + (10 if known else 0)
