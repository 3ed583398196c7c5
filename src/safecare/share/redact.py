"""What of an incident leaves the house: said for outsiders, marked, and without what is nobody else's business.

No holder, no mail address, no address inside the network. Rooms are named only when the receiver is trusted with them
(TLP:AMBER and stricter stay with those who must act; TLP:GREEN and CLEAR are for many).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from safecare.model.alert import Alert
from safecare.model.incident import Incident
from safecare.model.marking import Tlp
from safecare.model.text import Text, say

WIDE = frozenset({Tlp.GREEN, Tlp.CLEAR})
"""Labels under which a thing goes to many (TLP 2.0)."""
PRIVATE = re.compile(
    r"""(?ix) [\w.+-]+@[\w.-]+
    | \b(?:10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}\b
    | (?<![\w:])(?:f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):[0-9a-f:]*[0-9a-f](?![\w:])
    | \b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b
    | \bp-[0-9a-f]{8}\b | \b(?:code|card)-\w+"""
)
"""Mail addresses, addresses inside (RFC 1918, RFC 1122, RFC 3927, RFC 4193, RFC 4291) and of network cards, pseudonyms
and badges of this hospital's people."""
HIDDEN = "▇▇▇"

Render = Callable[[Text], str]


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as outsiders get it. `withheld` says in words what was left out, and how much."""

    title: str
    story: tuple[str, ...]
    places: tuple[str, ...]
    techniques: tuple[str, ...]
    tlp: Tlp
    withheld: tuple[Text, ...]


def redacted(
    incident: Incident, alerts: Sequence[Alert], tlp: Tlp, render: Render, name_of: Callable[[str], str]
) -> Shared:
    """Return what of `incident` may leave under the label `tlp`; `render` and `name_of` give words and names."""
    hidden = 0

    def clean(text: Text) -> str:
        nonlocal hidden
        said, count = PRIVATE.subn(HIDDEN, render(text))
        for holder in incident.holders:
            count += said.count(holder)
            said = said.replace(holder, HIDDEN)
        hidden += count
        return said

    wide = tlp in WIDE
    title = render(say("Security incident")) if wide else clean(incident.title)
    story = () if wide else tuple(clean(one) for one in incident.story)
    places = () if wide else tuple(name_of(zone) for zone in incident.zones)
    techniques = tuple(dict.fromkeys(one for alert in alerts for one in alert.techniques))
    return Shared(
        title=title,
        story=story,
        places=places,
        techniques=techniques,
        tlp=tlp,
        withheld=tuple(_withheld(incident, alerts, hidden, wide=wide)),
    )


def _withheld(incident: Incident, alerts: Sequence[Alert], hidden: int, *, wide: bool) -> list[Text]:
    found = [say("Alerts with their evidence and pictures: {count}", count=len(alerts))]
    if incident.holders:
        found.append(say("People (pseudonyms): {count}", count=len(incident.holders)))
    if hidden:
        found.append(say("Addresses, badges or names in the texts: {count}", count=hidden))
    if incident.assets:
        found.append(say("Things of the hospital: {count}", count=len(incident.assets)))
    if wide:
        found.append(say("title, story and places: this label is for many"))
    return found
