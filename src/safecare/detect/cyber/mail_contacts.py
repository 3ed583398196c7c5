"""With whom the house writes: a stranger's first mail, a partner's, and one that imitates a partner's domain.

Most mails that want something of a hospital come from those who wrote before; lures of strangers and of look-alikes of
suppliers do not (FBI IC3, business e-mail compromise; ENISA Threat Landscape, health sector, 2023). Learned is only
from mails that the receiving server vouches for and that are no alarm, so that nobody gets acquainted under another's
name; of mails that nobody vouches for, nothing is said but whose name they wear. A partner's mail box can be taken
over: what a partner orders (a new account) or sends (a program) weighs the same as a stranger's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from safecare.detect.memory import remember
from safecare.formats.brands import known
from safecare.formats.domains import imitates, label, skeleton
from safecare.model.events.files import MailExamined
from safecare.model.finding import Finding
from safecare.model.text import say

MOST = 20_000
"""Most correspondents remembered. Chosen: a hospital of 5,000 staff hears from some thousands of domains a year."""
LEARNING = timedelta(days=14)
"""Time from the first mail in which everybody is new, and nothing is said of it. Chosen: most partners write weekly."""
ENOUGH = 200
"""Mails that must have been heard of besides. Chosen: a day's mail of a small house."""
ACQUAINTED = timedelta(days=7)
"""Time after a first mail from which its sender can be a partner. Chosen: a lure follows its opener within hours."""
DAYS = 3
"""Days on which somebody wrote, to be a partner without ever being written to. Chosen."""
SAME = timedelta(days=1)
"""Time in which the mails of a stranger are all first ones. Chosen: an opener and the lure that follows."""
FIRST = 0.25
"""Weight of a stranger's first ask. Chosen: with an ask alone it is no alert, with a doubt of sender or link it is."""
FIRST_ORDER = 0.4
"""Weight of a stranger's first mail that orders something. Chosen: with an order that is suspicious by itself
(`ORDER`) it is an alert, since nothing else tells a false superior or supplier who writes in plain words."""
ORDER = 0.45
"""Weight from which an order is suspicious by itself or nearly so; services that don't name themselves weigh less."""
IMITATED = 0.6
"""Weight of a look-alike of a partner's domain: that of a known company's."""
NAMED = 0.45
"""Weight of a name of the house at an address never met with it. Chosen: people write from home and have namesakes, so
it is no alert alone, nor beside talk of a document (0.25) or payment (0.3); beside an order or talk of an account (0.4)
or, where the address is new to the house altogether, a parcel (0.35) it is."""
MOST_HOMES = 20
"""Most addresses remembered of one name. Chosen: common names have some namesakes."""
PARTNER = 0.7
"""Factor on what a partner asks and where he leads: that of an answer within a thread. Chosen."""
FIRM = 0.5
"""Weight from which a finding holds whoever writes: it shows an intent to deceive. Chosen."""
LONG = 8
"""Letters of a partner's name from which a letter more or less, or a word beside it, imitates it. Chosen: among
hundreds of partners some are called by a word of the language or like a stranger (``sante.fr``, ``lucca.fr``)."""
_ASKS = frozenset({"mail.request", "mail.order"})
_SOFT = frozenset({"mail.request", "mail.link", "mail.header"})
"""Kinds of evidence that ask for something, and those that weigh less from a partner."""
_TELLING = _ASKS | {"mail.sender"}
"""Kinds beside which a name of the house tells something; so do those of files."""


class Correspondent(msgspec.Struct):
    """When somebody wrote first and last, on how many days, and whether the house wrote to them."""

    first: datetime
    last: datetime
    days: int = 1
    written_to: bool = False
    twin: str = ""
    """Partner whose domain this one's imitated when it was met; empty: none."""

    def partner(self, at: datetime) -> bool:
        """Tell whether this is one with whom the house writes; of a look-alike only the house's own mail makes one."""
        return at - self.first >= ACQUAINTED and (self.written_to or (self.days >= DAYS and not self.twin))


class Person(msgspec.Struct):
    """Where else than in the house one of its people writes from: address or domain, and when it was first met."""

    elsewhere: dict[str, datetime] = {}


