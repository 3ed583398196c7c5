"""Which MQTT messages were stored already, although a sender that never heard our acknowledgement sends them again.

A message has a number as long as it is under way (packet identifier), and says when it is sent again (DUP). Neither
tells alone: DUP only says that the sender tried before, and devices that have one message under way at a time may give
each the same number. So a message is known by number and bytes together, in one session, and only where the sender has
been seen to count its messages. Elsewhere it is stored twice: twice the same alarm is borne by the rules, none is not.

Source: OASIS MQTT 3.1.1, 2.3.1 (numbers), 3.3.1.1 (DUP: "must not be treated as" a copy of its own), 4.1 (sessions:
begun anew by a clean session), 4.3.3 (QoS 2: a number is taken until it is released), 4.4 (sent again on reconnecting).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

MOST = 100
"""Messages of a session that are remembered (chosen: more than clients have under way at a time, 20 with paho)."""


@dataclass
class Session:
    """The messages of one sender's session that are stored."""

    _stored: dict[int, bytes] = field(default_factory=dict, init=False)
    """Digest by number of messages of QoS 1, in the order in which they came."""
    _held: dict[int, bytes] = field(default_factory=dict, init=False)
    """The same of QoS 2, until the sender releases the number."""

    def knows(self, number: int, message: bytes, *, qos: int, again: bool) -> bool:
        """Tell whether `message` (topic and payload) is stored. `again`: the sender says that it tried before."""
        if qos == 2:
            return self._held.get(number) == _digest(message)
        return qos == 1 and again and len(self._stored) > 1 and self._stored.get(number) == _digest(message)

    def keep(self, number: int, message: bytes, *, qos: int) -> None:
        """Remember that `message` is stored."""
        if qos == 2:
            self._held[number] = _digest(message)
            while len(self._held) > MOST:
                del self._held[next(iter(self._held))]
        elif qos == 1:
            if number in self._stored:  # it begins to count anew, or does not count at all
                self._stored.clear()
            self._stored[number] = _digest(message)
            while len(self._stored) > MOST:
                del self._stored[next(iter(self._stored))]

    def release(self, number: int) -> None:
        """Take that the number of a message of QoS 2 is free."""
        self._held.pop(number, None)


@dataclass
class Sessions:
    """The sessions of a listener's clients that go on over connections; `most` are remembered, the latest."""

    most: int
    _known: dict[tuple[str, str], Session] = field(default_factory=dict, init=False)

    def of(self, user: str, client: str, *, clean: bool) -> tuple[Session, bool]:
        """Return the session with which `client` goes on, and whether there was one. `clean`: it wants a new one."""
        key = (user, client)
        found = self._known.pop(key, None)
        if clean:
            return Session(), False
        session = found or Session()
        self._known[key] = session
        while len(self._known) > self.most:
            del self._known[next(iter(self._known))]
        return session, found is not None


def _digest(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()
