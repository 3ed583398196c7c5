"""IDMEFv2 messages of other tools to alerts: tolerant of drafts 04 to 08, never of what is no message. Pure.

Source: draft-lehmann-idmefv2-08 (26 April 2026) and its predecessors. Between drafts 06 and 07 most categories
were renamed, so that a category is read by its first word only. Asset references: ``ID`` of a source or target
that is one of ours (`asset_uuid`), then its address, then its host name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec

from safecare.formats.lines import LineError, lines_of
from safecare.model.alert import Alert, Domain
from safecare.model.hospital import Asset, Hospital
from safecare.model.ids import AlertId, EventId, derived_id
from safecare.model.text import Text, say

LIMIT = 4 << 20
"""Largest request, bytes (chosen: attachments belong elsewhere)."""
MOST = 10_000
"""Most messages in one request (chosen)."""
NAMESPACE = UUID("5afeca7e-0000-5000-8000-1d3ef2000000")
"""Namespace of asset references in IDMEFv2 (RFC 9562, 5.5): fixed, so that they stay the same for ever."""

PRIORITIES = {"Critical": 90, "High": 80, "Medium": 55, "Low": 30, "Info": 10, "Unknown": 40}
"""Our severity for ``Priority`` (04 to 08; ``Critical`` is in no draft but in the wild). Chosen: middle of its band."""
PHYSICAL = {
    "Access", "Biological", "Climat", "Extraterrestrial", "Geophysical", "Hydro", "Meteo", "Safety", "Man", "Intrusion",
}  # fmt: skip
"""First words of categories that tell a physical alert where the message has no ``Type``."""
VERSION = re.compile(r"2\.D\.V\d\d(-Dev)?$|2\.0\.\d+$")


class IdmefError(ValueError):
    """A message that can't be read as IDMEFv2; names the field."""


def asset_uuid(asset: str) -> str:
    """Return the UUID by which IDMEFv2 messages refer to our asset."""
    return str(uuid5(NAMESPACE, asset))


def read_idmef(raw: bytes, hospital: Hospital) -> tuple[list[Alert], list[LineError]]:
    """Read one message, a JSON array of messages, or one message per line.

    What can't be read is an error with its line (its place in an array), the rest goes on. An error without bytes is
    about the whole request.
    """
    known = {asset_uuid(asset.id): asset for asset in hospital.assets}
    hosts = {asset.addresses["host"].lower(): asset for asset in hospital.assets if "host" in asset.addresses}
    alerts: list[Alert] = []
    errors: list[LineError] = []
    for number, message, line in _messages(raw):
        try:
            if isinstance(message, Exception):
                raise IdmefError(f"not JSON: {message}")  # noqa: TRY301 - one place where errors become lines
            alerts.append(_alert(message, hospital, known, hosts))
        except IdmefError as error:
            errors.append(LineError(number, str(error), line))
    return alerts, errors


def _messages(raw: bytes) -> Iterator[tuple[int, Any, bytes]]:
    if len(raw) > LIMIT:
        yield 1, ValueError(f"{len(raw)} bytes are over the limit of {LIMIT}"), b""
        return
    try:
        whole = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        for number, line in lines_of(raw):
            if number > MOST:
                yield number, ValueError(f"more than {MOST} messages"), b""
                return
            try:
                yield number, msgspec.json.decode(line), line
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                yield number, error, line
        return
    messages = whole if isinstance(whole, list) else [whole]
    for number, message in enumerate(messages[:MOST], 1):
        yield number, message, msgspec.json.encode(message)
    if len(messages) > MOST:
        yield MOST + 1, ValueError(f"more than {MOST} messages"), msgspec.json.encode(messages[MOST:])


