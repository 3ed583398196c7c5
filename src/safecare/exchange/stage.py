"""A stage of the road: reads batches of some topics, gives items of others. Runs in a `Worker`.

Stages do no I/O of their own on the road: the worker reads, appends and commits for them. A stage must
be deterministic: fed the same batches after `restore`, it gives items with the same ids. That is what
makes a crash harmless: the worker replays from the last snapshot, and what is there already stays one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from safecare.model.topics import Item


class Stage(Protocol):
    """What a worker drives."""

    group: str
    """Name of the group whose cursor and state the log keeps."""
    topics: frozenset[str]
    """Topics that the stage reads."""

    def feed(self, items: Sequence[Any]) -> Iterable[Item]:
        """Take a batch of items, in order, and yield what follows from it."""
        ...

    def tick(self, now: datetime) -> Iterable[Item]:
        """Let time pass: yield what follows from nothing having happened (a door held open, no answer)."""
        ...

    def snapshot(self) -> bytes:
        """Return the state that is needed to go on from here."""
        ...

    def restore(self, state: bytes) -> None:
        """Go back to the state that `snapshot` gave; empty bytes mean a fresh start."""
        ...
