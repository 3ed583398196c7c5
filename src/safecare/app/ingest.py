"""What the ingest API understands besides our own events, by format name."""

from __future__ import annotations

from collections.abc import Mapping

from safecare.console.deps import LineError, Parsed, Parser
from safecare.formats.idmef import read_idmef
from safecare.model.clock import Clock
from safecare.model.hospital import Hospital
from safecare.sources.eve.decode import read_eve_lines


def parsers(hospital: Hospital, clock: Clock) -> Mapping[str, Parser]:
    """Return the parsers: ``idmef`` (IDMEFv2 04 to 08) and ``eve`` (Suricata)."""

    def idmef(raw: bytes) -> Parsed:
        alerts, errors = read_idmef(raw, hospital)
        return list(alerts), [LineError(one.line, one.reason, one.raw) for one in errors]

    def eve(raw: bytes) -> Parsed:
        events, errors = read_eve_lines(raw, hospital, "ingest-eve", clock.now())
        return list(events), [LineError(one.line, one.reason, one.raw) for one in errors]

    return {"idmef": idmef, "eve": eve}
