"""The Common Alerting Protocol 1.2: one incident for police, rescue services and health authorities. Pure.

Source: OASIS Standard CAP-v1.2, 1 July 2010: elements and their order after section 3.2 and the schema of appendix A.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from safecare.model.alert import Domain
from safecare.model.incident import Incident
from safecare.model.marking import Tlp
from safecare.model.severity import level_of
from safecare.share.redact import Shared

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
SEVERITIES = {"critical": "Extreme", "high": "Severe", "medium": "Moderate", "low": "Minor"}
"""``severity`` by our level (3.2.2)."""
LANGUAGES = {"fr": "fr-FR", "en": "en-GB"}
"""RFC 3066 codes (3.2.2, ``language``)."""
FORBIDDEN = str.maketrans({" ": "-", ",": "-", "<": "-", "&": "-"})
"""Signs that identifiers and senders must not hold (3.2.1)."""


def cap(
    incident: Incident,
    told: Mapping[str, Shared],
    *,
    sender: str,
    area: str,
    now: datetime,
    exercise: bool,
    earlier: Sequence[tuple[int, datetime]] = (),
) -> bytes:
    """Return the message. `told` holds what is said, by language (``fr``, ``en``); `area` names the hospital.

    An exercise is marked as such (``status``). `earlier`: revision and time of messages that were given out before:
    they are updated, or cancelled where the incident is closed or merged.
    """
    root = Element("alert", xmlns=NAMESPACE)
    tlp = next(iter(told.values())).tlp
    over = incident.state == "closed" or incident.into is not None
    name = sender.translate(FORBIDDEN)
    _add(root, "identifier", _identifier(incident, incident.revision, now))
    _add(root, "sender", name)
    _add(root, "sent", _time(now))
    _add(root, "status", "Exercise" if exercise else "Actual")
    _add(root, "msgType", ("Cancel" if over else "Update") if earlier else "Alert")
    _add(root, "scope", "Public" if tlp is Tlp.CLEAR else "Restricted")
    if tlp is not Tlp.CLEAR:
        _add(root, "restriction", tlp.value)
    if exercise:
        _add(root, "note", "EXERCISE EXERCISE EXERCISE")
    if earlier:
        known = (f"{name},{_identifier(incident, revision, at)},{_time(at)}" for revision, at in earlier)
        _add(root, "references", " ".join(known))
    for language, shared in told.items():
        _info(root, incident, shared, language, area)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _identifier(incident: Incident, revision: int, at: datetime) -> str:
    """Return what no other message of this sender is called: a revision may be given out more than once."""
    return f"{incident.id}.{revision}.{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _info(root: Element, incident: Incident, shared: Shared, language: str, area: str) -> None:
    info = SubElement(root, "info")
    _add(info, "language", LANGUAGES[language])
    _add(info, "category", "Security")
    if Domain.CYBER in incident.domains:
        _add(info, "category", "Infra")
    _add(info, "event", shared.title)
    _add(info, "urgency", "Past" if incident.state == "closed" else "Immediate")
    _add(info, "severity", SEVERITIES[level_of(incident.severity)])
    _add(info, "certainty", "Observed" if incident.confirmed else "Likely")
    _add(info, "headline", shared.title[:160])
    if shared.story:
        _add(info, "description", "\n".join(shared.story))
    for technique in shared.techniques:
        parameter = SubElement(info, "parameter")
        _add(parameter, "valueName", "ATT&CK")
        _add(parameter, "value", technique)
    _add(SubElement(info, "area"), "areaDesc", ", ".join((area, *shared.places)))


def _add(parent: Element, name: str, text: str) -> None:
    # Control signs are no characters of XML 1.0 (2.2).
    SubElement(parent, name).text = "".join(sign for sign in text if sign >= " " or sign in "\n\t")


def _time(at: datetime) -> str:
    """Return a time as CAP wants it: with an offset, never with ``Z`` (3.3.2)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")
