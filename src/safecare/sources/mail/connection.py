"""One connection to the SMTP door: what it may hold in memory, how long a line may be, when it makes way."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol, cast

from aiosmtpd.smtp import SMTP

from safecare.sources.mail.onward import NextHop
from safecare.sources.room import Held, Room

TOO_BUSY = b"421 4.3.2 Too many connections, try again later\r\n"
NO_MEMORY = b"421 4.3.1 Too much at once, try again later\r\n"
LINE = 64 * 1024
"""Longest line (bytes). RFC 5321 says 1,000, but appliances send more, and a refused mail is not judged."""
LINE_COST = 100
"""Bytes that the library spends on each line of a mail besides its text. Measured: 90 for an empty line."""


class Door(Protocol):
    """What connections know of their door. `largest`: bytes that one mail may take; `most`: connections at a time."""

    room: Room
    largest: int
    most: int
    open: set[Connection]

    def next_hop(self) -> NextHop | None:
        """Return a connection to the next server, if there is one."""
        ...

    def make_way(self, now: float) -> bool:
        """End the connection that has been quiet longest, if it is; tell whether there was one."""
        ...


class Connection(SMTP):
    """One connection; counts itself, and takes longer lines than the library."""

    line_length_limit = LINE

    def __init__(self, door: Door, **settings: Any) -> None:
        self._door = door
        self._held = Held(door.room)
        self._cost = 0
        self.heard = 0.0
        self.onward = door.next_hop()
        super().__init__(door, **settings)

    def data_received(self, data: bytes) -> None:
        """Count what the library holds of a mail, and end the connection when that is more than there is room for."""
        self.heard = self.loop.time()
        self._cost += len(data) + LINE_COST * data.count(b"\n")
        if self._cost <= self._door.largest and self._held.hold(self._cost):
            super().data_received(data)
        elif self.transport is not None:
            transport = cast("asyncio.Transport", self.transport)
            transport.write(NO_MEMORY)
            transport.close()

    def _set_post_data_state(self) -> None:
        """Forget the mail: it is done, refused, or taken back."""
        super()._set_post_data_state()  # type: ignore[no-untyped-call]
        self._cost = 0
        self._held.hold(0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Refuse the connection when there are too many; the upgrade to TLS comes here again and is not counted."""
        if (
            self.transport is None
            and len(self._door.open) >= self._door.most
            and not self._door.make_way(self.loop.time())
        ):
            refused = cast("asyncio.Transport", transport)  # not by isinstance: those of uvloop are no subclasses
            refused.write(TOO_BUSY)
            refused.close()
            return
        self.heard = self.loop.time()
        self._door.open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Give the place and the memory back."""
        self._held.hold(0)
        if self.onward is not None:
            self.onward.close()
        if self in self._door.open:
            self._door.open.discard(self)
            super().connection_lost(error)


__all__ = ["Connection", "Door"]
