"""Follows Wazuh's ``alerts.json``."""

from __future__ import annotations

from dataclasses import dataclass

from safecare.formats.lines import LineError, lines_of
from safecare.formats.wazuh import WazuhError, read_wazuh
from safecare.model.event import Event
from safecare.sources.api import Intake, source
from safecare.sources.line_file import LineFile
from safecare.sources.syslog.decode import events_of, of_wazuh


@source("wazuh")
@dataclass
class WazuhFile(LineFile):
    """Follows one file.

    `path`: the file. `every`: seconds between looks at it. `from_start`: whether a file that was never followed is read
    from its first byte.
    """

    def lines(self, raw: bytes, intake: Intake) -> tuple[list[Event], list[LineError]]:
        """Read alerts of medium level and above."""
        events: list[Event] = []
        errors: list[LineError] = []
        for number, line in lines_of(raw):
            try:
                if alert := of_wazuh(read_wazuh(line)):
                    events += events_of(alert, intake.hospital, self.door, intake.clock.now(), line)
            except WazuhError as error:
                errors.append(LineError(number, str(error), line))
        return events, errors
