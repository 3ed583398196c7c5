"""A live network interface (a mirror port of a switch): listened to by a confined process; nothing is ever sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from safecare.exchange.log import LogFullError
from safecare.formats.packets.bpf import FilterError
from safecare.model.event import Event
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.capture.packets import open_interface
from safecare.sources.capture.reader import answers, carved, placed, readings
from safecare.sources.capture.worker import Carved, Failed, Seen, Valued, unpack
from safecare.sources.files.frames import WorkerDiedError
from safecare.sources.files.gate import Gate
from safecare.sources.files.judging import Judging

AGAIN = 5.0
"""Seconds until a listener that ended is started again (chosen)."""


@source("interface")
@dataclass
class Interface:
    """Listens to one interface.

    `interface`: its name, for example ``eth1``. The platform needs the right to listen (CAP_NET_RAW). `filter`: packets
    that count, in tcpdump's language, for example ``not port 443``: the kernel leaves the others out; all without.
    """

    door: str
    interface: str
    judging: Judging | None = None
    filter: str = ""

    async def run(self, intake: Intake) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen(intake)
            except PermissionError:
                intake.report(self.door, "failed", f"{self.interface}: needs the right to listen (CAP_NET_RAW)")
            except OSError as error:
                intake.report(self.door, "failed", f"{self.interface}: {error.strerror}")
            except (WorkerDiedError, FilterError) as error:
                intake.report(self.door, "failed", str(error))
            except LogFullError:
                intake.report(self.door, "failed", "no room: what is heard now is lost")
            await asyncio.sleep(AGAIN)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Nothing of a live interface stands in the rejects. Raises `UnreadableError`."""
        raise UnreadableError("packets of a live interface are not kept")

    async def _listen(self, intake: Intake) -> None:
        packets = open_interface(self.interface, self.filter)
        gate = Gate(self.door, "observe", self.judging, workers=1)
        try:
            intake.report(self.door, "ok", self.interface)
            said = answers(packets.fileno(), self.door, self.interface, "interface", None)
            async with aclosing(said):
                async for answer in said:
                    match answer:
                        case Seen(events=raw):
                            seen = intake.clock.now()
                            await intake.publish([placed(unpack(one), intake.hospital, seen) for one in raw])
                        case Valued(values=heard):
                            await intake.publish(readings(heard, self.door, intake))
                        case Carved():
                            await carved(answer, gate, intake)
                        case Failed(reason=reason):
                            raise WorkerDiedError(reason)
                        case _:
                            lost = answer.skipped.get("lost by the kernel", 0)
                            told = f"{self.interface}: {answer.packets} packets"
                            intake.report(self.door, "ok", f"{told}, {lost} lost" if lost else told)
        finally:
            packets.close()
            await gate.close()
