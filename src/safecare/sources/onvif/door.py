"""Pulls the events of ONVIF devices (cameras, recorders, door controllers), one subscription for each.

The device's clock is asked first: sign-in by user name token holds only in its own time, whatever it shows. A
subscription is renewed before it ends, and made anew when it is lost.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import msgspec

from safecare.formats.camera_words import (
    HEARTBEAT,
    LIMIT,
    SIGN_OF_LIFE,
    CameraWordError,
    Word,
    numbers_of,
    read_notifications,
    text_of,
)
from safecare.model.event import Event
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.calls import Callers, Device, DeviceError, States, trusted
from safecare.sources.onvif import soap
from safecare.sources.retry import FIRST

if TYPE_CHECKING:
    import httpx

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
            words = [msgspec.json.decode(raw, type=Word)] if raw.startswith(b"{") else read_notifications(raw)
        except (CameraWordError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableError(str(error)) from error
        return [event for one in words for event in self._callers.events(one, name, ref, now, intake)]

    async def _call(self, name: str, device: Device, intake: Intake) -> None:
        import httpx  # only where a device is called: 60 ms

        auth = httpx.DigestAuth(device.user, device.password) if device.user else None
        timeout = httpx.Timeout(ANSWER, read=ANSWER + self.wait)
        try:
            async with httpx.AsyncClient(verify=trusted(device), timeout=timeout, auth=auth) as client:
                line = _Line(client, device, await _skew(client, device, intake), intake)
                await self._follow(name, line, intake)
        except CameraWordError as error:
            raise DeviceError(f"says what is no answer: {error}") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise DeviceError(f"{type(error).__name__}: {error}") from error

    async def _follow(self, name: str, line: _Line, intake: Intake) -> None:
        told = text_of(await line.ask(line.device.url, *soap.capabilities()), "XAddr")
        service = _reached(told, line.device.url)
        point = _reached(text_of(await line.ask(service, *soap.subscribe(LEASE)), "Address"), service)
        await self._callers.there(name, intake)
        states, renewed = States(), intake.clock.now()
        try:
            while True:
                raw = await line.ask(point, *soap.pull(self.wait, BATCH))
                words = [*read_notifications(raw), Word("", HEARTBEAT, SIGN_OF_LIFE)]
                await self._callers.take(words, states, name, hashlib.sha256(raw).hexdigest()[:24], intake)
                if intake.clock.now() - renewed > timedelta(seconds=LEASE / 2):
                    # some devices renew with each pull, and refuse to be asked; when it does end, the next pull fails
                    with contextlib.suppress(DeviceError):
                        await line.ask(point, *soap.renew(LEASE))
                    renewed = intake.clock.now()
        except CameraWordError as error:
            await self._callers.noise(name, raw, str(error), intake)
            raise
        finally:
            await line.leave(point)


@dataclass
class _Line:
    """Questions to one device, signed in its own time (`skew` ahead of ours)."""

    client: httpx.AsyncClient
    device: Device
    skew: timedelta
    intake: Intake

    async def ask(self, to: str, action: str, body: str) -> bytes:
        """Return the answer. Raises `DeviceError` for a fault, `httpx.HTTPError`, `CameraWordError`."""
        now = self.intake.clock.now() + self.skew
        return await _post(
            self.client, to, soap.envelope(action, to, body, self.device.user, self.device.password, now)
        )

    async def leave(self, point: str) -> None:
        """End the subscription, if the device still hears; it ends by itself otherwise."""
        import httpx

        with contextlib.suppress(httpx.HTTPError, DeviceError, CameraWordError):
            await self.ask(point, *soap.unsubscribe())


async def _skew(client: httpx.AsyncClient, device: Device, intake: Intake) -> timedelta:
    """Return how far the device's clock is ahead of ours; nothing where it does not tell."""
    raw = await _post(client, device.url, soap.date_and_time(device.url))
    numbers = numbers_of(raw, ("Year", "Month", "Day", "Hour", "Minute", "Second"), "UTCDateTime")
    try:
        return datetime(*numbers, tzinfo=UTC) - intake.clock.now() if len(numbers) == 6 else timedelta(0)
    except ValueError:
        return timedelta(0)


async def _post(client: httpx.AsyncClient, to: str, envelope: bytes) -> bytes:
    headers = {"content-type": "application/soap+xml; charset=utf-8"}
    async with client.stream("POST", to, content=envelope, headers=headers) as response:
        raw = b""
        async for block in response.aiter_bytes():
            raw += block
            if len(raw) > LIMIT:
                raise DeviceError(f"answers more than {LIMIT} bytes")
    if response.status_code >= 400:
        raise DeviceError(f"answers {response.status_code}: {_fault(raw)}")
    return raw


def _fault(raw: bytes) -> str:
    try:
        return text_of(raw, "Text") or text_of(raw, "faultstring")
    except CameraWordError:
        return "no SOAP"


def _reached(told: str, known: str) -> str:
    """Return the address that a device tells, at the host by which we reach it: it may know itself by another."""
    if not told:
        return known
    here, there = urlsplit(known), urlsplit(told)
    return urlunsplit((here.scheme, here.netloc, there.path, there.query, ""))
