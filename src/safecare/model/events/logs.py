"""Logs of other systems: Windows events, syslog, CEF, JSON."""

from __future__ import annotations

from safecare.model.event import Event


class LogRecorded(Event, frozen=True, kw_only=True, tag="log.record"):
    """One record of a log, as flat fields under the names that rules use. `asset` = the machine, if known."""

    fields: dict[str, str | int | tuple[str | int | None, ...] | None]
    host: str = ""
    """What the record calls the machine, where that is no asset of ours."""