class Contacts(msgspec.Struct):
    """All correspondents, by domain or pseudonym; `begun` is when the first mail was heard of."""

    known: dict[str, Correspondent] = {}
    people: dict[str, Person] = {}
    """Who writes from the house, by the pseudonym of the name."""
    begun: datetime | None = None
    heard: int = 0

    def judge(self, mail: MailExamined) -> tuple[Finding, ...]:
        """Return the findings of `mail`, changed and added to by who its sender is to the house; strongest first."""
        if not mail.sender or "mail.from.own" in mail.facts:
            return mail.findings
        one = self.known.get(mail.sender)
        kinds = {found.kind for found in mail.findings if found.weight > 0}
        if one and one.partner(mail.at):
            ordered = "mail.order" in kinds or any(not kind.startswith("mail.") for kind in kinds)
            return tuple(_eased(mail.findings)) if mail.vouched and not ordered else mail.findings
        added: list[Finding] = []
        new = self._acquainted_with_many(mail.at) if one is None else mail.at - one.first < SAME and not one.written_to
        if new and mail.vouched and kinds & _ASKS:
            why = say("It wants something, and comes from someone who never wrote to the house before.")
            orders = any(one.kind == "mail.order" and one.weight >= ORDER for one in mail.findings)
            added.append(Finding("mail.contact.first", why, FIRST_ORDER if orders else FIRST, kind="mail.contact"))
        twin = one.twin if one else self._imitated(mail.sender, mail.at)
        if twin and (kinds or mail.parts or "mail.link.any" in mail.facts):
            why = say("The sender's domain imitates {domain}, with which the house writes.", domain=twin)
            added.append(Finding("mail.contact.lookalike", why, IMITATED, kind="mail.sender"))
        if self._wears_a_name(mail, one) and any(kind in _TELLING or not kind.startswith("mail.") for kind in kinds):
            why = say("It wears the name of someone of the house, and comes from an address never met with that name.")
            added.append(Finding("mail.contact.name", why, NAMED, kind="mail.contact"))
        return tuple(sorted((*mail.findings, *added), key=lambda found: -found.weight)) if added else mail.findings

    def learn(self, mail: MailExamined, *, alarming: bool) -> None:
        """Remember who wrote, or to whom the house wrote, unless the mail is an alarm or nobody vouches for it."""
        if alarming or not mail.vouched:
            return
        self.begun = min(self.begun or mail.at, mail.at)
        self.heard += 1
        for other in mail.written_to:
            self._met(other, mail.at).written_to = True
        if mail.sender and "mail.from.own" not in mail.facts:
            one = self._met(mail.sender, mail.at)
            one.days += one.last.date() < mail.at.date()
            one.last = max(one.last, mail.at)

            if mail.called in self.people:
                elsewhere = self.people[mail.called].elsewhere
                remember(elsewhere, mail.sender, elsewhere.get(mail.sender, mail.at), MOST_HOMES)
        elif mail.called:
            remember(self.people, mail.called, self.people.get(mail.called) or Person(), MOST)

    def _wears_a_name(self, mail: MailExamined, one: Correspondent | None) -> bool:
        """Tell whether an outsider is called like one of the house, and is not known to be that person or a namesake.

        Services of others write in their users' names; who is written to by the house is known there.
        """
        person = self.people.get(mail.called) if mail.called else None
        if person is None or (one and one.written_to) or ("." in mail.sender and known(mail.sender)):
            return False
        met = person.elsewhere.get(mail.sender)
        return met is None or mail.at - met < ACQUAINTED

    def _met(self, sender: str, at: datetime) -> Correspondent:
        one = self.known.get(sender) or Correspondent(at, at, twin=self._imitated(sender, at))
        remember(self.known, sender, one, MOST)
        return one

    def _acquainted_with_many(self, at: datetime) -> bool:
        return self.begun is not None and at - self.begun >= LEARNING and self.heard >= ENOUGH

    def _imitated(self, sender: str, at: datetime) -> str:
        """Return the partner whose domain the sender's imitates; empty if there is none, or no domain."""
        if "." not in sender or known(sender):
            return ""
        name = skeleton(label(sender))
        near = tuple(
            other
            for other, one in self.known.items()
            if "." in other and one.partner(at) and _near(name, skeleton(label(other)))
        )
        return imitates(sender, near, endings=False) if near else ""


def _near(name: str, other: str) -> bool:
    """Tell whether two labels may be taken for each other: a quick look before all are compared letter by letter."""
    if len(other) < LONG:
        return name == other
    if len(name) > len(other) + 2:
        return other in name
    return abs(len(name) - len(other)) <= 2 and len(set(name) ^ set(other)) <= 4


def _eased(findings: Iterable[Finding]) -> Iterator[Finding]:
    for one in findings:
        soft = one.kind in _SOFT and one.weight < FIRM
        yield msgspec.structs.replace(one, weight=round(one.weight * PARTNER, 3)) if soft else one


__all__ = ["Contacts"]
