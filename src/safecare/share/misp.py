"""MISP: one incident as an event for the exchange platforms of computer emergency teams. Pure.

Source: MISP core format (draft-dulaunoy-misp-core-format), 2.2 (event), 2.4 (attribute), 2.6 (tag); taxonomy ``tlp``,
version 9 (TLP 2.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid5

import msgspec

from safecare.model.incident import Incident
from safecare.model.marking import Tlp
from safecare.model.severity import level_of
from safecare.share.redact import Shared
from safecare.share.stix import TECHNIQUE

SPACE = UUID("0f4f4f0a-9f3e-4f0d-8a52-6f2b1f3f8c52")
"""Name space of ids that we derive (chosen at random, once)."""
THREAT = {"critical": "1", "high": "1", "medium": "2", "low": "3"}
"""``threat_level_id`` by our level (2.2.1.6): 1 high, 2 medium, 3 low."""
ANALYSIS = {"new": "0", "validated": "1", "contained": "1", "closed": "2"}
"""``analysis`` by state (2.2.1.7): 0 initial, 1 ongoing, 2 complete."""
DISTRIBUTION: Mapping[Tlp, str] = MappingProxyType(
    {Tlp.RED: "0", Tlp.AMBER_STRICT: "0", Tlp.AMBER: "0", Tlp.GREEN: "1", Tlp.CLEAR: "3"}
)
"""``distribution`` by label (2.2.1.11): 0 the organisation that takes it, 1 its community, 3 everybody."""


def misp(incident: Incident, shared: Shared, *, organisation: str, now: datetime, exercise: bool) -> bytes:
    """Return the event (JSON); publishing it is the receiving platform's. An exercise is tagged and named as one."""
    distribution = DISTRIBUTION[shared.tlp]
    stamp = str(int(now.timestamp()))
    found: list[tuple[str, str, str]] = [("Other", "text", line) for line in shared.story]
    found += [("Targeting data", "target-location", place) for place in shared.places]
    attributes = [
        {
            "uuid": str(uuid5(SPACE, f"{incident.id} {kind} {value}")),
            "category": category,
            "type": kind,
            "value": value,
            "to_ids": False,
            "disable_correlation": kind == "text",
            "distribution": "5",  # as the event
            "timestamp": stamp,
            "comment": "",
        }
        for category, kind, value in dict.fromkeys(found)
    ]
    tags = [f"tlp:{shared.tlp.value.removeprefix('TLP:').lower()}"]
    tags += [f'safecare:attack-technique="{one}"' for one in shared.techniques if TECHNIQUE.fullmatch(one)]
    if exercise:
        tags.append("safecare:exercise")
    event: dict[str, Any] = {
        "uuid": str(uuid5(SPACE, incident.id)),
        "info": f"EXERCISE: {shared.title}" if exercise else shared.title,
        "date": incident.opened.astimezone(UTC).date().isoformat(),
        "timestamp": stamp,
        "publish_timestamp": "0",
        "published": False,
        "threat_level_id": THREAT[level_of(incident.severity)],
        "analysis": ANALYSIS[incident.state],
        "distribution": distribution,
        "Orgc": {"name": organisation, "uuid": str(uuid5(SPACE, organisation))},
        "Attribute": attributes,
        "Tag": [{"name": name} for name in tags],
    }
    return msgspec.json.encode({"Event": event})
