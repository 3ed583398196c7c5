"""Pulls the events of ONVIF devices (cameras, recorders, door controllers), one subscription for each.

The device's clock is asked first, and now and then: sign-in by user name token holds only in its own time, whatever it
shows, and what it tells is put right by it. A subscription is renewed before it ends, and made anew when it is lost.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from safecare.formats.camera_words import (
    HEARTBEAT,
    SIGN_OF_LIFE,
    CameraWordError,
    Word,
    read_notifications,
    text_of,
)
from safecare.formats.onvif_subscription import read_subscription
from safecare.model.event import Event
from safecare.model.layout import laid_out
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.calls import Callers, Device, DeviceError, States, trusted
from safecare.sources.onvif import soap
from safecare.sources.onvif.line import Line, reached, skew
from safecare.sources.retry import FIRST

ANSWER = 15.0
"""Seconds beyond the waiting time until a device must have answered (chosen)."""
LEASE = 120
"""Seconds for which a subscription is asked; renewed after half of them (chosen)."""
BATCH = 100
"""Most messages of one answer (chosen)."""
WAIT = 10.0
"""Seconds for which a device keeps a question open when it has nothing to tell (chosen)."""


@source("onvif", needs=("httpx",))
@dataclass
class OnvifDoor:
    """Calls devices.

    `devices`: by name (the address ``onvif`` in the hospital's files, or with ``/token`` of the video source or door
    behind it) a table of ``url`` (of the device service), ``user``, ``password`` and ``authority`` (PEM). `wait`:
    seconds for which a device keeps our question open. `first_wait`: seconds until a lost device is called again.
    """

    door: str
    devices: dict[str, Device]
    wait: float = WAIT
    first_wait: float = FIRST
    _callers: Callers = field(init=False)

    def __post_init__(self) -> None:
        """Make the callers."""
        self._callers = Callers(self.door, "onvif", self.devices, self.first_wait)

    async def run(self, intake: Intake) -> None:
        """Follow all devices until cancelled."""

        async def call(name: str, device: Device) -> None:
            await self._call(name, device, intake)

        await self._callers.run(call, intake)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read a rejected word, or an answer. Raises `UnreadableError`."""
        name, ref, now = context.get("device", ""), context.get("ref", ""), intake.clock.now()
        try:
            words = [msgspec.json.decode(raw, type=laid_out(Word))] if raw.startswith(b"{") else read_notifications(raw)
        except (CameraWordError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableError(str(error)) from error
        return [event for one in words for event in self._callers.events(one, name, ref, now, intake)]

    async def _call(self, name: str, device: Device, intake: Intake) -> None:
        import httpx  # only where a device is called: 60 ms

        auth = httpx.DigestAuth(device.user, device.password) if device.user else None
        timeout = httpx.Timeout(ANSWER, read=ANSWER + self.wait)
        try:
            async with httpx.AsyncClient(verify=trusted(device), timeout=timeout, auth=auth) as client:
                line = Line(client, device, await skew(client, device, intake.clock), intake.clock)
                self._callers.clocked(name, line.skew, intake)
                await self._follow(name, line, intake)
        except CameraWordError as error:
            raise DeviceError(f"says what is no answer: {error}") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise DeviceError(f"{type(error).__name__}: {error}") from error

    async def _follow(self, name: str, line: Line, intake: Intake) -> None:
        told = text_of(await line.ask(line.device.url, *soap.capabilities()), "XAddr")
        service = reached(told, line.device.url)
        made = read_subscription(await line.ask(service, *soap.subscribe(LEASE)))
        point = reached(made.address, service)
        await self._callers.there(name, intake)
        states, renewed = States(), intake.clock.now()
        try:
            while True:
                raw = await line.ask(point, *soap.pull(self.wait, BATCH), made.echo)
                words = [*read_notifications(raw), Word("", HEARTBEAT, SIGN_OF_LIFE)]
                await self._callers.take(words, states, name, hashlib.sha256(raw).hexdigest()[:24], intake)
                if intake.clock.now() - renewed > timedelta(seconds=LEASE / 2):
                    # some devices renew with each pull, and refuse to be asked; when it does end, the next pull fails
                    with contextlib.suppress(DeviceError):
                        await line.ask(point, *soap.renew(LEASE), made.echo)
                    renewed = intake.clock.now()
                    line.skew = await skew(line.client, line.device, intake.clock)
                    self._callers.clocked(name, line.skew, intake)
        except CameraWordError as error:
            await self._callers.noise(name, raw, str(error), intake)
            raise
        finally:
            await line.leave(point, made.echo)
