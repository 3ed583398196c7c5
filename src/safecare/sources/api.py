"""What a source looks like: a door of the platform, found by itself.

A source runs as one asyncio task. It reads its part of the world, turns bytes into events with a pure
parser of `safecare.formats`, and hands both to the `Intake`. It acknowledges to its sender only after
`Intake.publish` has returned. Bytes that it can't read go to `Intake.reject`; it then goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, Protocol, TypeVar

from safecare.model.clock import Clock
from safecare.model.event import Event
from safecare.model.hospital import Hospital
from safecare.model.ids import ArtifactHash
from safecare.model.plugins import Found, discover, marked

S = TypeVar("S", bound=type)


class UnreadableError(ValueError):
    """Bytes that a door can't read: `reason` in words, `place` in them (line, segment, offset, field)."""

    def __init__(self, reason: str, place: str = "") -> None:
        """Keep reason and place."""
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason = reason
        self.place = place


class Intake(Protocol):
    """What the platform gives to a source."""

    @property
    def clock(self) -> Clock:
        """The clock of the platform."""
        ...

    @property
    def hospital(self) -> Hospital:
        """The site's own model."""
        ...

    async def publish(self, events: Sequence[Event], *, key: str | None = None) -> None:
        """Store `events`; they are durable when this returns. Raises `LogFullError`: refuse, the sender keeps them.

        `key` names what was read (a stretch of a file, say): published again under the same key, nothing is
        stored twice.
        """
        ...

    async def keep(self, raw: bytes, media: str) -> ArtifactHash:
        """Store bytes in the artifact store, durable when this returns. Raises `LogFullError`."""
        ...

    async def reject(
        self, door: str, raw: bytes, reason: str, place: str = "", context: Mapping[str, str] | None = None
    ) -> None:
        """Store what `door` could not read, with the reason and the place in it. Raises `LogFullError`.

        `context` is what `Source.decode` needs besides the bytes to read them again.
        """
        ...

    def pseudonym(self, kind: str, value: str) -> str:
        """Return the site's keyed pseudonym of a clear identity (patient, appointment, unknown person)."""
        ...

    def report(self, door: str, state: str, detail: str = "") -> None:
        """Tell the health page how a door is: ``ok``, ``waiting``, ``failed``, ``off``; counts are kept for it."""
        ...


class Source(Protocol):
    """A door. Built with keyword arguments from the site's ``sources.yaml``; `run` ends only when cancelled."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    async def run(self, intake: Intake) -> None:
        """Take in until cancelled. A failure of the outside world is reported and retried with back-off."""
        ...

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Turn one received unit (mail, message, line, frame) into events; pure. Raises `UnreadableError`.

        Used by `run` and again when a reject is replayed.
        """
        ...


def source(name: str, *, needs: tuple[str, ...] = ()) -> Callable[[S], S]:
    """Mark a class as the source `name`."""
    return marked("source_name", name, name=name, needs=needs)


def sources() -> Found[type]:
    """Return all sources, those of other packages included, and those that stepped aside."""
    import safecare.sources

    return discover(safecare.sources, "source_name", "safecare.sources")
