"""STIX 2.1: one incident as a bundle for computer emergency teams and exchange platforms. Pure.

Source: OASIS Standard STIX Version 2.1, 10 June 2021: 3 (common properties), 4.1 (attack pattern), 4.5 (identity),
4.14 (report), 5.2 (sighting), 7.2 (markings), 8 (bundle); the labels of TLP 2.0 as the OASIS extension of FIRST TLP 2.0
defines them. The incident of STIX 2.1 is a stub (4.7): what is told stands in the report.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid5

import msgspec

from safecare.model.incident import Incident
from safecare.model.marking import Tlp
from safecare.share.redact import Shared

SPACE = UUID("d6f62a2f-5b40-4e4a-9f0c-6f2d3c0d7a11")
"""Name space of ids that we derive (chosen at random, once): the same incident is the same object everywhere."""
TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
MARKINGS: Mapping[Tlp, str] = MappingProxyType(
    {
        Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
        Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    }
)
"""The markings of TLP 2.0 that everybody uses (OASIS, 1 October 2022)."""
TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?")


def stix(incident: Incident, shared: Shared, *, organisation: str, now: datetime, exercise: bool) -> bytes:
    """Return the bundle (JSON). An exercise is labelled and named as one."""
    marking = MARKINGS[shared.tlp]
    common = {"spec_version": "2.1", "created": _time(incident.opened), "modified": _time(max(now, incident.opened))}
    marked = {**common, "object_marking_refs": [marking]}
    identity = _id("identity", organisation)
    author = {"created_by_ref": identity}
    objects: list[dict[str, Any]] = [
        _marking(shared.tlp),
        {
            "type": "identity",
            "id": identity,
            **marked,
            "name": organisation,
            "identity_class": "organization",
            "sectors": ["healthcare"],
        },
    ]
    title = f"EXERCISE: {shared.title}" if exercise else shared.title
    text = "\n".join((*shared.story, *(("Places: " + ", ".join(shared.places),) if shared.places else ())))
    told = {"name": title, **({"description": text} if text else {})}
    labels = {"labels": ["exercise"]} if exercise else {}
    event = _id("incident", incident.id)
    objects.append({"type": "incident", "id": event, **marked, **author, **told, **labels})
    for technique in shared.techniques:
        if TECHNIQUE.fullmatch(technique):
            pattern = _id("attack-pattern", technique)
            objects.append(
                {
                    "type": "attack-pattern",
                    "id": pattern,
                    **marked,
                    **author,
                    "name": technique,
                    "external_references": [{"source_name": "mitre-attack", "external_id": technique}],
                }
            )
            objects.append(
                {
                    "type": "sighting",
                    "id": _id("sighting", f"{incident.id} {technique}"),
                    **marked,
                    **author,
                    **labels,
                    "first_seen": _time(incident.opened),
                    "last_seen": _time(max(incident.updated, incident.opened)),
                    "sighting_of_ref": pattern,
                    "where_sighted_refs": [identity],
                }
            )
    objects.append(
        {
            "type": "report",
            "id": _id("report", incident.id),
            **marked,
            **author,
            **told,
            **labels,
            "report_types": ["threat-report"],
            "published": _time(max(now, incident.opened)),
            "object_refs": [one["id"] for one in objects if one["type"] != "marking-definition"],
        }
    )
    bundle = {
        "type": "bundle",
        "id": _id("bundle", f"{incident.id} {incident.revision} {shared.tlp}"),
        "objects": objects,
    }
    return msgspec.json.encode(bundle)


def _marking(tlp: Tlp) -> dict[str, Any]:
    level = tlp.value.removeprefix("TLP:").lower()
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": MARKINGS[tlp],
        "created": "2022-10-01T00:00:00.000Z",
        "name": tlp.value,
        "extensions": {TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": level}},
    }


def _id(kind: str, name: str) -> str:
    return f"{kind}--{uuid5(SPACE, f'{kind} {name}')}"


def _time(at: datetime) -> str:
    """Return a time as STIX wants it: UTC, three decimals (3.4)."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