def _alert(message: Any, hospital: Hospital, known: dict[str, Asset], hosts: dict[str, Asset]) -> Alert:
    if not isinstance(message, dict):
        raise IdmefError("a message is a JSON object")
    version = message.get("Version")
    if not isinstance(version, str) or not VERSION.match(version):
        raise IdmefError(f"Version: {version!r:.40} is no IDMEFv2 version")
    analyzer = message.get("Analyzer")
    name = analyzer.get("Name") if isinstance(analyzer, dict) else None
    if not isinstance(name, str) or not name:
        raise IdmefError("Analyzer.Name: is missing")
    reference = message.get("ID")
    if not isinstance(reference, str) or not reference:
        raise IdmefError("ID: is missing")
    created = _time("CreateTime", message.get("CreateTime"))
    first = _time("StartTime", message.get("StartTime", message.get("CreateTime")))
    last = max(first, _time("EndTime", message.get("EndTime", message.get("StartTime", message.get("CreateTime")))))
    parts = [part for key in ("Target", "Source", "Sensor") for part in _objects(key, message.get(key))]
    assets = [asset for part in parts if (asset := _asset(part, hospital, known, hosts))]
    addresses = [str(part["IP"]) for part in parts if isinstance(part.get("IP"), str)]
    return Alert(
        id=AlertId(derived_id(created, "idmef", name, reference)),
        rule=f"idmef.{_word(name)}",
        rule_version=1,
        domain=_domain(message, analyzer),
        site=assets[0].site if assets else hospital.sites[0].id,
        first=first,
        last=last,
        severity=PRIORITIES.get(str(message.get("Priority", message.get("Severity", "Unknown"))), 40),
        confidence=_confidence(message.get("Confidence", 0.5)),
        title=say("{analyzer} reports: {description}", analyzer=name[:100], description=_description(message)),
        why=tuple(_why(message, version)),
        because=(EventId(derived_id(created, "idmef-message", name, reference)),),
        assets=tuple(dict.fromkeys(asset.id for asset in assets)),
        zones=tuple(dict.fromkeys(asset.zone for asset in assets if asset.zone)),
        peers=tuple(dict.fromkeys(ip for ip in addresses if hospital.at_address("ip", ip) is None))[:32],
    )


def _why(message: dict[str, Any], version: str) -> Iterator[Text]:
    categories = ", ".join(str(one) for one in _list(message.get("Category"))[:8])
    if categories:
        yield say("Its category is {category}.", category=categories[:300])
    yield say("It came as an IDMEFv2 message, version {version}.", version=version)


def _asset(part: dict[str, Any], hospital: Hospital, known: dict[str, Asset], hosts: dict[str, Asset]) -> Asset | None:
    ip, host = part.get("IP"), part.get("Hostname")
    return (
        known.get(str(part.get("ID", "")).lower())
        or (hospital.at_address("ip", ip) if isinstance(ip, str) else None)
        or (hosts.get(host.lower()) if isinstance(host, str) else None)
    )


def _domain(message: dict[str, Any], analyzer: Any) -> Domain:
    types = _list(message.get("Type", analyzer.get("Type")))
    if types:
        return Domain.PHYSICAL if "Physical" in types else Domain.CYBER
    words = {str(category).split(".")[0] for category in _list(message.get("Category"))}
    return Domain.PHYSICAL if words & PHYSICAL else Domain.CYBER


def _confidence(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise IdmefError(f"Confidence: must be 0 to 1, not {value!r:.40}")


def _description(message: dict[str, Any]) -> str:
    value = message.get("Description", "")
    return value[:500] if isinstance(value, str) else ""


def _time(key: str, value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise IdmefError(f"{key}: {value!r:.40} is no time") from error
    raise IdmefError(f"{key}: has no offset from UTC")


def _objects(key: str, value: Any) -> list[dict[str, Any]]:
    parts = value if isinstance(value, list) else [value] if value is not None else []
    if not all(isinstance(part, dict) for part in parts):
        raise IdmefError(f"{key}: must hold objects")
    return parts[:100]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _word(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:40].strip("-") or "unnamed"
