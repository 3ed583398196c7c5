"""Sigma rules over logs of other systems, and over what our own sources saw.

Source: Sigma specification 2.1; the rules themselves tell their references. Rules below `least` are for hunting: they
alert nobody by themselves, but count in Sigma correlations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.logs.book import RuleBook
from safecare.detect.logs.correlations import Correlator, Seen
from safecare.detect.logs.judge import Finding, Judgement
from safecare.detect.logs.plan import Plan
from safecare.detect.logs.rule import LEVELS, Correlation
from safecare.detect.memory import remember
from safecare.formats.logs.record import LogRecord, flat
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.logs import LogRecorded
from safecare.model.ids import EventId
from safecare.model.text import Ref, Text, say

SURE = {"informational": 0.2, "low": 0.3, "medium": 0.4, "high": 0.6, "critical": 0.7}
"""Confidence by level (chosen: Sigma's level says how bad a match is, and loosely how rarely it is harmless)."""
OWN = "safecare"
"""The product that rules for our own events name; their category is the event's kind."""
TOLD = 50_000
"""Most pairs of rule and machine remembered (chosen: a day of a noisy hospital)."""
NAMED = 6
"""Most fields that a sentence names (chosen)."""


class Named(msgspec.Struct, frozen=True):
    """The rule as alerts name it, so that each Sigma rule can be followed by itself."""

    name: str
    version: int
    domain: Domain


@detector("log.sigma", wants={Event}, domain=Domain.CYBER)
@dataclass
class SigmaRules:
    """Alert when a rule of at least the level `least` matches; once per `pause` (time) for a rule and a machine."""

    rules: RuleBook = field(default_factory=RuleBook)
    """The rules in use; they may be exchanged at any moment, and windows of correlations go on."""
    least: str = "medium"
    """Least level that alerts."""
    pause: timedelta = timedelta(minutes=10)
    _windows: dict[str, list[Seen]] = field(default_factory=dict, init=False)
    _told: dict[str, datetime] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Begin with nothing made ready."""
        self.__judgement: Judgement | None = None
        self.__plan: Plan | None = None

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge records, and our own events where rules ask for them."""
        judgement, plan = self._ready()
        own = any(rule.source.product == OWN for rule in plan.rules)
        events = [event for event in batch if own or isinstance(event, LogRecorded)]
        if not events:
            return
        known = {event.id: event for event in events}
        for finding in judgement.feed([record_of(event) for event in events]):
            if LEVELS.get(finding.rule.level, 0) >= LEVELS[self.least]:
                event = known[EventId(finding.record.ref)]
                key = f"{finding.rule.id}\x1f{event.asset or _host(event)}"
                last = self._told.get(key)
                if last is None or abs(event.at - last) >= self.pause:
                    remember(self._told, key, event.at, TOLD)
                    yield self._alert(finding, event)

    def _ready(self) -> tuple[Judgement, Plan]:
        """Return what judges by the rules in use now."""
        plan = self.rules.plan
        if self.__judgement is None or self.__plan is not plan:
            self.__judgement, self.__plan = Judgement(plan, Correlator(self._windows)), plan
        self.__judgement.correlator.windows = self._windows
        return self.__judgement, plan

    def _alert(self, finding: Finding, event: Event) -> Alert:
        rule = finding.rule
        return Alert.of(
            Named(f"{self.name}.{rule.id}", self.version, self.domain),  # type: ignore[attr-defined]
            event,
            severity=LEVELS.get(rule.level, LEVELS["medium"]),
            confidence=SURE.get(rule.level, SURE["medium"]),
            title=say("Log rule: {rule}", rule=rule.title),
            why=[_why(finding, event)],
            peers=[] if event.asset else filter(None, [_host(event)]),
            techniques=rule.techniques,
        )


def _why(finding: Finding, event: Event) -> Text:
    rule, machine = finding.rule, Ref(event.asset) if event.asset else _host(event) or event.source
    if isinstance(rule, Correlation):
        count = len(finding.because)
        return say("{count} records of {machine} belong together by this rule.", count=count, machine=machine)
    names = ", ".join(list(finding.fields)[:NAMED])  # values stay in the event: they may name people
    return say("A record of {machine} matches by its fields {fields}.", machine=machine, fields=names)


def _host(event: Event) -> str:
    return event.host if isinstance(event, LogRecorded) else ""


def record_of(event: Event) -> LogRecord:
    """Return an event as a record: that of a log as it came, our own with product and category told."""
    if isinstance(event, LogRecorded):
        return LogRecord(event.fields, 0, at=event.at, ref=event.id)
    fields = flat(msgspec.to_builtins(event))
    fields |= {"product": OWN, "category": event.kind}
    return LogRecord(fields, 0, at=event.at, ref=event.id)
