"""Follows Suricata's ``eve.json``."""

from __future__ import annotations

from dataclasses import dataclass

from safecare.formats.lines import LineError
from safecare.model.event import Event
from safecare.sources.api import Intake, source
from safecare.sources.eve.decode import read_eve_lines
from safecare.sources.line_file import LineFile


@source("eve")
@dataclass
class EveFile(LineFile):
    """Follows one file.

    `path`: the file. `every`: seconds between looks at it. `from_start`: whether a file that was never
    followed is read from its first byte.
    """

    def lines(self, raw: bytes, intake: Intake) -> tuple[list[Event], list[LineError]]:
        """Read records; those of types that we don't use give nothing."""
        return read_eve_lines(raw, intake.hospital, self.door, intake.clock.now())
