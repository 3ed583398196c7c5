"""Signed questions to one ONVIF device: what the road of events and that of pictures share."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from safecare.formats.camera_words import LIMIT, CameraWordError, numbers_of, text_of
from safecare.model.clock import Clock
from safecare.sources.calls import FARTHEST, Device, DeviceError
from safecare.sources.onvif import soap

if TYPE_CHECKING:
    import httpx


@dataclass
class Line:
    """Questions to one device, signed in its own time (`skew` ahead of ours)."""

    client: httpx.AsyncClient
    device: Device
    skew: timedelta
    clock: Clock

    async def ask(self, to: str, action: str, body: str, echo: str = "") -> bytes:
        """Return the answer. Raises `DeviceError` for a fault, `httpx.HTTPError`, `CameraWordError`."""
        now = self.clock.now() + self.skew
        envelope = soap.envelope(action, to, body, self.device.user, self.device.password, now, echo)
        return await _post(self.client, to, envelope)

    async def leave(self, point: str, echo: str) -> None:
        """End the subscription, if the device still hears; it ends by itself otherwise."""
        import httpx

        with contextlib.suppress(httpx.HTTPError, DeviceError, CameraWordError):
            await self.ask(point, *soap.unsubscribe(), echo)


async def skew(client: httpx.AsyncClient, device: Device, clock: Clock) -> timedelta:
    """Return how far the device's clock is ahead of ours; nothing where it does not tell, or tells nonsense."""
    raw = await _post(client, device.url, soap.date_and_time(device.url))
    numbers = numbers_of(raw, ("Year", "Month", "Day", "Hour", "Minute", "Second"), "UTCDateTime")
    try:
        ahead = datetime(*numbers, tzinfo=UTC) - clock.now() if len(numbers) == 6 else timedelta(0)
    except ValueError:
        return timedelta(0)
    return ahead if abs(ahead) < FARTHEST else timedelta(0)


async def _post(client: httpx.AsyncClient, to: str, envelope: bytes) -> bytes:
    headers = {"content-type": "application/soap+xml; charset=utf-8"}
    async with client.stream("POST", to, content=envelope, headers=headers) as response:
        raw = b""
        async for block in response.aiter_bytes():
            raw += block
            if len(raw) > LIMIT:
                raise DeviceError(f"answers more than {LIMIT} bytes")
    raw = _alone(raw)
    if response.status_code >= 400:
        raise DeviceError(f"answers {response.status_code}: {_fault(raw)}")
    return raw


def _alone(raw: bytes) -> bytes:
    """Return the envelope of an answer that comes in parts (MTOM, RFC 2387): it is the first of them."""
    mark, _, parts = raw.lstrip().partition(b"\r\n")
    if not mark.startswith(b"--"):
        return raw
    return parts.partition(b"\r\n\r\n")[2].partition(b"\r\n" + mark)[0]


def _fault(raw: bytes) -> str:
    try:
        return text_of(raw, "Text") or text_of(raw, "faultstring")
    except CameraWordError:
        return "no SOAP"


def reached(told: str, known: str) -> str:
    """Return the address that a device tells, at the host by which we reach it: it may know itself by another."""
    if not told:
        return known
    here, there = urlsplit(known), urlsplit(told)
    same = here.hostname == there.hostname and here.scheme == there.scheme
    place = there.netloc if same else here.netloc  # one that knows itself by the name we use may mean another port
    return urlunsplit((here.scheme, place, there.path, there.query, ""))
