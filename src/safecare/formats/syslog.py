"""Syslog messages (RFC 5424, and the older RFC 3164), CEF within them, and Wazuh's alerts as JSON. Pure and bounded.

Source: RFC 5424 (6), RFC 3164 (4), ArcSight Common Event Format rev. 26, Wazuh documentation "Alerts" (alerts.json).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

LIMIT = 65_536
"""Longest message, bytes (RFC 5424 asks for 2,048 at least; CEF of firewalls goes to some kB)."""
MOST_FIELDS = 200
"""Fields of one message (chosen: CEF dictionaries use some forty)."""

_RFC5424 = re.compile(
    r"<(\d{1,3})>1 (\S{1,40}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) (-|(?:\[(?:[^\]\\]|\\.)*\])+) ?(.*)",
    re.DOTALL,
)
_RFC3164 = re.compile(
    r"<(\d{1,3})>([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (\S{1,255}) ([^:\[\s]{1,64})?(\[\d+\])?:? ?(.*)", re.DOTALL
)
_PRIORITY = re.compile(r"<(\d{1,3})>(.*)", re.DOTALL)
_PAIR = re.compile(r"(\w[\w.\[\]-]{0,100})=((?:[^\\=]|\\.)*?)(?=\s+\w[\w.\[\]-]{0,100}=|$)", re.DOTALL)


class SyslogError(ValueError):
    """Bytes that are no syslog message."""


class LogLine(msgspec.Struct, frozen=True):
    """One message: severity 0 (worst) to 7, who, what; CEF and Wazuh fields by their own names. Times aware, UTC."""

    severity: int
    at: datetime | None
    host: str
    program: str
    text: str
    vendor: str = ""
    signature: str = ""
    name: str = ""
    level: int = 0
    """How grave by its sender, 0 to 10 (CEF), or 0 to 15 (Wazuh)."""
    fields: dict[str, str] = {}


def read_syslog(raw: bytes) -> LogLine:
    """Read one message, without its framing. Raises `SyslogError`."""
    if len(raw) > LIMIT:
        raise SyslogError(f"message of {len(raw)} bytes is over the limit of {LIMIT}")
    text = raw.decode("utf-8", "replace").strip("\r\n\0 ")
    found = _RFC5424.fullmatch(text)
    if found:
        at = None if found[2] == "-" else _time(found[2])
        return _cef(LogLine(int(found[1]) & 7, at, found[3], found[4], found[8].lstrip("\ufeff")))
    older = _RFC3164.fullmatch(text)
    if older:
        return _cef(LogLine(int(older[1]) & 7, None, older[3], older[4] or "", older[6]))
    bare = _PRIORITY.fullmatch(text)
    if bare is None:
        raise SyslogError("no priority: a message begins with <number>")
    return _cef(LogLine(int(bare[1]) & 7, None, "", "", bare[2].strip()))


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise SyslogError(f"timestamp: {text!r:.40} is no time") from error


def _cef(line: LogLine) -> LogLine:
    """Return `line` with the fields of the CEF record that it carries, if it does."""
    start = line.text.find("CEF:")
    if start < 0:
        return line
    parts = re.split(r"(?<!\\)\|", line.text[start + 4 :], maxsplit=7)
    if len(parts) < 7:
        raise SyslogError("CEF: has fewer than seven fields")
    extension = parts[7] if len(parts) > 7 else ""
    fields: dict[str, str] = {}
    for found in _PAIR.finditer(extension):
        if len(fields) >= MOST_FIELDS:
            break
        fields[found[1]] = re.sub(r"\\(.)", lambda one: {"n": "\n", "r": "\r"}.get(one[1], one[1]), found[2]).strip()
    grave = {"low": 3, "medium": 6, "high": 8, "very-high": 10, "unknown": 0}
    said = parts[6].strip().lower()
    level = int(said) if said.isdigit() else grave.get(said, 0)
    return msgspec.structs.replace(
        line,
        vendor=f"{parts[1]} {parts[2]}".strip(),
        signature=parts[4],
        name=parts[5],
        level=min(level, 10),
        fields=fields,
    )


class _Rule(msgspec.Struct):
    level: int
    description: str = ""
    id: str = ""
    groups: list[str] = []


class _Agent(msgspec.Struct):
    name: str = ""
    ip: str = ""


class _Wazuh(msgspec.Struct):
    timestamp: str
    rule: _Rule
    agent: _Agent = msgspec.field(default_factory=_Agent)
    data: dict[str, Any] = {}
    full_log: str = ""
    id: str = ""


_wazuh = msgspec.json.Decoder(_Wazuh)


def read_wazuh(raw: bytes) -> LogLine:
    """Read one line of Wazuh's ``alerts.json``. Raises `SyslogError`."""
    if len(raw) > LIMIT:
        raise SyslogError(f"line of {len(raw)} bytes is over the limit of {LIMIT}")
    try:
        alert = _wazuh.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SyslogError(str(error)) from error
    fields = {key: str(value)[:1000] for key, value in list(alert.data.items())[:MOST_FIELDS]}
    if alert.agent.ip:
        fields["agent.ip"] = alert.agent.ip
    return LogLine(
        6 - min(alert.rule.level, 15) // 3,
        _time(alert.timestamp.replace("+0000", "+00:00")),
        alert.agent.name,
        "wazuh",
        alert.full_log[:4000],
        "Wazuh",
        alert.rule.id,
        alert.rule.description,
        alert.rule.level,
        fields,
    )
