"""What the ingest API understands besides our own events, by format name."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping

from safecare.console.deps import LineError, Parsed, Parser
from safecare.formats.idmef import read_idmef
from safecare.formats.logs.evtx import MAGIC
from safecare.formats.logs.files import read_log
from safecare.formats.logs.record import Unread
from safecare.model.clock import Clock
from safecare.model.hospital import Hospital
from safecare.model.topics import Item
from safecare.sources.eve.decode import read_eve_lines
from safecare.sources.logs.events import event_of


def parsers(hospital: Hospital, clock: Clock) -> Mapping[str, Parser]:
    """Return the parsers: ``idmef`` (IDMEFv2 04 to 08), ``eve`` (Suricata), ``log`` (JSON, syslog, CEF; no EVTX)."""

    def idmef(raw: bytes) -> Parsed:
        alerts, errors = read_idmef(raw, hospital)
        return list(alerts), [LineError(one.line, one.reason, one.raw) for one in errors]

    def eve(raw: bytes) -> Parsed:
        events, errors = read_eve_lines(raw, hospital, "ingest-eve", clock.now())
        return list(events), [LineError(one.line, one.reason, one.raw) for one in errors]

    def log(raw: bytes) -> Parsed:
        events: list[Item] = []
        errors: list[LineError] = []
        if raw.startswith(MAGIC):
            return [], [LineError(1, "event log files are read from a folder, by the door log-folder", b"")]
        seen = clock.now()
        for place, one in enumerate(read_log(io.BytesIO(raw), seen)):
            if isinstance(one, Unread):
                errors.append(LineError(int(one.place.rpartition(" ")[2] or 0), one.reason, one.raw))
            else:
                ref = f"{place}\x1f{hashlib.sha256(raw).hexdigest()}"
                events.append(event_of(one, hospital, "ingest-log", seen, ref))
        return events, errors

    return {"idmef": idmef, "eve": eve, "log": log}
