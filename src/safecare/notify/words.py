"""What a notice says: what and where in the title, what to do in the body. Nothing personal in either."""

from __future__ import annotations

from collections.abc import Collection

from safecare.model.alert import Domain
from safecare.model.ids import ZoneId
from safecare.model.incident import Incident
from safecare.model.text import Ref, Text, say

GENERAL = say("Security incident")
"""What stands for a title that would name a person."""

CLOSED = say("This incident is closed. Nothing more to do.")
MERGED = say("This is part of another incident now. Nothing more to do here.")

_DEPTH = 6
"""Sentences inside sentences that are searched for names: as deep as they are shown to people."""

_WHERE = "{what} ({place})"
_GO = "Go to {place}. Look from a safe distance, then answer here."
_READY = "Stay reachable and answer here. This is an attack on systems."
_TASKS = {
    "operator": "Open the incident, check what was seen, and validate or close it.",
    "analyst": "Check the evidence, and what the attack can reach next.",
    "ciso": "Open the plan and decide. It shows what each response costs care.",
    "crisis": "Read the forecast and decide whether to call the crisis team together.",
    "liaison": "Prepare what partners have to know.",
}
_ANSWER = "Open the incident and answer here."


def title(incident: Incident, zone: ZoneId | None) -> Text:
    """Return what happened, and where if that is known."""
    what = incident.title if _impersonal(incident.title, frozenset(incident.holders), _DEPTH) else GENERAL
    if zone is None or _names(what, zone, _DEPTH):
        return what
    return say(_WHERE, what=what, place=Ref(zone))


def placeless(title: Text) -> Text:
    """Return a title of `title` without the place behind it, for a card that tells the place beside it."""
    what = title.args.get("what")
    return what if title.key == _WHERE and isinstance(what, Text) else title


def body(incident: Incident, role: str, zone: ZoneId | None) -> Text:
    """Return what `role` shall do."""
    if role == "guard":
        if Domain.PHYSICAL in incident.domains and zone is not None:
            return say(_GO, place=Ref(zone))
        return say(_READY)
    return say(_TASKS.get(role, _ANSWER))


def joined(parts: Collection[Text]) -> Text:
    """Return sentences one after the other, three at most: more is not read on a phone."""
    first, *rest = list(parts)[:3]
    for one in rest:
        first = say("{first} {second}", first=first, second=one)
    return first


def _impersonal(text: Text, holders: frozenset[str], depth: int) -> bool:
    """Return whether `text` names no person: no holder of the incident, nothing like a mail address."""
    if depth == 0:
        return False
    for value in text.args.values():
        if isinstance(value, Text):
            if not _impersonal(value, holders, depth - 1):
                return False
            continue
        named = value.id if isinstance(value, Ref) else value
        if isinstance(named, str) and (named in holders or "@" in named):
            return False
    return True


def _names(text: Text, zone: ZoneId, depth: int) -> bool:
    return depth > 0 and any(
        value == Ref(zone) or (isinstance(value, Text) and _names(value, zone, depth - 1))
        for value in text.args.values()
    )
