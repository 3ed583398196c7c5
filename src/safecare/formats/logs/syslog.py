"""Syslog messages: RFC 5424, RFC 3164 as it is really sent, and what they carry (CEF, JSON, ``key=value``).

Source: RFC 5424, 6; RFC 3164, 4; Linux audit, "audit.rules(7)" and its records ``type=... msg=audit(time:id): ...``.
"""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta

import msgspec

from safecare.formats.logs.atna import START as ATNA
from safecare.formats.logs.atna import AtnaError, read_atna
from safecare.formats.logs.cef import START, CefError, read_cef
from safecare.formats.logs.jsonlines import json_fields
from safecare.formats.logs.record import FIELDS, Fields, read_time

LINE = 64 << 10
"""Longest message, bytes (RFC 5425 wants 8,192 taken and allows more; audit lines and CEF go beyond)."""

FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
    *("ntp", "audit", "alert", "clock", *(f"local{number}" for number in range(8))),
)
"""Names of the facilities 0 to 23 (RFC 5424, table 1, as syslog daemons call them)."""
SEVERITIES = ["emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"]

_PRI = re.compile(r"<(\d{1,3})>")
_5424 = re.compile(r"1 (\S+) (\S+) (\S+) (\S+) (\S+) ")
_3164 = re.compile(r"([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+)(?: (\d{4}))? +(\S+) +")
_TAG = re.compile(r"([^\s:\[\]%]{1,64})(?:\[(\d+)\])?: ?")
_CISCO = re.compile(r"(?:\*?[A-Z][a-z]{2} [ \d]\d [\d:.]+\w*: )?%([A-Z0-9_]+)-(?:\w+-)?(\d)-([A-Z0-9_]+): ?")
_PAIR = re.compile(r"""(?:^|[\s,])([A-Za-z_][\w.\-]*)=("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,]*)""")
_AUDIT = re.compile(r"(?:node=(\S+) )?type=(\w+) msg=audit\((\d+\.\d+):(\d+)\):\s?")
_HEX = re.compile(r"(?:[0-9A-F]{2})+")
_ARGUMENT = re.compile(r"a\d+(?:\[\d+\])?")
_WRITTEN = frozenset({"acct", "cmd", "comm", "cwd", "data", "exe", "name", "path", "proctitle"})
"""Fields of audit records that hold text which others choose: in quotes, or in hexadecimal without (audit userspace,
"auparse": escaped fields)."""
_ELEMENT = re.compile(r'\[([^\s=\]"]+)((?: [^\s=\]"]+="(?:[^"\\\]]|\\.)*")*)\]')
_PARAMETER = re.compile(r' ([^\s=\]"]+)="((?:[^"\\\]]|\\.)*)"')
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
FORTINET = frozenset({"devname", "logid", "type", "subtype"})
"""Keys that a FortiGate writes in every message (Fortinet, "FortiOS Log Message Reference")."""


class SyslogError(ValueError):
    """Bytes that are no syslog message."""


def read_syslog(raw: bytes, now: datetime | None = None, *, lenient: bool = False) -> tuple[Fields, datetime | None]:
    """Return the fields of one message and its own time. Raises `SyslogError`.

    With `lenient`, text without priority and time is a message too (RFC 3164, 4.3.3).
    `now` tells the year, which RFC 3164 leaves out: that which puts the message at most a day ahead of `now`.
    """
    if len(raw) > LINE:
        raise SyslogError(f"{len(raw)} bytes are over the limit of {LINE}")
    text = raw.decode("utf-8", "replace").lstrip("\ufeff").rstrip("\r\n\x00")
    if not text.strip():
        raise SyslogError("an empty message")
    fields: Fields = {}
    at: datetime | None = None
    found = _PRI.match(text)
    if found:
        number = int(found[1])
        if number > 191:
            raise SyslogError(f"priority {number} is over 191")
        fields["facility"], fields["severity"] = FACILITIES[number >> 3], SEVERITIES[number & 7]
        text = text[found.end() :]
    if structured := _5424.match(text):
        at = _structured(structured, fields)
        rest = _elements(text[structured.end() :], fields)
    elif old := _3164.match(text):
        at = read_old_time(old[1], int(old[2]) if old[2] else None, now)
        fields["host"] = old[3]
        rest = text[old.end() :]
    elif lenient or found or START.search(text) or _AUDIT.match(text):
        rest = text
    else:
        raise SyslogError("neither a priority nor a time stands at the start")
    _message(rest, fields)
    return fields, at


