"""Logs of web servers as text: W3C's extended form (IIS), and the common and combined forms (Apache, nginx).

Fields are called as Sigma's taxonomy calls those of ``webserver``. Source: W3C, "Extended Log File Format"
(WD-logfile-960323); Apache, "Log Files: Common Log Format, Combined Log Format"; Sigma taxonomy 2.0, "Webserver".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from safecare.formats.logs.record import FIELDS, Fields, LogRecord, Read, Unread, read_time

FIELD_LINE = b"#Fields:"
"""How the line begins that names the fields of W3C's form."""
RENAMED = {
    "cs(User-Agent)": "cs-user-agent",
    "cs(Referer)": "cs-referer",
    "cs(Cookie)": "cs-cookie",
    "cs(Host)": "cs-host",
}
_COMMON = re.compile(
    r"(?:(?P<host>[\w.:-]+) )?(?P<ip>[\w.:-]+) \S+ (?P<user>\S+) "
    r"\[(?P<time>\d\d/\w{3}/\d{4}:[\d:]{8} [+-]\d{4})\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?P<bytes>\d+|-)'
    r'(?: "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?'
)
_REQUEST = re.compile(r"([A-Za-z_-]{1,32}) (\S.*?)(?: HTTP/([\d.]+))?")


def read_w3c(lines: Iterable[tuple[int, bytes] | Unread]) -> Iterator[Read]:
    """Yield the records of `lines`. Values that are ``-`` are left out; in user agents ``+`` stands for a blank."""
    names: list[str] = []
    count = 0
    for one in lines:
        if isinstance(one, Unread):
            yield one
            continue
        number, raw = one
        if raw.startswith(FIELD_LINE):
            names = raw.decode("utf-8", "replace").split()[1 : FIELDS + 1]
        elif not raw.startswith(b"#"):
            count += 1
            values = raw.decode("utf-8", "replace").split()
            if len(values) != len(names):
                yield Unread(f"line {number}", f"{len(values)} values for {len(names)} fields", raw[:4096])
                continue
            fields: Fields = {}
            for name, value in zip(names, values, strict=True):
                if value != "-":
                    fields[RENAMED.get(name, name)] = value.replace("+", " ") if name == "cs(User-Agent)" else value
            yield LogRecord(fields, count, number, _w3c_time(fields))


def _w3c_time(fields: Fields) -> datetime | None:
    day, hour = fields.get("date"), fields.get("time")
    return read_time(f"{day} {hour}") if isinstance(day, str) and isinstance(hour, str) else None


def read_access(line: str) -> tuple[Fields, datetime | None] | None:
    """Return the fields and the time of a line of the common or combined form, None if it is none.

    ``cs-uri-query`` is the whole path with its query, as rules for web servers look for either in it; a request that
    is no HTTP stands there as it came.
    """
    found = _COMMON.match(line)
    if found is None:
        return None
    fields: Fields = {"category": "webserver", "c-ip": found["ip"], "sc-status": int(found["status"])}
    if found["host"]:
        fields["cs-host"] = found["host"]
    request = _REQUEST.fullmatch(found["request"])
    if request:
        fields |= {"cs-method": request[1], "cs-uri-stem": request[2].partition("?")[0], "cs-uri-query": request[2]}
        if request[3]:
            fields["cs-version"] = request[3]
    else:
        fields["cs-uri-query"] = found["request"]
    for name, group in (
        ("cs-username", "user"),
        ("sc-bytes", "bytes"),
        ("cs-referer", "referer"),
        ("cs-user-agent", "agent"),
    ):
        if found[group] and found[group] != "-":
            fields[name] = found[group]
    try:
        return fields, datetime.strptime(found["time"], "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return fields, None
