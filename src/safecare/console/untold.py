"""If nobody was reached: why not. For the incident's page, next to who was told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from safecare.console.rights import Visitor, addressed, within
from safecare.console.words import ROLE_NAMES
from safecare.model.hospital import Hospital
from safecare.model.incident import Incident
from safecare.model.notice import Notice, Receipt
from safecare.model.roles import reader_of
from safecare.model.text import Text, say
from safecare.notify.routes import obstacle

REACHED = frozenset({"delivered", "read", "acknowledged", "on_my_way", "on_site", "clear", "help"})
"""Outcomes that prove that a notice has come to somebody; that it was sent proves nothing."""


def reasons(
    incident: Incident,
    notices: Sequence[Notice],
    receipts: Sequence[Receipt],
    hospital: Hospital,
    present: Collection[Visitor],
    phones: Collection[str],
    now: datetime,
) -> list[Text]:
    """Return why nobody was told, or nobody was reached yet; empty when somebody was.

    `present`: whose screens are open; `phones`: roles that have a phone registered for push messages.
    """
    if not notices:
        if not hospital.routes:
            return [say("No route is set up: routes.yaml says who is told.")]
        blocked = [obstacle(route, incident, hospital, now) for route in hospital.routes]
        return [one for one in blocked if one is not None]
    if any(one.outcome in REACHED for one in receipts):
        return []
    found: list[Text] = []
    # Several roles may have the same reader: each reason stands once.
    for role in dict.fromkeys(reader_of(one.role) for one in notices):
        here = any(addressed(one, role, "") and within(one, incident.site, incident.zones) for one in present)
        if not here and role not in phones:
            found.append(say("{role}: nobody has a screen open or a phone registered", role=ROLE_NAMES[role]))
    waiting = {one.channel for one in notices} - {one.channel for one in receipts}
    found += [say("The channel {channel} has not sent it yet", channel=channel) for channel in sorted(waiting)]
    return found
