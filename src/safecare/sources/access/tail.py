"""A table of door events that a system goes on writing: followed line by line (one event on one line)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from safecare.formats.lines import LineError
from safecare.model.event import Event
from safecare.sources.access.rows import Rows, header_of, mapping_of
from safecare.sources.api import Intake, source
from safecare.sources.line_file import LineFile
from safecare.sources.upload import open_regular

HEADER = 1 << 14
"""Longest header line, bytes (chosen)."""


@source("access-tail")
@dataclass
class AccessTail(LineFile):
    """Follows one file, `path`.

    `mapping`: a file (relative to the data folder), or the name of one that comes with the platform. `every`: seconds
    between looks at it. `from_start`: whether a file that was never followed is read from its first byte.
    """

    mapping: str = "generic"
    data: Path = Path()
    _rows: Rows = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Read the mapping. Raises `ValueError` for one that can't be used."""
        self._rows = Rows(mapping_of(self.mapping, self.data), self.door)

    def lines(self, raw: bytes, intake: Intake) -> tuple[list[Event], list[LineError]]:
        """Read whole lines."""
        if self._rows.mapping.format == "json":
            events, unread = self._rows.json(raw, intake)
        else:
            header = self._header()
            events, unread = self._rows.csv(raw, intake, [f"{header}\n"] if header else [])
        return events, [LineError(one.line, one.reason, one.raw) for one in unread]

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read a rejected line again. Raises `UnreadableError`."""
        return self._rows.one(raw, {"header": self._header()} | dict(context), intake)

    def _header(self) -> str:
        try:
            with open_regular(self.path, follow=True) as file:
                return header_of(file.read(HEADER), self._rows.mapping)
        except OSError:
            return ""
