"""Drafts of the reports on a significant incident: early warning, notification, final report.

Each line is filled from what the platform knows; what it can't know is left open and marked for a person. Nothing
personal is told: no names, no pseudonyms of people, no patients.

Source: Directive (EU) 2022/2555 (NIS2), Article 23(3) for what makes an incident significant, 23(4)(a), (b) and (d) for
what each report holds and until when it is due.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Literal

import msgspec

from safecare.model.alert import Alert, Domain
from safecare.model.forecast import Forecast, State
from safecare.model.hospital import Hospital, Service
from safecare.model.incident import Incident
from safecare.model.plan import Plan
from safecare.model.text import Amount, Ref, Span, Text, When, say

Stage = Literal["warning", "notification", "final"]
STAGES: tuple[Stage, ...] = ("warning", "notification", "final")

WARNING_DUE = timedelta(hours=24)
"""After becoming aware of the incident: Article 23(4)(a)."""
NOTIFICATION_DUE = timedelta(hours=72)
"""After becoming aware of the incident: Article 23(4)(b)."""
NATURAL = ("fire.", "power.", "sensor.", "reading.", "point.")
"""Beginnings of rules that fire, faults and weather raise as well. All other rules tell of somebody's act."""
MOST = 12
"""Lines of one kind in a draft. Chosen: a report is read by people; the whole list is on the incident's page."""

TITLES: dict[Stage, Text] = {
    "warning": say("Early warning (within 24 hours)"),
    "notification": say("Incident notification (within 72 hours)"),
    "final": say("Final report (within one month of the notification)"),
}


class Line(msgspec.Struct, frozen=True):
    """One line of a report: what is asked, and what the platform can say. No answers: a person fills it in."""

    asked: Text
    answers: tuple[Text, ...] = ()


class Draft(msgspec.Struct, frozen=True):
    """A report that a person completes and sends. `due`: by the directive, counted from when people knew."""

    stage: Stage
    title: Text
    due: datetime
    lines: tuple[Line, ...]


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to report on. `aware`: when a person validated the incident, or its first alert if nobody has."""

    hospital: Hospital
    incident: Incident
    alerts: tuple[Alert, ...]
    forecast: Forecast | None
    plan: Plan | None
    aware: datetime


def aware_of(incident: Incident, validated: Iterable[datetime]) -> datetime:
    """Return when people became aware: the first time of `validated`, else of the incident's first alert."""
    return min(validated, default=incident.opened)


def draft(stage: Stage, known: Known) -> Draft:
    """Return the report of `stage` on what is `known`."""
    parts = {"warning": _warning, "notification": _notification, "final": _final}
    return Draft(stage, TITLES[stage], due(stage, known.aware), tuple(parts[stage](known)))


def due(stage: Stage, aware: datetime) -> datetime:
    """Return until when the report of `stage` is due, counted from `aware`."""
    match stage:
        case "warning":
            return aware + WARNING_DUE
        case "notification":
            return aware + NOTIFICATION_DUE
        case "final":
            return _next_month(aware + NOTIFICATION_DUE)


def _next_month(at: datetime) -> datetime:
    year, month = (at.year + 1, 1) if at.month == 12 else (at.year, at.month + 1)
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))


def _warning(known: Known) -> Iterable[Line]:
    incident = known.incident
    yield Line(say("Entity"), (Text("{site}", {"site": Ref(incident.site)}),))
    yield Line(say("Incident"), (incident.title, say("Reference: {id}", id=incident.id)))
    yield Line(say("First sign"), (Text("{at}", {"at": When(incident.opened)}),))
    yield Line(say("Became aware"), (Text("{at}", {"at": When(known.aware)}),))
    yield Line(say("Suspected to be caused by an unlawful or malicious act"), _malicious(known.alerts))
    yield Line(say("Could have cross-border impact"))
    yield Line(say("Contact for questions"))


def _notification(known: Known) -> Iterable[Line]:
    yield from _warning(known)
    yield Line(say("Severity, first assessment"), _severity(known))
    yield Line(say("Services affected now"), _services(known, now=True))
    yield Line(say("Services that may be affected next"), _services(known, now=False))
    yield Line(say("Impact on care, if nobody acts"), _care(known))
    yield Line(say("Indicators of compromise"), _indicators(known.alerts))
    yield Line(say("Techniques seen (MITRE ATT&CK)"), _techniques(known.alerts))
    yield Line(say("People or other entities harmed"))


