"""IDMEFv2, draft 08: one incident as one alert for other supervision centres; what is written fits the schema. Pure.

Source: draft-lehmann-idmefv2-08 (26 April 2026), sections 4 and 5.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from safecare.formats.idmef import asset_uuid
from safecare.model.alert import Domain
from safecare.model.incident import Incident
from safecare.model.severity import level_of
from safecare.share.redact import Shared

VERSION = "2.D.V08"
PRIORITIES = {"critical": "High", "high": "High", "medium": "Medium", "low": "Low"}
"""``Priority`` by our level; the draft has no level above ``High``."""
MODEL = "Safecare"


def idmef(incident: Incident, shared: Shared, *, organisation: str, now: datetime, exercise: bool) -> bytes:
    """Return the message (JSON). Targets are named by their derived id alone: what they are stays in the house."""
    status = ["Incident", "Closed" if incident.state == "closed" else "Open"]
    if incident.verdict == "false":
        status.append("FalsePositive")
    message: dict[str, Any] = {
        "Version": VERSION,
        "ID": incident.id,
        "OrganisationName": organisation,
        "Type": [_type(incident)],
        "Category": ["Other.Test" if exercise else "Other.Undetermined"],
        "Cause": "Malicious" if incident.verdict == "true" else "Unknown",
        "Description": " ".join((shared.title, *shared.story)),
        "Status": status,
        "Priority": PRIORITIES[level_of(incident.severity)],
        "CreateTime": _time(now),
        "StartTime": _time(incident.opened),
        "Note": shared.tlp.value,
        "Analyzer": {
            "Name": MODEL,
            "Model": MODEL,
            "Category": ["SIEM.SIEM"],
            "Data": ["Alert"],
            "Method": ["Correlation"],
        },
        "Target": [{"ID": asset_uuid(asset)} for asset in incident.assets],
    }
    if shared.techniques:
        message["AltCategory"] = list(shared.techniques)
    return msgspec.json.encode({key: value for key, value in message.items() if value})


def _type(incident: Incident) -> str:
    if incident.combined:
        return "Combined"
    return "Cyber" if Domain.CYBER in incident.domains else "Physical"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
