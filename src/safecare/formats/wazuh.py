"""Wazuh's alerts as JSON. Pure and bounded.

Source: Wazuh documentation, "Alerts" (``alerts.json``) and "Rules classification" (levels 0 to 15).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from safecare.formats.logs.record import read_time
from safecare.model.layout import laid_out

LIMIT = 65_536
"""Longest alert, bytes (Wazuh's own limit of a message is 65,535)."""
MOST_FIELDS = 200
"""Fields of one alert that are kept (chosen: decoders give some forty)."""
LONGEST = 1_000
"""Characters of a field that are kept (chosen: addresses, ports and names are far shorter)."""


class WazuhError(ValueError):
    """Bytes that are no alert of Wazuh."""


class WazuhAlert(msgspec.Struct, frozen=True):
    """One alert: when (aware, UTC), which agent, which rule and its level (0 to 15), and what a decoder found."""

    at: datetime
    agent: str
    rule: str
    name: str
    level: int
    fields: dict[str, str]


class _Rule(msgspec.Struct):
    level: int
    description: str = ""
    id: str = ""


class _Agent(msgspec.Struct):
    name: str = ""
    ip: str = ""


class _Written(msgspec.Struct):
    timestamp: str
    rule: _Rule
    agent: _Agent = msgspec.field(default_factory=_Agent)
    data: dict[str, Any] = {}


_decoder = msgspec.json.Decoder(laid_out(_Written))


def read_wazuh(raw: bytes) -> WazuhAlert:
    """Read one line of ``alerts.json``. Raises `WazuhError`."""
    if len(raw) > LIMIT:
        raise WazuhError(f"line of {len(raw)} bytes is over the limit of {LIMIT}")
    try:
        alert = _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WazuhError(str(error)) from error
    at = read_time(alert.timestamp)
    if at is None:
        raise WazuhError(f"timestamp: {alert.timestamp!r:.40} is no time")
    fields = {key: str(value)[:LONGEST] for key, value in list(alert.data.items())[:MOST_FIELDS]}
    if alert.agent.ip:
        fields["agent.ip"] = alert.agent.ip
    return WazuhAlert(
        at=at,
        agent=alert.agent.name,
        rule=alert.rule.id,
        name=alert.rule.description,
        level=alert.rule.level,
        fields=fields,
    )
