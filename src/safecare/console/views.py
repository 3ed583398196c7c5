"""From the model to what the browser sees: pure, one reader at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from safecare.console.rights import Visitor, addressed
from safecare.console.wire.incidents import (
    AlertView,
    Card,
    ClipView,
    IncidentNotice,
    IncidentView,
    LinkView,
    ListedAlert,
    ReceiptView,
)
from safecare.console.wire.places import Given, GuardNotice, Place
from safecare.console.words import Words
from safecare.model.alert import Alert
from safecare.model.hospital import Hospital
from safecare.model.ids import AlertId
from safecare.model.incident import Incident, Link
from safecare.model.notice import TAKEN, Notice, Receipt
from safecare.model.severity import level_of
from safecare.model.text import Text
from safecare.notify.words import placeless
from safecare.store.read import Revision

ANSWERED = frozenset({"acknowledged", "on_my_way", "on_site", "clear", "help"})
"""Outcomes by which a person has taken the notice on."""
ANSWERS = ("acknowledged", "on_my_way", "on_site", "clear", "help")
"""What a guard may answer, in the order of the work."""


def card_fields(incident: Incident, words: Words, *, acknowledged: bool, exercise: str) -> dict[str, object]:
    """Return the fields that a card and the whole incident share."""
    return {
        "id": incident.id,
        "revision": incident.revision,
        "state": incident.state,
        "level": level_of(incident.severity),
        "severity": incident.severity,
        "title": words.say(incident.title, incident.site),
        "site": incident.site,
        "zones": words.each(incident.zones),
        "opened": incident.opened,
        "updated": incident.updated,
        "alerts": len(incident.links),
        "combined": incident.combined,
        "domains": [str(domain) for domain in incident.domains],
        "acknowledged": acknowledged,
        "validated_by": words.person(incident.validated_by),
        "verdict": incident.verdict,
        "into": incident.into,
        "exercise": exercise,
    }


def card(incident: Incident, words: Words, *, acknowledged: bool, exercise: str = "") -> Card:
    """Return an incident as it stands in a list."""
    return Card(**card_fields(incident, words, acknowledged=acknowledged, exercise=exercise))  # type: ignore[arg-type]


def still_url(still: str | None) -> str | None:
    """Return the address of a still."""
    return f"/api/stills/{still}" if still else None


def _alert_fields(alert: Alert, words: Words) -> dict[str, object]:
    return {
        "id": alert.id,
        "rule": alert.rule,
        "domain": str(alert.domain),
        "title": words.say(alert.title, alert.site),
        "why": words.all(alert.why, alert.site),
        "severity": alert.severity,
        "level": level_of(alert.severity),
        "confidence": alert.confidence,
        "first": alert.first,
        "last": alert.last,
        "assets": words.each(alert.assets),
        "zones": words.each(alert.zones),
        "techniques": list(alert.techniques),
        "still": still_url(alert.still),
        "events": len(alert.because),
    }


def alert_view(alert: Alert, words: Words) -> AlertView:
    """Return an alert."""
    return AlertView(**_alert_fields(alert, words))  # type: ignore[arg-type]


def listed_alert(alert: Alert, incident: str | None, words: Words, exercise: str = "") -> ListedAlert:
    """Return an alert of a list, with its incident."""
    return ListedAlert(**_alert_fields(alert, words), incident=incident, exercise=exercise)  # type: ignore[arg-type]


def receipt_view(receipt: Receipt, words: Words) -> ReceiptView:
    """Return what became of a notice."""
    reason = words.say(receipt.reason) if receipt.reason else None
    return ReceiptView(receipt.outcome, words.person(receipt.who), receipt.channel, receipt.at, reason)


def notice_view(notice: Notice, receipts: Iterable[Receipt], words: Words) -> IncidentNotice:
    """Return who was told, and what became of it."""
    return IncidentNotice(
        id=notice.id,
        role=notice.role,
        role_name=words.role(notice.role),
        channel=notice.channel,
        level=notice.level,
        at=notice.at,
        title=words.say(notice.title, notice.site),
        answer_by=notice.answer_by,
        receipts=[receipt_view(one, words) for one in receipts if one.notice == notice.id],
    )


def incident_view(
    incident: Incident,
    history: Sequence[Revision],
    alerts: Mapping[AlertId, Alert],
    notices: Sequence[Notice],
    receipts: Sequence[Receipt],
    words: Words,
    untold: Sequence[Text] = (),
    exercise: str = "",
    clips: Mapping[AlertId, list[ClipView]] = MappingProxyType({}),
    missing: Mapping[AlertId, list[Text]] = MappingProxyType({}),
) -> IncidentView:
    """Return an incident with all that belongs to it."""
    told = {one.id: one for one in notices}
    acknowledged = any(one.outcome in TAKEN and one.notice in told and one.holds(told[one.notice]) for one in receipts)
    return IncidentView(
        **card_fields(incident, words, acknowledged=acknowledged, exercise=exercise),  # type: ignore[arg-type]
        story=words.all(incident.story, incident.site),
        links=[
            _link(link, alerts[link.alert], words, clips.get(link.alert, []), missing.get(link.alert, []))
            for link in incident.links
            if link.alert in alerts
        ],
        notices=[notice_view(notice, receipts, words) for notice in notices],
        untold=words.all(untold, incident.site),
        history=list(history),
    )


def _link(link: Link, alert: Alert, words: Words, clips: list[ClipView], missing: list[Text]) -> LinkView:
    why, without = words.say(link.why, alert.site), words.all(missing, alert.site)
    return LinkView(alert_view(alert, words), link.to, link.score, why, clips, without)


def place_of(hospital: Hospital, zone: str | None, words: Words) -> Place | None:
    """Return where a guard is sent."""
    found = hospital.zone(zone)
    if found is None:
        return None
    return Place(found.id, words.named(found.id).name, found.level, found.outline)


def guard_notice(
    notice: Notice,
    receipts: Iterable[Receipt],
    hospital: Hospital,
    words: Words,
    visitor: Visitor,
    ids: Sequence[str] = (),
    exercise: str = "",
) -> GuardNotice:
    """Return a notice as it stands on the phone of `visitor`; `ids`: the same by all its channels.

    `exercise`: the scenario that ran when it was sent.
    """
    given = [
        Given(one.outcome, words.person(one.who), one.at, one.who == visitor.user)
        for one in receipts
        if one.outcome in ANSWERED and one.holds(notice)
    ]
    zone = place_of(hospital, notice.zone, words)
    return GuardNotice(
        id=notice.id,
        role_name=words.role(notice.role),
        mine=addressed(visitor, notice.role, notice.user),
        incident=notice.incident,
        revision=notice.revision,
        since=notice.since,
        ids=list(ids) or [notice.id],
        level=level_of(notice.severity),
        title=words.say(placeless(notice.title) if zone else notice.title, notice.site),
        body=words.say(notice.body, notice.site),
        zone=zone,
        still=still_url(notice.still),
        at=notice.at,
        answers=list(ANSWERS),
        done=any(one.answer == "clear" for one in given),
        given=given,
        exercise=exercise,
    )
