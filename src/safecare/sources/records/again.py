"""Requests that prove who makes them, held and to be sent again by their sender: what is decided about each.

What proves a sender (a token, a cookie) is never kept, so nobody can send such a request on later. Its sender is asked
to try again (503, RFC 9110 section 15.6.4); once a person has released it, the next same request passes with what the
sender then brings. Same: method, path and bytes. Nothing here outlives the process: what is not known any more is
judged and held anew, and a release is brought back by `safecare.sources.files.release`, which keeps it until it is
done.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Literal, NamedTuple

MOST = 10_000
"""Requests that are remembered, the newest. Chosen: a thousand senders with ten each."""
State = Literal["asked", "released", "passing", "discarded"]


class Key(NamedTuple):
    """What makes two requests the same."""

    method: str
    path: str
    body: str
    """SHA-256."""

    @classmethod
    def of(cls, method: str, path: str, raw: bytes) -> Key:
        """Return the key of a request."""
        return cls(method, path, hashlib.sha256(raw).hexdigest())


class Again:
    """Knows how each such request stands. `asked`: its sender was asked to try again."""

    def __init__(self) -> None:
        """Know none."""
        self._states: OrderedDict[Key, State] = OrderedDict()
        self._done: OrderedDict[Key, int] = OrderedDict()

    def state(self, key: Key) -> State | None:
        """Return how the request stands; None: never met."""
        return self._states.get(key)

    def put(self, key: Key, state: State) -> None:
        """Note how the request stands now."""
        self._states[key] = state
        self._states.move_to_end(key)
        while len(self._states) > MOST:
            self._states.popitem(last=False)

    def passed(self, key: Key, status: int) -> None:
        """Note that a released request went through, and what the server said."""
        self._states.pop(key, None)
        self._done[key] = status
        while len(self._done) > MOST:
            self._done.popitem(last=False)

    def answer(self, key: Key) -> int | None:
        """Return, once, what the server said to a released request; None: its sender did not come yet."""
        return self._done.pop(key, None)

    def discard(self, body: str) -> None:
        """Note that a person discarded what has these bytes (SHA-256), wherever it was to go."""
        for key in [one for one in self._states if one.body == body]:
            self.put(key, "discarded")