def _final(known: Known) -> Iterable[Line]:
    yield from _notification(known)
    yield Line(say("Detailed description"), known.incident.story)
    yield Line(say("Type of threat or root cause that probably triggered it"), _first(known.alerts))
    yield Line(say("Measures applied"), _measures(known, done=True))
    yield Line(say("Measures under way"), _measures(known, done=False))
    yield Line(say("Cross-border impact"))
    yield Line(say("What is changed so that it does not happen again"))


def _malicious(alerts: Sequence[Alert]) -> tuple[Text, ...]:
    acts = sorted({alert.rule for alert in alerts if not alert.rule.startswith(NATURAL)})
    if not acts:
        return (say("Not by the alerts: all of them can come from fire, faults or weather"),)
    return (say("Yes, by these rules: {rules}", rules=", ".join(acts[:MOST])),)


def _severity(known: Known) -> tuple[Text, ...]:
    incident = known.incident
    told = [say("{severity} of 100", severity=incident.severity)]
    if incident.combined:
        told.append(say("Cyber and physical alerts are tied together"))
    told.append(
        say("Checked by a person")
        if incident.confirmed
        else say("Not yet checked by a person: the figures come from alerts")
    )
    return tuple(told)


def _services(known: Known, *, now: bool) -> tuple[Text, ...]:
    if known.forecast is None:
        return ()
    told: dict[str, Text] = {}  # each service once, by its most probable state
    for effect in sorted(known.forecast.effects, key=lambda one: (-one.probability, one.earliest)):
        thing = known.hospital.thing(effect.target)
        if not isinstance(thing, Service) or effect.state not in {State.DOWN, State.DEGRADED, State.UNSAFE}:
            continue
        if (effect.earliest <= 0.0) is not now or effect.target in told:
            continue
        chance = Amount(float(round(100 * effect.probability)))
        if now:
            told[effect.target] = say("{service}, with {chance} %", service=Ref(effect.target), chance=chance)
        else:
            told[effect.target] = say(
                "{service}, with {chance} %, in {after} at the earliest",
                service=Ref(effect.target),
                chance=chance,
                after=Span(effect.earliest),
            )
    return tuple(told.values())[:MOST]


def _care(known: Known) -> tuple[Text, ...]:
    if known.forecast is None:
        return ()
    hours = Amount(float(round(known.forecast.loss[0])))
    told = [say("Expected: {hours} patient-hours of care not given in time", hours=hours)]
    told += [
        say(
            "{service}: {hours} hours out of service on average",
            service=Ref(one.service),
            hours=Amount(round(one.hours_down, 1)),
        )
        for one in sorted(known.forecast.losses, key=lambda one: -one.hours_down)[:MOST]
        if one.hours_down > 0.0
    ]
    return tuple(told)


def _indicators(alerts: Sequence[Alert]) -> tuple[Text, ...]:
    found = dict.fromkeys(peer for alert in alerts if alert.domain is Domain.CYBER for peer in alert.peers)
    told = [peer for peer in found if not _own(peer)]
    return tuple(Text("{indicator}", {"indicator": peer}) for peer in told[:MOST])


def _own(peer: str) -> bool:
    """Tell whether `peer` is an address that means something on one machine or wire alone."""
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return address.is_loopback or address.is_link_local or address.is_unspecified


def _techniques(alerts: Sequence[Alert]) -> tuple[Text, ...]:
    found = sorted({technique for alert in alerts for technique in alert.techniques})
    return (Text("{list}", {"list": ", ".join(found)}),) if found else ()


def _first(alerts: Sequence[Alert]) -> tuple[Text, ...]:
    if not alerts:
        return ()
    first = min(alerts, key=lambda one: (one.first, one.id))
    return (say("First alert: {title}", title=first.title), *first.why[:2])


def _measures(known: Known, *, done: bool) -> tuple[Text, ...]:
    if known.plan is None:
        return ()
    wanted = "done" if done else "approved"
    told = [action.title for action in known.plan.actions if action.state == wanted]
    states = {"finished"} if done else {"running"}
    told += [say("Procedure: {title}", title=one.title) for one in known.plan.procedures if one.state in states]
    return tuple(told[:MOST])
