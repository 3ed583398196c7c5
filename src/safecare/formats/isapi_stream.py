"""Cuts the alert stream of a Hikvision device into alerts: XML of cameras, JSON of door controllers and intercoms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from safecare.formats.camera_words import LIMIT
from safecare.formats.isapi import object_end

PART = b"\n--"
"""Before the boundary of the next part."""
BEGIN, END = b"<EventNotificationAlert", b"</EventNotificationAlert>"


@dataclass
class Alerts:
    """Finds alerts in a stream by their own marks: boundaries of parts differ between what is announced and sent."""

    _held: bytes = field(default=b"", init=False)

    def feed(self, raw: bytes) -> Iterator[bytes]:
        """Yield whole alerts. What has no end within `LIMIT` is passed over."""
        self._held += raw
        while (start := self._start()) >= 0:
            end = self._end(start)
            if end >= 0:
                yield self._held[start:end]
                self._held = self._held[end:]
                continue
            after = self._next(start + 1)
            self._held = self._held[after if after >= 0 else start :]
            if after < 0:
                break
        else:
            self._held = self._held[-len(END) :]
        if len(self._held) > LIMIT:
            self._held = self._held[-len(END) :]

    def _start(self) -> int:
        return self._first(0, BEGIN, b"{")

    def _next(self, start: int) -> int:
        """Return where the next part or alert begins: one without an end must not hide those that come after it."""
        return self._first(start, BEGIN, PART)

    def _first(self, start: int, *marks: bytes) -> int:
        return min((at for one in marks if (at := self._held.find(one, start)) >= 0), default=-1)

    def _end(self, start: int) -> int:
        if self._held[start : start + 1] == b"{":
            return object_end(self._held, start)
        end, other = self._held.find(END, start), self._held.find(BEGIN, start + 1)
        return end + len(END) if end >= 0 and not start < other < end else -1  # else it is the end of another
