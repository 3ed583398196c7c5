"""Zeek's logs, TSV and JSON: conversations (conn.log), and commands of the logs of ICSNPP's parsers. Pure.

Source: docs.zeek.org, "Log Files" (conn.log, the ASCII writer), CISA ICSNPP parsers' READMEs. Other logs are passed
over.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from safecare.formats.wire import bacnet, cip, dnp3, modbus, s7

LIMIT = 1 << 20
"""Longest line, bytes (chosen: Zeek's own lines end far below)."""
OUTCOMES = {"S0": "silent", "REJ": "refused", "RSTOS0": "silent", "RSTRH": "refused", "SH": "silent", "SHR": "unknown"}
"""conn_state of attempts that did not become a connection."""
PATHS = frozenset({"conn", "bacnet", "modbus", "modbus_detailed", "s7comm", "dnp3", "enip", "cip"})


class ZeekError(ValueError):
    """A line that is no record of its log."""


class ZeekRecord(msgspec.Struct, gc=False):
    """One record: its log, time (seconds since 1970), ends, and its own fields as text (``-`` is left out)."""

    path: str
    at: float
    uid: str
    src_ip: str
    src_port: int
    dst_ip: str
    dst_port: int
    fields: dict[str, Any]


def read_zeek(lines: Iterable[bytes], path: str = "") -> Iterator[ZeekRecord | ZeekError]:
    """Yield records, and errors in place of lines that are none. `path` names the log where the lines do not."""
    names: list[str] = []
    tab = b"\t"
    for line in lines:
        if line.startswith(b"#"):
            key, _, rest = line.rstrip(b"\r\n").partition(tab)
            if key == b"#fields":
                names = rest.decode("utf-8", "replace").split("\t")
            elif key == b"#path":
                path = rest.decode("utf-8", "replace").strip()
            continue
        if not line.strip():
            continue
        if len(line) > LIMIT:
            yield ZeekError(f"line of {len(line)} bytes is over the limit of {LIMIT}")
            continue
        try:
            if line.lstrip()[:1] == b"{":
                row = _decoder.decode(line)
                record = _record(row, str(row.get("_path", path)))
            else:
                values = line.rstrip(b"\r\n").decode("utf-8", "replace").split("\t")
                if len(values) != len(names):
                    raise ZeekError(f"has {len(values)} columns, the header names {len(names)}")
                record = _record(dict(zip(names, values, strict=True)), path)
        except (msgspec.DecodeError, RecursionError, ValueError, TypeError, KeyError) as error:
            yield error if isinstance(error, ZeekError) else ZeekError(f"{type(error).__name__}: {error}"[:200])
            continue
        if record is not None:
            yield record


_decoder = msgspec.json.Decoder(dict[str, Any])


def _record(row: dict[str, Any], path: str) -> ZeekRecord | None:
    if path and path not in PATHS:
        return None
    return ZeekRecord(
        path or "conn",
        _moment(row["ts"]),
        str(row.get("uid", "")),
        str(row["id.orig_h"]),
        _port(row, "id.orig_p"),
        str(row["id.resp_h"]),
        _port(row, "id.resp_p"),
        row,
    )


def _moment(value: Any) -> float:
    """Return seconds since 1970 of a time as Zeek writes it: seconds, or (for JSON, if asked) ISO 8601 in UTC."""
    try:
        moment = float(value)
    except ValueError:
        at = datetime.fromisoformat(value)
        moment = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(moment):
        raise ZeekError(f"ts: {value!r:.40} is no time")
    return moment


def _port(row: dict[str, Any], name: str) -> int:
    port = int(row[name])
    if not 0 <= port <= 65_535:
        raise ZeekError(f"{name}: {row[name]!r:.40} is no port")
    return port


def text(record: ZeekRecord, name: str) -> str:
    """Return a field as text; empty where it is not set."""
    value = record.fields.get(name)
    return "" if value in (None, "-", "(empty)") else str(value)


def number(record: ZeekRecord, name: str) -> int:
    """Return a field as a whole number; 0 where it is not set, or beyond what a counter of 64 bits holds."""
    try:
        value = int(float(text(record, name) or 0))
    except (ValueError, OverflowError):
        return 0
    return value if 0 <= value < 1 << 63 else 0


def outcome(record: ZeekRecord) -> str:
    """Tell how a conversation of conn.log went."""
    return OUTCOMES.get(text(record, "conn_state"), "open")


def command(record: ZeekRecord) -> tuple[str, str, str] | None:
    """Return protocol, command and operation of an ICSNPP record; None if it is no request."""
    match record.path:
        case "bacnet":
            name = text(record, "pdu_service")
            return (
                ("bacnet", name, bacnet.OPERATIONS.get(name, "read")) if "REQUEST" in text(record, "pdu_type") else None
            )
        case "modbus" | "modbus_detailed":
            name = text(record, "func").lower()
            known = dict(modbus.FUNCTIONS.values())
            return ("modbus", name, known.get(name, "read")) if text(record, "request_response") != "RESPONSE" else None
        case "s7comm":
            known = dict(s7.JOBS.values())
            name = text(record, "function_name").lower().replace(" ", "_")
            return ("s7", name, known.get(name, "read")) if "job" in text(record, "rosctr_name").lower() else None
        case "dnp3":
            name = text(record, "fc_request").lower()
            known = dict(dnp3.FUNCTIONS.values())
            return ("dnp3", name, known.get(name, "read")) if name else None
        case "cip":
            name = text(record, "cip_service").lower().replace(" ", "_")
            known = dict(cip.SERVICES.values())
            return ("cip", name, known.get(name, "read")) if "response" not in name else None
    return None
