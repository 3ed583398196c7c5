"""Papers as PDF, made here without any network: the sheet of an incident, the situation, the crisis log. A4.

What belongs to an exercise says so in the title and at the foot of each page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from safecare.console.wire.care import CareView
from safecare.console.wire.incidents import ActionView, Card, EffectView, IncidentView, LossView, ReceiptView
from safecare.console.wire.platform import CrisisEntry
from safecare.console.words import Words
from safecare.formats import pdf
from safecare.model.text import Text, When, say

LEVEL_WORDS = {"critical": say("Critical"), "high": say("High"), "medium": say("Medium"), "low": say("Low")}
OUTCOME_WORDS = {
    "sent": say("sent"),
    "delivered": say("delivered"),
    "read": say("read"),
    "acknowledged": say("acknowledged"),
    "on_my_way": say("on the way"),
    "on_site": say("on site"),
    "clear": say("clear"),
    "help": say("needs help"),
    "failed": say("failed"),
    "nobody": say("reaches nobody"),
    "unanswered": say("no answer"),
}
ALERTS = 40
"""Alerts on a sheet (chosen: a page)."""
LINES = 10
"""Empty lines for writing by hand at the end of the crisis log (chosen: half a page)."""


class Sheet(msgspec.Struct, frozen=True):
    """What stands on the sheet of an incident."""

    incident: IncidentView
    effects: Sequence[EffectView]
    losses: Sequence[LossView]
    actions: Sequence[ActionView]


def sheet(found: Sheet, words: Words, now: datetime) -> bytes:
    """Return the sheet of an incident: what happened, what may follow, what can be done, who was told."""
    words = replace(words, now=None)  # paper is read on other days: always with the date
    incident = found.incident
    site = incident.site

    def at(moment: datetime) -> str:
        return words.say(say("{at}", at=When(moment)), site)

    def answered(receipt: ReceiptView) -> str:
        return f"{words.say(OUTCOME_WORDS[receipt.outcome])} {receipt.who} {at(receipt.at)}"

    blocks: list[pdf.Block] = [
        pdf.Paragraph(f"{words.say(LEVEL_WORDS[incident.level])} · {incident.severity}/100", strong=True),
        pdf.Paragraph(words.say(_made(incident, now), site)),
        pdf.Heading(words.say(say("What happened"))),
        *map(pdf.Paragraph, incident.story),
    ]
    alerts = [link.alert for link in incident.links[:ALERTS]]
    rows = [(at(one.first), one.title, ", ".join(zone.name for zone in one.zones)) for one in alerts]
    blocks += _table(words, say("Alerts"), (say("Time"), say("Alert"), say("Place")), rows, (2, 5, 3))
    told = [(one.name, one.state_name, f"{one.probability:.0%}", words.span(one.earliest)) for one in found.effects]
    blocks += _table(
        words,
        say("What may follow"),
        (say("What"), say("State"), say("Probability"), say("At the earliest in")),
        told,
        (5, 4, 2, 3),
    )
    lost = [(one.name, f"{one.hours_down:.1f}", f"{one.patients:.0f}", one.fallback or "–") for one in found.losses]
    blocks += _table(
        words,
        say("Loss of care"),
        (say("Service"), say("Hours down"), say("Patients"), say("Fallback")),
        lost,
        (4, 2, 2, 6),
    )
    if found.actions:
        blocks.append(pdf.Heading(words.say(say("What can be done"))))
    for action in found.actions:
        blocks.append(pdf.Paragraph(f"{action.rank}. {action.title}", strong=True))
        blocks += [pdf.Paragraph(f"{words.say(say('Cost for care:'))} {cost}") for cost in action.cost_text]
        blocks += [pdf.Paragraph(action.infeasible)] if action.infeasible else []
        blocks += [pdf.Paragraph(f"☐ {step.role_name}: {step.text}") for step in action.steps]
    notices = [
        (at(one.at), one.role_name, one.channel, ", ".join(map(answered, one.receipts)) or "–")
        for one in incident.notices
    ]
    blocks += _table(
        words, say("Who was told"), (say("Time"), say("Role"), say("Channel"), say("Answers")), notices, (2, 3, 2, 6)
    )
    blocks += [pdf.Paragraph(reason) for reason in incident.untold]
    return _paper(incident.title, blocks, words, incident.exercise)


def _made(incident: IncidentView, now: datetime) -> Text:
    return say(
        "Printed {at}. Incident {id}, revision {revision}.", at=When(now), id=incident.id, revision=incident.revision
    )


def situation(cards: Sequence[Card], care: Sequence[CareView], words: Words, now: datetime, exercise: str) -> bytes:
    """Return the situation: open incidents, the gravest first, and the care that is not as planned."""
    words = replace(words, now=None)  # paper is read on other days: always with the date
    site = cards[0].site if cards else None
    blocks: list[pdf.Block] = [pdf.Paragraph(words.say(say("Printed {at}.", at=When(now)), site))]
    rows = [
        (
            words.say(LEVEL_WORDS[one.level]),
            f"{marked(words, one.exercise)}{one.title}",
            ", ".join(zone.name for zone in one.zones),
            words.say(say("{at}", at=When(one.opened)), one.site),
            words.say(say("yes") if one.acknowledged else say("no")),
        )
        for one in sorted(cards, key=lambda card: (-card.severity, card.opened))
    ]
    blocks += _table(
        words,
        say("Open incidents"),
        (say("Level"), say("Incident"), say("Places"), say("Since"), say("Taken over")),
        rows,
        (2, 6, 5, 3, 2),
    )
    if not rows:
        blocks.append(pdf.Paragraph(words.say(say("No open incident."))))
    touched = [one for one in care if one.expected or any(name in {"open", "diversion"} for name in one.figures)]
    told = [
        (
            one.name,
            ", ".join(f"{name}: {figure.value}" for name, figure in one.figures.items()) or "–",
            ", ".join(f"{two.state_name} {two.probability:.0%}" for two in one.expected) or "–",
            one.fallback or "–",
        )
        for one in touched
    ]
    blocks += _table(
        words,
        say("Care that is not as planned"),
        (say("Service"), say("Stated"), say("Expected"), say("Fallback")),
        told,
        (3, 4, 4, 5),
    )
    return _paper(words.say(say("Situation report")), blocks, words, exercise, across=True)


def crisis_log(lines: Sequence[CrisisEntry], words: Words, now: datetime, site: str, exercise: str) -> bytes:
    """Return the crisis log with the beginning of each line's hash, and room for lines by hand."""
    words = replace(words, now=None)  # paper is read on other days: always with the date
    printed = say(
        "Printed {at}. Lines are numbered and sealed; what was wrong is corrected by a further line.", at=When(now)
    )
    blocks: list[pdf.Block] = [pdf.Paragraph(words.say(printed, site))]
    rows = []
    for one in lines:
        kind = f"{marked(words, one.exercise)}{one.entry_name}{f' → {one.to}' if one.to else ''}"
        corrects = f" ({words.say(say('corrects line {n}', n=one.corrects))})" if one.corrects else ""
        when = words.say(say("{at}", at=When(one.at)), site)
        rows.append((one.number, when, f"{one.who}, {one.role}", f"{kind}{corrects}: {one.words}", one.hash[:16]))
    blocks += _table(
        words, say("Lines"), (say("No."), say("Time"), say("Who"), say("What"), say("Seal")), rows, (1, 2, 3, 9, 3)
    )
    if not rows:
        blocks.append(pdf.Paragraph(words.say(say("No line yet."))))
    by_hand = tuple(("", "", "", "") for _ in range(LINES))
    names = tuple(words.all((say("Time"), say("Who"), say("To whom"), say("What"))))
    blocks += [pdf.Heading(words.say(say("Further lines, by hand"))), pdf.Table(names, by_hand, (2, 3, 3, 10))]
    return _paper(words.say(say("Crisis log")), blocks, words, exercise, across=True)


def marked(words: Words, exercise: str) -> str:
    """Return what stands before what belongs to an exercise; empty for what belongs to none."""
    return f"[{words.say(say('EXERCISE'))}] " if exercise else ""


def _table(
    words: Words, title: Text, head: tuple[Text, ...], rows: Sequence[tuple[pdf.Cell, ...]], widths: tuple[float, ...]
) -> list[pdf.Block]:
    """Return a table under its heading; nothing where there are no rows."""
    if not rows:
        return []
    return [pdf.Heading(words.say(title)), pdf.Table(tuple(words.all(head)), tuple(rows), widths)]


def _paper(title: str, blocks: Sequence[pdf.Block], words: Words, exercise: str, *, across: bool = False) -> bytes:
    mark = marked(words, exercise)
    foot = f"{mark}{title}{f' – {exercise}' if exercise else ''}"
    return pdf.pdf(f"{mark}{title}", blocks, language=words.language, across=across, footer=foot)