def _structured(found: re.Match[str], fields: Fields) -> datetime | None:
    for name, value in zip(("host", "program", "process_id", "message_id"), found.groups()[1:], strict=True):
        if value != "-":
            fields[name] = value
    return None if found[1] == "-" else read_time(found[1])


def _elements(text: str, fields: Fields) -> str:
    """Take the structured data off the front; each parameter becomes ``<element>.<name>``, and its name alone."""
    if text.startswith("-"):
        return text[1:].lstrip(" ").lstrip("\ufeff")
    at = 0
    while found := _ELEMENT.match(text, at):
        at = found.end()
        for name, value in _PARAMETER.findall(found[2]):
            clear = re.sub(r'\\(["\\\]])', r"\1", value)
            fields[f"{found[1]}.{name}"] = clear
            fields.setdefault(name, clear)
            if len(fields) > FIELDS:
                raise SyslogError(f"over the limit of {FIELDS} fields")
    return text[at:].lstrip(" ").lstrip("\ufeff")


def _message(text: str, fields: Fields) -> None:
    """Read what the message carries. Who sent it decides which log source it is."""
    if START.search(text):
        with contextlib.suppress(CefError):  # then it is a message like any other
            fields.update({**read_cef(text), "message": text})
            return
    if ATNA in text:
        with contextlib.suppress(AtnaError):
            fields.update(read_atna(text))
            return
    if cisco := _CISCO.search(text):
        fields |= {"product": "cisco", "service": cisco[1].lower(), "mnemonic": cisco[3], "message": text}
        return
    if "program" not in fields and (tag := _TAG.match(text)) and not _AUDIT.match(text):
        fields["program"] = tag[1].rsplit("/", 1)[-1]
        if tag[2]:
            fields["process_id"] = tag[2]
        text = text[tag.end() :]
    fields["message"] = text
    if audit := _AUDIT.search(text):
        for name, value in _audit(audit[2], text[audit.end() :]).items():
            fields.setdefault(name, value)
        if audit[1]:
            fields.setdefault("host", audit[1])
        fields |= {
            "type": audit[2],
            "audit_time": audit[3],
            "audit_id": audit[4],
            "product": "linux",
            "service": "auditd",
        }
        return
    start = text.lstrip().removeprefix("@cee:").lstrip()
    if start.startswith("{"):
        try:
            inner = json_fields(msgspec.json.decode(start.encode()))
        except (msgspec.DecodeError, ValueError, RecursionError):
            inner = {}
        for name, value in inner.items():
            fields.setdefault(name, value)
    elif text.count("=") >= 3:
        for name, value in _pairs(text).items():
            fields.setdefault(name, value)
    if fields.keys() >= FORTINET:
        fields |= {"product": "fortigate", "service": str(fields["type"])}
    program = fields.get("program")
    if isinstance(program, str) and program and "product" not in fields:
        fields |= {"product": "linux", "service": program.lower()}


def _audit(kind: str, text: str) -> Fields:
    """Return the pairs of an audit record, those of a program's own message too, with hexadecimal made readable."""
    pairs = _pairs(text)
    told = pairs.get("msg")
    if isinstance(told, str) and "=" in told:
        pairs = {**_pairs(told), **pairs}
    for name, value in pairs.items():
        written = name in _WRITTEN or (kind == "EXECVE" and _ARGUMENT.fullmatch(name))
        if written and isinstance(value, str) and f'{name}="' not in text and _HEX.fullmatch(value):
            pairs[name] = bytes.fromhex(value).decode("utf-8", "replace").rstrip("\0").replace("\0", " ")
    return pairs


def _pairs(text: str) -> Fields:
    pairs: Fields = {}
    for name, value in _PAIR.findall(text):
        if len(pairs) >= FIELDS:
            raise SyslogError(f"over the limit of {FIELDS} fields")
        quoted = value[:1] in ('"', "'") and value[-1:] == value[:1] and len(value) > 1
        pairs[name] = value[1:-1].replace('\\"', '"') if quoted else value
    return pairs


def read_old_time(text: str, year: int | None, now: datetime | None) -> datetime | None:
    """Return the time of RFC 3164, taken for UTC; None without a year to go by, or when it is no time."""
    if text[0].isdigit():
        return read_time(text)
    if year is None and now is None:
        return None
    try:
        hour, minute, second = (int(part) for part in text[7:].split(":"))
        month, day = MONTHS.index(text[:3]) + 1, int(text[4:6])
        if year is not None:
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        if now is None:
            return None
        at = datetime(now.year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        return at.replace(year=now.year - 1) if at > now + timedelta(days=1) else at
    except ValueError:
        return None
