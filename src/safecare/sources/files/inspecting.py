"""What doors share that judge what passes through them: they listen, send on what is released, and reject nothing."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

from safecare.model.event import Event
from safecare.model.events.acts import HeldDecided
from safecare.sources.api import Intake, UnreadableError
from safecare.sources.files.gate import Gate, Policy
from safecare.sources.files.judging import Judging
from safecare.sources.files.release import HeldStore, Release, Sent, releasing
from safecare.sources.listen import keep_listening


class Inspecting(ABC):
    """Listens until cancelled. A subclass says how (`_serve`), and how what was held goes on (`_send`)."""

    def __init__(
        self,
        door: str,
        listen: tuple[str, int],
        policy: Policy,
        judging: Judging | None,
        held: HeldStore | None,
        *,
        once: bool = False,
    ) -> None:
        """Take the door's id, host and port, what becomes of what is found, and what the platform gives.

        `once`: what was released and may have arrived is not sent a second time.
        """
        self._door, (self._host, self._port) = door, listen
        self._gate = Gate(door, policy, judging)
        self._release = Release(door, policy, held, self._send, once=once, discarded=self._discarded) if held else None
        self.address: tuple[str, int] = listen
        self.started = asyncio.Event()

    async def run(self, intake: Intake) -> None:
        """Listen until cancelled; try again while the address is taken."""
        async with releasing(self._release, intake):
            await keep_listening(self._serve, intake, self._door, self._host, self._port)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Refuse: what such a door can't read is judged unreadable, and rejected nowhere."""
        raise UnreadableError("what this door can't read is judged, and not in the rejects", self._door)

    @abstractmethod
    async def _serve(self, intake: Intake) -> None:
        """Listen until cancelled. Raises `OSError` when the address can't be had."""

    def _discarded(self, act: HeldDecided) -> None:
        """Note that a person discarded something; most doors forget it by that alone."""
        del act

    @abstractmethod
    async def _send(self, raw: bytes, call: bytes) -> Sent:
        """Send on what was held and is released; `call`: how it was asked for."""
