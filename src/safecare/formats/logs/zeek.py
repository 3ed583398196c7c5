"""Zeek's logs with tabs between the values. Source: Zeek documentation, "Zeek Log Formats and Inspection"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from safecare.formats.logs.record import FIELDS, Fields, LogRecord, Read, Unread, read_time

FIELD_LINE = b"\n#fields\t"
"""How the line begins that names the fields; every file of Zeek's has it in its head."""


def read_zeek(lines: Iterable[tuple[int, bytes] | Unread]) -> Iterator[Read]:
    """Yield the records of `lines`; ``_path`` is the log's name, as in Zeek's JSON. Unset values are left out."""
    names: list[str] = []
    path = ""
    count = 0
    for one in lines:
        if isinstance(one, Unread):
            yield one
            continue
        number, raw = one
        values = raw.decode("utf-8", "replace").rstrip("\r\n").split("\t")
        if values[0] == "#fields":
            names = values[1 : FIELDS + 1]
        elif values[0] == "#path" and len(values) > 1:
            path = values[1]
        elif not raw.startswith(b"#"):
            count += 1
            if len(values) != len(names):
                yield Unread(f"line {number}", f"{len(values)} values for {len(names)} fields", raw[:4096])
                continue
            fields: Fields = {
                name: "" if value == "(empty)" else value
                for name, value in zip(names, values, strict=True)
                if value != "-"
            }
            fields["_path"] = path
            at = fields.get("ts")
            yield LogRecord(fields, count, number, read_time(at) if isinstance(at, str) else None)
